"""A directed graph without circles, drawn as SVG: boxes in rows, arrows from row to row.

Layers by the longest way from a source, order within a layer by the mean place of the neighbours
(Sugiyama, Tagawa and Toda, doi 10.1109/TSMC.1981.4308636).
"""

from collections.abc import Iterable
from html import escape
from itertools import pairwise

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 124, 36, 18, 40, 10
STYLE = """
  svg { font: 13px system-ui, sans-serif; }
  .box { fill: #eef3fb; stroke: #3f62a8; }
  .way { fill: none; stroke: #8a94a3; stroke-width: 1.2; } .tip { fill: #8a94a3; }
  text { fill: #24292f; text-anchor: middle; }
"""
Edge = tuple[str, str]


def reduced(edges: Iterable[Edge]) -> set[Edge]:
    """The edges without those that a longer way says already."""
    after: dict[str, set[str]] = {}
    for start, end in edges:
        after.setdefault(start, set()).add(end)

    def reached(node: str) -> set[str]:
        found: set[str] = set()
        ahead = list(after.get(node, ()))
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead.extend(after.get(one, ()))
        return found

    return {
        (start, end)
        for start, ends in after.items()
        for end in ends
        if not any(end in reached(other) for other in ends - {end})
    }


def layers(nodes: Iterable[str], edges: Iterable[Edge]) -> list[list[str]]:
    """The nodes in rows: every edge goes down.

    Raises:
        ValueError: if the edges go round in a circle.
    """
    before: dict[str, set[str]] = {node: set() for node in nodes}
    after: dict[str, set[str]] = {node: set() for node in before}
    for start, end in edges:
        before[end].add(start)
        after[start].add(end)
    depth: dict[str, int] = {}
    while len(depth) < len(before):
        ready = [n for n in before if n not in depth and before[n] <= depth.keys()]
        if not ready:
            raise ValueError(f"these go round in a circle: {sorted(before.keys() - depth.keys())}")
        for node in ready:
            depth[node] = max((depth[other] + 1 for other in before[node]), default=0)
    rows = [[n for n in sorted(before) if depth[n] == d] for d in range(max(depth.values()) + 1)]
    for turn in range(8):
        place = {node: (i + 0.5) / len(row) for row in rows for i, node in enumerate(row)}
        near = before if turn % 2 == 0 else after
        for row in rows:
            row.sort(
                key=lambda n: (
                    (sum(place[m] for m in near[n]) / len(near[n]), n) if near[n] else (place[n], n)
                )
            )
    return rows


def _ways(rows: list[list[str]], edges: Iterable[Edge]) -> list[list[str]]:
    """Each edge with a stop in every row that it passes, so that it goes round the boxes."""
    depth = {node: index for index, row in enumerate(rows) for node in row}
    return [
        [start, *(f"{start}\0{end}\0{d}" for d in range(depth[start] + 1, depth[end])), end]
        for start, end in sorted(edges)
    ]


def draw(title: str, nodes: Iterable[str], edges: Iterable[Edge]) -> str:
    """The graph as SVG.

    Args:
        title: for those who cannot see it.
        nodes: names.
        edges: from, to.
    """
    kept = reduced(edges)
    names = sorted(nodes)
    ways = _ways(layers(names, kept), kept)
    steps = {step for way in ways for step in pairwise(way)}
    rows = layers({*names, *(node for way in ways for node in way)}, steps)
    widest = max(len(row) for row in rows) * (WIDTH + GAP_X) - GAP_X
    place = {}
    for depth, row in enumerate(rows):
        free = widest - len(row) * (WIDTH + GAP_X) + GAP_X
        for index, node in enumerate(row):
            place[node] = (
                MARGIN + free / 2 + index * (WIDTH + GAP_X),
                float(MARGIN + depth * (HEIGHT + GAP_Y)),
            )
    width = widest + 2 * MARGIN
    height = len(rows) * (HEIGHT + GAP_Y) - GAP_Y + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>',
    ]
    for way in ways:
        path = ""
        for start, end in pairwise(way):
            x, y = place[start][0] + WIDTH / 2, place[start][1] + HEIGHT
            u, v = place[end][0] + WIDTH / 2, place[end][1]
            bend = GAP_Y / 2
            path += f"{'L' if path else 'M'}{x:g} {y:g}"
            path += f"C{x:g} {y + bend:g} {u:g} {v - bend:g} {u:g} {v:g}"
        parts.append(f'<path class="way" marker-end="url(#tip)" d="{path}"/>')
    for name in names:
        left, top = place[name]
        parts.append(
            f'<rect class="box" x="{left:g}" y="{top:g}" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
            f'<text x="{left + WIDTH / 2:g}" y="{top + 23:g}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])
