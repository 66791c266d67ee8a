// What is known of one township: numbers, times over the stages, reasons, what opens here.
(function (RC) {
  "use strict";
  const { h, clear, fill } = RC;

  // Minutes over the stages with the standard as a line; the text beside it says the same.
  function chart(app, s, i) {
    const { data } = app, towns = data.townships, service = data.services[s];
    const values = towns.nearest[s].map((stage) => stage[i]);
    const wide = 300, tall = 74, left = 8, right = 64, top = 16, bottom = 16;
    const known = values.filter((value) => value !== null).map((value) => value / 10);
    const most = Math.max(service.standard * 1.35, ...known) || 1;
    const x = (k) => left + ((wide - left - right) * (values.length === 1 ? 0.5 : k / (values.length - 1)));
    const y = (minutes) => top + (tall - top - bottom) * (1 - minutes / most);
    const svg = h("svg:svg", { viewBox: `0 0 ${wide} ${tall}`, class: "chart", "aria-hidden": "true", focusable: "false" });
    svg.append(h("svg:line", { x1: 0, x2: wide - right + 8, y1: y(service.standard), y2: y(service.standard), class: "limit" }),
      h("svg:text", { x: wide, y: y(service.standard) + 4, class: "limit-name", "text-anchor": "end" },
        fill(app.words.standardOf, { standard: app.format.short(service.standard) })));
    let path = "";
    values.forEach((value, k) => {
      if (value === null) return;
      path += `${path && values[k - 1] !== null ? "L" : "M"}${x(k).toFixed(1)} ${y(value / 10).toFixed(1)}`;
    });
    if (path) svg.append(h("svg:path", { d: path, class: "line" }));
    values.forEach((value, k) => {
      const now = k === app.state.stage, end = k === 0 ? "start" : k === values.length - 1 ? "end" : "middle";
      const anchor = values.length === 1 ? "middle" : end;
      const offset = anchor === "start" ? -4 : anchor === "end" ? 4 : 0;
      if (value !== null) {
        svg.append(h("svg:circle", { cx: x(k), cy: y(value / 10), r: now ? 4.5 : 3, class: now ? "dot now" : "dot" }),
          h("svg:text", { x: x(k) + offset, y: y(value / 10) - 7, "text-anchor": anchor, class: now ? "value now" : "value" }, app.format.tenths(value)));
      } else svg.append(h("svg:text", { x: x(k) + offset, y: tall - bottom - 8, "text-anchor": anchor, class: "value" }, "✕"));
      svg.append(h("svg:text", { x: x(k) + offset, y: tall - 3, "text-anchor": anchor, class: now ? "tick now" : "tick" }, data.stages[k].name));
    });
    return svg;
  }

  function service(app, s, i) {
    const { data, words, format, state } = app, towns = data.townships, stage = state.stage, one = data.services[s];
    const flags = towns.gaps && towns.gaps[s][stage], verdict = flags ? +flags[i] : null;
    const minutes = towns.nearest[s][stage][i], today = towns.nearest[s][0][i];
    const absent = app.absence(s, stage, i), arriving = towns.arriving[s][stage][i];
    const reasons = [...(((towns.reasons[s] || [])[stage] || [])[i] || "")].map((letter) => data.reasonWords[s]["abcdefghij".indexOf(letter)]);
    const rows = [
      [words.nearest, minutes === null ? words[absent] || "–" : fill(words.minutes, { count: format.tenths(minutes) }) + (absent && absent !== "noData" ? ` (${words[absent]})` : ""),
        stage && minutes !== null && today !== null ? fill(words.minutes, { count: format.change(minutes - today, 10) }) : ""],
      [words.covered, `${format.permille(towns.covered[s][stage][i])}%`, ""],
    ];
    if (minutes !== null && arriving < 1000) rows[0].push(fill(words.arrivingNote, { share: format.permille(arriving) }));
    // Each way of not arriving has a line of its own, as far as there are such people.
    for (const key of ["beyond", "unreachable", "unsnapped"]) {
      const word = key === "unreachable" && !one.offered[stage] ? "noProvider" : key;
      if (towns[key][s][stage][i]) rows.push([words[word], `${format.permille(towns[key][s][stage][i])}%`, ""]);
    }
    const proxy = towns.proxy[s][stage][i];
    if (towns.need[s][stage][i] !== null) {
      rows.push([words.need, fill(words.peopleCount, { count: format.people(towns.need[s][stage][i]) }), ""]);
      if (towns.unmet[s][stage][i] !== null) rows.push([words.unmet, fill(words.peopleCount, { count: format.people(towns.unmet[s][stage][i]) }), ""]);
    }
    const head = h("h3", {}, RC.icon(data.symbols[one.symbol], 20), h("span", {}, one.name));
    const sure = towns.sure && stage === 0 ? towns.sure[s][i] : null;
    if (verdict !== null) head.append(h("span", { class: `tag ${["good", "bad", "warn"][verdict]}` }, [words.served, words.underserved, words.atRisk][verdict]));
    return h("section", { class: "service" }, head,
      data.stages.length > 1 || minutes !== null ? chart(app, s, i) : null,
      h("dl", { class: "facts" }, rows.map(([name, value, change, whose]) =>
        h("div", {}, h("dt", {}, name), h("dd", {}, value, change ? h("small", {}, ` ${change}`) : null,
          whose ? h("small", { class: "whose" }, whose) : null)))),
      sure !== null ? h("p", { class: "quiet" }, fill(words.sureNote, { share: format.permille(sure) })) : null,
      proxy ? h("p", { class: "quiet" }, fill(words.proxyNote, { share: format.permille(proxy) })) : null,
      reasons.length ? h("div", { class: "why" }, h("h4", {}, verdict === 2 ? words.whyRisk : words.why), h("ul", {}, reasons.map((text) => h("li", {}, text)))) : null);
  }

  function openings(app, i) {
    const { data, words, format } = app;
    if (!data.sites || !data.openings.length) return null;
    const here = data.openings.filter((row) => data.sites.township[row[0]] === i);
    if (!here.length) return h("section", {}, h("h3", {}, words.opensHere), h("p", { class: "quiet" }, words.opensNothing));
    here.sort((a, b) => a[2] - b[2] || a[1] - b[1]);
    return h("section", {}, h("h3", {}, words.opensHere), h("ol", { class: "openings" }, here.map((row) => {
      const stage = data.stages[row[2]];
      return h("li", { class: row[2] <= app.state.stage ? "done" : "later" },
        h("p", {}, h("b", {}, `${stage.name} ${stage.year}`), " · ", data.sites.name[row[0]]),
        h("p", {}, RC.icon(data.symbols[data.services[row[1]].symbol], 16), ` ${data.services[row[1]].name} · `,
          words.changes[row[7]] || row[7], ` · ${fill(words.room, { count: format.short(row[3]) })} · ${app.money(row[4])}`),
        h("p", { class: "quiet" }, row[8]));
    })));
  }

  function institutions(app, i) {
    const here = app.scene.places.filter((place) => place.township === i);
    if (!here.length) return null;
    const rows = here.slice(0, 60).map((place) => h("li", {}, RC.icon(app.data.symbols[place.symbol], 18, place.approximate),
      h("span", {}, place.name), place.approximate ? h("small", {}, app.data.precisions[place.precision]) : null));
    return h("details", {}, h("summary", {}, fill(app.words.institutionsHere, { count: app.format.whole(here.length) })),
      h("ul", { class: "places" }, rows, here.length > 60 ? h("li", {}, "…") : null));
  }

  RC.Drawer = class {
    constructor(app) {
      this.app = app;
      this.box = document.getElementById("drawer");
      this.box.addEventListener("keydown", (event) => event.key === "Escape" && this.close());
    }

    show(i, focus) {
      if (!this.box.contains(document.activeElement)) this.from = document.activeElement;
      this.render(i);
      this.box.hidden = false;
      this.box.scrollTop = 0;
      if (focus) this.title.focus();
    }

    close() {
      if (this.box.hidden) return;
      const held = this.box.contains(document.activeElement);
      this.box.hidden = true;
      this.app.set({ selected: null });
      if (held && this.from && this.from.isConnected) this.from.focus();
    }

    render(i) {
      const { app } = this, { data, words, format } = app, towns = data.townships;
      const facts = [[fill(words.populationOf, { year: data.stages[0].year }), fill(words.peopleCount, { count: format.whole(towns.population[i]) })]];
      if (towns.elderly) {
        const k = Math.min(app.state.stage, towns.index.length - 1), year = data.stages[k].year;
        const ahead = towns.ahead[k][i], share = ahead ? Math.round((1000 * towns.elderly[k][i]) / ahead) : null;
        if (k) {
          const band = towns.aheadLow && towns.aheadLow[k][i] !== null
            ? ` (${format.whole(towns.aheadLow[k][i])}–${format.whole(towns.aheadHigh[k][i])})` : "";
          facts.push([fill(words.populationIn, { year }), fill(words.peopleCount, { count: format.whole(ahead) }) + band]);
        }
        facts.push([fill(words.elderlyIn, { year }), `${fill(words.peopleCount, { count: format.whole(towns.elderly[k][i]) })} (${format.permille(share)}%)`]);
        facts.push([towns.yearBefore[i] === null ? words.change : fill(words.changeSince, { year: towns.yearBefore[i] }), format.change(towns.change[i], 10, "%")]);
        const risk = data.layers.find((layer) => layer.id === "extinction");
        facts.push([fill(words.indexIn, { year }), format.index(towns.index[k][i]) + (towns.risk[k][i] === null || !risk ? "" : ` · ${risk.classes[towns.risk[k][i]].label}`)]);
        facts.push([words.link, towns.link[i] === null ? "–" : data.connections[towns.link[i]]]);
      }
      this.title = h("h2", { tabindex: -1 }, towns.name[i]);
      const layer = app.layer(), first = layer.service === undefined ? [] : [layer.service];
      const order = [...first, ...data.services.keys()].filter((s, k, all) => all.indexOf(s) === k);
      clear(this.box,
        h("div", { class: "drawer-head" },
          h("div", {}, h("p", { class: "quiet" }, data.counties.name[towns.county[i]]), this.title),
          h("button", { type: "button", class: "close", "aria-label": words.close, onclick: () => this.close() }, h("span", { "aria-hidden": "true" }, "✕"))),
        towns.shrinking && towns.shrinking[i] ? h("p", { class: "tag warn" }, words.shrinking) : null,
        h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
        data.stages.length > 1 ? h("p", { class: "stage-now" }, `${data.stages[app.state.stage].name} ${data.stages[app.state.stage].year}`) : null,
        towns.nearest.length && data.layers.some((one) => one.service !== undefined) ? order.map((s) => service(app, s, i)) : null,
        openings(app, i), institutions(app, i));
    }
  };
})((window.RuralCare = window.RuralCare || {}));
