"""The one-dimensional DenseNet."""

import torch
from torch import nn

from crystalnet.network.pattern_encoder import ConvNorm, PatternEncoder
from crystalnet.settings import NetworkSettings

SETTINGS = NetworkSettings(
    width=6,
    fourier_features=2,
    fourier_sigma=1.0,
    dense_growth=3,
    dense_layers=2,
    regressor_layers=1,
    regressor_blocks=0,
)


def test_shapes_follow_the_paper() -> None:
    encoder = PatternEncoder(SETTINGS, 40)
    convolutions = [m for m in encoder.modules() if isinstance(m, nn.Conv1d)]
    shapes = [(c.in_channels, c.out_channels, *c.kernel_size) for c in convolutions]
    assert shapes == [
        (1, 3, 3),
        (3, 3, 3),
        (6, 3, 3),
        (9, 6, 1),
        (6, 3, 3),
        (9, 3, 3),
        (12, 1, 1),
    ]
    assert [c.bias is not None for c in convolutions] == [False] * 6 + [True]
    norms = [m.normalized_shape for m in encoder.modules() if isinstance(m, nn.LayerNorm)]
    assert norms == [(3, 40), (3, 40), (3, 40), (6, 40), (3, 20), (3, 20)]
    assert encoder(torch.rand(5, 40)).shape == (5, 6)


def test_norm_is_over_channels_and_length() -> None:
    layer = ConvNorm(1, 3, 3, 40)
    signal = torch.rand(2, 1, 40)
    convolved = layer.conv(signal)
    mean = convolved.mean(dim=(1, 2), keepdim=True)
    variance = convolved.var(dim=(1, 2), keepdim=True, unbiased=False)
    wanted = ((convolved - mean) / (variance + 1e-5).sqrt()).relu()
    torch.testing.assert_close(layer(signal), wanted)
