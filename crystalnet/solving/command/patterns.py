"""The patterns of a folder."""

from pathlib import Path

from crystalnet.errors import CrystalNetError
from crystalnet.solving.command.table import TABLES
from crystalnet.solving.pattern import formats
from crystalnet.solving.pattern.file import may_be_pattern


def patterns_of(folder: Path) -> tuple[list[Path], list[str]]:
    """The patterns of a folder, and what is said of files that are passed over.

    Raises:
        CrystalNetError: for a folder without a pattern, or that cannot be read.
    """
    patterns, passed = [], []
    sure = [ending for each in formats.FORMATS for ending in each.endings]
    perhaps = [ending for each in formats.FORMATS for ending in each.shared_endings]
    perhaps = list(dict.fromkeys(perhaps))
    try:
        files = sorted(each for each in folder.iterdir() if not each.is_dir())
    except OSError as error:
        raise CrystalNetError(f"{folder}: cannot be read ({error.strerror})") from None
    for file in files:
        suffix = file.suffix.lower()
        if file.name in TABLES:
            continue
        if suffix in sure:
            patterns.append(file)
        elif suffix in perhaps:
            try:
                if may_be_pattern(file):
                    patterns.append(file)
                    continue
                reason = "holds no pattern"
            except CrystalNetError as error:
                reason = str(error).removeprefix(f"{file}: ")
            passed.append(f"{file.name}: passed over, {reason}")
    if not patterns:
        raise CrystalNetError(
            f"{folder}: holds no pattern (a file of numbers that ends in "
            f"{', '.join(sure + perhaps)})"
        )
    return patterns, passed
