"""The documents: no unfilled words, and no command that nobody has run."""

import re
from pathlib import Path

import pytest

from tests.documents import DOCUMENTS, ROOT, prose

# Capital words that are words. A place left for a figure or a sentence is none of them.
KNOWN = """
AMD API APL AVX BSD CDN CHANGELOG CHGCAR CIF CITATION COD CONTRIBUTING CPU CSV CUDA DFT DVC EPYC FOX
FWHM GPAW GPL GPU GSAS HEAD HTML IAM ICSD JSON LICENSE MIT NIST NMAE PAW PBE PDF PNG PSNR README
SLICES SRM SSE SSIM SVG TOML TRUE USGS VASP XML YAML
"""
WORDS = frozenset(KNOWN.split())


def unfilled(text: str) -> list[str]:
    """Words in capitals that stand for something still to be written."""
    return [word for word in re.findall(r"\b[A-Z]{3,}\b", prose(text)) if word not in WORDS]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_left_to_be_filled_in(path: Path) -> None:
    found = unfilled(path.read_text(encoding="utf-8"))
    assert found == [], f"{path.name}: fill them in, or list them in WORDS if they are words"


@pytest.mark.parametrize(
    "text",
    [
        "QUARTZ\n",
        "Seconds are medians; SLOWEST\nThe networks",
        "took SECONDS s",
        "| all | RANKING |",
        "a figure (TODO)",
        "FIXME: say it",
        "XXX",
        "TBD.",
        "**MEASURED**",
        "    $ a command\n\nCURVES",
    ],
)
def test_a_hole_is_seen(text: str) -> None:
    assert len(unfilled(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "SSIM and PSNR",
        "    MP_API_KEY=... snakemake",
        "`MP_API_KEY`",
        "```\nTODO\n```",
        "Rwp of La2PI2",
    ],
)
def test_words_are_no_holes(text: str) -> None:
    assert unfilled(text) == []
