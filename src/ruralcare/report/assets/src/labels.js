// Names on the map: the most telling first, none over another or over a ring.
(function (RC) {
  "use strict";

  const FONT = '"Pretendard GOV","Pretendard","Noto Sans KR","Noto Sans CJK KR","Malgun Gothic","Apple SD Gothic Neo",sans-serif';
  const CROWDED = 40;

  function boxes() {
    const cells = new Map(), size = 64;
    const each = (box, visit) => {
      for (let i = Math.floor(box[0] / size); i <= Math.floor(box[2] / size); i++) {
        for (let j = Math.floor(box[1] / size); j <= Math.floor(box[3] / size); j++) {
          if (visit(i + "," + j)) return true;
        }
      }
      return false;
    };
    return {
      add: (box) => each(box, (key) => void (cells.has(key) ? cells.get(key).push(box) : cells.set(key, [box]))),
      hits: (box) => each(box, (key) => (cells.get(key) || []).some((other) =>
        box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])),
    };
  }

  // Names of a page may be of any length; on the map they are cut.
  const cut = (text) => ([...text].length > 18 ? [...text].slice(0, 17).join("") + "…" : text);

  RC.drawLabels = function (ctx, app, view, lift) {
    const { data, scene, state, hot } = app, taken = boxes();
    const wanted = [];
    const add = (text, x, y, style) => {
      if (x < -60 || y < -20 || x > view.width + 60 || y > view.height + 20) return;
      wanted.push({ text: cut(text), x, y, ...style });
    };
    for (const mark of hot) {
      if (!mark.openings) continue;
      taken.add([mark.x - mark.half - 4, mark.y - 14, mark.x + mark.half + 4, mark.y + 14]);
      const fresh = mark.openings.filter((one) => one.fresh).map((one) => data.services[one.service].name);
      if (fresh.length) {
        add("+ " + fresh.join("·"), mark.x, mark.y + 25,
          { weight: 700, size: 12, colour: "#a80056", rank: 1, shifts: [[0, 0], [0, -50], [62, -25], [-62, -25]] });
      }
      if (lift > 1.6) add(mark.place.name, mark.x, mark.y - 25, { weight: 600, size: 11.5, colour: "#10243e", rank: 4, shifts: [[0, 0], [0, 64]] });
    }
    if (scene.counties.length > 1 || scene.areas.length > CROWDED) {
      const fade = lift < 1.5 || scene.areas.length > CROWDED;
      scene.counties.forEach((county, i) => fade && add(data.counties.name[i], county.label[0] * view.scale + view.x,
        county.label[1] * view.scale + view.y,
        { weight: 800, size: 15, colour: "#10243e", rank: scene.counties.length > 1 ? 2 : 5, shifts: [[0, 0], [0, -18], [0, 18]] }));
    }
    const symbols = boxes();
    hot.forEach((mark) => symbols.add([mark.x - 6, mark.y - 6, mark.x + 6, mark.y + 6]));
    scene.areas.forEach((area, i) => {
      const width = (area.bounds.east - area.bounds.west) * view.scale;
      if (width < (scene.areas.length > 150 ? 60 : 34) && i !== state.selected && i !== state.hover) return;
      const x = area.label[0] * view.scale + view.x, y = area.label[1] * view.scale + view.y;
      const first = i === state.selected || i === state.cursor;
      add(data.townships.name[i], x, y, {
        weight: first ? 800 : 600, size: first ? 14 : 12.5, colour: "#1d2733", rank: first ? 0 : 3, avoid: symbols,
        order: -(data.townships.population[i] || 0), shifts: [[0, 0], [0, -15], [0, 15], [0, -28], [0, 28]],
      });
    });
    if (lift > 3) {
      for (const mark of hot) {
        if (!mark.openings) add(mark.place.name, mark.x, mark.y + 15, { weight: 500, size: 11, colour: "#333d48", rank: 6, shifts: [[0, 0], [0, -28]] });
      }
    }
    wanted.sort((a, b) => a.rank - b.rank || (a.order || 0) - (b.order || 0));
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    ctx.lineJoin = "round";
    for (const label of wanted) {
      ctx.font = `${label.weight} ${label.size}px ${FONT}`;
      const half = ctx.measureText(label.text).width / 2 + 3, tall = label.size * 0.62 + 1;
      const box = ([dx, dy]) => [label.x + dx - half, label.y + dy - tall, label.x + dx + half, label.y + dy + tall];
      const free = (shift) => !taken.hits(box(shift));
      const cramped = view.width < 800 && lift < 1 && label.rank > 0;
      const place = (label.avoid && label.shifts.find((shift) => free(shift) && !label.avoid.hits(box(shift)))) ||
        (!(cramped && label.avoid) && label.shifts.find(free)) || (label.rank === 0 ? label.shifts[0] : null);
      if (!place) continue;
      taken.add(box(place));
      ctx.lineWidth = 3.6;
      ctx.strokeStyle = "rgba(255,255,255,0.94)";
      ctx.strokeText(label.text, label.x + place[0], label.y + place[1]);
      ctx.fillStyle = label.colour;
      ctx.fillText(label.text, label.x + place[0], label.y + place[1]);
    }
  };
})((window.RuralCare = window.RuralCare || {}));
