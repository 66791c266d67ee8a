// Helpers: building elements from text only, numbers, coordinates.
// Nothing here or elsewhere writes markup: data reach the page as text nodes and attributes.
(function (RC) {
  "use strict";

  const SVG = "http://www.w3.org/2000/svg";

  // The tag "svg:line" makes an element of an SVG.
  // h("button", {class: "x", onclick: f, "aria-label": t}, child, ...): children are nodes or text.
  RC.h = function (tag, attributes, ...children) {
    const name = tag.startsWith("svg:") ? tag.slice(4) : "";
    const element = name ? document.createElementNS(SVG, name) : document.createElement(tag);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else element.setAttribute(key, value === true ? "" : String(value));
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined) element.append(child);
    }
    return element;
  };

  RC.clear = function (element, ...children) {
    element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
    return element;
  };

  // "{name} opens" with values; a place without a value stays visible as a fault.
  RC.fill = function (template, values) {
    return template.replace(/\{(\w+)\}/g, (place, key) => (key in values ? String(values[key]) : place));
  };

  RC.formats = function (language) {
    const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    const tenth = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    const short = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    const hundredth = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
    const known = (f, scale) => (value) => (value === null || value === undefined ? "–" : f.format(value / scale));
    return {
      whole: known(whole, 1), // whole numbers
      tenths: known(tenth, 10), // tenths of a minute or person
      people: known(whole, 10), // tenths of a person, shown whole
      short: known(short, 1), // as many digits as needed, at most one after the point
      permille: known(tenth, 10), // thousandths, shown in per cent
      index: known(hundredth, 1000), // thousandths
      // A change: sign in front, a true minus.
      change: (value, scale, unit) =>
        value === null || value === undefined
          ? "–"
          : (value > 0 ? "+" : value < 0 ? "−" : "±") + tenth.format(Math.abs(value) / scale) + (unit || ""),
    };
  };

  // Web Mercator at zoom 0 (256 units around the globe).
  RC.mercator = function (steps) {
    const lon = steps[0] / 1e5, lat = steps[1] / 1e5;
    const sine = Math.sin((lat * Math.PI) / 180);
    return [((lon + 180) / 360) * 256, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * 256];
  };

  RC.degrees = (steps) => [steps[1] / 1e5, steps[0] / 1e5];

  // A flat list of steps (first point, then differences) as coordinates around an origin.
  RC.decode = function (steps, origin) {
    const line = new Float64Array(steps.length);
    let x = 0, y = 0;
    for (let i = 0; i < steps.length; i += 2) {
      x += steps[i];
      y += steps[i + 1];
      const point = RC.mercator([x, y]);
      line[i] = point[0] - origin[0];
      line[i + 1] = point[1] - origin[1];
    }
    return line;
  };

  RC.trace = function (path, line, closed) {
    path.moveTo(line[0], line[1]);
    for (let i = 2; i < line.length; i += 2) path.lineTo(line[i], line[i + 1]);
    if (closed) path.closePath();
  };

  RC.bounds = function (lines) {
    let west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
    for (const line of lines) {
      for (let i = 0; i < line.length; i += 2) {
        west = Math.min(west, line[i]);
        east = Math.max(east, line[i]);
        north = Math.min(north, line[i + 1]);
        south = Math.max(south, line[i + 1]);
      }
    }
    return { west, north, east, south };
  };

  // Even-odd rule over all rings.
  RC.inside = function (rings, x, y) {
    let odd = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y &&
            x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) odd = !odd;
      }
    }
    return odd;
  };

  RC.download = function (name, blob) {
    const url = URL.createObjectURL(blob);
    const link = RC.h("a", { href: url, download: name, hidden: true });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  };
})((window.RuralCare = window.RuralCare || {}));
