// The map as a table, and the table as CSV.
(function (RC) {
  "use strict";
  const { h, clear, fill } = RC;

  // A spreadsheet takes text that starts so for a formula; a leading apostrophe stops it.
  const plain = (text) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);
  const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  RC.csv = function (rows) {
    return "\ufeff" + rows.map((row) => row.map((cell) =>
      quoted(cell === null || cell === undefined ? "" : typeof cell === "number" ? String(cell) : plain(cell))).join(",")).join("\r\n") + "\r\n";
  };

  RC.Table = class {
    constructor(app) {
      this.app = app;
      this.dialog = document.getElementById("table-dialog");
      this.sort = { column: null, down: true };
      document.getElementById("table-close").addEventListener("click", () => this.dialog.close());
      document.getElementById("table-csv").addEventListener("click", () => this.save());
      const pick = document.getElementById("table-service");
      clear(pick, app.data.services.map((one, s) => h("option", { value: s }, one.name)));
      pick.addEventListener("change", () => { this.service = Number(pick.value); this.render(); });
    }

    open() {
      const { app } = this, layer = app.layer();
      this.service = layer.service === undefined ? this.service || 0 : layer.service;
      document.getElementById("table-service").value = String(this.service);
      this.sort = { column: null, down: true };
      this.render();
      this.dialog.showModal();
    }

    // Columns: [key of the CSV, heading, value for sorting and CSV, text for people].
    columns() {
      const { data, words, format, state } = this.app, towns = data.townships, s = this.service, k = state.stage;
      const scaled = (value, scale) => (value === null || value === undefined ? null : value / scale);
      const columns = [
        ["sigungu_name", words.county, (i) => data.counties.name[towns.county[i]], null],
        ["name", words.township, (i) => towns.name[i], null],
        ["population", words.population, (i) => towns.population[i], (i) => format.whole(towns.population[i])],
      ];
      if (towns.elderly) {
        const ahead = Math.min(k, towns.elderly.length - 1);
        if (ahead) columns.push(["population_then", fill(words.populationThen, { year: data.stages[ahead].year }), (i) => towns.ahead[ahead][i], (i) => format.whole(towns.ahead[ahead][i])]);
        columns.push(
          ["population_65plus", words.elderly, (i) => towns.elderly[ahead][i], (i) => format.whole(towns.elderly[ahead][i])],
          ["extinction_index", words.index, (i) => scaled(towns.index[ahead][i], 1000), (i) => format.index(towns.index[ahead][i])]);
      }
      if (towns.nearest.length) {
        const minutes = (stage) => (i) => towns.nearest[s][stage][i] !== null ? format.tenths(towns.nearest[s][stage][i])
          : words[this.app.absence(s, stage, i)] || "–";
        if (k) columns.push(["nearest_min_today", words.minutesToday, (i) => scaled(towns.nearest[s][0][i], 10), minutes(0)]);
        columns.push(
          ["nearest_min", k ? fill(words.minutesStage, { stage: data.stages[k].name }) : words.minutesToday, (i) => scaled(towns.nearest[s][k][i], 10), minutes(k)],
          ["covered_share", words.coveredShort, (i) => scaled(towns.covered[s][k][i], 1000), (i) => `${format.permille(towns.covered[s][k][i])}%`]);
        // A mean time is of those who arrive: how many they are stands beside it.
        if (towns.arriving[s][k].some((value) => value !== null && value < 1000)) {
          columns.splice(columns.findIndex(([key]) => key === "nearest_min") + 1, 0, ["arriving_share", words.arrivingShort,
            (i) => scaled(towns.arriving[s][k][i], 1000), (i) => `${format.permille(towns.arriving[s][k][i])}%`]);
        }
        if (towns.proxy[s][k].some((value) => value)) {
          columns.push(["proxy_share", words.onProxyShort, (i) => scaled(towns.proxy[s][k][i], 1000),
            (i) => (towns.proxy[s][k][i] === null ? "–" : `${format.permille(towns.proxy[s][k][i])}%`)]);
        }
        if (towns.need[s][k].some((value) => value !== null)) {
          columns.push(["need_persons", words.need, (i) => scaled(towns.need[s][k][i], 10), (i) => format.people(towns.need[s][k][i])]);
        }
        const flags = towns.gaps && towns.gaps[s][k];
        if (flags) {
          columns.push(
            ["unmet_persons", words.unmet, (i) => scaled(towns.unmet[s][k][i], 10), (i) => format.people(towns.unmet[s][k][i])],
            ["status", words.status, (i) => ["served", "underserved", "at_risk"][+flags[i]], (i) => [words.served, words.underserved, words.atRisk][+flags[i]]]);
        }
      }
      return columns;
    }

    // Columns of the CSV alone: the state of each township, and the shares of its people.
    further() {
      const { data, state } = this.app, towns = data.townships, s = this.service, k = state.stage;
      if (!towns.nearest.length) return [];
      const share = (key) => (i) => (towns[key][s][k][i] === null ? null : towns[key][s][k][i] / 1000);
      const code = (i) => data.stateCodes[towns.state[s * data.stages.length + k][i]];
      return [["state", (i) => (code(i) === undefined ? "reached" : code(i))], ["beyond_cutoff_share", share("beyond")],
        ["unreachable_share", share("unreachable")], ["unsnapped_share", share("unsnapped")]];
    }

    order(columns) {
      const towns = this.app.data.townships, all = [...towns.id.keys()];
      const at = this.sort.column === null ? columns.findIndex(([key]) => key === "nearest_min") : this.sort.column;
      if (at < 0) return all;
      const value = columns[at][2], sign = this.sort.down ? -1 : 1;
      // What is not known (beyond the cutoff, no way) is the longest time of all.
      return all.sort((a, b) => {
        const x = value(a), y = value(b);
        if (x === null || y === null) return x === y ? 0 : (x === null ? 1 : -1) * sign;
        return (typeof x === "string" ? x.localeCompare(y, this.app.data.language) : x - y) * sign || a - b;
      });
    }

    render() {
      const { app } = this, { data, words } = app, columns = this.columns(), rows = this.order(columns);
      const active = this.sort.column === null ? columns.findIndex(([key]) => key === "nearest_min") : this.sort.column;
      const head = columns.map(([, title, , text], c) => h("th", {
        scope: "col", class: text ? "number" : null, "aria-sort": c === active ? (this.sort.down ? "descending" : "ascending") : "none",
      }, h("button", { type: "button", onclick: () => this.by(c) }, title, h("span", { class: "arrow", "aria-hidden": "true" }, c === active ? (this.sort.down ? "▼" : "▲") : "↕"))));
      const body = rows.map((i) => h("tr", {}, columns.map(([key, , value, text]) => key === "name"
        ? h("th", { scope: "row" }, h("button", { type: "button", class: "link", onclick: () => { this.dialog.close(); app.open(i, true); } }, value(i)))
        : h("td", { class: text ? "number" : null }, text ? text(i) : value(i)))));
      const stage = data.stages[app.state.stage];
      document.getElementById("table-title").textContent = fill(words.tableTitle, { service: data.services[this.service].name, stage: `${stage.name} ${stage.year}`.trim() });
      clear(document.getElementById("table-head"), h("tr", {}, head));
      clear(document.getElementById("table-body"), body);
    }

    by(column) {
      this.sort = { column, down: this.sort.column === column ? !this.sort.down : true };
      this.render();
      document.querySelectorAll("#table-head button")[column].focus();
    }

    save() {
      const { data, state } = this.app, columns = this.columns(), towns = data.townships, stage = data.stages[state.stage];
      const service = data.services[this.service].id;
      const further = this.further();
      const head = ["township_id", ...columns.map(([key]) => key), ...further.map(([key]) => key), "service", "period", "year"];
      const rows = this.order(columns).map((i) => [towns.id[i], ...columns.map(([, , value]) => value(i)), ...further.map(([, value]) => value(i)), service, state.stage, stage.year ? Number(stage.year) : null]);
      RC.download(`${data.file}_${service}_${state.stage}.csv`, new Blob([RC.csv([head, ...rows])], { type: "text/csv;charset=utf-8" }));
    }
  };
})((window.RuralCare = window.RuralCare || {}));
