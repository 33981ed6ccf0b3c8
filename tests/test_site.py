"""The documentation site, its pictures, and the figures that are told of the recorded results."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline import pictures
from reports.diagram import draw, layers, reduced
from tests.documents import ROOT

RULE = re.compile(r"^rule (\w+):", re.M)


def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = ["-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(site)]
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(site.rglob("*.html"))
    for name in yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]:
        assert site / next(iter(name.values())).replace(".md", ".html") in pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe|link)\b[^>]*?(?:src|href)="([^"]+)"', text)
        assert [link for link in loaded if re.match(r"(https?:)?//", link)] == [], page.name
    for style in site.rglob("*.css"):
        assert re.findall(r"url\(['\"]?(?:https?:)?//", style.read_text(encoding="utf-8")) == []
    api = (site / "api.html").read_text(encoding="utf-8")
    assert "Raises:" in re.sub(r"<[^>]+>", "", api)


def test_every_page_is_in_the_menu() -> None:
    menu = {
        next(iter(item.values()))
        for item in yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]
    }
    assert menu == {path.name for path in (ROOT / "docs").glob("*.md")}


def shown_in(picture: Path) -> set[str]:
    """The names in the boxes of a picture."""
    return set(re.findall(r">([\w.]+)</text>", picture.read_text(encoding="utf-8")))


def test_the_pictures_show_every_rule_and_every_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(pictures, "DOCS", tmp_path)
    pictures.main()
    shown, rooms = (shown_in(tmp_path / f"{name}.svg") for name in ("graph", "house"))
    # Those of the site have the same boxes; `make docs` draws them anew.
    assert shown_in(ROOT / "docs/graph.svg") == shown
    assert shown_in(ROOT / "docs/house.svg") == rooms
    files = [*(ROOT / "pipeline/rules").glob("*.smk")]
    rules = {rule for path in files for rule in RULE.findall(path.read_text())}
    # The rules of other scales are not in the graph of this one.
    assert {"structures", "densities", "train", "evaluate", "report"} <= shown <= rules
    packages = {path.parent.name for path in (ROOT / "crystalnet").glob("*/__init__.py")}
    assert rooms == packages | {"pipeline", "reports"}


def test_an_edge_that_a_longer_way_says_is_left_out() -> None:
    edges = [("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")]
    assert reduced(edges) == {("a", "b"), ("b", "c"), ("a", "d")}
    assert layers("abcd", edges) == [["a"], ["b", "d"], ["c"]]


def test_a_circle_cannot_be_drawn() -> None:
    with pytest.raises(ValueError, match=r"circle: \['a', 'b'\]"):
        layers("abc", [("a", "b"), ("b", "a"), ("c", "a")])


def test_names_are_escaped() -> None:
    assert "<b>" not in draw("<b>", ["<b>"], [])


def metrics(name: str) -> dict[str, dict[str, float]]:
    loaded: dict[str, dict[str, float]] = json.loads((ROOT / "metrics" / name).read_bytes())
    return loaded


def row(scores: list[dict[str, dict[str, float]]]) -> str:
    """A line of the table of scores, as the metrics say it."""
    return " | ".join(
        f"{each['ssim']['mean']:.3f} ± {each['ssim']['std']:.3f} | {each['psnr']['mean']:.1f} | "
        f"{each['ssim_first_none']:.3f}"
        for each in scores
    )


def test_the_table_of_scores_is_that_of_the_recorded_metrics() -> None:
    text = (ROOT / "docs/reproduce.md").read_text(encoding="utf-8")
    network = [metrics(f"models/{system}-main.json") for system in ("cubic", "trigonal")]
    assert f"| network (quick) | {row(network)} |" in text
    baselines = [metrics(f"baselines/{system}.json") for system in ("cubic", "trigonal")]
    # Free atoms at the true places are a reference line of the report, no baseline.
    for name in baselines[0].keys() - {"free_atoms"}:
        wanted = row([each[name] for each in baselines])  # type: ignore[misc]
        assert f"| {wanted} |" in text, name


def test_the_readme_tells_the_recorded_scores() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for system in ("cubic", "trigonal"):
        means = [metrics(f"models/{system}-main.json")["ssim"]["mean"]]
        means += [
            each["ssim"]["mean"]  # type: ignore[index]
            for name, each in metrics(f"baselines/{system}.json").items()
            if name in ("constant_mean", "nearest_pattern")
        ]
        for mean in means:
            assert f"{mean:.3f}" in text, system


def test_what_differs_between_trainings_is_that_of_the_recorded_metrics() -> None:
    text = (ROOT / "docs/parity.md").read_text(encoding="utf-8")
    repeats = metrics("repeats.json")
    for system in ("cubic", "trigonal"):
        ssim, psnr = repeats[f"{system}-main"]["ssim"], repeats[f"{system}-main"]["psnr"]
        assert (
            f"| {system} | {ssim['mean']:.3f} | {ssim['std']:.3f} | "  # type: ignore[index]
            f"{ssim['lowest']:.3f} to {ssim['highest']:.3f} | {psnr['std']:.2f} dB |"  # type: ignore[index]
        ) in text
    for system in ("cubic", "trigonal"):
        scores = metrics(f"models/{system}-main.json")
        sets = ("none", "array", "cube", "lattice", "released")
        wanted = " | ".join(f"{scores[f'ssim_{s}']:.3f} / {scores[f'psnr_{s}']:.1f}" for s in sets)
        line = next(x for x in text.splitlines() if x.startswith(f"| 25^3, exact | {system}"))
        assert line.replace("*", "") == f"| 25^3, exact | {system} | {wanted} |"


def test_hosted_ci_runs_what_is_run_here_and_nothing_else() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_the_hooks_are_the_checks_of_lint() -> None:
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert recipe is not None
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    hooks = [hook["entry"] for hook in repository["hooks"]]
    # A hook is given the names of the files that changed, where `make lint` names the folder.
    lines = [line.strip().removesuffix(" .") for line in recipe[1].splitlines()]
    assert hooks == lines
