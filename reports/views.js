// Densities to turn: drawn when they come into view, taken down when they leave it, since a browser
// keeps some sixteen WebGL contexts alive.
"use strict";
(() => {
  const GRID = __GRID__, points = GRID + 1;
  const axis = Array.from({length: points}, (_, i) => i / GRID);
  const x = [], y = [], z = [];
  for (const a of axis) for (const b of axis) for (const c of axis) { x.push(a); y.push(b); z.push(c); }
  const edges = {x: [], y: [], z: []};
  for (const [a, b] of [[0, 1], [0, 2], [1, 2]]) {
    const along = 3 - a - b;
    for (const p of [0, 1]) for (const q of [0, 1]) {
      for (const end of [0, 1, null]) {
        const corner = [0, 0, 0];
        corner[a] = p; corner[b] = q; corner[along] = end;
        ["x", "y", "z"].forEach((name, i) => edges[name].push(end === null ? null : corner[i]));
      }
    }
  }

  // 16-bit integers in base64, times their unit.
  function values(text, unit) {
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    return Array.from(new Uint16Array(bytes.buffer), (value) => value * unit);
  }

  function draw(view, level) {
    const surface = {
      type: "isosurface", x, y, z, value: values(view.dataset.values, Number(view.dataset.unit)),
      isomin: level, isomax: level, surface: {count: 1}, showscale: false, hoverinfo: "skip",
      caps: {x: {show: false}, y: {show: false}, z: {show: false}},
      colorscale: [[0, view.dataset.colour], [1, view.dataset.colour]],
      lighting: {ambient: 0.55, diffuse: 0.8, specular: 0.15},
    };
    const cell = {
      type: "scatter3d", mode: "lines", ...edges, hoverinfo: "skip", showlegend: false,
      line: {color: "#555", width: 2},
    };
    const hidden = {visible: false, range: [-0.02, 1.02]};
    const layout = {
      margin: {l: 0, r: 0, t: 0, b: 0}, showlegend: false, uirevision: "kept",
      scene: {xaxis: hidden, yaxis: hidden, zaxis: hidden, aspectmode: "cube",
        camera: {eye: {x: 1.35, y: 1.15, z: 0.75}, projection: {type: "orthographic"}}},
    };
    return Plotly.newPlot(view, [surface, cell], layout,
      {displayModeBar: false, responsive: true, scrollZoom: false});
  }

  function together(views) {
    let busy = false;
    for (const view of views) {
      view.on("plotly_relayout", (change) => {
        const camera = change["scene.camera"];
        if (!camera || busy) return;
        busy = true;
        const others = views.filter((other) => other !== view && other.dataset.drawn);
        Promise.all(others.map((other) => Plotly.relayout(other, {"scene.camera": camera})))
          .finally(() => { busy = false; });
      });
    }
  }

  for (const crystal of document.querySelectorAll(".turn")) {
    const views = [...crystal.querySelectorAll(".view")];
    const slider = crystal.querySelector("input"), told = crystal.querySelector("output");
    const level = () => Number(slider.value);
    const tell = () => { told.textContent = level().toPrecision(2) + " e/\u00c5\u00b3"; };
    tell();
    slider.addEventListener("input", tell);
    slider.addEventListener("change", () => {
      for (const view of views.filter((one) => one.dataset.drawn)) {
        Plotly.restyle(view, {isomin: level(), isomax: level()}, [0]);
      }
    });
    new IntersectionObserver(([seen]) => {
      if (seen.isIntersecting && !views[0].dataset.asked) {
        for (const view of views) view.dataset.asked = "yes";
        Promise.all(views.map((view) => draw(view, level()))).then(() => {
          for (const view of views) view.dataset.drawn = "yes";
          together(views);
        });
      } else if (!seen.isIntersecting && views[0].dataset.drawn) {
        for (const view of views) {
          Plotly.purge(view);
          delete view.dataset.drawn;
          delete view.dataset.asked;
        }
      }
    }, {rootMargin: "60px"}).observe(crystal);
  }
})();
