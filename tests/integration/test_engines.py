"""Snakemake and DVC in one folder: each case in which they could get in each other's way."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

# The fixtures hand out conftest.Project, which cannot be imported by name.
Project = Any


def stages_that_ran(output: str) -> set[str]:
    return set(re.findall(r"Running stage '([^']+)'", output))


def test_after_snakemake_and_commit_both_engines_rest(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "p")
    assert json.loads(project.dvc("status", "--json").stdout) == {}
    assert stages_that_ran(project.dvc("repro").stdout) == set()
    assert project.planned() == ""


def check_same_bytes(project: Project, recorded: Project) -> None:
    """Whichever engine runs, the tables and arrays are the same bytes."""
    for name in ("split.parquet", "dataset.parquet"):
        one, other = (p.folder / "artifacts" / name for p in (project, recorded))
        assert one.read_bytes() == other.read_bytes()
    hashes = [
        {
            out["path"]: out["md5"]
            for name in ("patterns", "densities")
            for out in yaml.safe_load((p.folder / "dvc.lock").read_text())["stages"][name]["outs"]
        }
        for p in (project, recorded)
    ]
    assert hashes[0] == hashes[1]


def test_repro_makes_the_data_set_and_snakemake_agrees(
    tiny: Project, recorded: Project, tmp_path: Path
) -> None:
    project = tiny.copy(tmp_path / "p")
    first = project.dvc("repro", "dataset").stdout
    assert {"structures", "split", "dataset"} <= stages_that_ran(first)
    assert stages_that_ran(project.dvc("repro", "dataset").stdout) == set()
    planned = project.snakemake("--dry-run", "artifacts/dataset.parquet").stdout
    assert "Nothing to be done" in planned
    check_same_bytes(project, recorded)


@pytest.mark.slow
def test_repro_makes_everything_and_snakemake_agrees(
    tiny: Project, recorded: Project, tmp_path: Path
) -> None:
    project = tiny.copy(tmp_path / "p")
    # One model that is both, the main one and the baseline of the ablation: each has its stages.
    models = yaml.safe_load((project.folder / "params.yaml").read_text())["models"]
    project.put("models", {"cubic-main": {**models["cubic-main"], "protocol": "ablation"}})
    first = project.dvc("repro").stdout
    assert {"structures", "dataset", "train@cubic-main", "report"} <= stages_that_ran(first)
    assert stages_that_ran(project.dvc("repro").stdout) == set()
    assert project.planned() == ""
    check_same_bytes(project, recorded)


def test_dvc_says_why_a_stage_failed_and_runs_no_name(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "slips")
    whole = (project.folder / "params.yaml").read_text()

    def said(*command: str) -> str:
        done = project.dvc(*command, check=False)
        assert done.returncode
        return done.stdout + done.stderr

    # No stage before it stands between the name and the shell.
    model = yaml.safe_load(whole)["models"]["cubic-main"]
    for name in ("x; touch y; x", "x'$(touch y)`touch y`\ntouch y\n"):
        project.put("models", {name: model, **yaml.safe_load(whole)["models"]})
        out = said("repro", "--single-item", f"train@{name}")
        assert "error: params.yaml: models." in out, out
        assert "a name is made of lower-case letters" in out
        assert not (project.folder / "y").exists()
    (project.folder / "params.yaml").write_text(whole)

    out = said("exp", "run", "--temp", "-S", "evaluation.guesses=-1")
    assert "error: params.yaml: evaluation.guesses: -1: Input should be greater" in out
    # DVC writes 5e-05, and both engines read the number.
    out = said("exp", "run", "--temp", "-S", "training.learning_rate_max=0.00005",
               "-S", "training.learning_rate_min=0.00006")  # fmt: skip
    assert "learning_rate_min 6e-05 exceeds learning_rate_max 5e-05" in out

    project.put("split.train", 0.7)
    locks = project.folder / ".snakemake/locks"
    locks.mkdir(parents=True, exist_ok=True)
    for kind in ("input", "output"):
        (locks / f"0.{kind}.lock").write_text("artifacts/split.parquet\n")
    assert "Directory cannot be locked" in said("repro", "split")
    for lock in locks.iterdir():
        lock.unlink()
    damaged = project.folder / "artifacts/crystals.parquet"
    damaged.unlink()
    damaged.write_bytes(b"PAR1")
    assert "error: artifacts/crystals.parquet: " in said("repro", "--single-item", "split")


def test_a_change_reruns_what_it_touches_and_going_back_runs_nothing(
    recorded: Project, tmp_path: Path
) -> None:
    project = recorded.copy(tmp_path / "p")
    before = (project.folder / "params.yaml").read_text()
    # One input edited: one training, and what follows from it.
    project.put("models.cubic-no_formula.input", "no_ratios")
    planned = project.dvc("repro", "--dry").stdout
    assert stages_that_ran(planned) >= {"train@cubic-no_formula"}
    ran = stages_that_ran(project.dvc("repro").stdout)
    # `code` checks the names of models first, and changes no fingerprint.
    assert ran == {
        "code",
        "train@cubic-no_formula",
        "evaluate@cubic-no_formula",
        "ablate",
        "focus",
        "report",
    }
    assert project.planned() == ""
    project.commit("another input")
    diff = project.dvc("metrics", "diff", "--json", "HEAD~1", "HEAD").stdout
    assert "metrics/models/cubic-no_formula.json" in json.loads(diff)
    # Back to the old value: everything comes from the run cache, no job runs.
    (project.folder / "params.yaml").write_text(before)
    back = project.dvc("repro").stdout
    assert stages_that_ran(back) == set()
    assert "is cached - skipping run" in back


def test_a_fresh_clone_with_pull_has_nothing_to_do(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "p")
    remote = tmp_path / "remote"
    project.dvc("remote", "add", "--default", "local", str(remote))
    project.commit("a remote")
    project.dvc("push")
    clone = project.clone(tmp_path / "clone")
    # Without the artifacts everything is to be made, though the metrics are there.
    assert (clone.folder / "metrics/models/cubic-main.json").exists()
    planned = clone.planned()
    for rule in ("structures", "densities", "train", "evaluate", "report"):
        assert re.search(rf"^{rule} +\d", planned, re.M), rule
    # What `make pull` does.
    makefile = (clone.folder / "Makefile").read_text()
    pull = re.search(r"^pull:.*\n\tpython -m dvc pull\n\tpython -m (snakemake .*)$", makefile, re.M)
    assert pull is not None
    clone.dvc("pull")
    clone.run(*pull[1].split())
    assert clone.planned() == ""
    assert json.loads(clone.dvc("status", "--json").stdout) == {}


def test_a_lost_artifact_is_consolidated_again_not_computed(
    recorded: Project, tmp_path: Path
) -> None:
    project = recorded.copy(tmp_path / "p")
    (project.folder / "artifacts/models/cubic-main/model.safetensors").unlink()
    done = project.snakemake("artifacts/models/cubic-main/model.safetensors")
    assert "epoch 1/" not in done.stdout + done.stderr
    project.run("rm", "-r", "artifacts/densities.zarr")
    planned = project.snakemake("--dry-run", "artifacts/densities.zarr").stdout
    assert re.search(r"^densities +1", planned, re.M)
    assert not re.search(r"^densities_shard", planned, re.M)


def test_models_trained_alike_are_trained_once(recorded: Project) -> None:
    runs = list((recorded.folder / "work/training").iterdir())
    assert len(runs) == 2, "three models, two of them with the same settings"
    weights = [
        (recorded.folder / f"artifacts/models/{name}/model.safetensors").read_bytes()
        for name in ("cubic-main", "cubic-baseline", "cubic-no_formula")
    ]
    assert weights[0] == weights[1] != weights[2]


def test_every_metric_names_its_density_source(recorded: Project) -> None:
    def sources(value: object) -> list[object]:
        if not isinstance(value, dict):
            return []
        found = [value["density_source"]] if "density_source" in value else []
        return found + [source for inner in value.values() for source in sources(inner)]

    files = sorted((recorded.folder / "metrics").rglob("*.json"))
    assert len(files) >= 6
    for file in files:
        content = json.loads(file.read_text())
        if content and file.name != "ablation.json":
            found = sources(content)
            assert found, file
            assert set(found) == {"dft"}, file


def test_experiments_run_beside_the_work_tree(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "p")
    project.dvc(
        "exp", "run", "--temp", "--name", "longer", "-S", "scales.quick.training.cycles=[3]",
        "evaluate@cubic-main",
    )  # fmt: skip
    shown = json.loads(project.dvc("exp", "show", "--json").stdout)
    assert "longer" in json.dumps(shown)
    changed = json.loads(project.dvc("metrics", "diff", "HEAD", "longer", "--json").stdout)
    assert list(changed) == ["metrics/models/cubic-main.json"]
    project.dvc("plots", "show")
    assert "focus_distribution" in (project.folder / "dvc_plots" / "index.html").read_text()
    shutil.rmtree(project.folder / "dvc_plots")
    # The work tree is as it was.
    assert project.git("status", "--porcelain") == ""
    assert json.loads(project.dvc("status", "--json").stdout) == {}


@pytest.mark.slow
def test_queued_experiments_run(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "p")
    project.dvc(
        "exp", "run", "--queue", "--name", "queued", "-S", "scales.quick.training.cycles=[4]"
    )
    project.dvc("exp", "run", "--run-all")
    shown = json.loads(project.dvc("exp", "show", "--json").stdout)
    assert "queued" in json.dumps(shown)


def test_the_html_report_of_snakemake_has_captions(recorded: Project, tmp_path: Path) -> None:
    project = recorded.copy(tmp_path / "p")
    project.snakemake("--report", "report.html")
    page = (project.folder / "report.html").read_text()
    assert "Figures" in page
    assert "caption" in page.lower()
