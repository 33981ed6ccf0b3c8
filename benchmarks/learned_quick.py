"""The networks of `architecture: modes` at the chosen scale: three seeds, and what ideas are worth.

    python -m benchmarks.learned_quick --system cubic

Reads the data set that `make reproduce` leaves in artifacts/. Three trainings from other random
numbers, scored on the test crystals: mean and spread. Then trainings as long that differ in one
thing each, scored on the validation crystals beside the first one: the difference over pairs of the
same crystal with its 95 % bootstrap interval. Each is put into docs/learned_quick.json as it is
done; the trainings from other random numbers are kept in work/.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from benchmarks import ideas_inputs
from benchmarks.machine import machine
from benchmarks.quick_trainings import DATA, FREE, MADE, Idea, Trainings
from crystalnet.files import atomic_write
from crystalnet.network.modes.network import ModesNet
from crystalnet.network.modes.weights import load_modes, save_modes
from crystalnet.scoring.summary import summarise
from pipeline import store
from reports.worth import AS_IT_IS

RESULTS = Path("docs/learned_quick.json")
SEEDS = 3
SEEDS_OF = "seeds"
MODES_ANEW = "no substitutes, none in the modes either"
_OWN = ({DATA: 1, FREE: 1},)
IDEAS = {
    AS_IT_IS: Idea(),
    "from other random numbers": Idea(repeats=(1,)),
    "mean of two networks": Idea(repeats=(0, 1)),
    "a third of the substitutes": Idea(({DATA: 1, FREE: 1, MADE: 1 / 3},)),
    "no substitutes": Idea(_OWN),
    MODES_ANEW: Idea(_OWN, setting="canonical"),
    "the same in the settings of the table": Idea(_OWN, setting="table", beside=MODES_ANEW),
    "densities of the data set alone": Idea(({DATA: 1},)),
    "free atoms first, then those of the data set": Idea(({FREE: 1, MADE: 1}, {DATA: 1})),
    "free atoms alone": Idea(({FREE: 1, MADE: 1},)),
    "intensities, not their square roots": Idea(features=ideas_inputs.as_intensities),
    "bins of q": Idea(features=ideas_inputs.bins_of_q),
    "intensities in bins of 2 theta": Idea(features=ideas_inputs.bins_of_two_theta),
    "by hkl family": Idea(features=ideas_inputs.hkl_families),
    "no pattern": Idea(features=ideas_inputs.nothing),
    "no formula": Idea(formula=False),
    "one guess instead of five": Idea(sizes={"latents": 1}),
    "half the modes": Idea(modes=0.5),
    "no dropout": Idea(sizes={"dropout": 0.0}),
    "no smoothing of the weights": Idea(training={"smoothing": 0.0}),
}
# hkl families of one number.
ONLY_CUBIC = ("by hkl family",)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--system", required=True)
    every = [SEEDS_OF, *IDEAS]
    parser.add_argument("--only", nargs="+", choices=every, default=every, help="of these")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    quick = Quick(arguments.system)
    for name in arguments.only:
        if name in ONLY_CUBIC and arguments.system != "cubic":
            continue
        found = quick.seeds() if name == SEEDS_OF else {"changed": {name: quick.changed(name)}}
        print(arguments.system, name, found, flush=True)
        known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
        of_system = known.setdefault(arguments.system, {"changed": {}})
        of_system["changed"] |= found.pop("changed", {})
        of_system |= found
        with atomic_write(RESULTS) as partial:
            partial.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


class Quick:
    """The trainings of one system; what is trained as usual is kept in work/."""

    def __init__(self, system: str) -> None:
        self._system, self._trainings = system, Trainings(system)

    def seeds(self) -> dict[str, Any]:
        """What the trainings from other random numbers score on the test crystals."""
        trainings, start = self._trainings, time.process_time()
        networks = [self._usual(repeat) for repeat in range(SEEDS)]
        seconds = (time.process_time() - start) / SEEDS
        scores = [trainings.ssim([each], trainings.test, "dft", "cube") for each in networks]
        return {
            "test_crystals": len(trainings.test),
            "validation_crystals": len(trainings.validation),
            "one_guess": [round(float(each[:, 0, 0].mean()), 4) for each in scores],
            "best_of_5_in_24_rotations": [
                round(float(each.flatten(1).amax(dim=1).mean()), 4) for each in scores
            ],
            "cpu_seconds_a_training": round(seconds),
            "machine": machine(),
        }

    def changed(self, name: str) -> dict[str, Any]:
        """What a training scores on the validation crystals, and beside the usual one."""
        scores = self._scores(IDEAS[name])
        beside = self._scores(IDEAS[IDEAS[name].beside or AS_IT_IS])
        of = summarise({"ssim": (scores - beside)[:, 0].numpy()}, self._trainings.params.seed)
        ends = [round(float(of["ssim"][k] or 0.0), 4) for k in ("mean", "mean_low", "mean_high")]
        return {
            "validation": round(float(scores[:, 0].mean()), 4),
            "best": round(float(scores.amax(dim=1).mean()), 4),
            "difference": ends,
        }

    def _scores(self, idea: Idea) -> torch.Tensor:
        """SSIM of the guesses of each validation crystal."""
        usual = idea == replace(IDEAS[AS_IT_IS], repeats=idea.repeats)
        networks = [
            self._usual(repeat) if usual else self._trainings.network(idea, repeat)
            for repeat in idea.repeats
        ]
        crystals = self._trainings.taught(idea).validation
        scores = self._trainings.ssim(networks, crystals, idea.kind)
        return scores[..., 0]

    def _usual(self, repeat: int) -> ModesNet:
        kept = store.WORK / "learned_quick" / f"{self._system}-{repeat}.safetensors"
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            network = self._trainings.network(IDEAS[AS_IT_IS], repeat)
            save_modes(kept, network, {"composition_input": "baseline"})
        return load_modes(kept)


if __name__ == "__main__":
    main()
