"""The tables of docs/network.md about what ideas, inputs and random numbers are worth."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import learned_again, learned_ideas, learned_inputs, learned_quick
from reports.worth import AS_IT_IS


def tables() -> dict[str, pd.DataFrame]:
    """By the names that they have in the page."""
    quick = _read(learned_quick.RESULTS)
    return {
        "ideas": ideas(_read(learned_ideas.RESULTS)),
        "quick": changes(quick),
        "seeds": seeds(quick),
        "again": again(_read(learned_again.RESULTS)),
        "inputs": worth_of_inputs(_read(learned_inputs.RESULTS)),
    }


def ideas(found: Mapping[str, Any]) -> pd.DataFrame:
    """One row for each system and short training of `benchmarks.learned_ideas`."""
    return pd.DataFrame(
        [
            {
                "system": system,
                "short training": name,
                "validation": f"{each['validation']:.3f}",
                "test": f"{each['test']:.3f}",
            }
            for system, entries in found.items()
            for name, each in entries.items()
        ]
    )


def changes(found: Mapping[str, Any]) -> pd.DataFrame:
    """One row for each training of `benchmarks.learned_quick` on validation crystals."""
    return pd.DataFrame(
        [
            {
                "validation crystals": f"{system}, DFT, {entry['validation_crystals']}",
                "training": name,
                "one guess": f"{entry['changed'][name]['validation']:.3f}",
                "difference (95 %)": (
                    "" if name == AS_IT_IS else _signed(entry["changed"][name]["difference"])
                ),
                "best of its guesses": f"{entry['changed'][name]['best']:.3f}",
            }
            for system, entry in found.items()
            for name in learned_quick.IDEAS
            if name in entry["changed"]
        ]
    )


def seeds(found: Mapping[str, Any]) -> pd.DataFrame:
    """One row for each system and score of the repeated trainings of `benchmarks.learned_quick`."""
    rows = []
    for system, entry in found.items():
        for key, label in (
            ("one_guess", "one guess"),
            ("best_of_5_in_24_rotations", "best of 5 in 24 rotations"),
        ):
            each = np.array(entry[key])
            rows.append(
                {
                    "test crystals": f"{system}, DFT, {entry['test_crystals']}",
                    "score": label,
                    "trainings": len(each),
                    "mean": f"{each.mean():.3f}",
                    "standard deviation": f"{each.std(ddof=1):.3f}",
                    "lowest to highest": f"{each.min():.3f} to {each.max():.3f}",
                }
            )
    return pd.DataFrame(rows)


def again(found: Mapping[str, Any]) -> pd.DataFrame:
    """One row for each test set and score of `benchmarks.learned_again`."""
    return pd.DataFrame(
        [
            {
                "test crystals": f"{system}, {kind.upper()}, {scores['crystals']}",
                "SSIM": label,
                "comes along": f"{scores[name][0]:.3f}",
                "made anew": f"{scores[name][1]:.3f}",
            }
            for kind, systems in found["scores"].items()
            for system, scores in systems.items()
            for name, label in learned_again.SCORES.items()
            if name in scores
        ]
    )


def worth_of_inputs(found: Mapping[str, Any]) -> pd.DataFrame:
    """One row for each system, kind of density and input of `benchmarks.learned_inputs`."""
    rows = []
    for system, entry in found.items():
        for kind in ("iam", "dft"):
            scores = {
                name: each for name, each in entry.get(kind, {}).items() if name != "crystals"
            }
            for told, each in scores.items():
                worth = each.get("worth")
                rows.append(
                    {
                        "test crystals": f"{system}, {kind.upper()}, {entry[kind]['crystals']}",
                        "told": told,
                        "one guess": f"{each['ssim']:.3f}",
                        "lost against baseline (95 %)": (
                            f"{worth[0]:.3f} ({worth[1]:.3f} to {worth[2]:.3f})" if worth else ""
                        ),
                        "training": entry["training"],
                    }
                )
    return pd.DataFrame(rows)


def _signed(difference: list[float]) -> str:
    """A mean difference with its interval."""
    mean, low, high = difference
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
