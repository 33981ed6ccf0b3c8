"""The fingerprint of the code of each rule, for DVC to see what has changed."""

import argparse
from pathlib import Path

from crystalnet.files import atomic_write
from pipeline.code import fingerprints
from pipeline.steps import command

HEAD = """\
# A checksum of the code that each rule runs, written by the stage `code`. DVC reruns a stage when
# its line changes.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, required=True)
    output = parser.parse_args().output
    lines = [f"{rule}: '{checksum}'\n" for rule, checksum in sorted(fingerprints().items())]
    with atomic_write(output) as temporary:
        temporary.write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    command.run(main)
