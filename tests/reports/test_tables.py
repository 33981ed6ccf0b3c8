"""Each number of a table stands under its own heading: every score here has a value of its own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from crystalnet.scoring.protocol import COMPARISONS
from reports import tables
from reports.data import ReportData


def distinct(start: float) -> dict[str, Any]:
    """Metrics of a model no two of which are equal to the digits of a table."""
    names = [
        *(f"{score}_{name}" for score in ("ssim", "psnr") for name in COMPARISONS),
        *(f"{score}_{kind}" for score in ("ssim", "psnr") for kind in ("mean", "first")),
        *("ssim_first_none", "psnr_first_none", "nmae_percent", "map_correlation"),
        *("electron_error_percent", "negative_mass_percent"),
    ]
    found: dict[str, Any] = {name: start + 1.3 * i for i, name in enumerate(names)}
    for i, score in enumerate(("ssim", "psnr")):
        kinds = ("mean", "std", "mean_low", "mean_high", "share_below_half")
        found[score] = {kind: start + 100 + 10 * i + 1.7 * k for k, kind in enumerate(kinds)}
    return found | {"crystals": 20 + round(start)}


@pytest.fixture
def told(data: ReportData) -> ReportData:
    """The made-up run, with distinct numbers and the main model of one system."""
    models = [replace(m, metrics=distinct(i)) for i, m in enumerate(data.models)]
    baselines = {name: distinct(30.0 + 3 * i) for i, name in enumerate(tables.BASELINES)}
    return replace(
        data,
        models=models,
        baselines={"cubic": baselines},
        splits={
            "cubic": {
                "train": {"stable": 11, "all": 91},
                "val": {"stable": 12, "all": 92},
                "test": {"stable": 13, "all": 93},
            }
        },
    )


def test_scores_of_each_line_are_its_own(told: ReportData) -> None:
    table = tables.scores(told).set_index("what")
    lines = {"cubic-baseline (this run)": told.main("cubic").metrics} | {
        label: told.baselines["cubic"][name] for name, label in tables.BASELINES.items()
    }
    for label, found in lines.items():
        row = table.loc[label]
        ssim, psnr = found["ssim"], found["psnr"]
        assert row["test crystals"] == found["crystals"]
        assert row["SSIM"] == f"{ssim['mean']:.3f} ± {ssim['std']:.3f}"
        assert row["PSNR (dB)"] == f"{psnr['mean']:.1f} ± {psnr['std']:.1f}"
        interval = f"{ssim['mean_low']:.3f} to {ssim['mean_high']:.3f}"
        assert row["SSIM, 95 % interval of the mean"] == interval
        assert row["share below 0.5"] == f"{100 * ssim['share_below_half']:.0f} %"
        assert row["one guess, no oracle"] == f"{found['ssim_first_none']:.3f}"
    papers = table.iloc[-1]
    assert (
        papers.name == f"the paper (other densities, {16378 / 91:.1f} times the training crystals)"
    )
    assert papers["test crystals"] == 500
    assert (papers["SSIM"], papers["PSNR (dB)"]) == ("0.934 ± 0.149", "43.0 ± 12.7")
    assert papers["one guess, no oracle"] == ""


def test_differences_stand_with_their_own_intervals(told: ReportData) -> None:
    ablation = pd.DataFrame(
        {
            "system": "cubic",
            "protocol": ["main", "ablation", "ablation", "ablation"],
            "architecture": ["paper", "paper", "paper", "modes"],
            "input": ["baseline", "baseline", "no_ratios", "no_ratios"],
            "ssim": [0.9, 0.7, 0.6, 0.8],
            "psnr": [33.0, 30.0, 29.0, 31.0],
            "ssim_first_none": [0.8, 0.65, 0.5, 0.7],
            "ssim_first_none_difference": [np.nan, np.nan, -0.15, np.nan],
            "ssim_first_none_difference_low": [np.nan, np.nan, -0.2, np.nan],
            "ssim_first_none_difference_high": [np.nan, np.nan, -0.1, np.nan],
            "ssim_difference": [np.nan, np.nan, -0.101, np.nan],
            "ssim_difference_low": [np.nan, np.nan, -0.202, np.nan],
            "ssim_difference_high": [np.nan, np.nan, 0.303, np.nan],
            "psnr_difference": [np.nan, np.nan, -1.1, np.nan],
            "psnr_difference_low": [np.nan, np.nan, -2.2, np.nan],
            "psnr_difference_high": [np.nan, np.nan, 3.3, np.nan],
        }
    )
    found = tables.inputs(replace(told, ablation=ablation))
    assert found.to_dict("records") == [
        {
            "system": "cubic",
            "architecture": architecture,
            "input": told_input,
            "SSIM": ssim,
            "against baseline (95 %)": ssim_difference,
            "PSNR (dB)": psnr,
            "against baseline, dB (95 %)": psnr_difference,
            "one guess, no oracle": one_guess,
            "one guess against baseline (95 %)": one_guess_difference,
            "paper SSIM": paper_ssim,
            "paper PSNR": paper_psnr,
        }
        for (
            architecture,
            told_input,
            ssim,
            ssim_difference,
            psnr,
            psnr_difference,
            one_guess,
            one_guess_difference,
            paper_ssim,
            paper_psnr,
        ) in (
            ("paper", "baseline", "0.700", "", "30.0", "", "0.650", "", "0.914", "40.9"),
            (
                "paper",
                "no_ratios",
                "0.600",
                "-0.101 (-0.202 to +0.303)",
                "29.0",
                "-1.1 (-2.2 to +3.3)",
                "0.500",
                "-0.150 (-0.200 to -0.100)",
                "0.916",
                "40.3",
            ),
            # The paper has no score of another architecture than its own.
            ("modes", "no_ratios", "0.800", "", "31.0", "", "0.700", "", "", ""),
        )
    ]


def test_crystals_of_each_split_stand_beside_the_papers(told: ReportData) -> None:
    rows = tables.crystals(told).to_numpy().tolist()
    assert rows == [
        ["cubic", "train", 91, 11, 16378],
        ["cubic", "val", 92, 12, 250],
        ["cubic", "test", 93, 13, 500],
    ]


def test_rotation_sets_and_oracles_stand_under_their_names(told: ReportData) -> None:
    metrics = told.main("cubic").metrics
    table = tables.rotation_sets(told).set_index("score")
    for score, label, digits in (("ssim", "SSIM", 3), ("psnr", "PSNR (dB)", 1)):
        wanted = {name: f"{score}_{name}" for name in COMPARISONS} | {
            "mean over guesses": f"{score}_mean",
            "first guess": f"{score}_first",
            "first guess, not turned": f"{score}_first_none",
        }
        row = table.loc[label].drop("system").to_dict()
        assert row == {head: f"{metrics[name]:.{digits}f}" for head, name in wanted.items()}


def test_further_scores_stand_under_their_names(told: ReportData) -> None:
    metrics = told.main("cubic").metrics
    assert tables.agreement(told).to_dict("records") == [
        {
            "system": "cubic",
            "NMAE (%)": f"{metrics['nmae_percent']:.3g}",
            "map correlation": f"{metrics['map_correlation']:.3g}",
            "electron count error (%)": f"{metrics['electron_error_percent']:.3g}",
            "negative mass (%)": f"{metrics['negative_mass_percent']:.3g}",
        }
    ]


def test_repeats_tell_mean_spread_and_ends_of_each_score(told: ReportData) -> None:
    found = {
        score: {"mean": base + 0.1, "std": base + 0.2, "lowest": base + 0.3, "highest": base + 0.4}
        for score, base in (("ssim", 1.0), ("psnr", 2.0), ("ssim_first_none", 3.0))
    }
    table = tables.repeats(replace(told, repeats={"a": {"trainings": 3, **found}}))
    assert table.to_dict("records") == [
        {
            "model": "a",
            "trainings": 3,
            "SSIM": "1.100 ± 1.200 (1.300 to 1.400)",
            "PSNR (dB)": "2.10 ± 2.20 (2.30 to 2.40)",
            "SSIM, one guess, no oracle": "3.100 ± 3.200 (3.300 to 3.400)",
        }
    ]


def test_cost_is_that_of_the_card(told: ReportData) -> None:
    row = tables.cost(told).iloc[0].to_dict()
    assert row == {
        "model": "cubic-baseline",
        "parameters": "1,234",
        "epochs": 3,
        "seconds": "2",
        "on": "a small CPU",
        "best validation SSIM": "0.500",
    }


def test_a_table_as_markdown_and_latex_keeps_its_order() -> None:
    table = pd.DataFrame({"b_1": ["x", "50 %"], "a": ["1", "2"]})
    lines = tables.markdown(table).splitlines()
    assert [cell.strip() for cell in lines[0].strip("|").split("|")] == ["b_1", "a"]
    assert [cell.strip() for cell in lines[3].strip("|").split("|")] == ["50 %", "2"]
    latex = tables.latex(table, "A & B").splitlines()
    assert r"\caption{A \& B}" in latex
    assert r"\begin{tabular}{ll}" in latex
    assert latex[latex.index(r"\toprule") + 1] == r"b\_1 & a \\"
    assert latex[latex.index(r"\midrule") + 1 : latex.index(r"\bottomrule")] == [
        r"x & 1 \\",
        r"50 \% & 2 \\",
    ]
