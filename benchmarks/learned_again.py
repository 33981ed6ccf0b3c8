"""Networks that `make learned` made, beside those that come with the project.

    make learned                                  # in another clone, with `scale: cpu`
    python -m benchmarks.learned_again CLONE

Mean SSIM of both on the same test crystals at 50^3, and the seconds of the processor of each step
in the clone, are put into docs/learned_again.json.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.machine import machine
from crystalnet.files import atomic_write
from pipeline import store

RESULTS = Path("docs/learned_again.json")
SCORES = {
    "one_guess": "network and known structures: one guess",
    "network_alone": "the network alone: one guess",
    "best_of_5": "best of 5",
    "modes_ceiling": "what the modes can give",
}
STEPS = ("described", "modes", "learn", "pack", "score_learned")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("clone", type=Path)
    arguments = parser.parse_args()
    made = json.loads((arguments.clone / store.LEARNED_METRICS).read_bytes())
    scores = {
        kind: {system: compared(kind, system, found) for system, found in of.items()}
        for kind, of in made.items()
    }
    systems = list(dict.fromkeys(system for of in scores.values() for system in of))
    seconds = {system: processor_seconds(arguments.clone, system) for system in systems}
    for system, each in seconds.items():
        print(system, each, f"{sum(each.values()) / 60:.0f} minutes of the processor")
    with atomic_write(RESULTS) as partial:
        text = json.dumps({"machine": machine(), "seconds": seconds, "scores": scores}, indent=1)
        partial.write_text(text + "\n", encoding="utf-8")


def compared(kind: str, system: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Means of a made network beside those of the one that comes along."""
    known = json.loads(store.LEARNED_METRICS.read_bytes())[kind][system]
    both = {
        name: [round(known[name], 4), round(found[name], 4)]
        for name in SCORES
        if name in known and name in found
    }
    return {"crystals": found["crystals"], **both}


def processor_seconds(clone: Path, system: str) -> dict[str, int]:
    """Of each step of one system, as Snakemake counted them."""
    found = {}
    for step in STEPS:
        table = pd.read_csv(clone / "work" / "benchmarks" / step / f"{system}.tsv", sep="\t")
        found[step] = round(float(table["cpu_time"].iloc[0]))
    return found


if __name__ == "__main__":
    main()
