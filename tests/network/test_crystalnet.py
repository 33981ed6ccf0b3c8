"""The assembled network: its parameter count, and its equality with the point-by-point form."""

import pytest
import torch
from torch import Tensor, nn

from benchmarks.training_step import PAPER, reference_forward
from crystalnet.network.crystalnet import CrystalNet
from crystalnet.network.density_model import DensityModel
from crystalnet.settings import NetworkSettings

TINY = NetworkSettings(
    width=12,
    fourier_features=6,
    fourier_sigma=1.5,
    dense_growth=2,
    dense_layers=2,
    regressor_layers=2,
    regressor_blocks=2,
)
BINS = 32


def count(module: nn.Module | None) -> int:
    assert module is not None
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def test_parameters_are_the_papers() -> None:
    model = CrystalNet(PAPER, 1024, with_formula=True)
    assert count(model.position) == 395_264
    assert count(model.pattern_mu) == count(model.pattern_sigma) == 416_457
    assert count(model.formula_mu) == count(model.formula_sigma) == 589_824
    assert count(model.film.gamma) == count(model.film.beta) == 3_680_768
    assert count(model.regressor) == 5_005_825
    assert model.parameter_count == count(model) == 14_775_187


def test_parameters_without_a_formula() -> None:
    assert CrystalNet(PAPER, 1024, with_formula=False).parameter_count == 13_595_539


def tiny_problem(with_formula: bool) -> tuple[CrystalNet, dict[str, Tensor | None]]:
    """A float64 network whose running statistics and norms are not the initial ones."""
    torch.manual_seed(0)
    model = CrystalNet(TINY, BINS, with_formula).double()
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_()
                assert module.running_mean is not None
                module.running_mean.normal_()
    crystals, points = 5, 7
    inputs = {
        "patterns": torch.rand(crystals, BINS, dtype=torch.float64),
        "formulas": torch.rand(crystals, 119, dtype=torch.float64) if with_formula else None,
        "coordinates": torch.rand(crystals, points, 3, dtype=torch.float64) - 0.5,
        "noise": torch.randn(crystals, model.noise_width, dtype=torch.float64),
    }
    return model, inputs


@pytest.mark.parametrize("with_formula", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_equals_the_point_by_point_form(with_formula: bool, training: bool) -> None:
    model, inputs = tiny_problem(with_formula)
    model.train(training)
    weights = torch.randn(5, 7, dtype=torch.float64)

    plain, _ = reference_forward(model, **inputs)
    (plain * weights).sum().backward()
    wanted = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    ours, _ = model(**inputs)
    (ours * weights).sum().backward()
    seen = {name: p.grad for name, p in model.named_parameters()}

    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-10)
    assert wanted.keys() == seen.keys()
    for name, gradient in wanted.items():
        torch.testing.assert_close(seen[name], gradient, rtol=1e-9, atol=1e-9, msg=name)


def test_training_updates_the_running_means_as_the_point_by_point_form() -> None:
    model, inputs = tiny_problem(True)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    reference_forward(model, **inputs)
    plain = {k: v.clone() for k, v in model.state_dict().items()}
    model.load_state_dict(before)
    model(**inputs)
    crystals, points = 5, 7
    for name, value in model.state_dict().items():
        if "running_mean" in name:
            torch.testing.assert_close(value, plain[name], rtol=1e-12, atol=1e-12, msg=name)
        if "running_var" in name and name.startswith("film"):
            # Unbiased over B crystals here, over B P repeated rows there.
            kept = 0.9 * before[name]
            ratio = (crystals / (crystals - 1)) / (crystals * points / (crystals * points - 1))
            torch.testing.assert_close(value - kept, (plain[name] - kept) * ratio, msg=name)


@pytest.mark.parametrize("with_formula", [True, False])
def test_predict_agrees_with_forward_in_evaluation_mode(with_formula: bool) -> None:
    model, inputs = tiny_problem(with_formula)
    patterns, formulas = inputs["patterns"], inputs["formulas"]
    assert patterns is not None
    grid, guesses = 4, 3
    with torch.inference_mode():
        density = model.predict(patterns, formulas, grid, guesses, torch.Generator().manual_seed(7))
    assert density.shape == (5, guesses, grid, grid, grid)
    assert model.training

    noise = model.draw_noise(5 * guesses, torch.Generator().manual_seed(7))
    axis = torch.arange(grid, dtype=torch.float64) / grid - 0.5
    x, y, z = torch.meshgrid(axis, axis, axis, indexing="ij")
    coordinates = torch.stack([x, y, z], dim=-1).reshape(1, -1, 3).expand(5, -1, 3)
    model.eval()
    for guess in range(guesses):
        wanted, _ = model(patterns, formulas, coordinates, noise.view(5, guesses, -1)[:, guess])
        torch.testing.assert_close(density[:, guess].reshape(5, -1), wanted, rtol=1e-10, atol=1e-10)


def test_predict_does_not_depend_on_the_size_of_its_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model, inputs = tiny_problem(True)
    arguments = (inputs["patterns"], inputs["formulas"], 5, 2)
    whole = model.predict(*arguments, torch.Generator().manual_seed(1))
    for rows in (1, 50, 300):
        monkeypatch.setattr("crystalnet.network.inference._CPU_BYTES", rows * 12 * 8)
        pieces = model.predict(*arguments, torch.Generator().manual_seed(1))
        torch.testing.assert_close(pieces, whole, rtol=1e-12, atol=1e-12)


def test_guesses_differ_and_follow_the_generator() -> None:
    model, inputs = tiny_problem(True)
    arguments = (inputs["patterns"], inputs["formulas"], 3, 2)
    first = model.predict(*arguments, torch.Generator().manual_seed(1))
    again = model.predict(*arguments, torch.Generator().manual_seed(1))
    other = model.predict(*arguments, torch.Generator().manual_seed(2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)
    assert not torch.allclose(first[:, 0], first[:, 1])


def test_latent_is_symmetric_in_the_sign_of_sigma() -> None:
    model, inputs = tiny_problem(True)
    latent = model.encode(inputs["patterns"], inputs["formulas"])
    assert (latent.sigma_pattern < 0).any()
    noise = inputs["noise"]
    assert noise is not None
    assert latent.sigma_formula is not None
    mirrored = latent._replace(
        sigma_pattern=-latent.sigma_pattern, sigma_formula=-latent.sigma_formula
    )
    torch.testing.assert_close(
        model.modulate(latent, noise), model.modulate(mirrored, -noise), rtol=0, atol=0
    )


def test_a_network_with_a_formula_asks_for_one() -> None:
    model, inputs = tiny_problem(True)
    with pytest.raises(ValueError, match="takes a composition"):
        model.encode(inputs["patterns"], None)


def test_it_is_a_density_model_by_the_name_of_the_paper(tiny_network: NetworkSettings) -> None:
    model = CrystalNet(tiny_network, 32, True)
    assert isinstance(model, DensityModel)
    assert model.architecture == "paper"
