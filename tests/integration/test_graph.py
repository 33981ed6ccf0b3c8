"""The graph and the ledger say the same, and the graph is clean."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo

from pipeline.code import RULES, code_by_rule

Project = Any
LEDGER = Path("dvc.yaml")

# Rules that `all` needs only where densities are fetched, or where the networks that come with
# the project are trained.
ELSEWHERE = {
    rule
    for file in ("materials_project.smk", "learned_training.smk")
    for rule in re.findall(r"^rule (\w+):", (RULES / file).read_text(), re.M)
}


def covered(path: str, by: set[str]) -> bool:
    """Whether a path or a folder that holds it is in the set."""
    parts = Path(path).parts
    return any("/".join(parts[: end + 1]) in by for end in range(len(parts)))


@pytest.fixture(scope="module")
def graph(tiny: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy in which engines may start: they leave files behind, and `tiny` is being copied."""
    return tiny.copy(tmp_path_factory.mktemp("graph") / "p")


@pytest.fixture(scope="module")
def planned(graph: Project) -> str:
    """All that is to do where nothing is made."""
    return graph.planned()


@pytest.fixture(scope="module")
def stages(graph: Project) -> list[Any]:
    """Those of the ledger of `graph`."""
    with Repo(str(graph.folder)) as repo:
        return list(repo.index.stages)


@pytest.fixture
def rules_of_outputs(recorded: Project, tmp_path: Path) -> dict[str, tuple[str, set[str]]]:
    """For each file of the graph: the rule that makes it, and that rule's inputs."""
    text = recorded.copy(tmp_path / "p").snakemake("all", "--detailed-summary").stdout
    rows = csv.DictReader(io.StringIO(text), delimiter="\t")
    return {
        row["output_file"]: (row["rule"], set(filter(None, row["input-file(s)"].split(","))))
        for row in rows
    }


def test_lint_is_clean(graph: Project) -> None:
    done = graph.snakemake("--lint", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_dry_run_works_on_a_clone(planned: str) -> None:
    for rule in code_by_rule():
        of_another_source = rule in ELSEWHERE
        assert bool(re.search(rf"^{rule} +\d", planned, re.M)) != of_another_source, rule


def test_all_names_every_artifact_of_the_ledger(
    graph: Project, planned: str, stages: list[Any]
) -> None:
    """Metrics in git must not hide that an artifact is missing."""
    listed = re.search(r"^rule all:\n    input: (.*)$", planned, re.M)
    assert listed is not None
    inputs = set(listed[1].split(", "))
    outs = {
        Path(out.fs_path).relative_to(graph.folder).as_posix()
        for stage in stages
        for out in stage.outs
    }
    assert inputs == outs


def test_the_two_graphs_agree(
    graph: Project, stages: list[Any], rules_of_outputs: dict[str, tuple[str, set[str]]]
) -> None:
    """Every out has its rule, and each stage's deps are what its rules read from outside."""
    assert {stage.name.split("@")[0] for stage in stages} >= {"structures", "train", "report"}
    for stage in stages:
        rules = set(stage.cmd.partition("--allowed-rules ")[2].partition(" --")[0].split())
        outs = {Path(o.fs_path).relative_to(graph.folder).as_posix() for o in stage.outs}
        deps = {
            Path(dep.fs_path).relative_to(graph.folder).as_posix()
            for dep in stage.deps
            if not isinstance(dep, ParamsDependency)
        }
        waiting, reads = list(outs), set()
        seen: set[str] = set()
        while waiting:
            target = waiting.pop()
            assert target in rules_of_outputs, f"{stage.name}: no rule makes {target}"
            rule, inputs = rules_of_outputs[target]
            assert rule in rules, f"{stage.name}: {target} is made by {rule}"
            for path in inputs - seen:
                seen.add(path)
                made_by = rules_of_outputs.get(path, ("", set()))[0]
                (waiting.append if made_by in rules else reads.add)(path)
        code = set().union(*(code_by_rule().get(rule, []) for rule in rules))
        for path in reads:
            known = covered(path, deps) or path in code
            assert known, f"{stage.name} reads {path}, which is no dep of it"
        for dep in deps:
            inside = any(covered(path, {dep}) for path in reads)
            # Read or not, as the sources in params.yaml say.
            optional = dep.startswith("data/")
            assert inside or optional, f"{stage.name}: nothing reads the dep {dep}"


def test_every_stage_knows_the_code_of_its_rules(stages: list[Any]) -> None:
    for stage in stages:
        rules = set(stage.cmd.partition("--allowed-rules ")[2].partition(" --")[0].split())
        params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
        known = {p for dep in params if dep.def_path == "fingerprints.yaml" for p in dep.params}
        assert known == rules & set(code_by_rule()), stage.name


def test_what_is_fingerprinted_is_seen_by_the_ledger(graph: Project, stages: list[Any]) -> None:
    """A file that no dep of the stage `code` holds would change without a stage noticing."""
    stage = next(stage for stage in stages if stage.name == "code")
    deps = {Path(dep.fs_path).relative_to(graph.folder).as_posix() for dep in stage.deps}
    for file in set().union(*code_by_rule().values()):
        assert covered(file, deps), file


def test_no_rule_calls_dvc_and_no_stage_persists() -> None:
    for file in sorted(Path("pipeline/rules").glob("*.smk")):
        assert not re.search(r'^\s+"[^"]*\bdvc\b', file.read_text(), re.M), file
    ledger = LEDGER.read_text()
    assert "persist" not in ledger
    # DVC's parser breaks on flow lists that hold interpolations.
    assert not re.search(r"\[[^\]]*\$\{", ledger)


def test_every_rule_says_what_it_needs() -> None:
    text = "".join(f.read_text() for f in sorted(Path("pipeline/rules").glob("*.smk")))
    for rule in re.split(r"^rule ", text, flags=re.M)[1:]:
        for directive in ("input", "output", "log", "benchmark", "resources", "conda", "message"):
            assert f"\n    {directive}:" in rule, (rule.split(":")[0], directive)


def test_no_command_of_the_ledger_holds_a_value() -> None:
    """A shell reads it, and a value of params.yaml may be anything (pipeline/stage.py)."""
    stages = yaml.safe_load(LEDGER.read_text())["stages"]
    commands = {name: stage.get("do", stage)["cmd"] for name, stage in stages.items()}
    assert {name for name, line in commands.items() if "'" in line} == {
        "canonical",
        "train",
        "evaluate",
        "baselines",
        "score_learned",
    }
    for line in commands.values():
        assert line.startswith("python -m pipeline.stage ")
        assert not re.search(r"[$`;&|<>]", line)
