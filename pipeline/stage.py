"""Make what a stage of dvc.yaml stands for: one target of Snakemake, by the rules of that stage.

DVC hands a command to the shell as it stands, so a name from params.yaml that stands in it is run,
whatever it is. No command of dvc.yaml holds one: a target has {} in its place, and the name comes
from the environment, where DVC puts the stage that runs, after params.yaml has been checked.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from crystalnet.errors import CrystalNetError
from pipeline.params import Params, load_params
from pipeline.steps import command

# What a person who waits for DVC need not read; the reason of a failure is not among it.
QUIET = ("rules", "host", "reason", "progress")


def target_of(template: str, stage: str, params: Params) -> str:
    """The target with the name of the stage, such as train@cubic-main, in place of {}.

    Raises:
        CrystalNetError: if there is a place for a name, and the stage has none of params.yaml.
    """
    if "{}" not in template:
        return template
    name = stage.rpartition("@")[2]
    if name not in {*params.models, *params.systems}:
        raise CrystalNetError(
            f"stage {stage!r}: {name!r} is no model and no system of params.yaml; "
            "run it with dvc repro"
        )
    return template.replace("{}", name)


def check_cache() -> None:
    """Refuse a cache of DVC with braces in its path, as it lies in a folder that has them.

    DVC takes them for places in a text that it fills in, and ends in the middle with KeyError.

    Raises:
        CrystalNetError: if there are any.
    """
    if not set("{}") & set(str(Path.cwd())):
        return
    asked = [sys.executable, "-m", "dvc", "cache", "dir"]
    folder = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    if set("{}") & set(folder):
        raise CrystalNetError(
            f"{folder}: DVC keeps no files in a folder with braces in its name; give it another "
            "with: dvc cache dir --local FOLDER"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("target", help="a file; {} stands for the name behind @ of the stage")
    parser.add_argument("--allowed-rules", nargs="+", required=True, metavar="RULE")
    arguments = parser.parse_args()
    check_cache()
    target = target_of(arguments.target, os.environ.get("DVC_STAGE", ""), load_params())
    # The target first: the options swallow what follows them.
    options = ["--allowed-rules", *arguments.allowed_rules, "--cores", "all", "--quiet", *QUIET]
    os.execv(sys.executable, [sys.executable, "-m", "snakemake", target, *options])


if __name__ == "__main__":
    command.run(main)
