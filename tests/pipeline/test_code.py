"""The code that a step runs is found from its imports."""

from pathlib import Path

import pytest

from pipeline import code
from pipeline.code import NO_RESULT, code_by_rule, code_of, fingerprints


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


def test_what_type_checkers_alone_import_is_not_listed() -> None:
    assert not any("solving" in file for file in code_of("pipeline.steps.train"))
    assert "crystalnet/__init__.py" in code_of("pipeline.steps.train")


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
    assert {rule for rule in after if after[rule] != before[rule]} == {"train"}
