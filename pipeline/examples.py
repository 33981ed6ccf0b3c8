"""The crystals that the report draws, chosen by rule, with guesses made anew."""

from dataclasses import replace

import torch
from pymatgen.core import Composition

from crystalnet.crystallography.rotations import rotation_set
from crystalnet.network.density_model import DensityModel
from crystalnet.network.trained import load_trained
from crystalnet.scoring.ssim import score_guesses
from crystalnet.seeds import derived_generator
from crystalnet.tensors import CrystalTensors
from pipeline import store
from pipeline.canonical import tensors_for
from pipeline.dataset import Dataset
from reports.data import Example, ModelReport, ReportData

# Crystals of each system in each row of examples, and guesses of those that show several.
SHOWN = 3
SAMPLES = 4
TURNED_GUESSES = 2


def example(
    dataset: Dataset,
    tensors: CrystalTensors,
    network: DensityModel,
    report: ModelReport,
    material_id: str,
    rank: str,
    seed: int,
    guesses: int,
    best_only: bool,
) -> Example:
    """Guesses of one crystal on the stored grid, each in its best rotation."""
    record = dataset.crystal(material_id)
    one = tensors.subset(torch.tensor([tensors.material_ids.index(material_id)]))
    generator = derived_generator("cpu", seed, "report", material_id)
    made = network.predict(one.patterns, one.formulas, one.grid, guesses, generator)
    comparison = report.evaluation.rotations
    rotations = "array" if comparison == "released" else comparison
    truth = one.densities.float()
    scored = score_guesses(truth, made, rotations, one.lattices, [material_id]).ssim[0]
    maps = rotation_set(rotations, one.grid, one.lattices[0].numpy())
    found = []
    for guess, of_guess in zip(made[0], scored, strict=True):
        turned = guess.flatten().numpy()[maps[int(of_guess.argmax())]]
        found.append((float(of_guess.max()), turned.reshape(guess.shape)))
    if best_only:
        found = [max(found, key=lambda pair: pair[0])]
    return Example(
        system=report.card.system,
        material_id=material_id,
        formula=record.formula,
        spacegroup_number=record.spacegroup_number,
        rank=rank,
        pattern=record.pattern,
        truth=truth[0].numpy(),
        guesses=[density for _, density in found],
        ssim=[ssim for ssim, _ in found],
    )


def _network(dataset: Dataset, report: ModelReport) -> DensityModel:
    weights, card = (form.format(model=report.name) for form in (store.WEIGHTS, store.CARD))
    network, _ = load_trained(
        weights, card, dataset.pattern_spec, name=report.name, system=report.card.system
    )
    return network


def examples(dataset: Dataset, report: ModelReport, seed: int) -> dict[str, list[Example]]:
    """Test crystals of one system by rank: the best, those in the middle, the worst."""
    network = _network(dataset, report)
    test = tensors_of(dataset, report, seed)
    column = f"ssim_{report.evaluation.rotations}"
    ranked = report.scores.sort_values([column, "material_id"], ascending=[False, True])
    ids, count = ranked["material_id"].tolist(), len(ranked)
    shown = min(SHOWN, count)
    places = {
        "successes": range(shown),
        "typical": [(2 * part + 1) * count // (2 * shown) for part in range(shown)],
        "failures": range(count - shown, count),
    }
    guesses = report.evaluation.guesses
    found = {
        kind: [
            example(
                dataset,
                test,
                network,
                report,
                ids[place],
                f"{place + 1} of {count}",
                seed,
                guesses,
                best_only=True,
            )
            for place in of_kind
        ]
        for kind, of_kind in places.items()
    }
    middle = ids[count // 4]
    found["samples"] = [
        example(dataset, test, network, report, middle, "", seed, SAMPLES, best_only=False)
    ]
    found["turned"] = [
        example(
            dataset,
            test,
            network,
            report,
            ids[place],
            f"{place + 1} of {count}",
            seed,
            TURNED_GUESSES,
            best_only=False,
        )
        for place in quantiles(count, 5)
    ]
    return found


def quantiles(count: int, parts: int) -> list[int]:
    """Places from the first to the last, evenly, none twice."""
    return sorted({round(part * (count - 1) / (parts - 1)) for part in range(parts)})


def of_inputs(dataset: Dataset, data: ReportData, system: str, seed: int) -> list[Example]:
    """Three test crystals, each with the guess of every input's model."""
    main = data.main(system)
    models = [
        model
        for model in data.models
        if model.card.system == system
        and (model.protocol, model.repeat) == ("ablation", 0)
        # The densities of the other architecture stand in other settings.
        and model.architecture == main.architecture
    ]
    column = f"ssim_{main.evaluation.rotations}"
    ranked = main.scores.sort_values([column, "material_id"], ascending=[False, True])
    ids = ranked["material_id"].tolist()
    guessed: dict[str, list[Example]] = {
        ids[place]: [] for place in quantiles(len(ids), 5)[1:-1] or [0]
    }
    for model in models:
        network = _network(dataset, model)
        test = tensors_of(dataset, model, seed)
        for name, examples_of in guessed.items():
            rank = f"{ids.index(name) + 1} of {len(ids)}"
            examples_of.append(
                example(
                    dataset,
                    test,
                    network,
                    model,
                    name,
                    rank,
                    seed,
                    model.evaluation.guesses,
                    best_only=True,
                )
            )
    labels = tuple(model.name.removeprefix(f"{system}-").replace("_", " ") for model in models)
    return [
        replace(
            found[0],
            guesses=[one.guesses[0] for one in found],
            ssim=[one.ssim[0] for one in found],
            labels=labels,
        )
        for found in guessed.values()
        if found
    ]


def known_types(dataset: Dataset) -> frozenset[str]:
    """The test crystals whose anonymous formula and space group occur in training."""
    rows = dataset.table
    types = [
        (Composition(formula).anonymized_formula, group)
        for formula, group in zip(rows["formula_pretty"], rows["spacegroup_number"], strict=True)
    ]
    trained = {kind for kind, split in zip(types, rows["split"], strict=True) if split == "train"}
    return frozenset(
        name
        for name, kind, split in zip(rows["material_id"], types, rows["split"], strict=True)
        if split == "test" and kind in trained
    )


def tensors_of(dataset: Dataset, report: ModelReport, seed: int) -> CrystalTensors:
    """The test crystals of a model, as it is told of them."""
    card = report.card
    # Those that come with the project are scored elsewhere.
    assert card.pattern_input != "realistic", card.name
    return tensors_for(
        report.architecture,
        dataset,
        card.system,
        "test",
        composition=card.composition_input,
        pattern=card.pattern_input,
        seed=seed,
    )
