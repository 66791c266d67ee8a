// The panel: layer, stage, figures, legend, kinds of facilities, the townships worst off.
(function (RC) {
  "use strict";
  const { h, clear, fill } = RC;

  function choice(name, label, checked, pick, ...content) {
    return h("label", { class: "choice" },
      h("input", { type: "radio", name, checked, onchange: pick, "aria-label": label }),
      h("span", {}, ...content));
  }

  RC.Panel = class {
    constructor(app) {
      this.app = app;
      this.at = (id) => document.getElementById(id);
      this.layers();
      this.stages();
      this.kinds();
    }

    layers() {
      const { data, state } = this.app;
      const buttons = data.layers.map((layer, i) =>
        choice("layer", layer.label, i === state.layer, () => this.app.set({ layer: i }), layer.label));
      const first = buttons.filter((_, i) => data.layers[i].service !== undefined);
      const rest = buttons.filter((_, i) => data.layers[i].service === undefined);
      clear(this.at("layers"), h("div", { class: "choices" }, first), rest.length ? h("div", { class: "choices" }, rest) : null);
    }

    stages() {
      const { data, state, words } = this.app;
      const box = this.at("stages");
      this.at("stage-section").hidden = data.stages.length < 2;
      this.player = h("button", { type: "button", class: "play", "aria-label": words.play, onclick: () => this.play() },
        h("span", { "aria-hidden": "true" }, "▶"));
      clear(box, this.player, data.stages.map((stage, i) =>
        choice("stage", `${stage.name} ${stage.year}`, i === state.stage, () => { this.stop(); this.app.set({ stage: i }); },
          h("b", {}, stage.name), h("small", {}, stage.year))));
    }

    play() {
      if (this.timer) return this.stop();
      const { app } = this, last = app.data.stages.length - 1;
      this.showPlayer("❚❚", app.words.pause);
      app.set({ stage: app.state.stage === last ? 0 : app.state.stage + 1 });
      this.timer = setInterval(() => {
        if (app.state.stage >= last) return this.stop();
        return app.set({ stage: app.state.stage + 1 });
      }, 1600);
      return undefined;
    }

    stop() {
      clearInterval(this.timer);
      this.timer = null;
      this.showPlayer("▶", this.app.words.play);
    }

    showPlayer(sign, label) {
      clear(this.player, h("span", { "aria-hidden": "true" }, sign));
      this.player.setAttribute("aria-label", label);
    }

    kinds() {
      const { app } = this, { data } = app;
      const counts = data.symbols.map(() => 0);
      let approximate = 0;
      for (const place of app.scene.places) {
        counts[place.symbol] += 1;
        approximate += place.approximate ? 1 : 0;
      }
      const rows = data.symbols.map((symbol, i) => counts[i] && h("label", { class: "kind" },
        h("input", { type: "checkbox", checked: !app.state.hidden.has(i), onchange: (event) => app.toggle(i, event.target.checked) }),
        RC.icon(symbol, 18), h("span", {}, symbol.label), h("small", {}, app.format.whole(counts[i])))).filter(Boolean);
      this.at("kind-section").hidden = rows.length === 0;
      clear(this.at("kinds"), rows);
      const sample = { shape: "circle", colour: "#3c444d" };
      clear(this.at("kind-notes"),
        approximate ? h("p", { class: "key" }, RC.icon(sample, 18, true), fill(app.words.approximate, { count: app.format.whole(approximate) })) : null,
        data.openings.length ? h("p", { class: "key" }, h("span", { class: "ring new", "aria-hidden": "true" }), app.words.opensNow) : null,
        data.openings.length ? h("p", { class: "key" }, h("span", { class: "ring", "aria-hidden": "true" }), app.words.openedBefore) : null);
    }

    update() {
      const { app } = this, { data, state } = app, layer = app.layer();
      document.querySelectorAll('input[name="layer"]').forEach((input) => {
        input.checked = input.getAttribute("aria-label") === layer.label;
      });
      document.querySelectorAll('input[name="stage"]').forEach((input, i) => { input.checked = i === state.stage; });
      this.at("stage-note").textContent = data.stages[state.stage].note;
      this.cards(layer, state.stage);
      this.legend(layer);
      this.worst(layer);
    }

    cards(layer, stage) {
      const cards = layer.cards[Math.min(stage, layer.cards.length - 1)] || [];
      clear(this.at("cards"), cards.map((card, i) => {
        const bar = card.share === undefined || card.share === null ? null
          : h("span", { class: "bar", "aria-hidden": "true" }, h("span", {}));
        if (bar) bar.firstChild.style.width = `${100 * card.share}%`;
        const tone = card.tone > 0 ? "good" : card.tone < 0 ? "bad" : "same";
        return h("div", { class: i === 0 ? "card big" : "card" },
          h("dt", {}, card.label),
          h("dd", {}, h("b", {}, card.value), h("i", {}, card.unit), bar,
            card.basis ? h("small", {}, card.basis) : null,
            card.change ? h("small", { class: tone }, i === 0 && card.tone ? `${this.app.words.againstToday} ${card.change}` : card.change)
              : card.note ? h("small", {}, card.note) : null));
      }));
    }

    legend(layer) {
      const { app } = this, { words, data } = app;
      const people = layer.people[Math.min(app.state.stage, layer.people.length - 1)];
      const total = people.reduce((sum, value) => sum + value, 0) || 1, most = Math.max(...people, 1);
      this.at("legend-title").textContent = layer.legend;
      const rows = layer.classes.map((one, i) => {
        // States of absence stay out of the legend while no township is in them.
        if (one.pattern !== "plain" && !people[i] && !app.classes().includes(i)) return null;
        const bar = h("span", { class: "bar", "aria-hidden": "true" }, h("span", {}));
        bar.firstChild.style.width = `${(100 * people[i]) / most}%`;
        const share = (100 * people[i]) / total;
        const text = people[i] && share < 0.5 ? "<1" : Math.round(share);
        return h("li", { class: layer.standard_after === i ? "standard" : null, title: fill(layer.counted === "people" ? words.peopleCount : words.townshipCount, { count: app.format.whole(people[i]) }) },
          RC.swatch(one), h("span", { class: "name" }, one.label), bar, h("span", { class: "share" }, `${text}%`),
          layer.standard_after === i ? h("em", {}, h("span", {}, words.standardLine)) : null);
      });
      clear(this.at("legend"), rows);
      clear(this.at("road-key"), RC.roadKey(data).map(([level, word]) => {
        const [width, colour, , dashes] = RC.ROADS[level];
        return h("li", {}, h("svg:svg", { width: 30, height: 10, "aria-hidden": "true" }, h("svg:line", {
          x1: 1, x2: 29, y1: 5, y2: 5, stroke: colour, "stroke-width": width * 1.2, "stroke-linecap": "round", "stroke-dasharray": dashes && dashes.join(" ") })), words[word]);
      }));
      this.at("legend-note").textContent = layer.counted === "people" ? words.legendPeople : words.legendTownships;
    }

    // The townships with the highest class, worst first; a short way into the drawer.
    worst(layer) {
      const { app } = this, { data } = app, towns = data.townships, classes = app.classes();
      const count = (i) => (layer.id === "extinction" ? -(towns.index[app.stageOf(layer)][i] || 0)
        : layer.service === undefined ? 0 : towns.nearest[layer.service][app.stageOf(layer)][i] || 0);
      const order = [...classes.keys()].filter((i) => classes[i] !== (layer.service === undefined ? layer.classes.length - 1 : data.noData))
        .sort((a, b) => classes[b] - classes[a] || count(b) - count(a) || (towns.population[b] || 0) - (towns.population[a] || 0));
      clear(this.at("worst"), order.slice(0, 5).map((i) => h("li", {},
        h("button", { type: "button", onclick: () => app.open(i, true) },
          RC.swatch(layer.classes[classes[i]]), h("span", { class: "name" }, towns.name[i],
            data.counties.name.length > 1 ? h("small", {}, " " + data.counties.name[towns.county[i]]) : null),
          h("span", { class: "share" }, app.valueText(i))))));
    }
  };
})((window.RuralCare = window.RuralCare || {}));
