"""The tables of the report: this run beside the paper."""

from collections.abc import Callable

import pandas as pd

from reports import learned, paper
from reports.data import ReportData
from reports.groups import FEWEST, groups_of

BASELINES = {
    "constant_mean": "baseline: constant mean density",
    "mean_density": "baseline: mean training density, voxel by voxel",
    "nearest_pattern": "baseline: nearest training crystals by pattern",
    "free_atoms": "for reference: free atoms at the true places",
}


def scores(data: ReportData) -> pd.DataFrame:
    """Table 1 of the paper: the main models, what needs no network, and the paper."""
    rows = []
    for system in data.systems:
        model = data.main(system)
        entries = {
            f"{model.name} (this run)": model.metrics,
            **{
                label: data.baselines[system][name]
                for name, label in BASELINES.items()
                if name in data.baselines.get(system, {})
            },
        }
        for label, found in entries.items():
            rows.append(
                {
                    "system": system,
                    "what": label,
                    "test crystals": found["crystals"],
                    "SSIM": _spread(found["ssim"]["mean"], found["ssim"]["std"], 3),
                    "PSNR (dB)": _spread(found["psnr"]["mean"], found["psnr"]["std"], 1),
                    "SSIM, 95 % interval of the mean": (
                        f"{found['ssim']['mean_low']:.3f} to {found['ssim']['mean_high']:.3f}"
                    ),
                    "share below 0.5": f"{100 * found['ssim']['share_below_half']:.0f} %",
                    "one guess, no oracle": f"{found['ssim_first_none']:.3f}",
                }
            )
        if system in paper.TABLE_1:
            published = paper.TABLE_1[system]
            times = paper.TABLE_3[system]["train"] / data.splits[system]["train"]["all"]
            rows.append(
                {
                    "system": system,
                    "what": f"the paper (other densities, {times:.1f} times the training crystals)",
                    "test crystals": paper.TABLE_3[system]["test"],
                    "SSIM": _spread(*published["ssim"], 3),
                    "PSNR (dB)": _spread(*published["psnr"], 1),
                }
            )
    return pd.DataFrame(rows).fillna("")


def inputs(data: ReportData) -> pd.DataFrame:
    """Table 2 of the paper: what each input is worth, in pairs of the same test crystals."""
    rows = []
    for row in data.ablation.to_dict("records"):
        if row["protocol"] == "main":
            continue
        published = paper.TABLE_2.get(row["system"], {}).get(row["input"])
        if row["architecture"] != "paper":
            published = None
        rows.append(
            {
                "system": row["system"],
                "architecture": row["architecture"],
                "input": row["input"],
                "SSIM": f"{row['ssim']:.3f}",
                "against baseline (95 %)": _difference(row, "ssim", 3),
                "PSNR (dB)": f"{row['psnr']:.1f}",
                "against baseline, dB (95 %)": _difference(row, "psnr", 1),
                "one guess, no oracle": f"{row['ssim_first_none']:.3f}",
                "one guess against baseline (95 %)": _difference(row, "ssim_first_none", 3),
                "paper SSIM": f"{published[0]:.3f}" if published else "",
                "paper PSNR": f"{published[1]:.1f}" if published else "",
            }
        )
    return pd.DataFrame(rows)


def crystals(data: ReportData) -> pd.DataFrame:
    """Table 3 of the paper: crystals of each split."""
    rows = []
    for system, splits in data.splits.items():
        for split, counts in splits.items():
            published = paper.TABLE_3.get(system, {}).get(split)
            rows.append(
                {
                    "system": system,
                    "split": split,
                    "crystals": counts["all"],
                    "of them stable": counts["stable"],
                    "the paper": published if published else "",
                }
            )
    return pd.DataFrame(rows)


def against_the_paper(data: ReportData) -> pd.DataFrame:
    """Groups of test crystals here and in the paper, on the crystals that both scored."""
    rows = []
    for system in data.systems:
        for _, label, found in groups_of(data, system):
            both = found.dropna(subset=["paper_ssim"])
            if len(both) < FEWEST:
                continue
            rows.append(
                {
                    "system": system,
                    "group": label.removeprefix(f"{system}, "),
                    "crystals": len(both),
                    **{
                        f"{name}: {what}": text
                        for name, column in (("this run", "ssim"), ("the paper", "paper_ssim"))
                        for what, text in (
                            ("mean SSIM", f"{both[column].mean():.3f}"),
                            ("median", f"{both[column].median():.3f}"),
                            ("share below 0.5", f"{100 * (both[column] < 0.5).mean():.0f} %"),
                        )
                    },
                }
            )
    return pd.DataFrame(rows)


def rotation_sets(data: ReportData) -> pd.DataFrame:
    """The same guesses scored in each set of rotations, and with less and less oracle."""
    rows = []
    for system in data.systems:
        found = data.main(system).metrics
        for score, digits in (("ssim", 3), ("psnr", 1)):
            rows.append(
                {"system": system, "score": "SSIM" if score == "ssim" else "PSNR (dB)"}
                | {
                    name: f"{found[f'{score}_{name}']:.{digits}f}"
                    for name in ("none", "array", "cube", "lattice", "released")
                }
                | {
                    "mean over guesses": f"{found[f'{score}_mean']:.{digits}f}",
                    "first guess": f"{found[f'{score}_first']:.{digits}f}",
                    "first guess, not turned": f"{found[f'{score}_first_none']:.{digits}f}",
                }
            )
    return pd.DataFrame(rows)


def repeats(data: ReportData) -> pd.DataFrame:
    """What chance in training is worth: models that were trained more than once."""
    return pd.DataFrame(
        [
            {"model": name, "trainings": found["trainings"]}
            | {
                label: (
                    f"{found[score]['mean']:.{digits}f} ± {found[score]['std']:.{digits}f} "
                    f"({found[score]['lowest']:.{digits}f} to {found[score]['highest']:.{digits}f})"
                )
                for score, label, digits in (
                    ("ssim", "SSIM", 3),
                    ("psnr", "PSNR (dB)", 2),
                    ("ssim_first_none", "SSIM, one guess, no oracle", 3),
                )
            }
            for name, found in data.repeats.items()
        ]
    )


def agreement(data: ReportData) -> pd.DataFrame:
    """Further scores of the first guess of the main models."""
    names = {
        "nmae_percent": "NMAE (%)",
        "map_correlation": "map correlation",
        "electron_error_percent": "electron count error (%)",
        "negative_mass_percent": "negative mass (%)",
    }
    return pd.DataFrame(
        [
            {"system": system}
            | {label: f"{data.main(system).metrics[name]:.3g}" for name, label in names.items()}
            for system in data.systems
        ]
    )


def cost(data: ReportData) -> pd.DataFrame:
    """What each training took."""
    return pd.DataFrame(
        [
            {
                "model": model.name,
                "parameters": f"{model.card.parameters:,}",
                "epochs": model.card.epochs,
                "seconds": f"{model.card.seconds:.0f}",
                "on": model.card.hardware,
                "best validation SSIM": f"{model.card.best_validation_ssim:.3f}",
            }
            for model in data.models
        ]
    )


# File name -> (caption, maker), in the order of the page.
TABLES: dict[str, tuple[str, Callable[[ReportData], pd.DataFrame]]] = {
    "learned": (
        "The networks that come with the project, as they are, on the DFT test crystals: mean SSIM "
        "at 50 x 50 x 50 points with its 95 % bootstrap interval. One guess is the one that is "
        "ranked first, without a look at the truth and without rotation.",
        lambda data: learned.table(data.learned),
    ),
    "table1_scores": (
        "Table 1. SSIM and PSNR over the test crystals, mean and population standard deviation: "
        "the best over guesses and rotations, as in the paper, and one guess without any choice.",
        scores,
    ),
    "table2_inputs": (
        "Table 2. What each input is worth: means over the test crystals, and the mean difference "
        "from the baseline input over pairs of the same crystal with its 95 % bootstrap interval.",
        inputs,
    ),
    "table3_crystals": ("Table 3. Crystals of each split.", crystals),
    "rotations": (
        "Scores by rotation set, and by how much of the truth the choice may see. The last set, "
        "`released`, is the metric of the released code: array rotations, on grids of which some "
        "planes are empty.",
        rotation_sets,
    ),
    "groups": (
        "This run and the paper on the crystals that both scored, by group. The densities differ, "
        "and so do the training crystals.",
        against_the_paper,
    ),
    "repeats": (
        "Models trained more than once, from other random numbers: the mean score over trainings, "
        "its standard deviation, the lowest and the highest.",
        repeats,
    ),
    "agreement": ("Further scores of the first guess, in its best lattice rotation.", agreement),
    "cost": ("What each training took.", cost),
}


def markdown(table: pd.DataFrame) -> str:
    """A table as GitHub's Markdown."""
    text: str = table.to_markdown(index=False, disable_numparse=True)
    return text + "\n"


def latex(table: pd.DataFrame, caption: str) -> str:
    """A table as LaTeX, for `booktabs`."""
    escaped = {"%": r"\%", "_": r"\_", "&": r"\&", "#": r"\#"}

    def escape(text: object) -> str:
        return "".join(escaped.get(letter, letter) for letter in str(text))

    lines = [" & ".join(map(escape, row)) + r" \\" for row in table.to_numpy()]
    return "\n".join(
        [
            r"\begin{table}",
            rf"\caption{{{escape(caption)}}}",
            rf"\begin{{tabular}}{{{'l' * len(table.columns)}}}",
            r"\toprule",
            " & ".join(map(escape, table.columns)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def _spread(mean: float | None, deviation: float | None, digits: int) -> str:
    # Of a PSNR that a perfect guess takes part in.
    if mean is None or deviation is None:
        return "infinite"
    return f"{mean:.{digits}f} ± {deviation:.{digits}f}"


def _difference(row: dict[str, object], score: str, digits: int) -> str:
    mean = row[f"{score}_difference"]
    if pd.isna(mean):
        return ""
    low, high = row[f"{score}_difference_low"], row[f"{score}_difference_high"]
    return f"{mean:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
