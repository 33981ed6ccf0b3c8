"""The scores of one input, in a file that has the same name for all of them.

DVC compares revisions, not files of one tree. So each input gets a revision of its own in which
this file holds its scores: `make inputs` names them, and `dvc metrics diff baseline no_formula`
shows what the change of input did to every score.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from crystalnet.files import atomic_write
from pipeline import store
from pipeline.models import inputs, models_told
from pipeline.params import load_params
from pipeline.scores import write_metrics
from pipeline.steps import command


def distribution(groups: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The SSIM that a share of the test crystals stays below, for each system."""
    return pd.concat(
        [
            pd.DataFrame(found["distribution"]).assign(system=system)
            for system, found in groups.items()
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=Path, default=store.FOCUS_METRICS)
    parser.add_argument("--distribution", type=Path, default=store.FOCUS_DISTRIBUTION)
    parser.add_argument("--list", action="store_true", help="only say what can be in focus")
    arguments = parser.parse_args()
    params = load_params()
    if arguments.list:
        print("\n".join(inputs(params.models)))
        return
    found = models_told(params.models, params.focus)
    scores, groups = (
        {
            system: json.loads(Path(place.format(model=name)).read_text(encoding="utf-8"))
            for system, name in found.items()
        }
        for place in (store.MODEL_METRICS, store.GROUP_METRICS)
    )
    write_metrics(arguments.metrics, scores)
    with atomic_write(arguments.distribution) as temporary:
        distribution(groups).to_csv(temporary, index=False, lineterminator="\n")
    print(f"focus: {params.focus}: {', '.join(found.values())}")


if __name__ == "__main__":
    command.run(main)
