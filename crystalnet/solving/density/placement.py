"""Placing atoms in a density: greedily by matched filters, then by moves that lower the cost."""

import numpy as np
from jaxtyping import Complex, Float, Int
from numpy import ndarray

from crystalnet.errors import CrystalNetError
from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.density.assignment import exchange, reassign
from crystalnet.solving.density.refinement import refine_positions
from crystalnet.solving.density.template_fit import DensityFit


def place(
    fit: DensityFit, counts: Int[ndarray, " templates"], budget: Budget = UNBOUNDED
) -> tuple[Int[ndarray, " atoms"], Float[ndarray, "atoms 3"], float]:
    """Put so many atoms of each template into the density.

    Each atom goes where its template, moved over what the others leave, explains most; then atoms
    are taken out and put where they are best now, elements change places, and all positions are
    refined, until nothing gets better.

    Returns:
        Template index of each atom, fractional coordinates, and the cost.

    Raises:
        CrystalNetError: if the time is over before every atom has a place.
    """
    species, x = _greedy(fit, counts, budget)
    x, cost = refine_positions(fit, species, x, budget=budget)
    for _ in range(fit.settings.most_rounds):
        before = cost
        species = exchange(fit, species, x, budget)
        x, cost = _refine_and_relocate(fit, species, x, budget)
        if cost > before * (1 - fit.settings.least_gain) or budget.over():
            break
    return species, x, cost


def place_freely(
    fit: DensityFit, required: Int[ndarray, " required"], budget: Budget = UNBOUNDED
) -> tuple[Int[ndarray, " atoms"], Float[ndarray, "atoms 3"], float]:
    """Put as many atoms of any template into the density as explain it and its electrons best.

    Args:
        required: templates of which there must be an atom.

    Returns:
        Template index of each atom, fractional coordinates, and the cost.
    """
    species, x = _add(fit, np.empty(0, dtype=np.int64), np.empty((0, 3)), required, budget)
    x, cost = refine_positions(fit, species, x, budget=budget)
    for _ in range(fit.settings.most_rounds):
        before = cost
        species = reassign(fit, species, x, required, budget)
        x, cost = _refine_and_relocate(fit, species, x, budget)
        if budget.over():
            break
        fewer, fewer_x = _remove(fit, species, x, required)
        more, more_x = _add(fit, fewer, fewer_x, required, budget)
        if len(fewer) < len(species) or len(more) > len(fewer):
            more = reassign(fit, more, more_x, required, budget)
            more_x, more_cost = _refine_and_relocate(fit, more, more_x, budget)
            if more_cost < cost:
                species, x, cost = more, more_x, more_cost
        if cost > before * (1 - fit.settings.least_gain):
            break
    return species, x, cost


def _refine_and_relocate(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    budget: Budget,
) -> tuple[Float[ndarray, "atoms 3"], float]:
    x, cost = refine_positions(fit, species, x, budget=budget)
    relocated = _relocate(fit, species, x, budget)
    moved, moved_cost = refine_positions(fit, species, relocated, budget=budget)
    return (moved, moved_cost) if moved_cost < cost else (x, cost)


def _greedy(
    fit: DensityFit, counts: Int[ndarray, " templates"], budget: Budget
) -> tuple[Int[ndarray, " atoms"], Float[ndarray, "atoms 3"]]:
    """So many atoms of each template, each time the one that lowers the cost most."""
    left, residual = counts.copy(), fit.modes.factor
    species = np.empty(0, dtype=np.int64)
    x = np.empty((0, 3))
    while left.any():
        if budget.over():
            raise CrystalNetError(
                f"the time was over when {len(species)} of {counts.sum()} atoms had a place"
            )
        places = {t: best_place(fit, residual, t) for t in np.flatnonzero(left).tolist()}
        template = max(places, key=lambda t: places[t][0])
        left[template] -= 1
        species, x = np.append(species, template), np.vstack([x, places[template][1]])
        residual = residual - fit.contributions(species[-1:], x[-1:])[:, 0]
    return species, x


def _add(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    required: Int[ndarray, " required"],
    budget: Budget,
) -> tuple[Int[ndarray, " more"], Float[ndarray, "more 3"]]:
    """Add atoms while that lowers the cost, and those that must be there, or one, in any case."""
    residual = fit.residual(species, x)
    most = max(1, int(fit.modes.volume / fit.settings.least_volume))
    while True:
        places = {t: best_place(fit, residual, t) for t in range(len(fit.numbers))}
        now = fit.electron_cost(species)
        gains = {
            t: gain + now - fit.electron_cost(np.append(species, t))
            for t, (gain, _) in places.items()
        }
        template = max(gains, key=lambda t: gains[t])
        enough = len(species) >= most or budget.over()
        if gains[template] <= fit.settings.least_share * fit.norms[template] or enough:
            missing = np.setdiff1d(required, species)
            if len(missing):
                template = max(missing.tolist(), key=lambda t: gains[t])
            elif len(species):
                return species, x
        species, x = np.append(species, template), np.vstack([x, places[template][1]])
        residual = residual - fit.contributions(species[-1:], x[-1:])[:, 0]


def _remove(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    required: Int[ndarray, " required"],
) -> tuple[Int[ndarray, " fewer"], Float[ndarray, "fewer 3"]]:
    """Take out atoms while that lowers the cost, but not the last of those that must be there."""
    while len(species) > 1:
        added = fit.contributions(species, x)
        costs = _gains(fit, species, added, fit.modes.factor - added.sum(axis=1))
        fewer = fit.modes.electrons - (fit.valence[species].sum() - fit.valence[species])
        costs += fit.electron_weight * fewer**2 - fit.electron_cost(species)
        costs[np.isin(species, required) & (np.bincount(species)[species] == 1)] = np.inf
        atom = int(np.argmin(costs))
        if costs[atom] >= 0:
            break
        species, x = np.delete(species, atom), np.delete(x, atom, axis=0)
    return species, x


def best_place(
    fit: DensityFit, residual: Complex[ndarray, " modes"], index: int
) -> tuple[float, Float[ndarray, "3"]]:
    """Where one more atom of a template lowers the cost most, and by how much."""
    gains = fit.modes.map_of(fit.weight * fit.template[index] * residual)
    point = np.unravel_index(np.argmax(gains), gains.shape)
    where = np.array(point) / np.array(gains.shape)
    return float(gains[point] - fit.norms[index]), where


def _relocate(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    budget: Budget,
) -> Float[ndarray, "atoms 3"]:
    """Take out each atom in turn, the least certain first, and put it where it is best now."""
    x = x.copy()
    added = fit.contributions(species, x)
    residual = fit.modes.factor - added.sum(axis=1)
    here = _gains(fit, species, added, residual)
    for atom in np.argsort(here / fit.norms[species]):
        if budget.over():
            break
        without = residual + added[:, atom]
        gain, where = best_place(fit, without, int(species[atom]))
        now = fit.cost_of(without) - fit.cost_of(residual)
        if gain > now + fit.settings.least_gain * fit.cost_of(residual):
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
