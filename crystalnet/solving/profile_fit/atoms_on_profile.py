"""Profile and atoms as one model of one row of numbers."""

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from crystalnet.solving.profile_fit.least_squares import fitted
from crystalnet.solving.profile_fit.parameters import Parameters
from crystalnet.solving.profile_fit.profile_model import ProfileModel
from crystalnet.solving.profile_fit.slopes import Slopes
from crystalnet.solving.profile_fit.structure_model import StructureModel

SCALE, DISPLACED, SHIFT, MARCH = "scale", "U ", "shift ", "March"
# March's coefficient: beyond these no powder is.
LEAST_MARCH, MOST_MARCH = 0.2, 5.0


class AtomsOnProfile:
    """The profile of a structure.

    Attributes:
        model: all but the areas.
        atoms: the areas.
        tied: whether all sites have the displacement parameter of the first.
    """

    def __init__(self, model: ProfileModel, atoms: StructureModel, *, tied: bool) -> None:
        self.model, self.atoms, self.tied = model, atoms, tied

    def rows(self, lengths: tuple[float, ...]) -> list[tuple[str, float, float, float, float]]:
        """Rows of `Parameters` beyond those of the profile: the scale, those of the atoms.

        Args:
            lengths: a, b, c in A.
        """
        settings = self.model.settings
        rows: list[tuple[str, float, float, float, float]] = []
        rows.append((SCALE, 1.0, 0.0, np.inf, np.inf))
        u = settings.usual_u
        rows += [
            (f"{DISPLACED}{site.label}", u, 0.0, settings.largest_u, 2 * u)
            for site in self.atoms.sites
        ]
        for site in self.atoms.sites:
            for place, direction in enumerate(site.basis):
                longest = settings.moved / float(np.abs(direction * lengths).max())
                rows.append((f"{SHIFT}{site.label} {place}", 0.0, -1.0, 1.0, longest))
        if self.atoms.texture is not None:
            rows.append((MARCH, 1.0, LEAST_MARCH, MOST_MARCH, 0.2))
        return rows

    def areas(
        self, values: Float[ndarray, " parameters"]
    ) -> tuple[Float[ndarray, " lines"], Float[ndarray, "lines slopes"]]:
        """Of each line, and their derivatives by scale and atoms."""
        place, count = self.model.count, len(self.atoms.sites)
        own = values[place + 1 :].copy()
        if self.tied:
            own[:count] = own[0]
        q, _ = self.model.angles(values)
        area, slopes = self.atoms.areas(own, q)
        if self.tied:
            slopes[:, 0] = slopes[:, :count].sum(axis=1)
            slopes[:, 1:count] = 0
        return values[place] * area, np.column_stack([area, values[place] * slopes])

    def profile(self, values: Float[ndarray, " parameters"]) -> Float[ndarray, " points"]:
        """The calculated points."""
        drawn = self.model.drawn(values, self.areas(values)[0])
        return np.asarray(self.model.background(values) + drawn.y)

    def slopes(self, values: Float[ndarray, " parameters"]) -> Slopes:
        """What they change by with each value."""
        area, by_area = self.areas(values)
        return Slopes(self.model.slopes(self.model.drawn(values, area), area, by_area))

    def scaled(self, parameters: Parameters) -> Parameters:
        """With the scale that fits best as all else is."""
        points, values = self.model.points, parameters.values.copy()
        place = self.model.count
        values[place] = 1.0
        y = self.model.drawn(values, self.areas(values)[0]).y
        left = points.intensity - self.model.background(values)
        square = max(float((points.weight * y) @ y), 1e-300)
        values[place] = max(float((points.weight * y) @ left) / square, 0.0)
        return parameters.at(values)

    def fitted(self, parameters: Parameters, cycles: int) -> tuple[Parameters, bool]:
        """The free values that fit best, and whether the end was reached."""
        points = self.model.points
        return fitted(
            self, parameters, points.intensity, points.weight, cycles,
            self.model.settings.converged,
        )  # fmt: skip

    def rwp(self, values: Float[ndarray, " parameters"]) -> float:
        """Over all points."""
        points = self.model.points
        left = float(points.weight @ (points.intensity - self.profile(values)) ** 2)
        return float(np.sqrt(left / max(float(points.weight @ points.intensity**2), 1e-300)))
