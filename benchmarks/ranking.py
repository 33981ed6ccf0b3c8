"""Whether the truth's density comes first among 20 wrong guesses, ranked by its pattern alone.

    python -m benchmarks.ranking [--every 1] [--noise 0] [--blur 0]

For each embedded test crystal with a DFT density: its own density and 20 wrong ones are decoded,
each anew, in its lattice and with its formula, and ranked by Rwp against the crystal's simulated
pattern. The wrong guesses:

- at most 10 densities of other test crystals of its crystal system, forced into its lattice (the
  same voxels) and scaled to its electrons;
- at most 5 of itself with two atoms of different elements exchanged;
- the rest of itself with every atom moved by 0.5 to 1.5 A in a random direction
  (both made as its own density plus the difference that superposed free atoms show).

A guess that decodes to the true structure (pymatgen's StructureMatcher) is not wrong and is
replaced by another: mostly densities of the same prototype. The patterns: perfect (Mo K-alpha,
0-120 degrees); laboratory (Cu K-alpha, 5-65 degrees) with 10 % error on the intensities, 0.02
degrees on the positions, and atoms that move (B = 0.5 A^2).
`--noise` and `--blur` spoil all guesses, the truth's density too, as benchmarks.decoding says.
The two ways of computing a candidate's pattern: `atoms`, X-ray form factors at the decoded sites;
`core+density`, core form factors (X-ray minus valence template) there plus the transform of the
density itself.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
import torch

from benchmarks.decoding import DATA, embedded, knowledge, matches, spoilt
from benchmarks.machine import machine
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.crystallography.reflections import HalfSphere
from crystalnet.crystallography.scattering import form_factor
from crystalnet.solving.agreement.profile import MeasuredProfile, match_pattern
from crystalnet.solving.density.decoding import DecodedCrystal, decode
from crystalnet.solving.density.template_fit import valence_form_factors
from crystalnet.solving.pattern.measured import MeasuredPeaks
from crystalnet.solving.settings import USUAL
from crystalnet.solving.ties import tied

GRID = 50
WRONG, OTHERS, EXCHANGED = 20, 10, 5
ATTEMPTS = 100
CU_K_ALPHA = 1.54184


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every n-th crystal")
    parser.add_argument("--failures", action="store_true", help="name each crystal missed")
    parser.add_argument("--noise", type=float, default=0.0)
    parser.add_argument("--blur", type=float, default=0.0)
    arguments = parser.parse_args()
    machine_name = machine(torch.device("cpu"))
    print(f"{machine_name}; noise {arguments.noise}, blur {arguments.blur} A")
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    systems = pd.read_parquet(
        DATA / "dft_densities.parquet", columns=["material_id", "crystal_system"]
    )
    system = dict(systems.itertuples(index=False))
    test = list(embedded(split="test"))
    generator = np.random.default_rng(2024)
    results = []
    for crystal, density in test[:: arguments.every]:
        others = [
            other
            for name, other in ((c.material_id, d) for c, d in test)
            if name != crystal.material_id and system[name] == system[crystal.material_id]
        ]
        spoil = partial(
            spoilt,
            lattice=crystal.lattice,
            noise=arguments.noise,
            blur=arguments.blur,
            generator=generator,
        )
        result = one(crystal, density, others, gaussians, generator, spoil)
        result["system"] = system[crystal.material_id]
        results.append(result)
        if arguments.failures and not result["perfect, atoms"]:
            print(f"  {crystal.material_id} {crystal.to_structure().formula}: not first")
    table = pd.DataFrame(results)
    scores = [name for name in table.columns if ", " in name]
    for name in scores:
        by_system = "; ".join(
            f"{key} {int(rows[name].sum())}/{len(rows)}" for key, rows in table.groupby("system")
        )
        print(f"{name}: the truth first for {100 * table[name].mean():.1f} % ({by_system})")
    mean = table[["guesses", "others", "exchanged", "moved", "replaced", "decoded"]].mean()
    print(
        f"wrong guesses a crystal: {mean.guesses:.1f} (fewer than {WRONG} for "
        f"{(table['guesses'] < WRONG).sum()} crystals), of other crystals "
        f"{mean.others:.1f}, exchanged {mean.exchanged:.1f}, moved {mean.moved:.1f}; "
        f"{mean.replaced:.1f} more were right and replaced; truth decoded right "
        f"{100 * mean.decoded:.1f} %"
    )
    print(
        f"seconds to decode 21: median {table['decoding'].median():.2f}; to rank 21: "
        f"{table['ranking'].median():.2f}"
    )


def one(
    crystal: Crystal,
    density: np.ndarray,
    others: list[np.ndarray],
    gaussians: ValenceGaussians,
    generator: np.random.Generator,
    spoil: Callable[[np.ndarray], np.ndarray],
) -> dict[str, object]:
    """Rank the truth among wrong guesses for one crystal."""
    known = knowledge(crystal, "formula", generator)
    guess = spoil(density)
    start = time.perf_counter()
    found = [(guess, decode(guess, crystal.lattice, known, gaussians, "truth"))]
    once = time.perf_counter() - start
    replaced = 0
    kinds = {}
    for kind, at_most, guesses in (
        ("others", OTHERS, forced(density, others, generator)),
        ("exchanged", EXCHANGED, exchanged(crystal, density, gaussians, generator)),
        ("moved", WRONG, moved(crystal, density, gaussians, generator)),
    ):
        taken = 0
        for wrong in guesses:
            if taken == at_most or len(found) > WRONG:
                break
            guess = spoil(wrong)
            decoded = decode(guess, crystal.lattice, known, gaussians, "wrong")
            if matches(crystal, decoded.crystal):
                replaced += 1
            else:
                taken += 1
                found.append((guess, decoded))
        kinds[kind] = taken
    result: dict[str, object] = {
        "guesses": len(found) - 1,
        "replaced": replaced,
        "decoded": matches(crystal, found[0][1].crystal),
        "decoding": once * len(found),
        **kinds,
    }
    for name, measured in patterns(crystal, generator).items():
        start = time.perf_counter()
        rwp = np.array([match_pattern(decoded.crystal, measured).rwp for _, decoded in found])
        misfit = np.array([decoded.misfit for _, decoded in found])
        first = int(np.lexsort((misfit, tied(rwp, USUAL.ranking.same_rwp)))[0])
        result["ranking"] = time.perf_counter() - start
        result[f"{name}, atoms"] = first == 0
        other = [core_and_density(guess, decoded, measured, gaussians) for guess, decoded in found]
        result[f"{name}, core+density"] = int(np.argmin(other)) == 0
    return result


def forced(
    density: np.ndarray, others: list[np.ndarray], generator: np.random.Generator
) -> Iterator[np.ndarray]:
    """Densities of other crystals in random order, as voxels of this cell."""
    for index in generator.permutation(len(others)):
        yield others[index] * (density.mean() / others[index].mean())


def exchanged(
    crystal: Crystal,
    density: np.ndarray,
    gaussians: ValenceGaussians,
    generator: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Two atoms of different elements change places."""
    numbers = crystal.atomic_numbers
    pairs = [(i, j) for i in range(len(numbers)) for j in range(i) if numbers[i] != numbers[j]]
    generator.shuffle(pairs)
    for i, j in pairs:
        order = np.arange(len(numbers))
        order[[i, j]] = j, i
        yield perturbed(crystal, density, numbers[order], crystal.frac_coords, gaussians)


def moved(
    crystal: Crystal,
    density: np.ndarray,
    gaussians: ValenceGaussians,
    generator: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Every atom moved by 0.5 to 1.5 A in a random direction."""
    for _ in range(ATTEMPTS):
        step = generator.normal(size=crystal.frac_coords.shape)
        step *= generator.uniform(0.5, 1.5, (len(step), 1)) / np.linalg.norm(step, axis=1)[:, None]
        x = crystal.frac_coords + step @ np.linalg.inv(crystal.lattice)
        yield perturbed(crystal, density, crystal.atomic_numbers, x, gaussians)


def perturbed(
    crystal: Crystal,
    density: np.ndarray,
    numbers: np.ndarray,
    x: np.ndarray,
    gaussians: ValenceGaussians,
) -> np.ndarray:
    """The density plus what the change means for superposed free atoms."""
    changed = Crystal(crystal.material_id, crystal.lattice, numbers, x)
    before, after = iam_density([crystal, changed], GRID, gaussians).double().numpy()
    return np.asarray(density + after - before)


def patterns(crystal: Crystal, generator: np.random.Generator) -> dict[str, MeasuredPeaks]:
    """The simulated patterns of a crystal, perfect and as a laboratory has them."""
    ideal = powder_pattern(crystal, MO_K_ALPHA, (0.0, 120.0))
    real = powder_pattern(crystal, CU_K_ALPHA, (5.0, 65.0))
    intensity = real.intensity * np.exp(-2 * 0.5 / (2 * real.d_spacing) ** 2)
    intensity = intensity * np.clip(generator.normal(1, 0.1, len(intensity)), 0, None)
    two_theta = real.two_theta + generator.normal(0, 0.02, len(intensity))
    return {
        "perfect": MeasuredPeaks(ideal.two_theta, ideal.intensity, MO_K_ALPHA, (0.0, 120.0)),
        "laboratory": MeasuredPeaks(two_theta, intensity, CU_K_ALPHA, (5.0, 65.0)),
    }


def core_and_density(
    density: np.ndarray,
    decoded: DecodedCrystal,
    measured: MeasuredPeaks,
    gaussians: ValenceGaussians,
) -> float:
    """Rwp of core form factors at the decoded sites plus the density's own transform."""
    crystal = decoded.crystal
    ends = 2 * np.sin(np.radians(np.array(measured.two_theta_range)) / 2) / measured.wavelength
    sphere = HalfSphere.of(crystal, *ends.tolist())
    hkl = sphere.hkl(np.arange(len(sphere.point)))
    q = 2 * np.pi * np.sqrt(sphere.g_squared)
    phases = np.exp(-2j * np.pi * hkl @ crystal.frac_coords.T)
    factor = np.fft.fftn(density)[tuple((hkl % GRID).T)] * crystal.volume / density.size
    beyond = (np.abs(hkl) >= GRID / 2).any(axis=1)
    factor[beyond] = 0
    for z in np.unique(crystal.atomic_numbers).tolist():
        valence = valence_form_factors(np.array([z]), q, gaussians, decoded.core)[0]
        core = form_factor(z, sphere.g_squared / 4) - np.where(beyond, 0, valence)
        factor += core * phases[:, crystal.atomic_numbers == z].sum(axis=1)
    sine2 = np.minimum(sphere.g_squared * (measured.wavelength / 2) ** 2, 1 - 1e-12)
    two_theta = np.degrees(2 * np.arcsin(np.sqrt(sine2)))
    power = np.abs(factor) ** 2 * (1 + (1 - 2 * sine2) ** 2) / (sine2 * np.sqrt(1 - sine2))
    found = MeasuredProfile(measured).agreement(two_theta, sphere.g_squared / 4, power[None])
    return float(found.rwp[0])


if __name__ == "__main__":
    main()
