"""The networks that come with the project, found by name, and densities from them.

from crystalnet.predicting.learned import predict_densities
ranked = predict_densities(q, intensity, {56: 1, 22: 1, 8: 3}, "cubic")
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from jaxtyping import Float
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.files import sha256
from crystalnet.network.card import ModelCard, read_card
from crystalnet.network.modes.network import Kind
from crystalnet.network.modes.weights import load_modes, read_modes_header
from crystalnet.predicting.guesses import Guess, Guesser
from crystalnet.predicting.ranking import Ranking, ranked
from crystalnet.retrieval.known import Known, load_known
from crystalnet.retrieval.prototypes import PrototypeLibrary, amounts_of, atoms_of
from crystalnet.settings import CrystalSystem

WEIGHTS = Path(__file__).parent / "weights"
"""SYSTEM.safetensors, SYSTEM.npz and the card SYSTEM.yaml of each crystal system."""


@dataclass(frozen=True, eq=False)
class LearnedModel:
    """A network, the structures it knows, and how its guesses are ranked."""

    guesser: Guesser
    ranking: Ranking
    card: ModelCard

    @property
    def known(self) -> Known:
        return self.guesser.known

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The densities that it was trained on, the best first."""
        return ("dft", "iam") if "DFT" in self.card.density_source else ("iam",)

    @classmethod
    def load(
        cls,
        name: str,
        *,
        kinds: set[tuple[int, ...]] | None = None,
        folder: Path | None = None,
    ) -> "LearnedModel":
        """A model by its name, that of a crystal system, if its files belong together.

        Args:
            kinds: amounts of the formulas that will be asked for, see `Guesser`.
            folder: where the files are; None takes those that come with the project.

        Raises:
            CrystalNetError: for an unknown name, or a file that is missing, damaged, or another
                than the card or the weights say.
        """
        folder = WEIGHTS if folder is None else folder
        weights, library = folder / f"{name}.safetensors", folder / f"{name}.npz"
        if not weights.is_file():
            names = sorted(path.stem for path in folder.glob("*.safetensors"))
            raise CrystalNetError(f"{name!r}: no learned model of that name; there are {names}")
        card = read_card(weights.with_suffix(".yaml"), weights)
        notes = read_modes_header(weights).notes
        if (seen := sha256(library)) != notes["known_sha256"]:
            raise CrystalNetError(
                f"{library}: its SHA-256 is {seen}, but {weights} was made with "
                f"{notes['known_sha256']}; fetch both again"
            )
        guesser = Guesser(load_modes(weights), load_known(library), kinds)
        return cls(guesser, Ranking(json.loads(notes["ranking"])), card)


@dataclass(frozen=True, eq=False)
class RankedDensity:
    """A density with what is known of its worth.

    Attributes:
        guess: the density, where it comes from, and the structure if it is a known one's.
        likely_ssim: what its SSIM is likely to be, 0 to 1; densities are ranked by it.
    """

    guess: Guess
    likely_ssim: float


def predict_densities(
    q: Float[ndarray, " peaks"],
    intensity: Float[ndarray, " peaks"],
    formula: Mapping[int, int],
    system: CrystalSystem,
    *,
    grid: int = 50,
    guesses: int = 5,
    kind: Kind | None = None,
    lattice: Float[ndarray, "3 3"] | None = None,
    weights: str | None = None,
) -> list[RankedDensity]:
    """At most `guesses` densities of a crystal, likeliest first.

    Args:
        q: 1 / d of the lines in 1/A, ascending.
        intensity: any scale.
        formula: amounts by atomic number.
        system: one that a model comes along for.
        grid: points per axis.
        kind: densities as of density functional theory, or superposed free atoms; None takes the
            first that the network was trained on.
        lattice: rows a, b, c in A of a primitive cell, where it is known: known structures are put
            into no other.
        weights: name of the model; None takes that of the system.

    Raises:
        CrystalNetError: for lines or a formula that cannot be, an unknown model, or a kind that it
            was not trained on.
    """
    model = loaded(weights or system, amounts_of(atoms_of(formula)))
    chosen = model.kinds[0] if kind is None else kind
    if chosen not in model.kinds:
        raise CrystalNetError(
            f"kind {chosen!r}: no DFT density of {system} crystals was there to train on; ask for "
            "'iam', superposed free atoms"
        )
    made = model.guesser.guesses(q, intensity, formula, grid, chosen, lattice)
    return [RankedDensity(guess, likely) for likely, guess in ranked(made, model.ranking, guesses)]


@lru_cache(maxsize=4)
def known_in(system: str) -> Known | None:
    """The known structures of a crystal system that come along; None if there are none."""
    library = WEIGHTS / f"{system}.npz"
    return load_known(library) if library.is_file() else None


@cache
def checksums_of_known() -> dict[str, str]:
    """SHA-256 of the files of known structures, by their names."""
    return {path.name: sha256(path) for path in sorted(WEIGHTS.glob("*.npz"))}


@lru_cache(maxsize=16)
def prototypes_of(system: str, amounts: tuple[int, ...]) -> PrototypeLibrary | None:
    """The prototypes of one kind of formula among them.

    Args:
        amounts: of the reduced formula, ascending.
    """
    known = known_in(system)
    if known is None:
        return None
    alike = [each for each in known.crystals if amounts_of(each.atomic_numbers) == amounts]
    return PrototypeLibrary(known.system, alike)


@lru_cache(maxsize=4)
def loaded(name: str, amounts: tuple[int, ...]) -> LearnedModel:
    """A model that comes with the project, prepared for one kind of formula, and kept.

    Args:
        amounts: of the reduced formula, ascending.
    """
    return LearnedModel.load(name, kinds={amounts})
