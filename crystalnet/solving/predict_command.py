"""What `crystalnet predict` does."""

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crystalnet.files import shown
from crystalnet.solving.output import check_folder
from crystalnet.solving.predict import Prediction, predict


def run(pattern: Path, folder: Path, asked: Mapping[str, Any]) -> int:
    """Predict, write and tell; the exit status.

    Args:
        asked: further arguments of `predict`.

    Raises:
        CrystalNetError: for anything that the user can mend, before any work where that can be.
    """
    started = time.monotonic()
    check_folder(folder)
    with warnings.catch_warnings():
        # Other people's packages speak of what they were not asked.
        warnings.simplefilter("ignore")
        made = predict(pattern, **asked, progress=_say)
        _tell(made)
        made.write(folder)
    _say(f"{time.monotonic() - started:.1f} s; in {folder}: densities as .cube and .ccp4")
    return 0


def _tell(made: Prediction) -> None:
    _say(f"{'rank':>4} {'likely SSIM':>11}  from")
    for each in made.densities:
        origin = "the network"
        if each.analogue_of is not None:
            origin = f"the known structure {each.analogue_of}, agreement {each.agreement:.3f}"
        _say(f"{each.rank:>4} {each.likely_ssim:>11.2f}  {origin}")


def _say(line: str) -> None:
    print(shown(line), flush=True)
