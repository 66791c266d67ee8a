// State and wiring: one object knows the layer, the stage and what is chosen; all else draws it.
(function (RC) {
  "use strict";
  const { h, clear, fill } = RC;

  RC.App = class {
    constructor(map, data) {
      this.map = map;
      this.data = data;
      this.words = data.words;
      this.format = RC.formats(data.language);
      this.scene = RC.scene(data);
      this.state = { layer: 0, stage: 0, hidden: this.hiddenAtFirst(), selected: null, hover: null, cursor: null };
      this.tip = document.getElementById("tip");
      this.live = document.getElementById("live");
      this.canvas = new RC.Canvas(this);
      this.fit();
      this.firstZoom = map.getZoom();
      map.setMinZoom(this.firstZoom - 1.5);
      this.canvas.addTo(map);
      this.panel = new RC.Panel(this);
      this.drawer = new RC.Drawer(this);
      this.table = new RC.Table(this);
      this.search = new RC.Search(this);
      this.controls();
      this.pointing();
      this.keys();
      this.printing();
      this.panel.update();
    }

    // Many hospitals and pharmacies would bury what the plan is about; they start hidden.
    hiddenAtFirst() {
      const hidden = new Set(), { data } = this, table = data.facilities;
      if (!table) return hidden;
      data.symbols.forEach((symbol, i) => {
        const count = table.symbol.filter((one) => one === i).length;
        const care = data.services.some((service) => service.symbol === i);
        if (!care && count > 60) hidden.add(i);
      });
      return hidden;
    }

    layer() { return this.data.layers[this.state.layer]; }
    stageOf(layer) { return Math.min(this.state.stage, layer.values.length - 1); }

    classes() {
      const layer = this.layer(), stage = this.stageOf(layer);
      layer.parsed = layer.parsed || [];
      return (layer.parsed[stage] = layer.parsed[stage] || Uint8Array.from(layer.values[stage], Number));
    }

    // What the plan has open at this stage: site → services, with "fresh" for what is new.
    standing() {
      const { data, state } = this;
      this.standings = this.standings || [];
      if (this.standings[state.stage]) return this.standings[state.stage];
      const room = new Map();
      for (const [site, service, stage, capacity] of data.openings) {
        if (stage > state.stage) continue;
        const key = site * 100 + service, one = room.get(key) || { site, service, capacity: 0, fresh: false };
        one.capacity += capacity;
        one.fresh = one.fresh || (stage === state.stage && capacity > 0);
        room.set(key, one);
      }
      const open = new Map();
      for (const one of [...room.values()].filter((item) => item.capacity > 1e-9)) {
        if (!open.has(one.site)) open.set(one.site, []);
        open.get(one.site).push(one);
      }
      open.forEach((services) => services.sort((a, b) => a.service - b.service));
      return (this.standings[state.stage] = open);
    }

    set(changes) {
      const before = { ...this.state };
      Object.assign(this.state, changes);
      this.canvas.redraw();
      if (before.layer !== this.state.layer || before.stage !== this.state.stage) {
        this.panel.update();
        if (this.state.selected !== null && !this.drawer.box.hidden) this.drawer.render(this.state.selected);
        const stage = this.data.stages[this.state.stage], card = this.layer().cards[this.stageOf(this.layer())][0];
        this.say(`${this.layer().label}, ${stage.name} ${stage.year}. ${card ? `${card.label} ${card.value}${card.unit}` : ""}`);
      }
    }

    toggle(symbol, shown) {
      if (shown) this.state.hidden.delete(symbol);
      else this.state.hidden.add(symbol);
      this.canvas.redraw();
    }

    say(text) { this.live.textContent = text; }

    money(mkrw) {
      return fill(this.words.money, { amount: this.format.short(mkrw / this.words.moneyUnit) });
    }

    // The word of the state of a township without a time; undefined where there is one.
    absence(s, stage, i) {
      const { data } = this, word = data.absent[data.townships.state[s * data.stages.length + stage][i]];
      return word === "unreachable" && !data.services[s].offered[stage] ? "noProvider" : word;
    }

    // The value of a township on the layer, for people.
    valueText(i) {
      const layer = this.layer(), one = layer.classes[this.classes()[i]];
      if (layer.service === undefined) {
        if (layer.id === "extinction") return this.format.index(this.data.townships.index[this.stageOf(layer)][i]);
        return one.label;
      }
      if (one.pattern !== "plain") return one.label;
      return fill(this.words.minutes, { count: this.format.tenths(this.data.townships.nearest[layer.service][this.stageOf(layer)][i]) });
    }

    // Of whom the mean time of a township is, where some of its people do not arrive.
    whose(i) {
      const layer = this.layer(), s = layer.service;
      if (s === undefined || layer.classes[this.classes()[i]].pattern !== "plain") return "";
      const arriving = this.data.townships.arriving[s][this.stageOf(layer)][i];
      return arriving < 1000 ? fill(this.words.arrivingNote, { share: this.format.permille(arriving) }) : "";
    }

    describe(i) {
      const { data } = this, layer = this.layer(), whose = this.whose(i);
      return `${data.counties.name[data.townships.county[i]]} ${data.townships.name[i]} · ${layer.label} ${this.valueText(i)}${whose && ` (${whose})`}`;
    }

    latLngBounds(bounds) {
      const [x, y] = this.scene.origin, crs = L.CRS.EPSG3857;
      return L.latLngBounds(crs.pointToLatLng(L.point(bounds.west + x, bounds.south + y), 0),
        crs.pointToLatLng(L.point(bounds.east + x, bounds.north + y), 0));
    }

    whole() {
      return RC.bounds(this.scene.areas.map(({ bounds: b }) => [b.west, b.north, b.east, b.south]));
    }

    fit() {
      const size = this.map.getSize(), narrow = size.x < 560;
      this.map.fitBounds(this.latLngBounds(this.whole()), { paddingTopLeft: [narrow ? 12 : 56, 46], paddingBottomRight: [narrow ? 12 : 40, 44], animate: false });
    }

    open(i, focus) {
      this.set({ selected: i });
      this.drawer.show(i, focus);
      this.reveal(i);
    }

    // Moves the map if the drawer covers the township.
    reveal(i) {
      const box = this.map.getContainer().getBoundingClientRect(), drawer = this.drawer.box.getBoundingClientRect();
      const at = this.map.latLngToContainerPoint(this.latLngBounds(this.scene.areas[i].bounds).getCenter());
      const covered = box.left + at.x + 50 - drawer.left;
      if (covered > 0 && drawer.left > box.left + 100) this.map.panBy([covered, 0], { animate: false });
    }

    visit(i) {
      this.moveTo(this.latLngBounds(this.scene.areas[i].bounds));
      this.open(i, true);
    }

    visitPlace(place) {
      this.state.hidden.delete(place.symbol);
      this.panel.kinds();
      const at = L.latLng(RC.degrees(place.at));
      this.moveTo(L.latLngBounds(at, at));
      if (place.township !== null) this.open(place.township, true);
      this.say(place.name);
    }

    moveTo(bounds) {
      const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      const drawer = this.map.getSize().x > 900 ? 380 : 30;
      this.map.fitBounds(bounds, { maxZoom: this.firstZoom + 2.5, paddingTopLeft: [60, 60], paddingBottomRight: [drawer, 60], animate: !still });
    }

    controls() {
      const { words, map } = this;
      L.control.zoom({ position: "topleft", zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
      const Whole = L.Control.extend({
        onAdd: () => {
          const button = h("button", { type: "button", class: "leaflet-bar whole", title: words.whole, "aria-label": words.whole, onclick: () => this.fit() }, h("span", { "aria-hidden": "true" }, "⤢"));
          L.DomEvent.disableClickPropagation(button);
          return button;
        },
      });
      new Whole({ position: "topleft" }).addTo(map);
      L.control.scale({ position: "bottomright", imperial: false, maxWidth: 140 }).addTo(map);
      document.getElementById("table-button").addEventListener("click", () => this.table.open());
      document.getElementById("picture-button").addEventListener("click", () => RC.savePicture(this));
      document.getElementById("print-button").addEventListener("click", () => window.print());
      new ResizeObserver(() => map.invalidateSize({ pan: false })).observe(map.getContainer());
    }

    townAt(point) {
      const corner = this.map.getPixelOrigin().subtract(L.DomUtil.getPosition(this.map.getPane("mapPane")));
      const view = this.canvas.view(this.map.getZoom(), corner);
      const x = (point.x - view.x) / view.scale, y = (point.y - view.y) / view.scale;
      return this.scene.areas.findIndex(({ bounds: b, rings }) =>
        x >= b.west && x <= b.east && y >= b.north && y <= b.south && RC.inside(rings, x, y));
    }

    markAt(point) {
      const shift = this.map.containerPointToLayerPoint(point).subtract(this.canvas._bounds.min);
      let best = null, least = Infinity;
      for (const mark of this.hot || []) {
        const away = Math.max(Math.abs(shift.x - mark.x) - Math.max(0, mark.half - 9), 0) ** 2 + (shift.y - mark.y) ** 2;
        if (away < 100 && away < least) { best = mark; least = away; }
      }
      return best;
    }

    pointing() {
      const { map, tip } = this;
      map.on("mousemove", (event) => {
        const mark = this.markAt(event.containerPoint), town = this.townAt(event.containerPoint);
        const i = town < 0 ? null : town;
        if (i !== this.state.hover) this.set({ hover: i });
        map.getContainer().classList.toggle("pointing", i !== null || mark !== null);
        const lines = mark ? this.markLines(mark) : i === null ? null : [this.data.townships.name[i], `${this.layer().label} ${this.valueText(i)}`, this.whose(i)].filter(Boolean);
        tip.hidden = !lines;
        if (!lines) return;
        clear(tip, lines.map((line, k) => h(k ? "span" : "b", {}, line)));
        const size = map.getSize(), box = tip.getBoundingClientRect();
        tip.style.left = `${Math.min(event.containerPoint.x + 14, size.x - box.width - 6)}px`;
        tip.style.top = `${event.containerPoint.y + 18 + box.height > size.y ? event.containerPoint.y - box.height - 8 : event.containerPoint.y + 16}px`;
      });
      map.on("mouseout", () => { tip.hidden = true; if (this.state.hover !== null) this.set({ hover: null }); });
      map.on("movestart zoomstart", () => { tip.hidden = true; });
      map.on("click", (event) => {
        const mark = this.markAt(event.containerPoint), town = this.townAt(event.containerPoint);
        const i = town >= 0 ? town : mark && mark.place.township !== null ? mark.place.township : -1;
        if (i >= 0) this.open(i, false);
        else this.drawer.close();
      });
    }

    markLines({ place, openings }) {
      const { data, words, format } = this;
      const kind = data.symbols[place.symbol].label;
      const lines = [place.name, place.precision ? `${kind} · ${data.precisions[place.precision]}` : kind];
      for (const [service, room] of place.offers) {
        lines.push(`${data.services[service].name}${room === null ? "" : ` · ${fill(words.room, { count: format.short(room) })}`}`);
      }
      for (const one of openings || []) {
        lines.push(`${one.fresh ? "+ " : ""}${data.services[one.service].name} · ${fill(words.room, { count: format.short(one.capacity) })}`);
      }
      return lines;
    }

    // The arrow keys walk from township to township, Enter opens.
    keys() {
      const box = this.map.getContainer();
      box.addEventListener("keydown", (event) => {
        if (event.target !== box) return;
        const step = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
        if (step) this.walk(step);
        else if ((event.key === "Enter" || event.key === " ") && this.state.cursor !== null) this.open(this.state.cursor, true);
        else if (event.key === "Enter" || event.key === " ") this.walk(null);
        else if (event.key === "+" || event.key === "=") this.map.zoomIn();
        else if (event.key === "-") this.map.zoomOut();
        else if (event.key === "Escape") this.set({ cursor: null });
        else return;
        event.preventDefault();
      });
      box.addEventListener("blur", () => this.state.cursor !== null && this.set({ cursor: null }));
    }

    walk(step) {
      const { areas } = this.scene, from = this.state.cursor === null ? this.state.selected : this.state.cursor;
      let next = from;
      if (from === null || step === null) {
        const middle = L.CRS.EPSG3857.latLngToPoint(this.map.getCenter(), 0);
        const x = middle.x - this.scene.origin[0], y = middle.y - this.scene.origin[1];
        next = areas.map((area, i) => [Math.hypot(area.label[0] - x, area.label[1] - y), i]).sort((a, b) => a[0] - b[0])[0][1];
      } else {
        let least = Infinity;
        areas.forEach((area, i) => {
          const dx = area.label[0] - areas[from].label[0], dy = area.label[1] - areas[from].label[1];
          const along = dx * step[0] + dy * step[1], aside = Math.abs(dx * step[1]) + Math.abs(dy * step[0]);
          if (i === from || along <= 0 || aside > along * 2) return;
          if (along + 2 * aside < least) { least = along + 2 * aside; next = i; }
        });
      }
      this.set({ cursor: next });
      const at = this.latLngBounds(areas[next].bounds).getCenter();
      if (!this.map.getBounds().pad(-0.1).contains(at)) this.map.panTo(at, { animate: false });
      this.say(this.describe(next));
    }

    printing() {
      window.addEventListener("beforeprint", () => {
        RC.paintWhole(this, document.getElementById("print-map"), 1000, 640, 2);
        const service = this.layer().service;
        this.table.service = service === undefined ? 0 : service;
        this.table.sort = { column: null, down: true };
        this.table.render();
        const copy = document.getElementById("table").cloneNode(true);
        copy.removeAttribute("id");
        copy.querySelectorAll("[id]").forEach((element) => element.removeAttribute("id"));
        copy.querySelectorAll("button").forEach((button) => button.replaceWith(button.firstChild.textContent));
        clear(document.getElementById("print-table"), h("h2", {}, document.getElementById("table-title").textContent), copy);
      });
    }
  };

  RC.start = function (map, data) {
    return (RC.app = new RC.App(map, data));
  };
})((window.RuralCare = window.RuralCare || {}));
