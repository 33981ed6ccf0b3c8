"""The modes network as a DensityModel."""

import pytest
import torch

from crystalnet.network.density_model import DensityModel
from crystalnet.network.modes.features import BINS
from crystalnet.network.modes.network import ModesNet
from crystalnet.settings_modes import ModesSettings
from tests.network.modes.test_density_modes import fitted

SETTINGS = ModesSettings(width=24, blocks=1, latents=4, latent_width=6, dropout=0.1)


def network(with_formula: bool = True) -> ModesNet:
    torch.manual_seed(0)
    return ModesNet(SETTINGS, fitted(12, 9, 2, count=5), with_formula)


def inputs(crystals: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    formulas = torch.zeros(crystals, 119)
    formulas[:, 8], formulas[:, 20] = 0.75, 0.25
    return torch.rand(crystals, BINS + 1, generator=generator), formulas


def test_guesses_start_with_the_first_and_follow_by_trust() -> None:
    model = network()
    patterns, formulas = inputs(3)
    assert isinstance(model, DensityModel)
    made = model.predict(patterns, formulas, grid=9, guesses=3)
    said = model.eval()(patterns, formulas, torch.ones(3))
    others = said.trust[:, 1:].argsort(dim=1, descending=True) + 1
    for crystal in range(3):
        for place, guess in enumerate([0, *others[crystal, :2].tolist()]):
            wanted = model.modes.densities(
                said.coefficients[crystal, guess][None], said.log_size[crystal].exp()[None], 9
            )
            torch.testing.assert_close(made[crystal, place], wanted[0])


def test_a_finer_grid_holds_the_points_of_the_coarse_one() -> None:
    model = network()
    patterns, formulas = inputs(2)
    coarse = model.predict(patterns, formulas, grid=9, guesses=2)
    fine = model.predict(patterns, formulas, grid=18, guesses=2)
    torch.testing.assert_close(fine[..., ::2, ::2, ::2], coarse, atol=1e-5, rtol=1e-4)


def test_a_network_without_a_formula_does_not_look_at_it() -> None:
    model = network(with_formula=False)
    patterns, formulas = inputs(2)
    torch.testing.assert_close(
        model.predict(patterns, formulas, 9, 1), model.predict(patterns, None, 9, 1)
    )
    with pytest.raises(ValueError, match="takes a composition"):
        network()(patterns, None, torch.ones(2))


def test_the_two_kinds_of_density_differ_once_it_has_learnt_to_tell_them_apart() -> None:
    model = network()
    patterns, formulas = inputs(2)
    dft, iam = (model.predict(patterns, formulas, 9, 1, kind=kind) for kind in ("dft", "iam"))
    torch.testing.assert_close(dft, iam)
    torch.nn.init.normal_(model.of_dft)
    assert not torch.allclose(model.predict(patterns, formulas, 9, 1, kind="dft"), iam)
