"""Least squares within bounds, by Levenberg's and Marquardt's method, with standard deviations."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from crystalnet.solving.profile_fit.parameters import Parameters
from crystalnet.solving.profile_fit.slopes import Slopes

# Damping to begin with, and when nothing helps any more; trials of one cycle.
FIRST_DAMPING, TRIALS = 1e-3, 6
# Directions that the data do not fix to this share of the best fixed one have no esd.
SINGULAR = 1e-10


@runtime_checkable
class Model(Protocol):
    """What is fitted."""

    def profile(self, values: Float[ndarray, " parameters"]) -> Float[ndarray, " points"]:
        """The calculated points."""
        ...

    def slopes(self, values: Float[ndarray, " parameters"]) -> Slopes:
        """What they change by with each value."""
        ...


@dataclass(frozen=True, eq=False)
class Step:
    """Where one cycle ended.

    Attributes:
        parameters: the better ones, or those of before.
        cost: weighted sum of squares there.
        gained: by how much it fell, 0 if nothing helped.
        damping: to go on with.
    """

    parameters: Parameters
    cost: float
    gained: float
    damping: float


def step(
    model: Model,
    parameters: Parameters,
    measured: Float[ndarray, " points"],
    weight: Float[ndarray, " points"],
    damping: float = FIRST_DAMPING,
) -> Step:
    """One cycle."""
    left, slopes = measured - model.profile(parameters.values), model.slopes(parameters.values)
    cost = float(weight @ left**2)
    gradient = slopes.along(weight * left)
    active = _active(parameters, gradient)
    if not active.any():
        return Step(parameters, cost, 0.0, damping)
    normal = slopes.normal(weight)[np.ix_(active, active)]
    scale = np.sqrt(np.diag(normal))
    scale[scale == 0] = 1.0
    normal /= np.outer(scale, scale)
    wanted = gradient[active] / scale
    for _ in range(TRIALS):
        damped = normal + damping * np.eye(len(scale))
        move = np.zeros(len(parameters.values))
        # Damped, it is positive definite.
        move[active] = np.linalg.solve(damped, wanted) / scale
        move *= min(1.0, float((parameters.longest / np.maximum(np.abs(move), 1e-300)).min()))
        trial = np.clip(parameters.values + move, parameters.lower, parameters.upper)
        new = float(weight @ (measured - model.profile(trial)) ** 2)
        if new < cost:
            return Step(parameters.at(trial), new, cost - new, max(damping / 10, 1e-8))
        damping *= 10
    return Step(parameters, cost, 0.0, damping)


def fitted(
    model: Model,
    parameters: Parameters,
    measured: Float[ndarray, " points"],
    weight: Float[ndarray, " points"],
    cycles: int,
    converged: float,
) -> tuple[Parameters, bool]:
    """The values that fit best, and whether the end was reached.

    Args:
        cycles: at most.
        converged: relative gain at which it ends.
    """
    damping = FIRST_DAMPING
    for _ in range(cycles):
        made = step(model, parameters, measured, weight, damping)
        parameters, damping = made.parameters, made.damping
        if made.gained <= converged * made.cost:
            return parameters, True
    return parameters, False


def deviations(
    model: Model,
    parameters: Parameters,
    measured: Float[ndarray, " points"],
    weight: Float[ndarray, " points"],
) -> Float[ndarray, "parameters parameters"]:
    """The covariances of the free values, from the normal matrix, times chi^2.

    Rows of what is not free, is at a bound, or is fixed by nothing are zero. That neighbouring
    points may be wrong together is not allowed for (J.-F. Berar and P. Lelann, doi
    10.1107/S0021889890008391).
    """
    left, slopes = measured - model.profile(parameters.values), model.slopes(parameters.values)
    active = _active(parameters, slopes.along(weight * left))
    normal = slopes.normal(weight)[np.ix_(active, active)]
    scale = np.sqrt(np.diag(normal))
    there = scale > 0
    scale[~there] = 1.0
    values, vectors = np.linalg.eigh(normal / np.outer(scale, scale))
    kept = values > SINGULAR * values.max(initial=0)
    inverse = (vectors[:, kept] / values[kept]) @ vectors[:, kept].T / np.outer(scale, scale)
    # What an open direction is part of is not known.
    unknown = (np.abs(vectors[:, ~kept]) > 1e-3).any(axis=1) | ~there
    inverse[unknown] = 0
    inverse[:, unknown] = 0
    reduced = float(weight @ left**2) / max(len(measured) - int(active.sum()), 1)
    found = np.zeros((len(active), len(active)))
    found[np.ix_(active, active)] = inverse * reduced
    return found


def _active(
    parameters: Parameters, gradient: Float[ndarray, " parameters"]
) -> Bool[ndarray, " parameters"]:
    """What is free, but for values at a bound that would leave it.

    Args:
        gradient: along which the sum of squares falls.
    """
    low = (parameters.values <= parameters.lower) & (gradient <= 0)
    high = (parameters.values >= parameters.upper) & (gradient >= 0)
    return np.asarray(parameters.free & ~low & ~high)
