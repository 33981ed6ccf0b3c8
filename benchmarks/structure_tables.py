"""Tables of what `benchmarks.structures_by_system` found."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

# Atoms of the primitive cell, and free coordinates beyond the origin.
SIZES, FREE = (0, 20, 40), (-1, 2, 5, 10, 20, 40, 120)
# Rwp that is no more than the truth's by this tells nothing for the truth.
ALIKE = 0.02
# A^3 an atom that no crystal has: what is computed there is molecules far from each other.
VACUUM = 100.0


def told(rows: pd.DataFrame, *, markdown: bool) -> str:
    """Every table of some rows: of each lattice, source and size; and what was missed, and why."""
    table = rows.assign(
        size=ranges(rows["atoms"], SIZES, "atoms"), free_class=ranges(rows["free"], FREE, "")
    )
    parts = []
    for names, some in table.groupby(["lattice", "by", "size"], sort=False):
        lattice, by, size = names
        parts.append(f"{size}, lattice {lattice}, {by}")
        for column, name in (("system", "system"), ("free_class", "free coordinates")):
            order = (
                sorted(some[column].unique(), key=list(some[column].cat.categories).index)
                if column == "free_class"
                else list(some[column].unique())
            )
            lines = [shares(each, some[some[column] == each]) for each in order]
            lines.append(shares("all", some))
            parts.append(shown(pd.DataFrame(lines).rename(columns={"": name}), markdown=markdown))
        missed = some[some["rank"].fillna(np.inf) > 1]
        if len(missed):
            parts.append(shown(misses(missed), markdown=markdown))
    return "\n\n".join(parts)


def shown(table: pd.DataFrame, *, markdown: bool) -> str:
    """A table as text."""
    return str(
        table.to_markdown(index=False, disable_numparse=True)
        if markdown
        else table.to_string(index=False)
    )


def ranges(values: pd.Series, ends: Sequence[int], unit: str) -> pd.Series:
    """The range that each value is in, such as "21 to 40 atoms"."""
    labels = [f"{low + 1} to {high} {unit}".strip() for low, high in pairwise(ends)]
    return pd.cut(values, ends, labels=labels)


def shares(name: str, found: pd.DataFrame) -> dict[str, object]:
    """Shares of crystals that are right first and among five, and seconds."""
    rank = found["rank"].astype(float).fillna(np.inf)
    line: dict[str, object] = {"": name, "crystals": len(found)}
    if (found["lattice"] == "found").any():
        line["lattice right"] = f"{100 * float(found['cell'].mean()):.0f} %"
    return line | {
        "first": f"{100 * float((rank <= 1).mean()):.0f} %",
        "among five": f"{100 * float((rank <= 5).mean()):.0f} %",
        "seconds, median (slowest)": (
            f"{found['seconds'].median():.1f} ({found['seconds'].max():.0f})"
        ),
    }


def misses(found: pd.DataFrame) -> pd.DataFrame:
    """Each crystal that was not first, and why as far as the pattern tells."""
    return pd.DataFrame(
        {
            "crystal": found["formula"] + " " + found["group"],
            "id": found["material_id"],
            "atoms": found["atoms"],
            "free": found["free"],
            "rank": found["rank"].map(lambda rank: "-" if np.isnan(rank) else f"{rank:.0f}"),
            "Rwp": found["rwp"].map(lambda rwp: "-" if np.isnan(rwp) else f"{rwp:.3f}"),
            "of the truth": found["truth"].map("{:.3f}".format),
            "why": [why(row) for _, row in found.iterrows()],
        }
    )


def why(row: pd.Series) -> str:
    """What stands between a crystal and the first place."""
    if row["lattice"] == "found" and not row["cell"]:
        return "the lattice is another"
    if isinstance(row["near"], str) and row["near"]:
        return f"refused: {row['near']}"
    if row["volume"] > VACUUM:
        return f"{row['volume']:.0f} A^3 an atom: molecules in a vacuum"
    if not np.isnan(row["rwp"]) and row["rwp"] < row["truth"] + ALIKE:
        return "another structure agrees as well"
    return "not found"
