// The map as a picture: for print, and as a PNG with title and legend.
(function (RC) {
  "use strict";

  const FONT = '"Pretendard GOV","Pretendard","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic","Apple SD Gothic Neo",sans-serif';

  // Paints the whole area into a canvas of a size in CSS pixels.
  RC.paintWhole = function (app, canvas, width, height, ratio) {
    const area = app.whole(), edge = 40;
    const scale = Math.min((width - 2 * edge) / (area.east - area.west), (height - 2 * edge) / (area.south - area.north));
    paint(app, canvas, {
      scale, zoom: Math.log2(scale), width, height,
      x: width / 2 - (scale * (area.west + area.east)) / 2, y: height / 2 - (scale * (area.north + area.south)) / 2,
    }, ratio);
  };

  function paint(app, canvas, view, ratio) {
    const { selected, hover, cursor } = app.state, hot = app.hot, first = app.firstZoom;
    Object.assign(app.state, { selected: null, hover: null, cursor: null });
    app.firstZoom = Math.min(first, view.zoom);
    canvas.width = view.width * ratio;
    canvas.height = view.height * ratio;
    app.canvas.paint(canvas.getContext("2d"), view, ratio);
    Object.assign(app.state, { selected, hover, cursor });
    app.hot = hot;
    app.firstZoom = first;
  }

  function lines(ctx, text, width) {
    const rows = [""];
    for (const word of text.split(" ")) {
      const longer = rows[rows.length - 1] ? `${rows[rows.length - 1]} ${word}` : word;
      if (ctx.measureText(longer).width > width && rows[rows.length - 1]) rows.push(word);
      else rows[rows.length - 1] = longer;
    }
    return rows;
  }

  // What one sees now, with title, stage, legend and the warnings of the page.
  RC.savePicture = function (app) {
    const { map, data, state } = app, layer = app.layer(), size = map.getSize(), ratio = 2;
    const zoom = map.getZoom(), corner = map.getPixelBounds().min;
    const inner = document.createElement("canvas");
    const view = app.canvas.view(zoom, corner);
    paint(app, inner, { ...view, width: size.x, height: size.y }, ratio);
    const head = 92, side = 270, canvas = document.createElement("canvas");
    canvas.width = (size.x + side) * ratio;
    canvas.height = (size.y + head) * ratio;
    const ctx = canvas.getContext("2d");
    ctx.scale(ratio, ratio);
    ctx.fillStyle = "#fff";
    ctx.fillRect(0, 0, size.x + side, size.y + head);
    ctx.fillStyle = "#ccd7e1";
    ctx.fillRect(side, head, size.x, size.y);
    ctx.drawImage(inner, side, head, size.x, size.y);
    ctx.fillStyle = "#10243e";
    ctx.textBaseline = "alphabetic";
    ctx.font = `700 20px ${FONT}`;
    lines(ctx, data.finding, size.x + side - 40).slice(0, 2).forEach((row, i) => ctx.fillText(row, 20, 32 + 26 * i));
    ctx.font = `400 12.5px ${FONT}`;
    ctx.fillStyle = "#4a5868";
    ctx.fillText([data.title, data.subtitle].filter(Boolean).join(" · "), 20, head - 10);
    const stage = data.stages[state.stage];
    let y = head + 30;
    const row = (text, font, colour, step) => {
      ctx.font = `${font} ${FONT}`;
      ctx.fillStyle = colour;
      lines(ctx, text, side - 40).forEach((part) => { ctx.fillText(part, 20, y); y += step; });
    };
    row(`${layer.label} · ${stage.name} ${stage.year}`, "700 16px", "#10243e", 22);
    const cards = layer.cards[app.stageOf(layer)] || [];
    y += 8;
    cards.forEach((card, i) => {
      row(card.label, "400 12.5px", "#4a5868", i ? 18 : 28);
      row(`${card.value} ${card.unit}`, i ? "700 16px" : "800 26px", "#10243e", i ? (card.basis ? 18 : 26) : 34);
      if (card.basis) row(card.basis, "400 12px", "#4a5868", 16);
      if (card.basis) y += 8;
      if (!i) y += 6;
    });
    y += 12;
    row(layer.legend, "700 13px", "#10243e", 24);
    layer.classes.forEach((one, i) => {
      if (one.pattern !== "plain" && !app.classes().includes(i)) return;
      ctx.fillStyle = RC.fillStyle(ctx, one, 1);
      ctx.fillRect(20, y - 12, 26, 16);
      ctx.strokeStyle = "#8493a3";
      ctx.strokeRect(20, y - 12, 26, 16);
      ctx.font = `400 13px ${FONT}`;
      ctx.fillStyle = "#10243e";
      ctx.fillText(one.label, 56, y + 1);
      y += 23;
    });
    RC.roadKey(data).forEach(([level, word]) => {
      const [width, colour, , dashes] = RC.ROADS[level];
      ctx.lineWidth = width * 1.2;
      ctx.strokeStyle = colour;
      ctx.lineCap = "round";
      ctx.setLineDash(dashes || []);
      ctx.beginPath();
      ctx.moveTo(20, y - 4);
      ctx.lineTo(46, y - 4);
      ctx.stroke();
      ctx.setLineDash([]);
      ctx.font = `400 13px ${FONT}`;
      ctx.fillStyle = "#10243e";
      ctx.fillText(app.words[word], 56, y + 1);
      y += 23;
    });
    y += 8;
    data.badges.forEach((badge) => row(badge.text, "700 13px", "#8a1c1c", 19));
    row(data.sources, "400 10.5px", "#4a5868", 15);
    canvas.toBlob((blob) => RC.download(`${data.file}_${layer.id}_${state.stage}.png`, blob), "image/png");
  };
})((window.RuralCare = window.RuralCare || {}));
