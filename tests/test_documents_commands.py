"""Every command of the documents exists, and docs/commands.md says who runs it."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from crystalnet.cli import _parser
from tests.documents import DOCUMENTS, ROOT, code_blocks, commands, words

TABLE = ROOT / "docs/commands.md"
ROW = re.compile(r"^\| `(?P<command>[^`]+)` \| (?P<by>[^|]+) \| (?P<out>[^|]*) ?\|$")


def told() -> dict[str, list[str]]:
    """Each command, and the documents that have it."""
    found: dict[str, list[str]] = {}
    for path in DOCUMENTS:
        if path != TABLE:
            for command in commands(path.read_text(encoding="utf-8")):
                found.setdefault(command, []).append(str(path.relative_to(ROOT)))
    return found


def table() -> dict[str, tuple[str, str]]:
    """Each command that is accounted for: who runs it, and what came out."""
    rows = [ROW.match(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
    return {row["command"]: (row["by"].strip(), row["out"].strip()) for row in rows if row}


def test_every_command_is_accounted_for() -> None:
    missing = {command: where for command, where in told().items() if command not in table()}
    assert missing == {}, f"say in {TABLE.name} who runs them"


def test_every_row_is_of_a_command_that_a_document_has() -> None:
    assert [command for command in table() if command not in told()] == []
    lines = TABLE.read_text(encoding="utf-8").count("\n| `")
    assert lines == len(table()), "a row that is not of three columns, or one that is there twice"


@pytest.mark.parametrize(("command", "row"), table().items(), ids=list(table()))
def test_every_row_says_how(command: str, row: tuple[str, str]) -> None:
    by, out = row
    if named := re.fullmatch(r"test `([\w/.]+)::(\w+)`", by):
        file = ROOT / named[1]
        assert file.is_file(), f"{command}: there is no {named[1]}"
        assert f"\ndef {named[2]}(" in file.read_text(encoding="utf-8"), f"{command}: {by}"
    elif by == "`.ci/run`":
        targets = re.findall(r"^make (\w+)$", (ROOT / ".ci/run").read_text(), re.M)
        assert set(words(command)[1:]) <= set(targets)
    else:
        hand = re.fullmatch(r"by hand, (20\d\d-\d\d-\d\d), .*\w.*", by)
        assert hand or re.fullmatch(r"needs \w.*", by), f"{command}: who runs it? {by!r}"
        assert out or not hand, f"{command}: what came out?"


def of_program(program: str) -> list[str]:
    return [command for command in told() if words(command)[0] == program]


@pytest.mark.parametrize("command", of_program("crystalnet"))
def test_our_own_commands_are_understood(command: str) -> None:
    arguments = words(command)[1:]
    if len(arguments) == 1:
        arguments = [*arguments, "--help"]
        with pytest.raises(SystemExit) as ended:
            _parser().parse_args(arguments)
        assert ended.value.code == 0
    else:
        assert vars(_parser().parse_args(arguments))


def targets() -> set[str]:
    return set(re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text(), re.M))


@pytest.mark.parametrize("command", of_program("make"))
def test_make_knows_the_targets(command: str) -> None:
    assert set(words(command)[1:]) - targets() == set()


def test_every_target_says_what_it_is_for() -> None:
    helped = set(re.findall(r"^([\w-]+):.*##", (ROOT / "Makefile").read_text(), re.M))
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert phony is not None
    assert helped == set(phony[1].split()) == targets()


@pytest.mark.parametrize("command", of_program("python"))
def test_modules_and_their_options_exist(command: str) -> None:
    module, *arguments = words(command)[2:]
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).read_text(encoding="utf-8")
    for option in (argument for argument in arguments if argument.startswith("--")):
        assert f'"{option}"' in source, f"{module} has no {option}"


@pytest.mark.parametrize("command", of_program("snakemake"))
def test_snakemake_understands(command: str) -> None:
    from snakemake.cli import get_argument_parser

    arguments = words(command)[1:]
    if "--profile" in arguments:
        # Read by the parser itself, which then wants the plugin for Slurm.
        at = arguments.index("--profile")
        assert (ROOT / arguments[at + 1] / "config.yaml").is_file()
        del arguments[at : at + 2]
    parsed = get_argument_parser().parse_args(arguments)
    rules = "".join(path.read_text() for path in (ROOT / "pipeline/rules").glob("*.smk"))
    named = "\n".join([rules, (ROOT / "Snakefile").read_text()])
    assert parsed.targets
    for target in parsed.targets:
        assert f"rule {target}:" in named
    for rule in parsed.set_resources or {}:
        assert f"rule {rule}:" in named


@pytest.mark.parametrize("command", of_program("dvc"))
def test_dvc_understands(command: str) -> None:
    from dvc.cli import parse_args

    parsed = parse_args(words(command)[1:])
    for setting in getattr(parsed, "params", None) or []:
        assert_key(setting)


def assert_key(setting: str) -> None:
    """That `a.b=value` is a key of params.yaml."""
    section: Any = yaml.safe_load((ROOT / "params.yaml").read_text())
    for key in setting.split("=")[0].split("."):
        assert key in section, f"params.yaml has no {setting}"
        section = section[key]


def test_a_key_that_is_not_there_is_seen() -> None:
    with pytest.raises(AssertionError, match="no scales"):
        assert_key("scales.quick.network.wide=3")


@pytest.mark.parametrize("path", [p for p in DOCUMENTS if "](" in p.read_text(encoding="utf-8")])
def test_links_within_the_project_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), f"{path.name}: {link}"


NAMED = re.compile(r"`((?:crystalnet|pipeline|reports|benchmarks|tests|data|docs)[./][\w./-]+)`")


def exists(name: str) -> bool:
    """Whether a path lies in the project, or a dotted name is a module or stands in one."""
    if "/" in name:
        return (ROOT / name).exists()
    path = ROOT / name.replace(".", "/")
    parent, last = path.parent, path.name
    modules = [path.with_suffix(".py"), path, parent.with_suffix(".py"), parent / "__init__.py"]
    if modules[0].is_file() or modules[1].is_dir():
        return True
    sources = [module.read_text(encoding="utf-8") for module in modules[2:] if module.is_file()]
    return any(re.search(rf"\b{re.escape(last)}\b", source) for source in sources)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_named_is_there(path: Path) -> None:
    names = NAMED.findall(path.read_text(encoding="utf-8"))
    # What a run makes is not there before it.
    made = re.compile(r"reports/(index|figures|tables)|docs/api")
    assert [name for name in names if not made.match(name) and not exists(name)] == []


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("crystalnet.files.atomic_write", True),
        ("crystalnet.files.atomic_read", False),
        ("crystalnet.solve", True),
        ("crystalnet.solving", True),
        ("crystalnet.solving.nothing", False),
        ("pipeline/store.py", True),
        ("pipeline/stores.py", False),
    ],
)
def test_a_name_that_is_not_there_is_seen(name: str, there: bool) -> None:
    assert exists(name) is there


def blocks_of_python() -> list[Any]:
    return [
        pytest.param(block, id=f"{path.stem}-{number}")
        for path in DOCUMENTS
        for number, (language, block) in enumerate(code_blocks(path.read_text(encoding="utf-8")))
        if language == "python" or re.search(r"^(from \S+ )?import ", block, re.M)
    ]


@pytest.mark.parametrize("block", blocks_of_python())
def test_python_runs(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder with the data, a pattern, and a data set of twelve crystals as artifacts."""
    from tests.pipeline import test_dataset

    names = ["mp-1000", *test_dataset.IDS[1:]]
    monkeypatch.setattr(test_dataset, "IDS", names)
    (tmp_path / "artifacts").mkdir()
    test_dataset.write(tmp_path / "artifacts", names)
    (tmp_path / "data").symlink_to(ROOT / "data")
    shutil.copyfile(ROOT / "data/measured_patterns/rockjock_halite.xy", tmp_path / "halite.xy")
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "document", "exec"), {})


def test_the_readme_shows_what_comes_out(tmp_path: Path) -> None:
    """The command that the README begins with, and the first lines of its output there.

    In a process of its own, as a reader runs it: without the shapes checked at run time, which
    take as long again as the solving.
    """
    (command,) = (each for each in of_program("crystalnet") if "rockjock_quartz" in each)
    block = next(
        block
        for _, block in code_blocks((ROOT / "README.md").read_text(encoding="utf-8"))
        if "rockjock_quartz" in block
    )
    arguments = words(command)[1:]
    arguments[arguments.index("--output") + 1] = str(tmp_path / "solved")
    script = "import sys; from crystalnet.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    out = done.stdout
    lattice = r"lattice to try: (\w+) (\w), a = (\d+\.\d+) A, c = (\d+\.\d+) A"
    first = r"^ +1 (\w+) +(\S+) +(\d\.\d+) +(\d\.\d+)  (\w+) (\w), (\d+\.\d+) A\^3$"
    verdict = r"^verdict: (solved)\n +(Rwp) "
    for line in (lattice, first, verdict):
        shown, came = (re.search(line, text, re.M) for text in (block, out))
        assert shown is not None
        assert came is not None, out
        for one, other in zip(shown.groups(), came.groups(), strict=True):
            if re.fullmatch(r"\d+\.\d+", one):
                # The last digit shown is a processor's own.
                assert float(other) == pytest.approx(float(one), rel=1e-3, abs=2e-3)
            else:
                assert other == one
