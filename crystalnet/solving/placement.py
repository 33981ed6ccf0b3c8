"""Placing atoms in a density: greedily by matched filters, then by moves that lower the cost."""

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.solving.fit import DensityFit
from crystalnet.solving.refinement import refine_positions

# Rounds of moves; two are the rule.
MOST_ROUNDS = 8
# A move must lower the cost by this share of it.
LEAST_GAIN = 1e-4
# An exchange must lower the cost by more than rounding could.
LEAST_CHANGE = 1e-9


def place(
    fit: DensityFit, counts: Int[ndarray, " templates"]
) -> tuple[Int[ndarray, " atoms"], Float[ndarray, "atoms 3"], float]:
    """Put so many atoms of each template into the density.

    Each atom goes where its template, moved over what the others leave, explains most; then atoms
    are taken out and put where they are best now, elements change places, and all positions are
    refined, until nothing gets better.

    Returns:
        Template index of each atom, fractional coordinates, and the cost.
    """
    species, x = _greedy(fit, counts)
    x, cost = refine_positions(fit, species, x)
    return improve(fit, species, x, cost)


def improve(
    fit: DensityFit, species: Int[ndarray, " atoms"], x: Float[ndarray, "atoms 3"], cost: float
) -> tuple[Int[ndarray, " atoms"], Float[ndarray, "atoms 3"], float]:
    """Exchange elements and relocate atoms until the cost no longer falls."""
    for _ in range(MOST_ROUNDS):
        before = cost
        species = exchange(fit, species, x)
        x, cost = refine_positions(fit, species, x)
        moved = _relocate(fit, species, x)
        moved, moved_cost = refine_positions(fit, species, moved)
        if moved_cost < cost:
            x, cost = moved, moved_cost
        if cost > before * (1 - LEAST_GAIN):
            break
    return species, x, cost


def exchange(
    fit: DensityFit, species: Int[ndarray, " atoms"], x: Float[ndarray, "atoms 3"]
) -> Int[ndarray, " atoms"]:
    """Swap the elements of two atoms, where they stand, as long as that lowers the cost."""
    linear, square = _quadratic(fit, x)
    species, atoms = species.copy(), np.arange(len(species))
    alone = np.einsum("itit->it", square) - 2 * linear
    i, j = atoms[:, None], atoms[None, :]
    while True:
        field = square[atoms, species].sum(axis=0) - square[atoms, species, atoms]
        energy = alone + 2 * field  # of each atom as each template, the others as they are
        own, other = species[:, None], species[None, :]
        change = energy[i, other] - energy[i, own]
        change = change + change.T
        # Each of the two changes above still saw the other atom as it was.
        change += 2 * (square[i, other, j, own] - square[i, other, j, other])
        change += 2 * (square[i, own, j, other] - square[i, own, j, own])
        change[own == other] = 0
        first, second = np.unravel_index(np.argmin(change), change.shape)
        if change[first, second] >= -LEAST_CHANGE:
            return species
        species[[first, second]] = species[[second, first]]


def _quadratic(
    fit: DensityFit, x: Float[ndarray, "atoms 3"]
) -> tuple[Float[ndarray, "atoms templates"], Float[ndarray, "atoms templates atoms templates"]]:
    """The cost as a form of which template stands at which site: squares - 2 linear + const."""
    phases = fit.modes.phases(x)
    columns = (phases[:, :, None] * fit.template.T[:, None, :]).reshape(len(phases), -1)
    weighted = columns.conj() * fit.weight[:, None]
    linear = (weighted.T @ fit.modes.factor).real
    square = weighted.real.T @ columns.real - weighted.imag.T @ columns.imag
    shape = (len(x), len(fit.numbers))
    valence = np.tile(fit.valence, len(x))
    linear += fit.electron_weight * fit.modes.electrons * valence
    square += fit.electron_weight * np.outer(valence, valence)
    return linear.reshape(shape), square.reshape(shape + shape)


def _greedy(
    fit: DensityFit, counts: Int[ndarray, " templates"]
) -> tuple[Int[ndarray, " atoms"], Float[ndarray, "atoms 3"]]:
    left, residual = counts.copy(), fit.modes.factor
    species: list[int] = []
    positions: list[Float[ndarray, "3"]] = []
    while left.any():
        best = (-np.inf, 0, np.zeros(3))
        for index in np.flatnonzero(left).tolist():
            gain, where = best_place(fit, residual, index)
            if gain > best[0]:
                best = (gain, index, where)
        _, index, where = best
        left[index] -= 1
        species.append(index)
        positions.append(where)
        residual = residual - fit.contributions(np.array([index]), where[None])[:, 0]
    return np.array(species), np.array(positions)


def best_place(
    fit: DensityFit, residual: Complex[ndarray, " modes"], index: int
) -> tuple[float, Float[ndarray, "3"]]:
    """Where one more atom of a template lowers the cost most, and by how much."""
    gains = fit.modes.map_of(fit.weight * fit.template[index] * residual)
    point = np.unravel_index(np.argmax(gains), gains.shape)
    where = np.array(point) / np.array(gains.shape)
    return float(gains[point] - fit.norms[index]), where


def _relocate(
    fit: DensityFit, species: Int[ndarray, " atoms"], x: Float[ndarray, "atoms 3"]
) -> Float[ndarray, "atoms 3"]:
    """Take out each atom in turn, the least certain first, and put it where it is best now."""
    x = x.copy()
    added = fit.contributions(species, x)
    residual = fit.modes.factor - added.sum(axis=1)
    here = _gains(fit, species, added, residual)
    for atom in np.argsort(here / fit.norms[species]):
        without = residual + added[:, atom]
        gain, where = best_place(fit, without, int(species[atom]))
        now = fit.cost_of(without) - fit.cost_of(residual)
        if gain > now + LEAST_GAIN * fit.cost_of(residual):
            x[atom] = where
            added[:, atom] = fit.contributions(species[atom : atom + 1], where[None])[:, 0]
            residual = without - added[:, atom]
    return x


def _gains(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    added: Complex[ndarray, "modes atoms"],
    residual: Complex[ndarray, " modes"],
) -> Float[ndarray, " atoms"]:
    """By how much each atom lowers the cost where it is."""
    overlap = (fit.weight[:, None] * (added.conj() * residual[:, None])).sum(axis=0).real
    return np.asarray(2 * overlap + fit.norms[species])
