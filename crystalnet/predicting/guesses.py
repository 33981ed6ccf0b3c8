"""Guesses of the density of one crystal, from the network and from known structures.

Nothing of the truth is looked at: the lines of the pattern, the composition and the crystal system
are all there is. The densities come in the canonical setting of the crystal
(`crystalnet.crystallography.setting`), in which the network and the library were made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from numpy import ndarray
from torch import Tensor

from crystalnet.crystallography.canonical import canonical_crystal
from crystalnet.crystallography.composition import molar_fractions
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import iam_density
from crystalnet.network.modes.features import scale_free_pattern
from crystalnet.network.modes.network import Kind, ModesNet
from crystalnet.retrieval.candidates import Candidate, candidates
from crystalnet.retrieval.known import Known
from crystalnet.retrieval.prototypes import PrototypeLibrary, amounts_of, atoms_of

Origin = Literal["network", "retrieved"]

RETRIEVED = 5
"""Known structures that are looked at."""


@dataclass(frozen=True, eq=False)
class Guess:
    """One guess of a density.

    Attributes:
        density: e/A^3 at i / grid of each axis of the canonical primitive cell.
        origin: where it comes from.
        place: 0 for the first of its origin, and so on.
        agreement: of a retrieved structure's pattern with the one observed, at most 1; else 0.
        crystal: the retrieved structure, with its lattice.
    """

    density: Float[Tensor, "x y z"]
    origin: Origin
    place: int
    agreement: float
    crystal: Crystal | None


class Guesser:
    """A network and a library of one crystal system.

    Args:
        network: of the same system.
        known: the library.
        kinds: reduced amounts of the formulas that will be asked for, such as (1, 1, 3); None
            prepares for all, which takes a minute.
    """

    def __init__(
        self, network: ModesNet, known: Known, kinds: set[tuple[int, ...]] | None = None
    ) -> None:
        self.network = network
        self.known = known
        self._library = PrototypeLibrary(
            known.system,
            [
                crystal
                for crystal in known.crystals
                if kinds is None or amounts_of(crystal.atomic_numbers) in kinds
            ],
        )

    def guesses(
        self,
        q: Float[ndarray, " peaks"],
        intensity: Float[ndarray, " peaks"],
        formula: Mapping[int, int],
        grid: int,
        kind: Kind,
        lattice: Float[ndarray, "3 3"] | None = None,
    ) -> list[Guess]:
        """All guesses of the network, then those from known structures, best of each first.

        Args:
            q: 1 / d in 1/A, ascending.
            intensity: any scale.
            formula: amounts by atomic number.
            grid: points per axis.
            kind: the densities that are wanted.
            lattice: rows a, b, c in A of the primitive cell, where it is known.
        """
        pattern = torch.from_numpy(scale_free_pattern(q, intensity))[None]
        fractions = torch.from_numpy(molar_fractions(atoms_of(formula)).astype(np.float32))[None]
        latents = self.network.settings.latents
        made = self.network.predict(pattern, fractions, grid, latents, kind=kind)[0]
        found = [Guess(density, "network", i, 0.0, None) for i, density in enumerate(made)]
        known = self.candidates(q, intensity, formula, lattice)
        if known:
            # With other elements, another setting may be the canonical one.
            weights = self.known.gaussians.valence
            crystals = [canonical_crystal(candidate.crystal, weights) for candidate in known]
            densities = iam_density(crystals, grid, self.known.gaussians)
            found += [
                Guess(density, "retrieved", i, candidate.agreement, crystal)
                for i, (density, candidate, crystal) in enumerate(
                    zip(densities, known, crystals, strict=True)
                )
            ]
        return found

    def candidates(
        self,
        q: Float[ndarray, " peaks"],
        intensity: Float[ndarray, " peaks"],
        formula: Mapping[int, int],
        lattice: Float[ndarray, "3 3"] | None = None,
    ) -> list[Candidate]:
        """Known structures with other elements, best first; in one lattice if it is known."""
        return candidates(
            self._library,
            q,
            intensity,
            dict(formula),
            self.known.volumes,
            RETRIEVED,
            lattice=lattice,
        )
