"""The code that a step runs is found from its imports."""

import ast
import re
from pathlib import Path

import pytest

from pipeline import code
from pipeline.code import NO_RESULT, ROOT, code_by_rule, code_of, fingerprints

# What steps take from the files that are declared free of results: how they start and fail, and
# what they print.
HARMLESS = {"CrystalNetError", "run", "progress", "counter"}


def test_imports_are_followed() -> None:
    files = code_of("pipeline.steps.patterns")
    assert "crystalnet/crystallography/diffraction.py" in files
    assert "crystalnet/crystallography/scattering.py" in files, "imported by what is imported"
    assert "pipeline/store.py" in files
    assert files == sorted(set(files))


def test_what_a_step_does_not_run_is_not_listed() -> None:
    files = code_of("pipeline.steps.patterns")
    assert not any(file.startswith(("crystalnet/network", "reports")) for file in files)
    assert not NO_RESULT & set(files)


def test_training_runs_the_network_and_no_source_of_densities() -> None:
    files = code_of("pipeline.steps.train")
    assert "crystalnet/network/crystalnet.py" in files
    assert not any(file.startswith("pipeline/sources") for file in files)


@pytest.mark.parametrize("step", ["ablate", "focus", "learned"])
def test_what_only_counts_scores_starts_without_torch(step: str) -> None:
    """Its import takes longer than they do."""
    for file in code_of(f"pipeline.steps.{step}"):
        assert not re.search(r"^(import|from) torch\b", (ROOT / file).read_text(), re.M), file


def test_what_type_checkers_alone_import_is_not_listed() -> None:
    assert not any("solving" in file for file in code_of("pipeline.steps.train"))
    assert "crystalnet.solving.solve" not in code._imports_of("crystalnet")


def test_a_fingerprint_follows_the_code_of_its_rule_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = fingerprints()
    assert set(before) == set(code_by_rule())
    copy = tmp_path / "copy"
    for file in set().union(*code_by_rule().values()):
        (copy / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / file).write_bytes((code.ROOT / file).read_bytes())
    lists = code_by_rule()
    monkeypatch.setattr(code, "code_by_rule", lambda: lists)
    monkeypatch.setattr(code, "ROOT", copy)
    assert fingerprints() == before
    changed = copy / "crystalnet/learning/trainer.py"
    changed.write_text(changed.read_text() + "\n")
    after = fingerprints()
    changed_rules = {rule for rule in after if after[rule] != before[rule]}
    assert changed_rules == {"train"}


@pytest.mark.parametrize("step", ["train", "evaluate", "baselines", "densities"])
def test_what_decides_a_result_is_listed(step: str) -> None:
    """The schema decides what a model is told, the device the last bits."""
    files = code_of(f"pipeline.steps.{step}")
    for file in ("pipeline/params.py", "pipeline/yaml_file.py", "crystalnet/settings.py",
                 "pipeline/device.py"):  # fmt: skip
        assert file in files, file


def test_files_free_of_results_offer_nothing_that_could_change_one() -> None:
    for file in NO_RESULT:
        tree = ast.parse((ROOT / file).read_text())
        public = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        }
        assert public <= HARMLESS, f"{file}: {public - HARMLESS} may decide a result"
        imported = set(code._imports_of(file.removesuffix(".py").replace("/", ".")))
        own = {name for name in imported if name.split(".")[0] in code.PACKAGES}
        assert own <= {"crystalnet.errors", "crystalnet.errors.CrystalNetError"}, file


def test_no_step_is_free_of_the_schema() -> None:
    """Every step that reads params.yaml reruns when the way it is read changes."""
    for path in sorted(Path(ROOT, "pipeline/steps").glob("*.py")):
        if "load_params" in path.read_text():
            assert "pipeline/params.py" in code_of(f"pipeline.steps.{path.stem}"), path
