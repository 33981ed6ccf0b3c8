"""One measured pattern and a formula: the electron density alone, in several guesses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.errors import CrystalNetError
from crystalnet.files import sha256, shown
from crystalnet.network.modes.network import Kind
from crystalnet.predicting.learned import WEIGHTS, loaded, predict_densities
from crystalnet.retrieval.prototypes import amounts_of, atoms_of
from crystalnet.settings import CrystalSystem
from crystalnet.solving.arguments import a_number, edges
from crystalnet.solving.candidate import TEMPLATES
from crystalnet.solving.density.decoding import decode
from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.lattice.kinds import KINDS, crystal_systems_of, lattices_of
from crystalnet.solving.lattices_to_try import likely_lattices
from crystalnet.solving.output.predicted import PredictedDensity, write_predicted
from crystalnet.solving.pattern.axis import Quantity
from crystalnet.solving.pattern.file import PatternFile, read_pattern
from crystalnet.solving.pattern.peaks import FoundPeaks, find_peaks
from crystalnet.solving.pattern.standard_lines import standard_lines
from crystalnet.solving.question import Question
from crystalnet.solving.settings import USUAL

MOST_GUESSES = 1000
# Points per axis that may be asked for.
GRIDS = (8, 200)
# What atoms are looked for in a network's guess by.
DECODING = replace(USUAL.decoding, blurs=USUAL.decoding.guess_blurs)


@dataclass(frozen=True, eq=False)
class Prediction:
    """What was predicted for one pattern.

    Attributes:
        file: the pattern as it was read.
        found: its peaks and background.
        lattice: that its peaks were found to have; None if none explains them.
        densities: different guesses, the likeliest first.
        told: what was known and used, in words and numbers that JSON can hold.
    """

    file: PatternFile
    found: FoundPeaks
    lattice: IndexedLattice | None
    densities: list[PredictedDensity]
    told: dict[str, Any]

    def write(self, folder: Path | str) -> list[Path]:
        """Write every density as a cube and a CCP4 map, as a CHGCAR where atoms are known.

        Returns:
            the files, the summary first.

        Raises:
            CrystalNetError: if the folder cannot be written to.
        """
        return write_predicted(folder, self.densities, self.told)


def predict(
    pattern: Path | str,
    *,
    formula: str,
    wavelength: str | float | None = None,
    system: str | None = None,
    lattice: float | str | Sequence[float] | None = None,
    quantity: Quantity | None = None,
    peaks: bool | None = None,
    guesses: int = 5,
    grid: int = 50,
    kind: Kind | None = None,
    progress: Callable[[str], object] = lambda line: None,
) -> Prediction:
    """Predict the electron density of one measured pattern.

        >>> import crystalnet
        >>> halite = "data/measured_patterns/rockjock_halite.xy"
        >>> made = crystalnet.predict(halite, wavelength="CuKa", formula="NaCl", guesses=1, grid=24)
        >>> made.densities[0].density.shape, made.lattice.centring
        ((24, 24, 24), 'F')

    Args:
        pattern: two- or three-column text, a powder CIF or a list of peaks (`read_pattern`).
        formula: such as "Gd2Hf2O7".
        wavelength: a name such as "CuKa", or A; may be None where the file says it.
        system: one of the seven crystal systems; None takes that of the lattice.
        lattice: free edges in A and angles in degrees of the cell, such as a of a cubic
            crystal or (a, c) of a trigonal one in hexagonal axes; None finds it from the peaks.
        quantity: of the first column: "two_theta" (degrees), "q" (1/A) or "d" (A); None reads it
            from the header, or takes degrees.
        peaks: whether the pattern is a list of peaks, not a profile; None sees for itself.
        guesses: at most so many densities, 1 to 1000.
        grid: points per axis, 8 to 200.
        kind: what the network is asked for: "dft", or "iam" for superposed free atoms; None takes
            "dft" where it was trained on such densities (cubic, trigonal).
        progress: is called with lines for a person to read.

    Raises:
        CrystalNetError: for an argument that makes no sense, a file, formula or lattice that cannot
            be used, weights that are missing or damaged, or where neither a crystal system was
            given nor a lattice explains the peaks.
    """
    question = Question(
        wavelength=wavelength, formula=formula, system=system, lattice=edges(lattice),
        quantity=quantity, peaks=peaks,
    )  # fmt: skip
    a_number("guesses", guesses, Integral)
    if not 1 <= guesses <= MOST_GUESSES:
        raise CrystalNetError(f"{guesses} guesses; want at least 1, at most {MOST_GUESSES}")
    if not GRIDS[0] <= grid <= GRIDS[1]:
        raise CrystalNetError(f"a grid of {grid} points; want {GRIDS[0]} to {GRIDS[1]} per axis")
    amounts = _amounts(question.known)
    file = read_pattern(pattern, quantity, question.radiation, peaks)
    found = find_peaks(file)
    progress(f"{file.path}: {len(found.peaks.two_theta)} peaks")
    indexed = _lattice(found, question, progress)
    # Without a lattice there is a system that was asked for.
    may_be = crystal_systems_of(indexed.system) if indexed else ()
    systems = [question.system] if question.system else _with_weights(may_be)
    assert set(systems) <= set(get_args(CrystalSystem))
    q, intensity = standard_lines(found.peaks, indexed.zero_shift if indexed else 0.0)
    cell = None if indexed is None else indexed.primitive
    made = [
        each
        for system in systems
        for each in predict_densities(
            q, intensity, amounts, cast(CrystalSystem, system), grid=grid, guesses=guesses,
            kind=kind, lattice=cell,
        )
    ]  # fmt: skip
    made = sorted(made, key=lambda each: -each.likely_ssim)[:guesses]
    gaussians = ValenceGaussians.load(TEMPLATES)
    densities = []
    for rank, each in enumerate(made, start=1):
        guess, density = each.guess, each.guess.density.double().numpy()
        one = PredictedDensity(
            rank, each.likely_ssim, guess.origin, density, cell, None, None, None
        )
        if guess.crystal is not None:
            name = guess.crystal.material_id.partition(",")[0]
            one = replace(
                one, lattice=guess.crystal.lattice, crystal=guess.crystal,
                agreement=guess.agreement, analogue_of=name,
            )  # fmt: skip
        elif cell is not None:
            density = whole_units(density, cell, amounts, gaussians)
            atoms = _atoms(density, cell, question.known, gaussians)
            one = replace(one, density=density, crystal=atoms)
        densities.append(one)
    told = {
        "pattern": shown(file.path),
        "pattern_sha256": sha256(file.path),
        "wavelength_A": found.peaks.wavelength,
        "formula": formula,
        "system": " or ".join(systems),
        "lattice": None if indexed is None else indexed.entry(),
        "kind": kind or loaded(systems[0], amounts_of(atoms_of(amounts))).kinds[0],
        "grid": grid,
        "models_sha256": {each: sha256(WEIGHTS / f"{each}.safetensors") for each in systems},
    }  # fmt: skip
    return Prediction(file, found, indexed, densities, told)


def whole_units(
    density: Float[ndarray, "n n n"],
    lattice: Float[ndarray, "3 3"],
    amounts: Mapping[int, int],
    gaussians: ValenceGaussians,
) -> Float[ndarray, "n n n"]:
    """A density scaled to the valence electrons of a whole number of formula units, the nearest.

    A network says how large a density is from the pattern alone; how many electrons the cell may
    hold is known.
    """
    unit = sum(float(gaussians.valence[z]) * n for z, n in amounts.items())
    electrons = float(density.mean()) * abs(float(np.linalg.det(lattice)))
    scaled: ndarray = density * (max(round(electrons / unit), 1) * unit / electrons)
    return scaled


def _with_weights(systems: Sequence[str]) -> list[str]:
    """Those of some crystal systems that a network comes with, or else the first."""
    there = [each for each in systems if (WEIGHTS / f"{each}.safetensors").is_file()]
    return there or list(systems[:1])


def _amounts(known: KnownComposition) -> dict[int, int]:
    if known.amounts is None:
        raise CrystalNetError("a prediction wants a formula, such as NaCl")
    return dict(zip(known.elements, known.amounts, strict=True))


def _lattice(
    found: FoundPeaks, question: Question, progress: Callable[[str], object]
) -> IndexedLattice | None:
    """The likeliest lattice; None where none explains the peaks and a crystal system was given."""
    systems = list(KINDS) if question.system is None else lattices_of(question.system)
    try:
        best = likely_lattices(found, systems, question.lattice, question.known)[0]
    except CrystalNetError as error:
        if question.system is None or question.lattice is not None:
            raise
        progress(f"no lattice ({error}): the density is of the unit cube")
        return None
    progress(f"lattice: {best.system} {best.centring}, {best.told()}")
    return best


def _atoms(
    density: Float[ndarray, "n n n"],
    lattice: Float[ndarray, "3 3"],
    known: KnownComposition,
    gaussians: ValenceGaussians,
) -> Crystal | None:
    """The atoms of a network's guess; None if it holds none."""
    try:
        return decode(density, lattice, known, gaussians, "guess", settings=DECODING).crystal
    except CrystalNetError:
        return None
