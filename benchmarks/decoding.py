"""How many structures the decoder gets back from TRUE densities: the ceiling of `crystalnet solve`.

    python -m benchmarks.decoding [--every 1] [--known formula elements half none]
                                  [--grid 50] [--noise 0] [--blur 0]

Every embedded DFT density and every real CHGCAR is decoded in its own lattice, told the formula,
the elements without ratios, all of them but one (`half`), or nothing.
A structure is right if pymatgen's StructureMatcher(ltol=0.2, stol=0.3, angle_tol=5) says so.
`--noise` adds a random field (smooth over 0.5 A) whose standard deviation is so many times that of
the density; `--blur` smooths it by a Gaussian of so many A. Both stand for what a network guesses.
"""

import argparse
import collections
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pymatgen.analysis.structure_matcher import StructureMatcher

from benchmarks.machine import machine
from crystalnet.crystallography.chgcar import read_chgcar
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.iam import ValenceGaussians
from crystalnet.crystallography.known_composition import KnownComposition
from crystalnet.solving.density.decoding import decode

DATA = Path(__file__).parents[1] / "data"
KINDS = ("formula", "elements", "half", "none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every n-th crystal")
    parser.add_argument("--known", nargs="+", choices=KINDS, default=KINDS[:2])
    parser.add_argument("--grid", type=int, default=50)
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--blur", type=float, default=0.0)
    parser.add_argument("--failures", action="store_true", help="name each structure missed")
    arguments = parser.parse_args()
    print(machine(torch.device("cpu")), f"; noise {arguments.noise}, blur {arguments.blur} A")
    for kind in arguments.known:
        crystals = embedded(arguments.every, arguments.grid)
        run(f"embedded DFT, {kind} given", crystals, kind, arguments)
        run(f"real CHGCARs, {kind} given", real(), kind, arguments)


def run(
    title: str,
    crystals: Iterator[tuple[Crystal, np.ndarray]],
    kind: str,
    arguments: argparse.Namespace,
) -> None:
    """Decode each and print the share of right ones by number of atoms."""
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    generator = np.random.default_rng(2024)
    right: collections.Counter[int] = collections.Counter()
    count: collections.Counter[int] = collections.Counter()
    seconds, composition = [], 0
    for crystal, density in crystals:
        density = spoilt(density, crystal.lattice, arguments.noise, arguments.blur, generator)
        known = knowledge(crystal, kind, generator)
        start = time.perf_counter()
        decoded = decode(density, crystal.lattice, known, gaussians)
        seconds.append(time.perf_counter() - start)
        atoms = len(crystal.atomic_numbers)
        good = matches(crystal, decoded.crystal)
        right[atoms] += good
        count[atoms] += 1
        composition += sorted(decoded.crystal.atomic_numbers) == sorted(crystal.atomic_numbers)
        if arguments.failures and not good:
            print(
                f"  {crystal.material_id} {crystal.to_structure().formula}: decoded as "
                f"{decoded.crystal.to_structure().formula}, misfit {decoded.misfit:.4f}"
            )
    total = sum(count.values())
    shares = ", ".join(f"{n} atoms {right[n]}/{count[n]}" for n in sorted(count))
    print(
        f"{title}: {sum(right.values())}/{total} = {100 * sum(right.values()) / total:.1f} % "
        f"({shares}); contents right {100 * composition / total:.1f} %; seconds a density: median "
        f"{np.median(seconds):.3f}, largest {max(seconds):.2f}",
        flush=True,
    )


def matches(truth: Crystal, decoded: Crystal) -> bool:
    """Whether two crystals are the same structure, by pymatgen's StructureMatcher."""
    matcher = StructureMatcher(ltol=0.2, stol=0.3, angle_tol=5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return bool(matcher.fit(truth.to_structure(), decoded.to_structure()))


def knowledge(crystal: Crystal, kind: str, generator: np.random.Generator) -> KnownComposition:
    """What the decoder is told of the composition."""
    elements, counts = np.unique(crystal.atomic_numbers, return_counts=True)
    if kind == "formula":
        amounts = counts // np.gcd.reduce(counts)
        return KnownComposition(tuple(elements.tolist()), tuple(amounts.tolist()))
    if kind == "elements":
        return KnownComposition(tuple(elements.tolist()))
    if kind == "half" and len(elements) > 1:
        elements = np.delete(elements, generator.integers(len(elements)))
        return KnownComposition(tuple(elements.tolist()), complete=False)
    return KnownComposition((), complete=False)


def spoilt(
    density: np.ndarray,
    lattice: np.ndarray,
    noise: float,
    blur: float,
    generator: np.random.Generator,
) -> np.ndarray:
    """A density blurred, with a smooth random field on top."""
    if noise == 0 and blur == 0:
        return density
    index = np.stack(
        np.meshgrid(*(np.fft.fftfreq(n, 1 / n) for n in density.shape), indexing="ij"), axis=-1
    )
    q2 = ((2 * np.pi * index @ np.linalg.inv(lattice).T) ** 2).sum(axis=-1)
    field = np.fft.fftn(generator.normal(size=density.shape)) * np.exp(-q2 * 0.5**2 / 2)
    field[0, 0, 0] = 0
    field = np.fft.ifftn(field).real
    blurred = np.fft.ifftn(np.fft.fftn(density) * np.exp(-q2 * blur**2 / 2)).real
    return np.asarray(blurred + noise * density.std() * field / field.std())


def embedded(
    every: int = 1, grid: int = 50, split: str | None = None
) -> Iterator[tuple[Crystal, np.ndarray]]:
    """The embedded DFT densities in e/A^3, each with its crystal."""
    table = pd.read_parquet(DATA / "dft_densities.parquet")
    if split is not None:
        table = table[table["split"] == split]
    for row in table.iloc[::every].itertuples():
        h, k, m = (np.asarray(indices, dtype=np.int64) for indices in (row.h, row.k, row.l))
        kept = (abs(h) < grid / 2) & (abs(k) < grid / 2) & (m < grid / 2)
        if grid == 50:
            kept[:] = True
        factors = np.zeros((grid, grid, grid // 2 + 1), dtype=np.complex128)
        factors[h[kept], k[kept], m[kept]] = (np.asarray(row.re) + 1j * np.asarray(row.im))[kept]
        density = np.fft.irfftn(factors * grid**3, s=(grid,) * 3, axes=(0, 1, 2))
        yield (
            Crystal(
                row.material_id,
                np.asarray(row.lattice, dtype=np.float64).reshape(3, 3),
                np.asarray(row.atomic_numbers, dtype=np.int64),
                np.asarray(row.frac_coords, dtype=np.float64).reshape(-1, 3),
            ),
            density,
        )


def real() -> Iterator[tuple[Crystal, np.ndarray]]:
    """The real CHGCARs, on their own grids."""
    for path in sorted((DATA / "chgcars").glob("*.xz")):
        charge = read_chgcar(path)
        yield charge.crystal, charge.density


if __name__ == "__main__":
    main()
