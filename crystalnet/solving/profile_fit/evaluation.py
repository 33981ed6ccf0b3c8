"""From the fitted numbers of a model to what a fit says."""

from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Lattice

from crystalnet.solving.profile_fit.parameters import Parameters
from crystalnet.solving.profile_fit.profile_model import (
    DISPLACEMENT,
    LATTICE,
    SKEW,
    WIDTH,
    ZERO,
    Drawn,
    ProfileModel,
)
from crystalnet.solving.profile_fit.results import FittedLines, Value
from crystalnet.solving.profile_fit.widths import NAMES

# By what a number of the lattice is changed to see what the cell changes by, as a share of it.
CHANGE = 1e-5


def agreement(
    measured: Float[ndarray, " points"],
    calculated: Float[ndarray, " points"],
    background: Float[ndarray, " points"],
    weight: Float[ndarray, " points"],
    free: int,
) -> dict[str, float]:
    """rwp, rexp, chi_squared and rwp_peaks of `ProfileFit`."""
    left = float(weight @ (measured - calculated) ** 2)
    every = max(float(weight @ measured**2), 1e-300)
    peaks = max(float(weight @ (measured - background) ** 2), 1e-300)
    degrees = max(len(measured) - free, 1)
    return {
        "rwp": float(np.sqrt(left / every)),
        "rexp": float(np.sqrt(degrees / every)),
        "chi_squared": left / degrees,
        "rwp_peaks": float(np.sqrt(left / peaks)),
    }


def said(
    model: ProfileModel,
    parameters: Parameters,
    covariance: Float[ndarray, "parameters parameters"],
    drawn: Drawn,
    area: Float[ndarray, " lines"],
    *,
    areas_free: int,
) -> dict[str, Any]:
    """What `ProfileFit` wants, but for whether the fit converged.

    Args:
        areas_free: how many areas of lines were fitted beside the parameters.
    """
    points, values = model.points, parameters.values
    background = model.background(values)
    free = int(parameters.free.sum()) + areas_free
    q, two_theta = model.angles(values)
    esd = np.sqrt(np.diag(covariance))

    def value(name: str) -> Value:
        place = parameters.names.index(name)
        return Value(float(values[place]), float(esd[place]))

    profile = {name: value(f"{WIDTH}{name}") for name in NAMES}
    if not profile["V"].esd:
        # Nothing is Gaussian then, and V is what it happened to be.
        profile["V"] = Value(0.0)
    zero, displacement = value(ZERO), value(DISPLACEMENT)
    shift = zero.value + displacement.value * np.cos(np.radians(two_theta) / 2)
    inside = (two_theta + shift >= points.two_theta[0]) & (
        two_theta + shift <= points.two_theta[-1]
    )
    seen = model.shared_out(drawn, background, area)
    cell, volume = _cell(model, parameters, covariance)
    return {
        "points": points,
        "calculated": background + drawn.y,
        "background": background,
        "lines": FittedLines(
            model.lines.hkl[inside],
            model.lines.together[inside],
            1 / np.sqrt(q[inside]),
            (two_theta + shift)[inside],
            seen[inside],
            area[inside],
        ),
        **agreement(points.intensity, background + drawn.y, background, points.weight, free),
        "cell": cell,
        "volume": volume,
        "zero": zero,
        "displacement": displacement,
        "profile": {**profile, SKEW: value(SKEW)},
        "chebyshev": tuple(values[: model.settings.background].tolist()),
        "parameters": free,
    }


def edges_at(model: ProfileModel, values: Float[ndarray, " parameters"]) -> tuple[float, ...]:
    """Free cell parameters."""
    place = model.settings.background + 2
    return model.lines.kind.edges_of(values[place : place + len(model.lines.kind.edges)])


def _cell(
    model: ProfileModel,
    parameters: Parameters,
    covariance: Float[ndarray, "parameters parameters"],
) -> tuple[tuple[Value, ...], Value]:
    """Cell and volume with their standard deviations, by the covariance of the numbers."""
    chosen = np.array([name.startswith(LATTICE) for name in parameters.names])
    numbers = parameters.values[chosen]
    kind = model.lines.kind

    def seven(numbers: ndarray) -> ndarray:
        cell = kind.cell(kind.edges_of(numbers))
        return np.array([*cell, Lattice.from_parameters(*cell).volume])

    size = CHANGE * float(np.abs(numbers).max())
    slopes = np.array(
        [(seven(numbers + row) - seven(numbers - row)) / (2 * size)
         for row in size * np.eye(len(numbers))]
    )  # fmt: skip
    variance = np.einsum("pi,pq,qi->i", slopes, covariance[np.ix_(chosen, chosen)], slopes)
    esd = np.sqrt(np.maximum(variance, 0))
    found = seven(numbers)
    # Angles that symmetry fixes have no esd, whatever rounding says.
    esd[esd < 1e-9 * np.abs(found)] = 0
    values = [Value(float(v), float(e)) for v, e in zip(found, esd, strict=True)]
    return tuple(values[:6]), values[6]
