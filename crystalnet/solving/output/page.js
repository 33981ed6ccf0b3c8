// The chosen candidate: its density and atoms in the cell, and its pattern below the measured one.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (name) => document.getElementById(name);
  const SURFACE = "#7fa6c9", MEASURED = "#0072B2", COMPUTED = "#D55E00";
  // Okabe and Ito's colours, the farthest from the surface's first.
  const COLOURS = ["#D55E00", "#F0E442", "#009E73", "#CC79A7", "#1b1b1b", "#E69F00", "#56B4E9"];
  // A cube in six tetrahedra about a diagonal; bits of a corner's number are steps along a, b, c.
  const TETRAHEDRA = [[1, 3], [1, 5], [2, 3], [2, 6], [4, 5], [4, 6]].map(([a, b]) => [0, a, b, 7]);

  function floats(text) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return new Float32Array(bytes.buffer);
  }

  // Fractional to Cartesian; rows of the lattice are a, b, c.
  function place(lattice, u, v, w) {
    return [0, 1, 2].map((i) => u * lattice[0][i] + v * lattice[1][i] + w * lattice[2][i]);
  }

  // The tetrahedra about the shortest diagonal of a cell, the same in every cube, so faces fit.
  // In a long oblique cell others would reach over more of the density than its points do.
  function tetrahedra(lattice) {
    const length = (flip) => Math.hypot(...place(lattice,
      flip & 4 ? -1 : 1, flip & 2 ? -1 : 1, flip & 1 ? -1 : 1));
    const best = [0, 1, 2, 4].reduce((one, other) => (length(other) < length(one) ? other : one));
    return TETRAHEDRA.map((four) => four.map((corner) => corner ^ best));
  }

  // Where a density is above a level: marching tetrahedra over the periodic grid. A layer of
  // points of no density about the cell, no distance away, closes the surface at its faces.
  function isosurface(density, n, lattice, level) {
    const side = n + 3, x = [], y = [], z = [], i = [], j = [], k = [], known = new Map();
    const pieces = tetrahedra(lattice);
    const step = (p) => Math.min(Math.max(p - 1, 0), n);
    const value = (p, q, r) => {
      if (p < 1 || q < 1 || r < 1 || p > n + 1 || q > n + 1 || r > n + 1) return -Infinity;
      return density[(((p - 1) % n) * n + ((q - 1) % n)) * n + ((r - 1) % n)];
    };
    const values = new Float64Array(side ** 3);
    for (let p = 0, at = 0; p < side; p++) {
      for (let q = 0; q < side; q++) for (let r = 0; r < side; r++) values[at++] = value(p, q, r);
    }
    const point = (node) => [Math.floor(node / (side * side)), Math.floor(node / side) % side, node % side];
    // The vertex between a node above the level and one that is not.
    function vertex(above, below) {
      const outside = values[below] === -Infinity;
      const key = outside ? -1 - above : above * side ** 3 + below;
      let index = known.get(key);
      if (index === undefined) {
        // Densities fall off exponentially, so it is their logarithms that are interpolated.
        const low = Math.max(values[below], level / 1000);
        const part = outside ? 0
          : Math.log(values[above] / level) / Math.log(values[above] / low);
        const from = point(above), to = point(below);
        const [u, v, w] = [0, 1, 2].map((c) => (step(from[c]) * (1 - part) + step(to[c]) * part) / n);
        const at = place(lattice, u, v, w);
        index = x.push(at[0]) - 1;
        y.push(at[1]);
        z.push(at[2]);
        known.set(key, index);
      }
      return index;
    }
    // Turned so that its normal points from `above` to `below`: shading is smooth only then.
    function triangle(above, below, a, b, c) {
      if (a === b || b === c || a === c) return;
      const from = point(above), to = point(below);
      const out = place(lattice, to[0] - from[0], to[1] - from[1], to[2] - from[2]);
      const [ux, uy, uz] = [x[b] - x[a], y[b] - y[a], z[b] - z[a]];
      const [vx, vy, vz] = [x[c] - x[a], y[c] - y[a], z[c] - z[a]];
      const along = (uy * vz - uz * vy) * out[0] + (uz * vx - ux * vz) * out[1]
        + (ux * vy - uy * vx) * out[2];
      i.push(a);
      j.push(along > 0 ? b : c);
      k.push(along > 0 ? c : b);
    }
    const corner = [0, 1, 2, 3, 4, 5, 6, 7].map((c) => ((c >> 2) * side + ((c >> 1) & 1)) * side + (c & 1));
    for (let p = 0; p < side - 1; p++) for (let q = 0; q < side - 1; q++) for (let r = 0; r < side - 1; r++) {
      const base = (p * side + q) * side + r;
      let count = 0;
      for (const c of corner) count += values[base + c] > level;
      if (count === 0 || count === 8) continue;
      for (const four of pieces) {
        const above = [], below = [];
        for (const c of four) (values[base + corner[c]] > level ? above : below).push(base + corner[c]);
        if (above.length === 1) triangle(above[0], below[0], ...below.map((b) => vertex(above[0], b)));
        if (above.length === 3) triangle(above[0], below[0], ...above.map((a) => vertex(a, below[0])));
        if (above.length === 2) {
          const [a, b] = above, [c, d] = below;
          triangle(a, c, vertex(a, c), vertex(a, d), vertex(b, d));
          triangle(a, c, vertex(a, c), vertex(b, d), vertex(b, c));
        }
      }
    }
    return {x, y, z, i, j, k};
  }

  // One mesh of all the spheres of an element.
  function spheres(element, lattice) {
    const RINGS = 12, ROUND = 20, x = [], y = [], z = [], i = [], j = [], k = [], text = [];
    for (const [u, v, w] of element.places) {
      const middle = place(lattice, u, v, w), first = x.length;
      for (let a = 0; a <= RINGS; a++) for (let b = 0; b < ROUND; b++) {
        const t = Math.PI * a / RINGS, f = 2 * Math.PI * b / ROUND;
        x.push(middle[0] + element.radius * Math.sin(t) * Math.cos(f));
        y.push(middle[1] + element.radius * Math.sin(t) * Math.sin(f));
        z.push(middle[2] + element.radius * Math.cos(t));
        text.push(`${element.symbol} ${u} ${v} ${w}`);
        if (a < RINGS) {
          const p = first + a * ROUND + b, q = first + a * ROUND + (b + 1) % ROUND;
          i.push(p, q);
          j.push(p + ROUND, p + ROUND);
          k.push(q, q + ROUND);
        }
      }
    }
    return {x, y, z, i, j, k, text};
  }

  function edges(lattice) {
    const line = {x: [], y: [], z: []};
    for (let axis = 0; axis < 3; axis++) for (const p of [0, 1]) for (const q of [0, 1]) {
      for (const end of [0, 1]) {
        const f = [p, q];
        f.splice(axis, 0, end);
        place(lattice, ...f).forEach((value, c) => line["xyz"[c]].push(value));
      }
      for (const c of "xyz") line[c].push(null);
    }
    return line;
  }

  // Axes that hold the cell and its atoms, drawn so large that every cell fits from everywhere.
  function scene(lattice) {
    const SIZE = 2.5, MARGIN = 1, made = {aspectmode: "manual", aspectratio: {}, camera};
    const line = edges(lattice), extent = {};
    for (const c of "xyz") {
      const seen = line[c].filter((value) => value !== null);
      const range = [Math.min(...seen) - MARGIN, Math.max(...seen) + MARGIN];
      extent[c] = range[1] - range[0];
      made[`${c}axis`] = {visible: false, showspikes: false, range};
    }
    const diagonal = Math.hypot(extent.x, extent.y, extent.z);
    for (const c of "xyz") made.aspectratio[c] = SIZE * extent[c] / diagonal;
    return made;
  }

  const camera = {eye: {x: 1.45, y: 0.87, z: 0.58}, projection: {type: "orthographic"}};
  const options = {displayModeBar: false, responsive: true};
  let chosen = -1;

  function drawCell(uirevision) {
    const it = data.candidates[chosen], level = Number(byId("level").value);
    it.values ??= floats(it.density);
    byId("told").textContent = `${level.toPrecision(2)} e/\u00c5\u00b3`;
    const lit = {ambient: 0.6, diffuse: 0.7, specular: 0.15, roughness: 0.6,
      facenormalsepsilon: 0, vertexnormalsepsilon: 0};
    const traces = [{type: "scatter3d", mode: "lines", ...edges(it.lattice), hoverinfo: "skip",
      showlegend: false, line: {color: "#333", width: 3}}];
    const names = {type: "scatter3d", mode: "text", x: [], y: [], z: [], text: [],
      hoverinfo: "skip", showlegend: false, textposition: "middle center",
      textfont: {size: 15, color: "#1b1b1b"}};
    ["a", "b", "c"].forEach((name, axis) => {
      const f = [0, 0, 0];
      f[axis] = 1 + 0.9 / Math.hypot(...it.lattice[axis]);
      place(it.lattice, ...f).forEach((value, c) => names["xyz"[c]].push(value));
      names.text.push(name);
    });
    traces.push(names);
    it.elements.forEach((element, index) => traces.push({
      type: "mesh3d", ...spheres(element, it.lattice), color: COLOURS[index % COLOURS.length],
      hoverinfo: "text", lighting: lit, visible: byId("atoms").checked,
    }));
    traces.push({
      type: "mesh3d", ...isosurface(it.values, it.grid, it.lattice, level), color: SURFACE,
      opacity: 0.4, hoverinfo: "skip", lighting: lit, visible: byId("surface").checked,
    });
    const layout = {margin: {l: 0, r: 0, t: 0, b: 0}, showlegend: false, uirevision,
      scene: scene(it.lattice)};
    return Plotly.react(byId("cell"), traces, layout, options);
  }

  // All sticks are one line that returns to zero after each: a line apiece would be slow to draw.
  function sticks(two_theta, intensity, sign, text) {
    const line = {x: [], y: [], text: []};
    two_theta.forEach((t, index) => {
      line.x.push(t, t, t);
      line.y.push(0, sign * intensity[index], 0);
      line.text.push("", text(index), "");
    });
    return {type: "scatter", mode: "lines", hoverinfo: "text", ...line};
  }

  function drawPattern() {
    const it = data.candidates[chosen], measured = data.measured;
    const said = (peaks, index) =>
      `${peaks.two_theta[index].toFixed(3)}\u00b0, ${peaks.intensity[index].toFixed(1)}`;
    const traces = [
      {...sticks(measured.two_theta, measured.intensity, 1, (index) => said(measured, index)),
        name: "measured peaks", line: {color: MEASURED, width: 2}},
      {...sticks(it.two_theta, it.intensity, -1, (index) => `${it.hkl[index]}: ${said(it, index)}`),
        name: "computed", line: {color: COMPUTED, width: 2}},
    ];
    if (measured.profile) {
      traces.unshift({type: "scatter", mode: "lines", name: "measured profile", hoverinfo: "skip",
        x: floats(measured.profile[0]), y: floats(measured.profile[1]),
        line: {color: "#777", width: 1}});
    }
    const layout = {
      margin: {l: 50, r: 8, t: 8, b: 45}, hovermode: "closest", uirevision: "kept", dragmode: "zoom",
      legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom"}, font: {size: 13},
      xaxis: {title: {text: "2\u03b8 (degrees)"}, range: data.range, zeroline: false},
      yaxis: {title: {text: "intensity"}, range: [-108, 108], fixedrange: true, zerolinecolor: "#333",
        tickvals: [-100, -50, 0, 50, 100], ticktext: ["100", "50", "0", "50", "100"]},
    };
    return Plotly.react(byId("pattern"), traces, layout, options);
  }

  // What was fitted: profiles, ticks of the lines, and the difference below them.
  function drawFit() {
    const it = data.candidates[chosen], fit = it.fit, root = byId("root").checked;
    fit.values ??= Object.fromEntries(
      ["x", "measured", "calculated", "background"].map((name) => [name, floats(fit[name])]));
    const {x, measured, calculated, background} = fit.values;
    const scaled = (y) => (root ? y.map((value) => Math.sign(value) * Math.sqrt(Math.abs(value))) : y);
    const seen = scaled(measured), made = scaled(calculated), under = scaled(background);
    const left = seen.map((value, index) => value - made[index]);
    const line = {type: "scatter", mode: "lines", hoverinfo: "skip", x};
    const traces = [
      {...line, y: seen, name: "measured", mode: "markers", marker: {color: MEASURED, size: 3}},
      {...line, y: made, name: "calculated", line: {color: COMPUTED, width: 1.5}},
      {...line, y: under, name: "background", line: {color: "#777", width: 1}},
      {type: "scatter", mode: "markers", name: `lines of ${it.label.split(" ").slice(1).join(" ")}`,
        x: fit.ticks, y: fit.ticks.map(() => 0), yaxis: "y2", hoverinfo: "text",
        text: fit.ticks.map((t, k) => `${fit.hkl[k]}: ${t.toFixed(3)}\u00b0, d ${fit.d[k].toFixed(4)} \u00c5`),
        marker: {symbol: "line-ns-open", size: 9, color: "#1b1b1b"}},
      {type: "scatter", mode: "markers", name: "peaks of no line", yaxis: "y2", hoverinfo: "text",
        visible: chosen === 0 && data.foreign.length > 0,
        x: data.foreign.map(([t]) => t), y: data.foreign.map(() => 0),
        text: data.foreign.map(([t, cause]) => `${t.toFixed(3)}\u00b0: ${cause}`),
        marker: {symbol: "x", size: 7, color: "#CC79A7"}},
      {...line, y: left, name: "difference", yaxis: "y3", line: {color: "#009E73", width: 1}},
    ];
    const plain = {zeroline: false, fixedrange: true};
    const layout = {
      margin: {l: 62, r: 8, t: 8, b: 45}, hovermode: "closest", dragmode: "zoom", font: {size: 13},
      uirevision: `fit ${root}`, legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom"},
      xaxis: {title: {text: "2\u03b8 (degrees)"}, range: data.range, zeroline: false, anchor: "y3"},
      yaxis: {...plain, domain: [0.32, 1], title: {text: root ? "\u221aintensity" : "intensity"}},
      yaxis2: {...plain, domain: [0.25, 0.31], range: [-1, 1], visible: false},
      yaxis3: {...plain, domain: [0, 0.24], zeroline: true, zerolinecolor: "#999", nticks: 4},
    };
    return Plotly.react(byId("pattern"), traces, layout, options);
  }

  function drawRight() {
    const fitted = Boolean(data.candidates[chosen].fit);
    document.querySelectorAll(".of-fit").forEach((each) => { each.hidden = !fitted; });
    return fitted && !byId("sticks").checked ? drawFit() : drawPattern();
  }

  async function choose(index) {
    chosen = index;
    const it = data.candidates[chosen], slider = byId("level");
    slider.max = 0.9 * it.top;
    slider.min = Math.min(it.level / 8, slider.max / 10);
    slider.step = it.top / 500;
    slider.value = it.level;
    byId("which").textContent = it.label;
    byId("legend").replaceChildren(...it.elements.flatMap((element, place) => {
      const dot = document.createElement("span");
      dot.className = "dot";
      dot.style.background = COLOURS[place % COLOURS.length];
      return [dot, element.symbol];
    }));
    document.querySelectorAll("#candidates tbody tr").forEach((row, place) => {
      row.classList.toggle("chosen", place === chosen);
    });
    for (const kind of [".files", ".of-candidate"]) {
      document.querySelectorAll(kind).forEach((each, place) => { each.hidden = place !== chosen; });
    }
    await Promise.all([drawCell(`candidate ${chosen}`), drawRight()]);
    document.body.dataset.drawn = String(chosen);
  }

  let asked = false;
  function redraw() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      drawCell(`candidate ${chosen}`);
    });
  }
  for (const name of ["level", "surface", "atoms"]) byId(name).addEventListener("input", redraw);
  for (const name of ["root", "sticks"]) byId(name).addEventListener("input", drawRight);
  document.querySelectorAll("#candidates tbody tr").forEach((row, place) => {
    row.addEventListener("click", () => {
      row.querySelector("input").checked = true;
      if (place !== chosen) choose(place);
    });
    row.querySelector("input").addEventListener("change", () => {
      if (place !== chosen) choose(place);
    });
  });
  choose(0);
})();
