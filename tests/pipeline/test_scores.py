"""Figures by space group, number of atoms and prototype."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from crystalnet.scoring.protocol import COMPARISONS, score_crystals
from crystalnet.settings import EvaluationSettings
from pipeline.scores import by_group, decibels, headline, score_table, write_metrics

SETTINGS = EvaluationSettings(grid=25, guesses=2, rotations="cube", precision="float32")


def test_groups_hold_the_crystals_of_their_label() -> None:
    table = pd.DataFrame(
        {
            "formula_pretty": ["NaCl", "MgO", "Cu2MnAl", "Ni2TiSn"],
            "spacegroup_number": [225, 225, 225, 216],
            "nsites": [2, 2, 4, 4],
            "density_source": "dft",
        }
    )
    ssim = np.array([0.2, 0.4, 0.9, 0.7])
    columns = {"ssim_cube": ssim, "psnr_cube": 10 * ssim, "ssim_first_none": ssim / 2}
    found = by_group(table, columns, SETTINGS, seed=1)
    assert list(found) == [
        "density_source",
        "space_group",
        "atoms",
        "prototype",
        "distribution",
    ]
    assert found["density_source"] == "dft"
    assert found["space_group"]["225"]["crystals"] == 3
    assert found["space_group"]["216"]["ssim"]["mean"] == pytest.approx(0.7)
    assert found["atoms"]["2"]["ssim"]["share_below_half"] == 1
    assert found["atoms"]["4"]["psnr"]["mean"] == pytest.approx(8)
    assert list(found["prototype"]) == ["AB 225, 2 atoms", "ABC2 216, 4 atoms", "ABC2 225, 4 atoms"]
    assert found["distribution"]["percent_of_crystals"] == list(range(0, 101, 5))
    assert found["distribution"]["ssim"] == pytest.approx(
        np.interp(np.arange(21) * 5, [0, 100 / 3, 200 / 3, 100], sorted(ssim))
    )
    assert found["distribution"]["psnr"][-1] == pytest.approx(9)


def columns() -> dict[str, np.ndarray]:
    """Every score that a crystal can have, no two with the same mean."""
    kinds = ("", "first_", "mean_", "spread_")
    names = [f"{s}_{k}{c}" for s in ("ssim", "psnr") for k in kinds for c in COMPARISONS]
    names += ["nmae_percent", "map_correlation", "electron_error_percent", "negative_mass_percent"]
    return {name: np.array([0.25, 0.75]) + i for i, name in enumerate(names)}


@pytest.mark.parametrize("chosen", ["array", "lattice"])
def test_every_figure_is_the_mean_of_the_column_of_its_name(chosen: str) -> None:
    of = columns()
    settings = SETTINGS.model_copy(update={"rotations": chosen})
    found = headline(of, settings, "dft", seed=1)
    assert found["density_source"] == "dft"
    assert found["crystals"] == 2
    wanted = {f"{s}_{c}": f"{s}_{c}" for s in ("ssim", "psnr") for c in COMPARISONS}
    wanted |= {
        f"{s}_{kind}": f"{s}_{kind}_{chosen}"
        for s in ("ssim", "psnr")
        for kind in ("first", "mean", "spread")
    }
    wanted |= {name: name for name in ("ssim_first_none", "psnr_first_none")}
    wanted |= {name: name for name in of if not name.startswith(("ssim", "psnr"))}
    for name, column in wanted.items():
        assert found[name] == pytest.approx(of[column].mean()), name
    for score in ("ssim", "psnr"):
        assert found[score]["mean"] == pytest.approx(of[f"{score}_{chosen}"].mean())
        assert found[score]["std"] == pytest.approx(0.25)
    assert found.keys() == wanted.keys() | {"density_source", "crystals", "ssim", "psnr"}


def test_a_score_stands_in_the_row_of_its_crystal() -> None:
    rows = pd.DataFrame(
        {
            "material_id": ["mp-2", "mp-1"],
            "formula_pretty": ["NaCl", "MgO"],
            "spacegroup_number": 225,
            "crystal_system": "cubic",
            "nsites": 2,
            "split": "test",
        },
        index=[7, 3],
    )
    table = score_table(rows, {"ssim_cube": np.array([0.1, 0.2])}, "iam")
    assert table.columns.tolist()[-2:] == ["density_source", "ssim_cube"]
    assert "index" not in table
    assert table.set_index("material_id")["ssim_cube"].to_dict() == {"mp-2": 0.1, "mp-1": 0.2}


def test_metrics_come_back_from_their_file(tmp_path: Path) -> None:
    write_metrics(tmp_path / "deep/a.json", {"ssim": 0.5, "psnr": None})
    text = (tmp_path / "deep/a.json").read_text()
    assert json.loads(text) == {"ssim": 0.5, "psnr": None}
    assert text.endswith("}\n")


def test_a_perfect_guess_leaves_valid_json(tmp_path: Path) -> None:
    """Its PSNR is infinite: from densities to the file, null stands for what has no number."""
    truth = torch.rand(3, 8, 8, 8, generator=torch.Generator().manual_seed(1))
    guesses = truth[:, None].clone()
    guesses[1:] += 0.01 * torch.rand(2, 1, 8, 8, 8, generator=torch.Generator().manual_seed(2))
    columns = score_crystals(
        truth, guesses, 4 * torch.eye(3).repeat(3, 1, 1), ["mp-1", "mp-2", "mp-3"]
    )
    assert columns["psnr_cube"][0] == np.inf
    table = pd.DataFrame(
        {"formula_pretty": ["NaCl", "MgO", "LiF"], "spacegroup_number": 225, "nsites": 2,
         "density_source": "dft"}
    )  # fmt: skip
    found = {
        "headline": headline(columns, SETTINGS, "dft", seed=1),
        "groups": by_group(table, columns, SETTINGS, seed=1),
    }
    write_metrics(tmp_path / "metrics.json", found)
    text = (tmp_path / "metrics.json").read_text()

    def refuse(word: str) -> None:
        pytest.fail(f"{word} is no JSON")

    read = json.loads(text, parse_constant=refuse)
    psnr = read["headline"]["psnr"]
    assert psnr["mean"] is None
    assert psnr["median"] == pytest.approx(float(np.median(columns["psnr_cube"])))
    assert read["headline"]["ssim"]["mean"] == pytest.approx(columns["ssim_cube"].mean())
    assert read["groups"]["distribution"]["psnr"][-1] is None
    assert read["groups"]["distribution"]["psnr"][0] == pytest.approx(columns["psnr_cube"].min())
    assert decibels(psnr["mean"]) == "infinite"
    assert decibels(31.26) == "31.3 dB"
