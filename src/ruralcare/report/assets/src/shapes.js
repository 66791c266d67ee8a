// Marks and hatches, drawn alike on the map and in the legend.
(function (RC) {
  "use strict";

  const SIDES = {
    triangle: [[0, -1.15], [1.1, 0.85], [-1.1, 0.85]],
    wedge: [[0, 1.15], [1.1, -0.85], [-1.1, -0.85]],
    diamond: [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]],
    square: [[-0.95, -0.95], [0.95, -0.95], [0.95, 0.95], [-0.95, 0.95]],
    house: [[0, -1.25], [1.15, -0.15], [0.8, -0.15], [0.8, 1], [-0.8, 1], [-0.8, -0.15], [-1.15, -0.15]],
    hexagon: [[-1.15, 0], [-0.58, -1], [0.58, -1], [1.15, 0], [0.58, 1], [-0.58, 1]],
    plus: [[-0.42, -1.2], [0.42, -1.2], [0.42, -0.42], [1.2, -0.42], [1.2, 0.42], [0.42, 0.42],
      [0.42, 1.2], [-0.42, 1.2], [-0.42, 0.42], [-1.2, 0.42], [-1.2, -0.42], [-0.42, -0.42]],
  };

  function outline(ctx, shape, x, y, r) {
    ctx.beginPath();
    const sides = SIDES[shape];
    if (sides) {
      sides.forEach(([dx, dy], i) => (i ? ctx.lineTo(x + dx * r, y + dy * r) : ctx.moveTo(x + dx * r, y + dy * r)));
      ctx.closePath();
    } else ctx.arc(x, y, shape === "dot" ? r * 0.75 : r, 0, 2 * Math.PI);
  }

  // approximate: hollow with a broken rim, since the place is known only roughly.
  RC.mark = function (ctx, symbol, x, y, r, approximate) {
    ctx.save();
    ctx.lineJoin = "round";
    outline(ctx, symbol.shape, x, y, r);
    ctx.lineWidth = 3.2;
    ctx.strokeStyle = "#fff";
    ctx.stroke();
    if (symbol.shape === "site") {
      ctx.fillStyle = "#fff";
      ctx.fill();
      ctx.lineWidth = 1.5;
      ctx.strokeStyle = symbol.colour;
      if (approximate) ctx.setLineDash([2.2, 1.6]);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.beginPath();
      ctx.arc(x, y, r * 0.36, 0, 2 * Math.PI);
      ctx.fillStyle = symbol.colour;
      ctx.fill();
    } else if (approximate) {
      ctx.fillStyle = "#fff";
      ctx.fill();
      ctx.lineWidth = 1.7;
      ctx.setLineDash([2.4, 1.5]);
      ctx.strokeStyle = symbol.colour;
      ctx.stroke();
    } else {
      ctx.fillStyle = symbol.colour;
      ctx.fill();
    }
    ctx.restore();
  };

  // A small canvas with one mark, for legends and lists; decoration only.
  RC.icon = function (symbol, size, approximate) {
    const scale = 2;
    const canvas = RC.h("canvas", { width: size * scale, height: size * scale, class: "icon", "aria-hidden": "true" });
    canvas.style.width = canvas.style.height = size + "px";
    const ctx = canvas.getContext("2d");
    ctx.scale(scale, scale);
    RC.mark(ctx, symbol, size / 2, size / 2, size * 0.31, approximate);
    return canvas;
  };

  const tiles = {};

  // The tile of a pattern at a pixel ratio: hatch (beyond the cutoff), cross (no way), bars (far from
  // any road), dots (no data).
  const INKS = { hatch: ["#f3f1f1", "#6b6267", 1.3], cross: ["#d5d9de", "#6d7782", 0.9],
    bars: ["#efe8f5", "#6f5a8a", 1.1], dots: ["#ffffff", "#8f98a3", 1.3] };

  function tile(pattern, colour, ratio) {
    const key = [pattern, colour, ratio].join();
    if (tiles[key]) return tiles[key];
    const size = 8, canvas = document.createElement("canvas");
    canvas.width = canvas.height = Math.round(size * ratio);
    const ctx = canvas.getContext("2d");
    ctx.scale(canvas.width / size, canvas.height / size);
    const [ground, ink, width] = INKS[pattern];
    ctx.fillStyle = ground;
    ctx.fillRect(0, 0, size, size);
    ctx.strokeStyle = ctx.fillStyle = ink;
    ctx.lineWidth = width;
    ctx.beginPath();
    if (pattern === "dots") {
      ctx.arc(2, 2, 0.8, 0, 7);
      ctx.moveTo(6.8, 6);
      ctx.arc(6, 6, 0.8, 0, 7);
      ctx.fill();
    } else if (pattern === "bars") {
      for (const y of [2, 6]) {
        ctx.moveTo(0, y);
        ctx.lineTo(size, y);
      }
      ctx.stroke();
    } else {
      for (const shift of [-size, 0, size]) {
        ctx.moveTo(shift - 1, size + 1);
        ctx.lineTo(shift + size + 1, -1);
        if (pattern === "cross") {
          ctx.moveTo(shift - 1, -1);
          ctx.lineTo(shift + size + 1, size + 1);
        }
      }
      ctx.stroke();
    }
    return (tiles[key] = canvas);
  }

  // Fill style of a class. The tile is aligned to device pixels.
  RC.fillStyle = function (ctx, one, ratio) {
    return one.pattern === "plain" ? one.colour : ctx.createPattern(tile(one.pattern, one.colour, ratio), "repeat");
  };

  RC.swatch = function (one) {
    const canvas = RC.h("canvas", { width: 52, height: 32, class: "swatch", "aria-hidden": "true" });
    const ctx = canvas.getContext("2d");
    ctx.fillStyle = RC.fillStyle(ctx, one, 2);
    ctx.fillRect(0, 0, 52, 32);
    return canvas;
  };
})((window.RuralCare = window.RuralCare || {}));
