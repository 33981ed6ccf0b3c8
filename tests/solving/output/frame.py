"""A look at the page of solved structures in a browser: cells are drawn, the slider works."""

# The page is looked at through a frame: a window of a headless browser is at least 500 px wide.
# What the cell shows is read from the picture itself: an undrawn one is white all over.
FRAME = """<!doctype html><body style="margin:0"><iframe src="{page}"
style="border:0;width:{width}px;height:900px"></iframe><script>
const frame = document.querySelector("iframe");
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
async function drawn(page, which) {{
  for (let i = 0; i < 90 && page.body.dataset.drawn !== which; i++) await wait(500);
  await wait(1000);
}}
async function colours(page) {{
  const inner = frame.contentWindow, graph = page.getElementById("cell");
  const url = await inner.Plotly.toImage(graph, {{format: "png", width: 300, height: 300}});
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), {{width: 300, height: 300}});
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const seen = new Set(), pixels = pen.getImageData(0, 0, 300, 300).data;
  for (let i = 0; i < pixels.length; i += 4) seen.add(pixels.slice(i, i + 4).join());
  return seen.size;
}}
frame.onload = async () => {{
  const page = frame.contentDocument, root = page.documentElement, facts = {{}};
  await drawn(page, "0");
  facts.first = await colours(page);
  const graph = page.getElementById("cell");
  const triangles = () => graph.data.at(-1).i.length;
  facts.triangles = triangles();
  const slider = page.getElementById("level");
  slider.value = slider.max;
  slider.dispatchEvent(new Event("input"));
  await wait(1500);
  facts.fewer = triangles();
  page.querySelectorAll("#candidates input")[1].click();
  await drawn(page, "1");
  facts.second = await colours(page);
  facts.which = page.getElementById("which").textContent;
  facts.traces = page.querySelectorAll("#pattern .scatterlayer > .trace path.js-line").length;
  facts.width = frame.contentWindow.innerWidth;
  facts.needed = root.scrollWidth;
  fetch("{listener}", {{method: "POST", mode: "no-cors", body: JSON.stringify(facts)}});
}};
</script>"""
