"""Le Bail's method: a lattice fitted to the profile, every line with the area that it wants.

The best that any structure in this lattice could do. Areas begin as Le Bail shares them out; those
of the strongest lines are then fitted with all else, as Pawley does, which comes to its end sooner.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.lattice.cells import IndexedLattice
from crystalnet.solving.profile_fit.evaluation import said
from crystalnet.solving.profile_fit.least_squares import FIRST_DAMPING, deviations, step
from crystalnet.solving.profile_fit.lines import Lines
from crystalnet.solving.profile_fit.parameters import Parameters
from crystalnet.solving.profile_fit.points import ProfilePoints
from crystalnet.solving.profile_fit.profile_model import (
    BACKGROUND,
    DISPLACEMENT,
    LATTICE,
    SKEW,
    WIDTH,
    ZERO,
    ProfileModel,
)
from crystalnet.solving.profile_fit.results import ProfileFit
from crystalnet.solving.profile_fit.slopes import Slopes
from crystalnet.solving.settings import USUAL, FitSettings

# What becomes free one after the other, and for how many cycles before the next does.
STAGES = (
    ((BACKGROUND,), 2),
    ((LATTICE, ZERO), 3),
    ((f"{WIDTH}W", f"{WIDTH}X"), 5),
    ((WIDTH,), 5),
)
# Times that areas are shared out before the first cycle.
FIRST_AREAS = 8
# Cycles without gain that end it.
PATIENCE = 3


def fit_lattice(
    points: ProfilePoints,
    lattice: IndexedLattice,
    width: float,
    settings: FitSettings = USUAL.fit,
) -> ProfileFit:
    """Fit a lattice to a profile.

    A shift of the zero and a displacement of the sample are told apart by few patterns, and with
    both the lattice is known less well; so that one of them is fitted: with a doublet, which is of
    a laboratory, the displacement, else the zero, unless the other clearly fits better.

    Args:
        lattice: as it was indexed.
        width: usual full width at half maximum of the peaks, in degrees.
    """
    lines = Lines.of_lattice(lattice.system, lattice.centring, lattice.edges, points)
    model = ProfileModel(points, lines, settings)
    start = Parameters.of(model.parameters(lattice.edges, width, lattice.zero_shift))
    state = _State(start, _first_areas(model, start))
    for names, cycles in STAGES:
        state = _cycled(model, state.released(names), cycles)
    state = _cycled(model, state.released((SKEW,)), settings.cycles)
    moved = _displaced(state)
    if moved is not None:
        moved = _cycled(model, moved, settings.cycles)
        usual = 1 + settings.displaced * (1 if points.radiation.is_doublet else -1)
        state = moved if moved.cost < usual * state.cost else state
    parameters, area = state.parameters, state.area
    drawn = model.drawn(parameters.values, area)
    chosen = _strongest(area, settings)
    covariance = deviations(
        _WithAreas(model, area, chosen), _with_areas(parameters, area[chosen]),
        points.intensity, points.weight,
    )  # fmt: skip
    found = said(model, parameters, covariance, drawn, area, areas_free=len(area))
    return ProfileFit(**found, converged=state.converged)


@dataclass(frozen=True, eq=False)
class _State:
    """How far the fit has come."""

    parameters: Parameters
    area: Float[ndarray, " lines"]
    cost: float = np.inf
    converged: bool = False

    def released(self, names: tuple[str, ...]) -> "_State":
        return replace(self, parameters=self.parameters.released(names))


def _cycled(model: ProfileModel, state: _State, cycles: int) -> _State:
    """Cycles of least squares, before each of which the areas are shared out anew; the best state.

    Args:
        cycles: at most.
    """
    points, settings = model.points, model.settings
    parameters, area = state.parameters, state.area
    damping, idle = FIRST_DAMPING, 0
    best = replace(state, cost=_cost(model, parameters, area), converged=False)
    for _ in range(cycles):
        chosen = _strongest(area, settings)
        for _ in range(1 if len(chosen) == len(area) else settings.areas):
            drawn = model.drawn(parameters.values, area)
            area = model.shared_out(drawn, model.background(parameters.values), area)
        whole = _with_areas(parameters, area[chosen])
        made = step(
            _WithAreas(model, area, chosen), whole, points.intensity, points.weight, damping
        )
        damping = min(made.damping, 1.0)
        parameters = parameters.at(made.parameters.values[: len(parameters.names)])
        area = area.copy()
        area[chosen] = made.parameters.values[len(parameters.names) :]
        cost = _cost(model, parameters, area)
        idle = idle + 1 if cost > (1 - settings.converged) * best.cost else 0
        if cost < best.cost:
            best = _State(parameters, area, cost)
        if idle >= PATIENCE:
            return replace(best, converged=True)
    return best


def _with_areas(parameters: Parameters, area: Float[ndarray, " lines"]) -> Parameters:
    """The areas too, as G. S. Pawley has them (doi 10.1107/S0021889881009618), none negative."""
    some, most = np.zeros(len(area)), np.full(len(area), np.inf)
    return Parameters(
        (*parameters.names, *(f"area {line}" for line in range(len(area)))),
        np.append(parameters.values, area),
        np.append(parameters.lower, some),
        np.append(parameters.upper, most),
        np.append(parameters.longest, most),
        np.append(parameters.free, np.ones(len(area), dtype=bool)),
    )


@dataclass(frozen=True, eq=False)
class _WithAreas:
    """The profile of a lattice, by its parameters and the areas of some lines.

    Attributes:
        model: all but the areas.
        area: of the lines; those that are
        chosen: are the last of the values.
    """

    model: ProfileModel
    area: Float[ndarray, " lines"]
    chosen: Int[ndarray, " some"]

    def profile(self, values: Float[ndarray, " parameters"]) -> Float[ndarray, " points"]:
        own = values[: self.model.count]
        drawn = self.model.drawn(own, self._areas(values))
        return np.asarray(self.model.background(own) + drawn.y)

    def slopes(self, values: Float[ndarray, " parameters"]) -> Slopes:
        own, area = values[: self.model.count], self._areas(values)
        drawn = self.model.drawn(own, area)
        by_own = self.model.slopes(drawn, area, np.empty((len(area), 0)))
        return Slopes(by_own, drawn.shapes.columns(self.chosen))

    def _areas(self, values: Float[ndarray, " parameters"]) -> Float[ndarray, " lines"]:
        area = self.area.copy()
        area[self.chosen] = values[self.model.count :]
        return area


def _strongest(area: Float[ndarray, " lines"], settings: FitSettings) -> Int[ndarray, " some"]:
    """The lines whose areas are fitted with all else."""
    return np.sort(np.argsort(-area, kind="stable")[: settings.areas_fitted])


def _cost(model: ProfileModel, parameters: Parameters, area: Float[ndarray, " lines"]) -> float:
    points, values = model.points, parameters.values
    y = model.background(values) + model.drawn(values, area).y
    return float(points.weight @ (points.intensity - y) ** 2)


def _first_areas(model: ProfileModel, parameters: Parameters) -> Float[ndarray, " lines"]:
    """Areas that equal ones become by sharing out."""
    points, values = model.points, parameters.values
    whole = np.maximum(points.intensity - points.background, 0) @ np.gradient(points.two_theta)
    count = len(model.lines.hkl)
    area = np.full(count, max(float(whole), 1e-300) / count)
    for _ in range(FIRST_AREAS):
        area = model.shared_out(model.drawn(values, area), model.background(values), area)
    return area


def _displaced(state: _State) -> _State | None:
    """The same with a displaced sample in place of a shifted zero; None where that is too far."""
    parameters = state.parameters
    zero, place = parameters.names.index(ZERO), parameters.names.index(DISPLACEMENT)
    values = parameters.values.copy()
    values[place], values[zero] = values[zero], 0.0
    if (np.clip(values, parameters.lower, parameters.upper) != values).any():
        return None
    other = parameters.at(values).released((ZERO,), free=False).released((DISPLACEMENT,))
    return replace(state, parameters=other)
