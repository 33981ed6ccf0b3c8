"""Metrics made elsewhere against those in git: what must be equal, what may differ, by how much."""

import json
import math
import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from crystalnet.errors import CrystalNetError
from pipeline.differences import Files, compare
from pipeline.verify import made_here, recorded_in_git, tell

ROOT = Path(__file__).resolve().parents[2]

SCORES = {"mean": 0.7, "median": 0.72, "mean_low": 0.65, "share_below_half": 0.2}
TREE: dict[str, Any] = {
    "dataset.json": {
        "density_source": "dft",
        "duplicates": 0,
        "worst_relative_electron_error": 3e-9,
    },
    "baselines/cubic.json": {
        "nearest": {"density_source": "dft", "crystals": 125, "ssim_cube": 0.75}
    },
    "models/cubic-main.json": {"crystals": 125, "ssim": SCORES, "psnr_cube": 24.65},
    "groups/cubic-main.json": {
        "density_source": "dft",
        "atoms": {"2": {"crystals": 100, "ssim": SCORES}, "4": {"crystals": 25, "ssim": SCORES}},
        "distribution": {"ssim": [0.1, 0.7, 0.99]},
    },
    "ablation.json": {"cubic-no_formula": {"ssim": 0.68, "ssim_difference": -0.017}},
}
DISTRIBUTION = "percent_of_crystals,ssim,system\n0,0.1,cubic\n5,0.2,cubic\n"


def files(*changes: tuple[str, str, object]) -> Files:
    """The tree with some figures changed: file, names joined by dots, value."""
    tree = json.loads(json.dumps(TREE))
    for file, key, value in changes:
        *parents, last = key.split(".")
        section = tree[file]
        for name in parents:
            section = section[name]
        section[int(last) if isinstance(section, list) else last] = value
    packed = {name: json.dumps(content).encode() for name, content in tree.items()}
    return {**packed, "focus_distribution.csv": DISTRIBUTION.encode()}


def share(file: str, key: str, value: object) -> float:
    """The one difference that a change makes, in tolerances."""
    (found,) = compare(files(), files((file, key, value)))
    assert (found.file, found.key, found.here) == (file, key, value)
    return found.share


def test_the_same_differs_in_nothing() -> None:
    assert compare(files(), files()) == []
    assert "0 differ here" in tell([], 10)


@pytest.mark.parametrize(
    ("file", "key", "near", "far"),
    [
        # A training: 0.025 SSIM, 0.62 dB.
        ("models/cubic-main.json", "ssim.mean", 0.7 - 0.024, 0.7 - 0.026),
        ("models/cubic-main.json", "ssim.mean_low", 0.65 + 0.024, 0.65 + 0.026),
        ("models/cubic-main.json", "psnr_cube", 24.65 + 0.61, 24.65 + 0.63),
        # A median moves twice as far.
        ("models/cubic-main.json", "ssim.median", 0.72 + 0.049, 0.72 + 0.051),
        # Where nothing is trained only rounding may differ.
        ("baselines/cubic.json", "nearest.ssim_cube", 0.75009, 0.75011),
        ("dataset.json", "worst_relative_electron_error", 3.9e-9, 4.1e-9),
        # A difference of two trainings.
        ("ablation.json", "cubic-no_formula.ssim_difference", 0.017, 0.019),
        # A group moves as one, and a fifth of the crystals sqrt(5) as far.
        ("groups/cubic-main.json", "atoms.4.ssim.mean", 0.7 - 0.111, 0.7 - 0.113),
        ("groups/cubic-main.json", "atoms.2.ssim.mean", 0.7 - 0.055, 0.7 - 0.057),
    ],
)
def test_what_is_allowed(file: str, key: str, near: float, far: float) -> None:
    assert share(file, key, near) < 1 < share(file, key, far) < 1.3


@pytest.mark.parametrize(
    ("file", "key", "value"),
    [
        ("models/cubic-main.json", "crystals", 124),
        ("dataset.json", "density_source", "iam"),
        ("dataset.json", "duplicates", 1),
        ("models/cubic-main.json", "psnr_cube", math.inf),
        ("models/cubic-main.json", "psnr_cube", None),
        ("models/cubic-main.json", "an_unknown_figure", 0.5),
        # A count that has become a fraction is another thing.
        ("groups/cubic-main.json", "atoms.4.crystals", 25.5),
    ],
)
def test_what_must_be_equal(file: str, key: str, value: object) -> None:
    assert share(file, key, value) == math.inf


def test_a_file_too_many_or_too_few_is_told() -> None:
    fewer = files()
    del fewer["models/cubic-main.json"]
    for one, other in ((files(), fewer), (fewer, files())):
        (found,) = compare(one, other)
        assert found.file == "models/cubic-main.json"
        assert found.share == math.inf


def test_the_distribution_is_compared_row_by_row() -> None:
    other = {**files(), "focus_distribution.csv": DISTRIBUTION.replace("0.2", "0.3").encode()}
    (found,) = compare(files(), other)
    assert found.key == "1.ssim"
    assert found.share == pytest.approx(0.1 / (4 * 0.025))
    shorter = {**files(), "focus_distribution.csv": DISTRIBUTION[:-14].encode()}
    assert {each.share for each in compare(files(), shorter)} == {math.inf}


def test_what_cannot_be_read_is_named() -> None:
    broken = {**files(), "ablation.json": b'{"cubic-no'}
    with pytest.raises(CrystalNetError, match=r"^ablation\.json: not to be read .*; make it again"):
        compare(files(), broken)


def test_the_worst_comes_first_and_nothing_beyond_is_left_out() -> None:
    changes = [
        ("models/cubic-main.json", "ssim.mean", 0.69),
        ("models/cubic-main.json", "crystals", 1),
    ]
    found = compare(files(), files(*changes, ("models/cubic-main.json", "psnr_cube", 30.0)))
    lines = tell(found, 30, most=1).splitlines()
    assert lines[0] == "30 figures are recorded; 3 differ here, 2 by more than is allowed"
    assert [line.split(" ")[-1] for line in lines[2:4]] == ["crystals", "psnr_cube"]
    assert " +5.4 " in lines[3]
    assert lines[4:] == ["and 1 more, all nearer than these"]


def typical_share(one: bytes, other: bytes) -> float:
    """Root mean square difference of the scores of two models, in tolerances."""
    found = compare({"models/x.json": one}, {"models/x.json": other})
    return math.sqrt(sum(each.share**2 for each in found) / len(found))


def test_tolerances_tell_one_training_from_what_is_no_repeat_of_it() -> None:
    """Other random numbers move scores more than rounding does, and less than other crystals do."""
    metrics = made_here(ROOT)
    for system, foreign in (("cubic", "trigonal"), ("trigonal", "cubic")):
        repeats = [metrics[f"models/{system}-main{each}.json"] for each in ("", "-1", "-2")]
        for one, other in combinations(repeats, 2):
            assert typical_share(one, other) < 1
        other_crystals = {"models/x.json": metrics[f"models/{foreign}-main.json"]}
        found = compare({"models/x.json": repeats[0]}, other_crystals)
        assert sum(each.share > 1 for each in found) > len(found) / 2


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def repository(folder: Path) -> None:
    for name, content in files().items():
        path = folder / "metrics" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "metrics")


def verify(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline.verify", *arguments],
        cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_command_compares_the_folder_with_git(tmp_path: Path) -> None:
    repository(tmp_path)
    assert recorded_in_git(tmp_path, "HEAD") == files() == made_here(tmp_path)
    same = verify(tmp_path)
    assert (same.returncode, same.stderr) == (0, "")
    assert "what HEAD has recorded is what comes out here" in same.stdout

    changed = files(("models/cubic-main.json", "ssim.mean", 0.5))["models/cubic-main.json"]
    (tmp_path / "metrics/models/cubic-main.json").write_bytes(changed)
    other = verify(tmp_path)
    assert other.returncode == 1
    assert other.stderr == "error: 1 of 34 figures are not what HEAD has recorded\n"
    assert "-0.2" in other.stdout
    assert "models/cubic-main.json ssim.mean" in other.stdout

    unknown = verify(tmp_path, "--revision", "nowhere")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("error: git ls-tree")
    assert unknown.stderr.count("\n") == 1


def test_a_revision_without_metrics_is_refused(tmp_path: Path) -> None:
    repository(tmp_path)
    git(tmp_path, "rm", "--quiet", "-r", "metrics")
    git(tmp_path, "commit", "--quiet", "-m", "none")
    with pytest.raises(CrystalNetError, match=r"^HEAD: holds no metrics/"):
        recorded_in_git(tmp_path, "HEAD")
