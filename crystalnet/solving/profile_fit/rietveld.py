"""Rietveld's method: the atoms of a structure fitted to the profile.

H. M. Rietveld, J. Appl. Cryst. 2, 65 (1969), doi 10.1107/S0021889869006558.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from pymatgen.core import Lattice

from crystalnet.crystallography.crystal import Crystal
from crystalnet.solving.profile_fit.atoms_on_profile import (
    DISPLACED,
    LEAST_MARCH,
    MARCH,
    MOST_MARCH,
    SCALE,
    SHIFT,
    AtomsOnProfile,
)
from crystalnet.solving.profile_fit.evaluation import edges_at, said
from crystalnet.solving.profile_fit.least_squares import deviations
from crystalnet.solving.profile_fit.lines import Lines, free_edges
from crystalnet.solving.profile_fit.other_elements import other_elements
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
from crystalnet.solving.profile_fit.results import FittedSite, ProfileFit, StructureFit, Value
from crystalnet.solving.profile_fit.sites import crystal_at, sites_of
from crystalnet.solving.profile_fit.structure_model import StructureModel
from crystalnet.solving.profile_fit.textures import likely_texture
from crystalnet.solving.settings import USUAL, FitSettings
from crystalnet.solving.symmetry.contacts import too_near
from crystalnet.solving.symmetry.conventional import ConventionalCell, conventional_cell

# Cycles in which the scale comes to its place.
SCALING = 5


def fit_structure(
    points: ProfilePoints,
    crystal: Crystal,
    space_group: int,
    start: ProfileFit,
    settings: FitSettings = USUAL.fit,
) -> StructureFit:
    """Fit a structure to a profile, beginning with the profile of its lattice.

    First scale and background, then all that the lattice's fit had and one displacement parameter,
    then coordinates, one displacement parameter a site, and preferred orientation. What brings
    atoms nearer to each other than they may be is given up, and the note says so.

    Args:
        crystal: in the lattice of `start`.
        space_group: its number.
        start: the fit of its lattice.
    """
    fitting = _Fitting(points, conventional_cell(crystal, space_group), start, settings)
    before = fitting.whole.rwp(fitting.parameters.values)
    fitting.release((SCALE, BACKGROUND), SCALING)
    shift = DISPLACEMENT if start.displacement.value else ZERO
    first = f"{DISPLACED}{fitting.whole.atoms.sites[0].label}"
    fitting.release((LATTICE, shift, WIDTH, SKEW, first), settings.cycles)
    fitting.free_atoms()
    fitting.try_texture()
    return fitting.result(before)


@dataclass(eq=False)
class _Fitting:
    """How far the fit has come."""

    points: ProfilePoints
    cell: ConventionalCell
    start: ProfileFit
    settings: FitSettings
    notes: list[str] = field(default_factory=list)
    converged: bool = False

    def __post_init__(self) -> None:
        lines = Lines.of_structure(self.cell, self.points)
        model = ProfileModel(self.points, lines, self.settings)
        beam = self.points.radiation
        atoms = StructureModel(lines, sites_of(self.cell), beam.alpha_1 or beam.wavelength)
        self.whole = AtomsOnProfile(model, atoms, tied=True)
        start = self.start
        known = {
            DISPLACEMENT: start.displacement.value,
            **{f"{WIDTH}{name}": each.value for name, each in start.profile.items()},
            SKEW: start.profile[SKEW].value,
            **{f"{BACKGROUND}{term}": value for term, value in enumerate(start.chebyshev)},
        }
        edges = free_edges(lines.kind, self.cell)
        rows = model.parameters(edges, self.settings.widest, start.zero.value)
        rows += self.whole.rows(self.cell.parameters[:3])
        rows = [(row[0], known.get(row[0], row[1]), *row[2:]) for row in rows]
        self.parameters = self.whole.scaled(Parameters.of(rows))

    @property
    def enough(self) -> float:
        """How many numbers of the structure the lines allow to be free."""
        return len(self.whole.model.lines.hkl) / self.settings.lines_each

    @property
    def crystal(self) -> Crystal:
        """The conventional cell as it is now."""
        whole, values = self.whole, self.parameters.values
        kind = whole.model.lines.kind
        lattice = Lattice.from_parameters(*kind.cell(edges_at(whole.model, values))).matrix
        shifts = whole.atoms.shifts(values[whole.model.count + 1 :])
        return crystal_at(self.cell, np.asarray(lattice), whole.atoms.sites, shifts)

    def release(self, names: tuple[str, ...], cycles: int) -> None:
        """Fit with these free too."""
        self.parameters = self.parameters.released(names)
        self.parameters, self.converged = self.whole.fitted(self.parameters, cycles)

    def free_atoms(self) -> None:
        """Fit coordinates and displacement parameters, as far as there are lines enough."""
        atoms, cycles = self.whole.atoms, self.settings.cycles
        coordinates = sum(len(site.basis) for site in atoms.sites)
        if coordinates and coordinates + 1 > self.enough:
            self.notes.append(f"too few lines for {coordinates} free coordinates")
        elif coordinates:
            before = self.parameters
            self.release((SHIFT,), cycles)
            near = too_near(self.crystal)
            if near is not None:
                self.notes.append(f"the atoms are as they were found: fitted, {near}")
                self.parameters = before
        if len(atoms.sites) == 1:
            return
        if coordinates + len(atoms.sites) > self.enough:
            self.notes.append("too few lines for a displacement parameter of each site")
            return
        place = self.whole.model.count + 1
        values = self.parameters.values.copy()
        values[place : place + len(atoms.sites)] = values[place]
        self.parameters = self.parameters.at(values)
        self.whole = AtomsOnProfile(self.whole.model, atoms, tied=False)
        self.release((DISPLACED,), cycles)

    def try_texture(self) -> None:
        """Fit preferred orientation too, if that explains much more."""
        whole, parameters = self.whole, self.parameters
        model, values = whole.model, parameters.values
        place = model.count
        q, _ = model.angles(values)
        area, _ = whole.areas(values)
        observed = model.shared_out(model.drawn(values, area), model.background(values), area)
        families, _ = whole.atoms.families(values[place + 1 :], q)
        likely = likely_texture(
            model.lines, families, observed, self.cell.rotations, self.crystal.lattice
        )
        if likely is None:
            return
        texture, march = likely
        atoms = StructureModel(model.lines, whole.atoms.sites, whole.atoms.wavelength, texture)
        other = AtomsOnProfile(model, atoms, tied=whole.tied)
        more = parameters.extended((MARCH, march, LEAST_MARCH, MOST_MARCH, 0.2))
        fitted, converged = other.fitted(
            other.scaled(more.released((MARCH,))), self.settings.cycles
        )
        before = self.whole, self.parameters, self.converged
        self.whole, self.parameters, self.converged = other, fitted, converged
        less = (1 - self.settings.texture) * whole.rwp(values)
        if other.rwp(fitted.values) > less or too_near(self.crystal):
            self.whole, self.parameters, self.converged = before

    def result(self, before: float) -> StructureFit:
        """What was fitted.

        Args:
            before: Rwp at the start.
        """
        whole, parameters = self.whole, self.parameters
        model, points = whole.model, self.points
        covariance = deviations(whole, parameters, points.intensity, points.weight)
        area, _ = whole.areas(parameters.values)
        drawn = model.drawn(parameters.values, area)
        found = said(model, parameters, covariance, drawn, area, areas_free=0)
        lines = found["lines"]
        off = float(np.abs(lines.observed - lines.calculated).sum())
        texture = whole.atoms.texture
        return StructureFit(
            **found,
            converged=self.converged,
            crystal=self.crystal,
            space_group=self.cell.space_group.number,
            setting=self.cell.space_group.xhm(),
            sites=self._sites(covariance),
            r_bragg=off / max(float(lines.observed.sum()), 1e-300),
            texture=None
            if texture is None
            else (texture.direction, _value(parameters, covariance, MARCH)),
            others=other_elements(whole, parameters, self.start),
            before=before,
            note="; ".join(self.notes),
        )

    def _sites(self, covariance: Float[ndarray, "parameters parameters"]) -> tuple[FittedSite, ...]:
        found = []
        atoms, parameters = self.whole.atoms, self.parameters
        shifts = atoms.shifts(parameters.values[self.whole.model.count + 1 :])
        for site, shift in zip(atoms.sites, shifts, strict=True):
            rows = [
                parameters.names.index(f"{SHIFT}{site.label} {place}")
                for place in range(len(shift))
            ]
            spread = site.basis.T @ covariance[np.ix_(rows, rows)] @ site.basis
            place = (site.place + shift @ site.basis) % 1.0
            esd = np.sqrt(np.maximum(np.diag(spread), 0))
            whose = atoms.sites[0] if self.whole.tied else site
            found.append(
                FittedSite(
                    site.label,
                    site.atomic_number,
                    len(site.atoms),
                    site.wyckoff,
                    (
                        Value(float(place[0]), float(esd[0])),
                        Value(float(place[1]), float(esd[1])),
                        Value(float(place[2]), float(esd[2])),
                    ),
                    _value(parameters, covariance, f"{DISPLACED}{whose.label}"),
                    tuple(site.atoms.tolist()),
                )
            )
        return tuple(found)


def _value(
    parameters: Parameters, covariance: Float[ndarray, "parameters parameters"], name: str
) -> Value:
    place = parameters.names.index(name)
    return Value(float(parameters.values[place]), float(np.sqrt(covariance[place, place])))
