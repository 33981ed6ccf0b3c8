"""The crystals that come with the project, of all seven crystal systems."""

import pandas as pd

from pipeline.crystal_tables import CRYSTAL_COLUMNS
from pipeline.sources import DATA, FIVE_SYSTEMS_FILE, STRUCTURES_FILE
from pipeline.tables import read_table


def embedded_crystals() -> pd.DataFrame:
    """A row each: cubic and trigonal ones first, then those of the five other systems.

    Raises:
        CrystalNetError: for a table that is missing or damaged.
    """
    return pd.concat(
        read_table(DATA / name, CRYSTAL_COLUMNS) for name in (STRUCTURES_FILE, FIVE_SYSTEMS_FILE)
    )
