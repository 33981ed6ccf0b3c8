"""Learning curves as DVCLive writes them: one table for each quantity."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from dvclive import Live

from crystalnet.files import atomic_write


class Curves:
    """The learning curve of one training; `dvc plots show FOLDER` draws it as it grows."""

    def __init__(self, folder: Path) -> None:
        self._live = Live(
            str(folder), save_dvc_exp=False, dvcyaml=None, report=None, monitor_system=False
        )

    def add(self, epoch: int, values: Mapping[str, float | None]) -> None:
        """Write one epoch; a quantity without a value has no row."""
        self._live.step = epoch
        for name, value in values.items():
            if value is not None:
                self._live.log_metric(name, value)

    def save(self, table: Path) -> None:
        """Copy the table of the quantity that names the file; one that was never told is empty."""
        made = Path(self._live.plots_dir) / "metrics" / table.name
        with atomic_write(table) as temporary:
            if made.is_file():
                shutil.copyfile(made, temporary)
            else:
                temporary.write_text(f"step\t{table.stem}\n", encoding="utf-8")
