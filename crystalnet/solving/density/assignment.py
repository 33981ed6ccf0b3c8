"""Which element stands at which site, the positions being fixed.

With the sites fixed the cost is a quadratic form of the choice of a template at each of them, so
every change of one or two sites is judged at once.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.density.template_fit import DensityFit

# A change must lower the cost by more than rounding could.
LEAST_CHANGE = 1e-9


def exchange(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    budget: Budget = UNBOUNDED,
) -> Int[ndarray, " atoms"]:
    """Swap the templates of two atoms as long as that lowers the cost."""
    linear, square = _quadratic(fit, x)
    species, atoms = species.copy(), np.arange(len(species))
    i, j = atoms[:, None], atoms[None, :]
    while not budget.over():
        energy = _energy(linear, square, species)
        own, other = species[:, None], species[None, :]
        change = energy[i, other] - energy[i, own]
        change = change + change.T
        # Each of the two changes above still saw the other atom as it was.
        change += 2 * (square[i, other, j, own] - square[i, other, j, other])
        change += 2 * (square[i, own, j, other] - square[i, own, j, own])
        change[own == other] = 0
        first, second = np.unravel_index(np.argmin(change), change.shape)
        if change[first, second] >= -LEAST_CHANGE:
            break
        species[[first, second]] = species[[second, first]]
    return species


def likely_templates(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    most: int,
    budget: Budget = UNBOUNDED,
) -> Int[ndarray, " likely"]:
    """The templates that explain each atom best, so many of each, for fits of many templates.

    One atom at a time takes any other template as long as that lowers the cost; what comes next at
    each site is likely as well.
    """
    linear, square = _quadratic(fit, x)
    species, atoms = species.copy(), np.arange(len(species))
    while True:
        energy = _energy(linear, square, species)
        change = energy - energy[atoms, species][:, None]
        atom, template = np.unravel_index(np.argmin(change), change.shape)
        if change[atom, template] >= -LEAST_CHANGE or budget.over():
            return np.unique(np.argsort(energy, axis=1)[:, :most])
        species[atom] = template


def reassign(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    required: Int[ndarray, " required"],
    budget: Budget = UNBOUNDED,
) -> Int[ndarray, " atoms"]:
    """Give one or two atoms any other template as long as that lowers the cost.

    Args:
        required: templates that must be there.
    """
    linear, square = _quadratic(fit, x)
    atoms = np.arange(len(species))
    if len(atoms) == 1:
        energy = _energy(linear, square, species)[0]
        return species if len(required) else np.argmin(energy, keepdims=True)
    while not budget.over():
        energy = _energy(linear, square, species)
        single = energy - energy[atoms, species][:, None]
        # Each of the two changes of a pair sees the other atom as it was: add what is between.
        field = square[atoms, species]  # [atom, other atom, its template]
        between = square - field[:, None] - field.transpose(1, 2, 0)[:, :, :, None]
        between += square[atoms[:, None], species[:, None], atoms, species][:, None, :, None]
        change = single[:, :, None, None] + single + 2 * between
        # A pair of an atom with itself, or one whose second keeps its template, changes one atom.
        change[atoms, :, atoms] = np.inf
        better = np.flatnonzero(change < -LEAST_CHANGE)
        for move in better[np.argsort(change.ravel()[better])]:
            i, t, j, u = np.unravel_index(move, change.shape)
            trial = species.copy()
            trial[[i, j]] = t, u
            if np.isin(required, trial).all():
                species = trial
                break
        else:
            break
    return species


def _energy(
    linear: Float[ndarray, "atoms templates"],
    square: Float[ndarray, "atoms templates atoms templates"],
    species: Int[ndarray, " atoms"],
) -> Float[ndarray, "atoms templates"]:
    """What each atom would add to the cost with each template, the others as they are."""
    atoms = np.arange(len(species))
    field = square[atoms, species].sum(axis=0) - square[atoms, species, atoms]
    return np.asarray(np.einsum("itit->it", square) - 2 * linear + 2 * field)


def _quadratic(
    fit: DensityFit, x: Float[ndarray, "atoms 3"]
) -> tuple[Float[ndarray, "atoms templates"], Float[ndarray, "atoms templates atoms templates"]]:
    """The cost as squares - 2 linear + what no atoms cost, of the templates at the sites."""
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
