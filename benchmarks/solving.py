"""How often the right structure comes out of `crystalnet solve`, and what each flaw costs.

    python -m benchmarks.solving               the match table, with the lattice given or not
    python -m benchmarks.solving --curves      what each step away from a perfect pattern costs
    python -m benchmarks.solving --measured    the eight measured patterns
    python -m benchmarks.solving --ssim        densities: one guess, chosen by pattern, oracle
    python -m benchmarks.solving --sizes       the paper's test crystals, cells of any size

The crystals are the embedded test crystals that have a DFT density (125 cubic, 26 trigonal; at most
5 atoms), with `--sizes` all of the paper's test crystals that are embedded (498 and 236). Given are
the pattern, the formula and, where the table says so, the conventional lattice constants, but
neither the centring nor the atoms in the cell. A structure is right if pymatgen's StructureMatcher
(ltol 0.2, stol 0.3, angle_tol 5) says so: it allows for origin, inversion and rotations. `network
alone` takes the decoded guesses as they are; `pattern too` is the command as it is: it exchanges
elements as the pattern decides and, where that explains nothing, goes through the Wyckoff
positions; `pattern alone` goes through these without any network.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Composition
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from benchmarks.decoding import DATA, embedded, matches
from benchmarks.machine import machine
from crystalnet.crystallography.crystal import Crystal
from crystalnet.crystallography.diffraction import MO_K_ALPHA, powder_pattern
from crystalnet.crystallography.iam import ValenceGaussians, iam_density
from crystalnet.errors import CrystalNetError
from crystalnet.scoring.ssim import score_guesses
from crystalnet.solving.decoding import decode
from crystalnet.solving.exchange import exchange_elements
from crystalnet.solving.guessed import GRID
from crystalnet.solving.indexing import IndexedLattice
from crystalnet.solving.known_composition import KnownComposition
from crystalnet.solving.models import SolveModel, load_models
from crystalnet.solving.network_input import network_pattern
from crystalnet.solving.ranking import MeasuredPeaks, match_pattern
from crystalnet.solving.solve import LATTICES, densest, find_lattices, given_lattices, solve
from crystalnet.solving.solver import solve_peaks
from pipeline.crystal_tables import crystals_of

CU_K_ALPHA = 1.54184
# Peaks below this of 100 are not seen.
FAINTEST = 0.5
RANKS = (1, 5, 20)
# Atoms of a primitive cell.
SIZES = (0, 5, 10, 20, 40, 200)
# Whether the lattice is given, and what finds the atoms.
WAYS = [
    ("given", "pattern too"),
    ("given", "network alone"),
    ("given", "pattern alone"),
    ("found", "pattern too"),
]
Flaw = Callable[[Crystal, np.random.Generator], MeasuredPeaks]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, help="take every n-th crystal")
    parser.add_argument("--guesses", type=int, default=20)
    parser.add_argument("--models", type=Path, help="folder of weights")
    parser.add_argument(
        "--only", choices=["pattern too", "network alone", "pattern alone"], help="one way alone"
    )
    parser.add_argument("--curves", action="store_true")
    parser.add_argument("--measured", action="store_true")
    parser.add_argument("--ssim", action="store_true")
    parser.add_argument("--sizes", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--output", type=Path, help="table of results, CSV")
    arguments = parser.parse_args()
    print(f"{machine(torch.device(arguments.device))}; {arguments.guesses} guesses")
    models = load_models(
        None, *([arguments.models] if arguments.models else []), device=arguments.device
    )
    if arguments.measured:
        print(measured_table(models, arguments.guesses).to_string(index=False))
        return
    test = test_crystals(dft=not arguments.sizes)[:: arguments.every]
    if arguments.ssim:
        print(ssim_table(models, test, arguments.guesses).to_string(index=False))
        return
    rows = [
        row
        for title, flaw in (curves() if arguments.curves else {"perfect": simulated()}).items()
        for row in solve_all(
            models,
            test,
            title,
            flaw,
            arguments.guesses,
            [("given", arguments.only or "pattern too")]
            if arguments.only or arguments.curves or arguments.sizes
            else WAYS,
        )
    ]
    table = pd.DataFrame(rows)
    if arguments.output:
        table.to_csv(arguments.output, index=False)
    print(shares(table, ["title", "system", "lattice", "atoms by"]).to_string(index=False))
    if arguments.sizes:
        size = pd.cut(table["atoms"], SIZES, labels=[f"up to {last}" for last in SIZES[1:]])
        print(
            shares(table.assign(size=size.astype(str)), ["system", "size"]).to_string(index=False)
        )
    elif not (arguments.curves or arguments.only):
        chosen = table[(table["lattice"] == "given") & (table["atoms by"] == "pattern too")]
        print(shares(chosen, ["system", "atoms"]).to_string(index=False))
        print(shares(chosen, ["system", "type_in_training"]).to_string(index=False))


def test_crystals(*, dft: bool) -> list[tuple[Crystal, str, bool]]:
    """Test crystals: crystal, system, whether its structure type was trained on.

    A structure type is an anonymous formula in a space group with the atoms of the cell.

    Args:
        dft: those with a DFT density alone, otherwise all in a random order.
    """
    structures = pd.read_parquet(DATA / "structures.parquet")
    kind = [
        f"{Composition(formula).anonymized_formula} {group} {count}"
        for formula, group, count in zip(
            structures["formula_pretty"],
            structures["spacegroup_number"],
            structures["nsites"],
            strict=True,
        )
    ]
    structures = structures.assign(kind=kind)
    trained = set(structures["kind"][structures["split"] == "train"])
    about = structures.set_index("material_id")
    if dft:
        crystals = [crystal for crystal, _ in embedded(split="test")]
    else:
        test = structures[structures["split"] == "test"].sort_values("material_id")
        crystals = crystals_of(test.sample(frac=1, random_state=1))
    return [
        (
            crystal,
            str(about.loc[crystal.material_id, "crystal_system"]),
            about.loc[crystal.material_id, "kind"] in trained,
        )
        for crystal in crystals
    ]


def simulated(
    wavelength: float = MO_K_ALPHA,
    last: float = 120.0,
    intensity: float = 0.0,
    position: float = 0.0,
    merged: float = 0.02,
    orientation: float = 1.0,
    impurity: float = 0.0,
) -> Flaw:
    """Peaks as they would be measured.

    Args:
        wavelength: A.
        last: end of the range, degrees of 2-theta; it starts at 5.
        intensity: relative standard deviation of the intensities.
        position: standard deviation of the positions, degrees.
        merged: peaks nearer than this, in degrees, are one.
        orientation: r of March and Dollase along c of the cell (doi 10.1107/S0021889886089458).
        impurity: height of the strongest peak of rock salt in the pattern, of 1.
    """

    def flaw(crystal: Crystal, generator: np.random.Generator) -> MeasuredPeaks:
        reach = (5.0, last)
        pattern = powder_pattern(crystal, wavelength, reach)
        two_theta, height = pattern.two_theta.copy(), pattern.intensity.copy()
        if orientation != 1:
            hkl = pattern.sphere.hkl(np.arange(len(pattern.sphere.g_squared)))
            towards = hkl @ np.linalg.inv(crystal.lattice).T
            along = towards @ np.linalg.inv(crystal.lattice)[:, 2]
            cosine2 = along**2 / (
                (towards**2).sum(axis=1) * (np.linalg.inv(crystal.lattice)[:, 2] ** 2).sum()
            )
            factor = (orientation**2 * cosine2 + (1 - cosine2) / orientation) ** -1.5
            height *= [factor[a:b].mean() for a, b in zip(pattern.first, pattern.stop, strict=True)]
        if impurity:
            other = powder_pattern(ROCK_SALT, wavelength, reach)
            two_theta = np.append(two_theta, other.two_theta)
            height = np.append(height, impurity * height.max() * other.intensity / 100)
        order = np.argsort(two_theta)
        two_theta, height = two_theta[order], height[order]
        group = np.append(0, np.cumsum(np.diff(two_theta) > merged))
        area = np.bincount(group, height)
        place = np.bincount(group, height * two_theta) / np.maximum(area, 1e-300)
        area *= np.clip(1 + intensity * generator.normal(size=len(area)), 0, None)
        place += position * generator.normal(size=len(place))
        seen = (area > FAINTEST / 100 * area.max()) & (place > 5) & (place < last)
        return MeasuredPeaks(place[seen], area[seen], wavelength, reach)

    return flaw


ROCK_SALT = Crystal(
    "rock salt",
    5.64 / 2 * np.array([[0.0, 1, 1], [1, 0, 1], [1, 1, 0]]),
    np.array([11, 17]),
    np.array([[0.0, 0, 0], [0.5, 0.5, 0.5]]),
)


def curves() -> dict[str, Flaw]:
    """Steps away from a perfect pattern, one at a time and then all of them."""
    cu = CU_K_ALPHA
    return {
        "Mo 5-120": simulated(),
        "Cu 5-120": simulated(cu),
        "Cu 5-65": simulated(cu, 65),
        "intensity error 10 %": simulated(intensity=0.1),
        "intensity error 20 %": simulated(intensity=0.2),
        "intensity error 40 %": simulated(intensity=0.4),
        "position error 0.02": simulated(position=0.02),
        "merged within 0.2": simulated(merged=0.2),
        "merged within 0.5": simulated(merged=0.5),
        "orientation r = 0.8": simulated(orientation=0.8),
        "orientation r = 0.6": simulated(orientation=0.6),
        "impurity 5 %": simulated(impurity=0.05),
        "impurity 20 %": simulated(impurity=0.2),
        "all: Cu 5-65, 20 %, 0.02, 0.2, r 0.8, 5 %": simulated(
            cu, 65, 0.2, 0.02, 0.2, orientation=0.8, impurity=0.05
        ),
    }


def lattice_of(crystal: Crystal, system: str, peaks: MeasuredPeaks) -> list[IndexedLattice]:
    """What a user who knows the conventional lattice constants gives."""
    cell = SpacegroupAnalyzer(crystal.to_structure(), 0.1).get_conventional_standard_structure()
    lengths = (cell.lattice.a,) if system == "cubic" else (cell.lattice.a, cell.lattice.c)
    return densest(given_lattices(system, lengths, peaks))


def solve_all(
    models: list[SolveModel],
    test: Iterable[tuple[Crystal, str, bool]],
    title: str,
    flaw: Flaw,
    guesses: int,
    ways: list[tuple[str, str]],
) -> Iterable[dict[str, object]]:
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    generator = np.random.default_rng(2024)
    started_all = time.monotonic()
    crystals = list(test)
    for done, (crystal, system, trained) in enumerate(crystals):
        if done % 10 == 0:
            seconds = time.monotonic() - started_all
            print(f"  {title}: {done} of {len(crystals)}, {seconds:.0f} s", file=sys.stderr)
        peaks = flaw(crystal, generator)
        known = KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)
        for lattice, by in ways:
            started = time.perf_counter()
            rank, rwp, reason = None, np.nan, ""
            try:
                lattices = (
                    lattice_of(crystal, system, peaks)
                    if lattice == "given"
                    else densest(find_lattices(peaks, ("cubic", "trigonal")))[:LATTICES]
                )
                candidates = solve_peaks(
                    peaks,
                    known,
                    lattices,
                    [] if by == "pattern alone" else models,
                    gaussians,
                    guesses=guesses,
                    physics=by != "network alone",
                )
                right = [c for c in candidates if matches(crystal, c.crystal)]
                rank = right[0].rank if right else None
                rwp = candidates[0].match.rwp
            except CrystalNetError as error:
                reason = str(error)
            yield {
                "title": title,
                "system": system,
                "lattice": lattice,
                "atoms by": by,
                "material_id": crystal.material_id,
                "formula": crystal.to_structure().composition.reduced_formula,
                "atoms": len(crystal.atomic_numbers),
                "type_in_training": trained,
                "rank": rank,
                "rwp": rwp,
                "seconds": time.perf_counter() - started,
                "reason": reason,
            }


def shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Share of crystals matched at each rank, in percent."""
    rows = []
    for names, found in table.groupby(by, sort=False, dropna=False):
        ranks = found["rank"].astype(float).fillna(np.inf)
        rows.append(
            dict(zip(by, names, strict=True))
            | {"crystals": len(found)}
            | {f"rank {n} %": round(100 * float((ranks <= n).mean()), 1) for n in RANKS}
            | {
                "Rwp of first": round(float(found["rwp"].median()), 3),
                "seconds": round(float(found["seconds"].median()), 2),
                "no result": int((found["reason"] != "").sum()),
            }
        )
    return pd.DataFrame(rows)


def ssim_table(
    models: list[SolveModel], test: Iterable[tuple[Crystal, str, bool]], guesses: int
) -> pd.DataFrame:
    """Mean SSIM on DFT densities: of guesses, and of what is solved.

    In the crystal's own cell, so that each is the best over the rotations that keep the lattice.
    """
    gaussians = ValenceGaussians.load(DATA / "valence_gaussians.json")
    truths = {c.material_id: d[::2, ::2, ::2] for c, d in embedded(split="test")}
    rows: list[dict[str, object]] = []
    for crystal, system, _ in test:
        peaks = simulated()(crystal, np.random.default_rng(0))
        known = KnownComposition.from_formula(crystal.to_structure().composition.reduced_formula)
        for model in models:
            if model.system != system:
                continue
            vector = network_pattern(peaks, model.network.pattern_bins).vector
            densities = model.guess(vector, known, guesses, GRID, 0)
            truth = torch.from_numpy(truths[crystal.material_id].astype(np.float32))
            scores = score_guesses(
                truth[None],
                torch.from_numpy(densities)[None],
                "lattice",
                lattices=torch.tensor(crystal.lattice)[None],
            ).ssim.flatten(2).amax(dim=2)[0].numpy()  # fmt: skip
            rwp = []
            for density in densities:
                try:
                    decoded = decode(density, crystal.lattice, known, gaussians)
                    atoms = exchange_elements(decoded.crystal, peaks)[0]
                    rwp.append(match_pattern(atoms, peaks).rwp)
                except CrystalNetError:
                    rwp.append(np.inf)
            rows.append(
                {
                    "system": system,
                    "one guess": scores[0],
                    "by pattern of 5": scores[int(np.argmin(rwp[:5]))],
                    f"by pattern of {guesses}": scores[int(np.argmin(rwp))],
                    "oracle of 5": scores[:5].max(),
                    f"oracle of {guesses}": scores.max(),
                    "solved": _solved_ssim(crystal, system, peaks, known, model, truth, gaussians),
                }
            )
    return pd.DataFrame(rows).groupby("system").mean().round(4).reset_index()


def _solved_ssim(
    crystal: Crystal,
    system: str,
    peaks: MeasuredPeaks,
    known: KnownComposition,
    model: SolveModel,
    truth: torch.Tensor,
    gaussians: ValenceGaussians,
) -> float:
    """SSIM of what is handed out at rank 1: free atoms at the places that were found.

    A structure that matches is moved to the origin and the axes of the true one first; no structure
    is worth 0.
    """
    try:
        lattices = lattice_of(crystal, system, peaks)
        best = solve_peaks(peaks, known, lattices, [model], gaussians)[0].crystal
    except CrystalNetError:
        return 0.0
    matcher = StructureMatcher(0.2, 0.3, 5, primitive_cell=False)
    there = matcher.get_s2_like_s1(crystal.to_structure(), best.to_structure())
    moved = best if there is None else Crystal.from_structure(there)
    density = iam_density([moved], GRID, gaussians)
    scores = score_guesses(
        truth[None], density[None], "lattice", lattices=torch.tensor(crystal.lattice)[None]
    ).ssim  # fmt: skip
    return float(scores.max())


def measured_table(models: list[SolveModel], guesses: int) -> pd.DataFrame:
    """The eight measured patterns: at which rank the right structure is."""
    rows = []
    structures = pd.read_parquet(DATA / "structures.parquet").set_index("material_id")
    folder = DATA / "measured_patterns"
    for each in json.loads((folder / "manifest.json").read_bytes()):
        row = structures.loc[each["material_id"]]
        truth = Crystal(
            each["material_id"],
            np.asarray(row["lattice"], dtype=np.float64).reshape(3, 3),
            np.asarray(row["atomic_numbers"], dtype=np.int64),
            np.asarray(row["frac_coords"], dtype=np.float64).reshape(-1, 3),
        )
        cell = SpacegroupAnalyzer(truth.to_structure(), 0.1).get_conventional_standard_structure()
        system = row["crystal_system"]
        given = (cell.lattice.a,) if system == "cubic" else (cell.lattice.a, cell.lattice.c)
        for lattice in (given, None):
            result: dict[str, object] = {
                "pattern": each["file"],
                "formula": each["formula"],
                "lattice": "given" if lattice else "found",
            }
            try:
                solution = solve(
                    folder / each["file"],
                    wavelength=each["wavelength_A"],
                    formula=each["formula"],
                    lattice=lattice,
                    models=models,
                    guesses=guesses,
                )
                right = [c for c in solution.candidates if matches(truth, c.crystal)]
                result |= {
                    "peaks": len(solution.found.peaks.two_theta),
                    "rank": right[0].rank if right else "-",
                    "of": len(solution.candidates),
                    "Rwp of first": round(solution.candidates[0].match.rwp, 3),
                    "Rwp of right": round(right[0].match.rwp, 3) if right else "-",
                    "seconds": round(solution.seconds, 1),
                    "Rwp of truth": _rwp_in(truth, solution.lattices[0], solution.found.peaks),
                    "lattice tried first": _cell(solution.lattices[0]),
                }
            except CrystalNetError as error:
                result |= {"rank": "-", "lattice tried first": str(error)[:80]}
            rows.append(result)
    return pd.DataFrame(rows).fillna("-")


def _rwp_in(truth: Crystal, lattice: IndexedLattice, peaks: MeasuredPeaks) -> float | str:
    """Rwp of the true atoms in the lattice that was measured, if it is of the same kind."""
    volume = abs(np.linalg.det(lattice.primitive))
    if abs(volume / truth.volume - 1) > 0.1:
        return "-"
    # Database and indexing hold primitive cells alike, so the coordinates stay.
    there = Crystal("truth", lattice.primitive, truth.atomic_numbers, truth.frac_coords)
    shifted = replace(peaks, two_theta=peaks.two_theta - lattice.zero_shift)
    return round(match_pattern(there, shifted).rwp, 3)


def _cell(lattice: IndexedLattice) -> str:
    lengths = f"{lattice.a:.3f}" + (f", {lattice.c:.3f}" if lattice.c else "")
    return f"{lattice.system} {lattice.centring} {lengths}"


if __name__ == "__main__":
    main()
