"""Isosurfaces of densities in the unit cell drawn as a cube, by casting one ray a pixel.

A ray stops where the density first reaches the level. Where the density is above the level at a
face of the cell, the face shows the section, the darker the denser. A caster needs no sorting of
triangles, so a picture depends on the density alone, byte for byte.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy import ndarray
from scipy.ndimage import map_coordinates

# Half the side of the picture in cell edges: the cube of any camera fits.
_HALF_SIDE = 0.84
# A step of the rays, in voxels, before the crossing is interpolated.
_STEP = 0.8


@dataclass(frozen=True)
class Camera:
    """A parallel projection of the cell, which stands as a cube with c upwards.

    Attributes:
        azimuth: of the camera about c, degrees from a towards b.
        elevation: above the plane of a and b, degrees.
    """

    azimuth: float
    elevation: float

    def axes(self) -> tuple[ndarray, ndarray, ndarray]:
        """Unit vectors to the right, upwards, and away from the camera."""
        a, e = np.radians([self.azimuth, self.elevation])
        away = -np.array([np.cos(e) * np.cos(a), np.cos(e) * np.sin(a), np.sin(e)])
        right = np.array([-np.sin(a), np.cos(a), 0.0])
        return right, np.cross(right, away), away

    def project(self, fractional: Float[ndarray, "points 3"]) -> Float[ndarray, "points 2"]:
        """Where fractional coordinates come to lie in the picture, in cell edges."""
        right, up, _ = self.axes()
        flat: ndarray = (np.asarray(fractional, dtype=float) - 0.5) @ np.stack([right, up], axis=1)
        return flat


FRONT = Camera(azimuth=28.0, elevation=22.0)
TOP = Camera(azimuth=62.0, elevation=52.0)


def level_of(density: Float[ndarray, "x y z"], share: float) -> float:
    """The level in e/A^3 above which `share` of the volume of the cell lies."""
    return float(np.quantile(density, 1.0 - share))


def cast(
    density: Float[ndarray, "x x x"], level: float, camera: Camera, colour: str, pixels: int
) -> Float[ndarray, "rows columns 4"]:
    """The picture of one isosurface as RGBA in 0..1, transparent where no ray meets it."""
    density = np.asarray(density, dtype=np.float32)
    right, up, away = camera.axes()
    side = (np.arange(pixels) + 0.5) / pixels * 2 - 1
    across, along = np.meshgrid(side * _HALF_SIDE, -side * _HALF_SIDE)
    starts = 0.5 + across[..., None] * right + along[..., None] * up
    enter, leave, faces = _through_the_cell(starts.reshape(-1, 3), away)
    inside = np.flatnonzero(leave > enter)
    starts, enter, leave = starts.reshape(-1, 3)[inside], enter[inside], leave[inside]

    entered = _at(density, starts + enter[:, None] * away)
    is_section = entered >= level
    depth = np.where(is_section, enter, np.nan)
    going = np.flatnonzero(~is_section)
    reached, before = enter.copy(), entered
    step = _STEP / len(density)
    while len(going):
        now = reached[going] + step
        here = _at(density, starts[going] + now[:, None] * away)
        hit = (here >= level) & (now <= leave[going])
        share = (level - before[going]) / np.maximum(here - before[going], 1e-12)
        depth[going[hit]] = reached[going[hit]] + step * share[hit]
        reached[going], before[going] = now, here
        going = going[~hit & (now <= leave[going])]

    drawn = np.isfinite(depth)
    points = starts[drawn] + depth[drawn, None] * away
    section = is_section[drawn]
    normals = np.where(section[:, None], faces[inside[drawn]], _outward(density, points))
    colours = _shade(
        normals, section, _above(entered[drawn], level, density.max()), away, right, up, colour
    )
    picture = np.zeros((pixels * pixels, 4))
    # The colour goes on beyond the edge, so that scaling the picture draws no dark rim.
    picture[:, :3] = to_rgb(colour)
    picture[inside[drawn], :3] = colours
    picture[inside[drawn], 3] = 1.0
    return picture.reshape(pixels, pixels, 4)


def draw(
    axes: Axes,
    density: Float[ndarray, "x x x"],
    level: float,
    colour: str,
    *,
    camera: Camera = FRONT,
    pixels: int = 300,
) -> None:
    """Draw an isosurface and the edges of the cell: the three hidden ones behind it, dashed."""
    picture = cast(density, level, camera, colour, pixels)
    extent = (-_HALF_SIDE, _HALF_SIDE, -_HALF_SIDE, _HALF_SIDE)
    axes.imshow(picture, extent=extent, zorder=2, interpolation="antialiased")
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    _, _, away = camera.axes()
    farthest = int(np.argmax(corners @ away))
    flat = camera.project(corners)
    for first in range(8):
        for second in range(first + 1, 8):
            if np.abs(corners[first] - corners[second]).sum() != 1:
                continue
            hidden = farthest in (first, second)
            axes.plot(
                *flat[[first, second]].T,
                color="0.62" if hidden else "0.25",
                linewidth=0.5 if hidden else 0.7,
                linestyle=(0, (3, 2)) if hidden else "solid",
                solid_capstyle="round",
                zorder=1 if hidden else 3,
            )
    axes.set(xlim=extent[:2], ylim=extent[2:], aspect="equal")
    axes.set_axis_off()


def _through_the_cell(
    starts: Float[ndarray, "rays 3"], away: Float[ndarray, "3"]
) -> tuple[Float[ndarray, " rays"], Float[ndarray, " rays"], Float[ndarray, "rays 3"]]:
    """Where rays enter and leave the unit cube, and the outward normal where they enter."""
    ends = np.stack([(0 - starts) / away, (1 - starts) / away])
    near, far = ends.min(axis=0), ends.max(axis=0)
    face = near.argmax(axis=1)
    return near.max(axis=1), far.min(axis=1), -np.sign(away)[face, None] * np.eye(3)[face]


def _at(density: ndarray, fractional: Float[ndarray, "points 3"]) -> Float[ndarray, " points"]:
    """The density between its voxels, trilinear; the cell repeats."""
    places = (fractional * len(density)).T
    found: ndarray = map_coordinates(density, places, order=1, mode="grid-wrap", prefilter=False)
    return found


def _outward(density: ndarray, points: Float[ndarray, "points 3"]) -> Float[ndarray, "points 3"]:
    """Unit vectors down the gradient of the density, over two voxels."""
    reach = 1.0 / len(density)
    slopes = [
        _at(density, points - reach * axis) - _at(density, points + reach * axis)
        for axis in np.eye(3)
    ]
    normals = np.stack(slopes, axis=1)
    unit: ndarray = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return unit


def _above(entered: ndarray, level: float, highest: float) -> Float[ndarray, " points"]:
    """0 at the level, 1 at the highest density, on a square-root scale that shows the valence."""
    share: ndarray = np.sqrt(np.clip((entered - level) / max(highest - level, 1e-12), 0, 1))
    return share


def _shade(
    normals: Float[ndarray, "points 3"],
    section: Bool[ndarray, " points"],
    above: Float[ndarray, " points"],
    away: Float[ndarray, "3"],
    right: Float[ndarray, "3"],
    up: Float[ndarray, "3"],
    colour: str,
) -> Float[ndarray, "points 3"]:
    """Colours in light from the upper left; sections are pale at the level and dark above it."""
    base = np.array(to_rgb(colour))
    light = -0.75 * away - 0.45 * right + 0.55 * up
    light /= np.linalg.norm(light)
    lit = np.clip(normals @ light, 0, 1)[:, None]
    gleam = np.clip(normals @ _unit(light - away), 0, 1)[:, None] ** 40
    surface = base * (0.42 + 0.62 * lit) + 0.35 * gleam
    pale, dark = 1 - 0.38 * (1 - base), 0.45 * base
    flat = (pale + (dark - pale) * above[:, None]) * (0.86 + 0.14 * lit)
    colours: ndarray = np.clip(np.where(section[:, None], flat, surface), 0, 1)
    return colours


def _unit(vector: ndarray) -> ndarray:
    scaled: ndarray = vector / np.linalg.norm(vector)
    return scaled
