"""Seeds derived from one root."""

import torch

from crystalnet.seeds import derived_generator, derived_seed, seeded_initialisation


def test_each_purpose_has_its_own_seed() -> None:
    seeds = {derived_seed(root, "epoch", n) for root in range(3) for n in range(50)}
    seeds |= {derived_seed(root, "validation", 1) for root in range(3)}
    assert len(seeds) == 153
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_stay_the_same_from_run_to_run() -> None:
    assert derived_seed(2024, "epoch", 0) == 3_812_763_775_510_992_604


def test_generators_repeat() -> None:
    first = torch.rand(3, generator=derived_generator("cpu", 1, "epoch", 2))
    assert torch.equal(first, torch.rand(3, generator=derived_generator("cpu", 1, "epoch", 2)))


def test_initialisation_is_seeded_and_leaves_torch_as_it_was() -> None:
    torch.manual_seed(5)
    wanted = torch.rand(2)
    torch.manual_seed(5)
    with seeded_initialisation(1):
        first = torch.rand(2)
    assert torch.equal(torch.rand(2), wanted)
    with seeded_initialisation(1):
        assert torch.equal(torch.rand(2), first)
