"""Linear maps with BatchNorm, and the split skip layer."""

import torch

from crystalnet.network.layers import HiddenLayers, LinearNorm, SkipLayer


def trained(layer: LinearNorm) -> LinearNorm:
    layer.double().train()
    for _ in range(3):
        layer.norm(torch.randn(20, layer.norm.num_features, dtype=torch.float64) * 2 + 1)
    with torch.no_grad():
        layer.norm.weight.uniform_(0.5, 2)
        layer.norm.bias.normal_()
    return layer.eval()


def test_folded_layer_equals_linear_and_norm_in_evaluation_mode() -> None:
    torch.manual_seed(1)
    layer = trained(LinearNorm(5, 4))
    rows = torch.randn(9, 5, dtype=torch.float64)
    weight, bias = layer.folded()
    torch.testing.assert_close(rows @ weight.T + bias, layer(rows), rtol=1e-12, atol=1e-12)


def test_skip_layer_equals_the_concatenation() -> None:
    torch.manual_seed(2)
    layer = SkipLayer(4).double()
    hidden, position = torch.randn(2, 9, 4, dtype=torch.float64).unbind()
    wanted = layer.norm(layer.linear(torch.cat([hidden, position], dim=1)))
    torch.testing.assert_close(layer(hidden, position), wanted, rtol=1e-12, atol=1e-12)


def test_hidden_layers_leave_their_input_as_it_was() -> None:
    torch.manual_seed(3)
    rows = torch.randn(6, 4)
    before = rows.clone()
    out = HiddenLayers([LinearNorm(4, 4), LinearNorm(4, 3)])(rows)
    assert torch.equal(rows, before)
    assert out.shape == (6, 3)
    assert (out >= 0).all()
