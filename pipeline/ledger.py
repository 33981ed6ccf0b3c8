"""Keep the code files among the deps of dvc.yaml true.

python -m pipeline.ledger            write them
python -m pipeline.ledger --check    say which stage is out of date, exit 1
"""

import argparse
import io
import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from crystalnet.errors import CrystalNetError
from crystalnet.files import atomic_write
from pipeline.code import PACKAGES, code_of
from pipeline.steps import command

LEDGER = Path("dvc.yaml")
RULES = Path("pipeline/rules")


def code_by_rule() -> dict[str, list[str]]:
    """For each rule of the graph, the files that it declares as its code."""
    found = {}
    for file in sorted(RULES.glob("*.smk")):
        text = file.read_text(encoding="utf-8")
        for rule, module in re.findall(
            r'^rule (\w+):\n(?:(?!^rule ).*\n)*? +code=code_of\("([\w.]+)"\)', text, re.M
        ):
            found[rule] = code_of(module)
    return found


def with_code(deps: list[str], rules: list[str], code: dict[str, list[str]]) -> list[str]:
    """The deps with their code files replaced by those of the rules, sorted."""
    artifacts = {
        dep for dep in deps if dep.split("/")[0] not in PACKAGES or Path(dep).suffix != ".py"
    }
    return sorted(artifacts.union(*(code[rule] for rule in rules)))


def rewrite(text: str) -> str:
    """dvc.yaml with the code files of every stage as they are now."""
    yaml = YAML()
    yaml.width = 200
    yaml.indent(mapping=2, sequence=4, offset=2)
    ledger: dict[str, Any] = yaml.load(text)
    code = code_by_rule()
    for stage in ledger["stages"].values():
        stage = stage.get("do", stage)
        rules = re.search(r"--allowed-rules ((?:\w+ )+)", stage["cmd"])
        assert rules is not None
        wanted = with_code(list(stage["deps"]), rules[1].split(), code)
        if wanted != list(stage["deps"]):
            del stage["deps"][:]
            stage["deps"].extend(wanted)
    stream = io.StringIO()
    yaml.dump(ledger, stream)
    return stream.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="only look")
    check = parser.parse_args().check
    text = LEDGER.read_text(encoding="utf-8")
    wanted = rewrite(text)
    if text == wanted:
        print(f"{LEDGER}: the code files of every stage are listed")
    elif check:
        raise CrystalNetError(f"{LEDGER}: its code files are out of date; run `make ledger`")
    else:
        with atomic_write(LEDGER) as temporary:
            temporary.write_text(wanted, encoding="utf-8")
        print(f"{LEDGER}: code files written")


if __name__ == "__main__":
    command.run(main)
