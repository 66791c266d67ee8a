// The map on one canvas: areas, roads, outlines, marks, labels. Paths are built once, around the
// middle of the data at zoom 0; a zoom level is a scale factor, a stage only a list of classes.
(function (RC) {
  "use strict";

  RC.ROADS = { // level: width, colour, from which zoom over the first view, dashes
    1: [2.6, "#5d6774", -9, null], 2: [1.7, "#6f7986", -9, null], 3: [1.0, "#7c8692", 0.4, null],
    4: [0.7, "#8b95a0", 1.4, null], 5: [1.5, "#2f6f9f", -9, [5, 4]], 6: [1.7, "#5b2480", -9, [2, 3.6]],
  };

  // Which lines a key must explain: [level whose look is shown, key of its word], as far as drawn.
  RC.roadKey = function (data) {
    const drawn = new Set(data.roads.map((group) => group.level));
    if (!drawn.has(5) && !drawn.has(6)) return [];
    return [[[1, 2, 3, 4].find((level) => drawn.has(level)), "roadsKey"], [drawn.has(5) && 5, "ferryKey"],
      [drawn.has(6) && 6, "proxyKey"]].filter(([level]) => level);
  };

  function paths(rings) {
    const path = new Path2D();
    rings.forEach((ring) => RC.trace(path, ring, true));
    return path;
  }

  // Decodes the geometry of the page once.
  RC.scene = function (data) {
    const towns = data.townships;
    const origin = RC.mercator(towns.label[Math.floor(towns.label.length / 2)]);
    const around = (at) => {
      const point = RC.mercator(at);
      return [point[0] - origin[0], point[1] - origin[1]];
    };
    const areas = towns.rings.map((rings, i) => {
      const lines = rings.map((ring) => RC.decode(ring, origin));
      return { rings: lines, path: paths(lines), bounds: RC.bounds(lines), label: around(towns.label[i]) };
    });
    const borders = new Path2D();
    areas.forEach((area) => borders.addPath(area.path));
    const counties = data.counties.rings.map((rings, i) => {
      const lines = rings.map((ring) => RC.decode(ring, origin));
      return { path: paths(lines), bounds: RC.bounds(lines), label: around(data.counties.label[i]) };
    });
    const roads = data.roads.map((group) => {
      const path = new Path2D();
      group.lines.forEach((line) => RC.trace(path, RC.decode(line, origin), false));
      return { level: group.level, path };
    });
    return { origin, areas, borders, counties, roads, places: places(data, around) };
  };

  // Facilities and co-operatives in one list, coincident ones fanned out in their fixed order.
  function places(data, around) {
    const list = [];
    const add = (table, kind) => {
      if (!table) return;
      table.name.forEach((name, i) => list.push({
        kind, index: i, name, at: table.at[i], xy: around(table.at[i]), township: table.township[i],
        precision: table.precision[i], approximate: table.precision[i] >= 1,
        symbol: kind === "site" ? data.symbols.length - 1 : table.symbol[i],
        offers: kind === "site" ? [] : table.offers[i],
      }));
    };
    add(data.sites, "site");
    add(data.facilities, "facility");
    const groups = new Map();
    for (const place of list) {
      const key = place.at.map((step) => Math.round(step / 3)).join();
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(place);
    }
    for (const group of groups.values()) {
      group.forEach((place, i) => {
        place.company = group.length;
        if (group.length === 1) place.fan = [0, 0];
        else if (group.length <= 7) {
          const angle = (2 * Math.PI * i) / group.length - Math.PI / 2;
          const radius = Math.max(0.62, 0.55 / Math.sin(Math.PI / group.length));
          place.fan = [Math.cos(angle) * radius, Math.sin(angle) * radius];
        } else { // a sunflower
          const radius = 0.62 * Math.sqrt(i + 0.6), angle = i * 2.399963;
          place.fan = [Math.cos(angle) * radius, Math.sin(angle) * radius];
        }
      });
    }
    return list;
  }

  RC.Canvas = L.Renderer.extend({
    options: { padding: 0.35 },

    initialize: function (app) {
      L.Renderer.prototype.initialize.call(this, {});
      this.app = app;
    },
    _initContainer: function () {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
      this._ctx = this._container.getContext("2d");
    },
    _destroyContainer: function () {
      L.DomUtil.remove(this._container);
    },
    _updatePaths: function () {},
    _update: function () {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize(), ratio = window.devicePixelRatio || 1;
      this.ratio = ratio;
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.round(size.x * ratio);
      this._container.height = Math.round(size.y * ratio);
      this._container.style.width = size.x + "px";
      this._container.style.height = size.y + "px";
      this.redraw();
    },
    redraw: function () {
      if (!this._bounds || !this._map) return;
      const view = this.view(this._zoom, this._map.getPixelOrigin().add(this._bounds.min));
      view.width = this._bounds.getSize().x;
      view.height = this._bounds.getSize().y;
      this.paint(this._ctx, view, this.ratio);
    },
    // Scale and shift from scene coordinates to pixels of a canvas whose corner is given.
    view: function (zoom, corner) {
      const scale = Math.pow(2, zoom), origin = this.app.scene.origin;
      return { scale, x: origin[0] * scale - corner.x, y: origin[1] * scale - corner.y, zoom };
    },
    paint: function (ctx, view, ratio) {
      const { scene, state } = this.app, layer = this.app.layer(), classes = this.app.classes();
      const pixel = 1 / view.scale, lift = view.zoom - this.app.firstZoom;
      const seen = (b) => b.east * view.scale + view.x > -20 && b.west * view.scale + view.x < view.width + 20 &&
        b.south * view.scale + view.y > -20 && b.north * view.scale + view.y < view.height + 20;
      const scaled = () => ctx.setTransform(ratio * view.scale, 0, 0, ratio * view.scale, ratio * view.x, ratio * view.y);
      const stroke = (path, width, colour, dashes) => {
        ctx.lineWidth = width * pixel;
        ctx.strokeStyle = colour;
        ctx.setLineDash((dashes || []).map((dash) => dash * pixel));
        ctx.stroke(path);
      };
      ctx.setTransform(1, 0, 0, 1, 0, 0);
      ctx.clearRect(0, 0, ctx.canvas.width, ctx.canvas.height);
      ctx.lineJoin = ctx.lineCap = "round";
      scaled();
      scene.counties.forEach((county) => stroke(county.path, 9, "#bccbd8")); // shallow water
      scene.areas.forEach((area, i) => {
        if (!seen(area.bounds)) return;
        const one = layer.classes[classes[i]];
        if (one.pattern === "plain") {
          ctx.fillStyle = one.colour;
          ctx.fill(area.path, "evenodd");
          return;
        }
        ctx.save();
        ctx.clip(area.path, "evenodd");
        ctx.setTransform(1, 0, 0, 1, 0, 0);
        ctx.fillStyle = RC.fillStyle(ctx, one, ratio);
        ctx.fillRect(0, 0, ctx.canvas.width, ctx.canvas.height);
        ctx.restore();
      });
      stroke(scene.borders, 1.1, "rgba(255,255,255,0.95)");
      stroke(scene.borders, 0.5, "rgba(60,75,92,0.45)");
      ctx.globalAlpha = 0.8;
      const real = scene.roads.some((road) => road.level < 5);
      for (const road of scene.roads) {
        const [broad, colour, from, dashes] = RC.ROADS[road.level];
        const width = road.level === 6 && !real ? broad * 0.6 : broad; // a net of nothing but links stays fine
        if (lift >= from) stroke(road.path, width * Math.min(1.8, 0.75 + 0.2 * Math.max(0, lift)), colour, dashes);
      }
      ctx.globalAlpha = 1;
      scene.counties.forEach((county) => seen(county.bounds) && stroke(county.path, 1.7, "#3d4a59"));
      for (const [i, colour] of [[state.hover, "#10243e"], [state.cursor, "#0a4fd0"], [state.selected, "#0a4fd0"]]) {
        if (i === null || i === undefined) continue;
        stroke(scene.areas[i].path, i === state.hover ? 3.4 : 5.4, "#fff");
        stroke(scene.areas[i].path, i === state.hover ? 1.8 : 3.2, colour);
      }
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      ctx.setLineDash([]);
      this.app.hot = RC.drawPlaces(ctx, this.app, view, lift);
      RC.drawLabels(ctx, this.app, view, lift);
    },
  });

  const within = (x, y, view) => x > -30 && y > -30 && x < view.width + 30 && y < view.height + 30;

  // Draws the marks and returns where they came to lie, for pointing at them.
  RC.drawPlaces = function (ctx, app, view, lift) {
    const { data, scene, state } = app, layer = app.layer();
    const spread = Math.max(6, Math.min(19, 8 + 4.2 * lift));
    const size = Math.max(3.6, Math.min(6.2, 4.3 + 0.6 * lift));
    const standing = app.standing();
    const hot = [];
    const items = [];
    for (const place of scene.places) {
      const openings = place.kind === "site" ? standing.get(place.index) : null;
      if (!openings && state.hidden.has(place.symbol)) continue;
      const x = place.xy[0] * view.scale + view.x, y = place.xy[1] * view.scale + view.y;
      if (!within(x, y, view)) continue;
      const offered = layer.service === undefined || place.kind === "site" ||
        place.offers.some((offer) => offer[0] === layer.service);
      items.push({ place, openings, offered, x, y, px: x + place.fan[0] * spread, py: y + place.fan[1] * spread });
    }
    if (spread > 11) { // threads to the common point
      ctx.lineWidth = 0.8;
      ctx.strokeStyle = "rgba(16,36,62,0.65)";
      for (const item of items) {
        if (item.place.company < 2) continue;
        ctx.beginPath();
        ctx.moveTo(item.x, item.y);
        ctx.lineTo(item.px, item.py);
        ctx.stroke();
      }
    }
    const rank = (item) => (item.openings ? 3 : item.place.kind === "site" ? 0 : item.offered ? 2 : 1);
    items.sort((a, b) => rank(a) - rank(b) || a.py - b.py);
    for (const item of items) {
      if (item.openings) {
        hot.push(ring(ctx, data, item, size));
        continue;
      }
      ctx.globalAlpha = item.offered ? 1 : 0.5;
      const radius = item.place.kind === "site" ? size * 0.72 : item.offered ? size : size * 0.78;
      RC.mark(ctx, data.symbols[item.place.symbol], item.px, item.py, radius, item.place.approximate);
      ctx.globalAlpha = 1;
      hot.push({ place: item.place, x: item.px, y: item.py, half: size + 3 });
    }
    return hot;
  };

  // The ring round what the plan opened, with the mark of each service; broad if new.
  function ring(ctx, data, item, size) {
    const services = item.openings, radius = size + 5.5, step = size * 2.5;
    const half = (step * (services.length - 1)) / 2, fresh = services.some((one) => one.fresh);
    const capsule = (extra) => {
      ctx.beginPath();
      ctx.arc(item.px - half, item.py, radius + extra, Math.PI / 2, 1.5 * Math.PI);
      ctx.arc(item.px + half, item.py, radius + extra, 1.5 * Math.PI, 2.5 * Math.PI);
      ctx.closePath();
    };
    capsule(fresh ? 4.6 : 2.2);
    ctx.fillStyle = "#fff";
    ctx.fill();
    if (fresh) {
      capsule(2.7);
      ctx.fillStyle = "#d1006b";
      ctx.fill();
    }
    capsule(0);
    ctx.fillStyle = "#fff";
    ctx.fill();
    ctx.lineWidth = 2.4;
    ctx.strokeStyle = "#10243e";
    if (item.place.precision >= 2) ctx.setLineDash([5, 3]);
    ctx.stroke();
    ctx.setLineDash([]);
    services.forEach((one, i) => {
      const symbol = data.symbols[data.services[one.service].symbol];
      RC.mark(ctx, symbol, item.px - half + i * step, item.py, size * 0.95, false);
    });
    return { place: item.place, x: item.px, y: item.py, half: radius + half, openings: services, fresh };
  }
})((window.RuralCare = window.RuralCare || {}));
