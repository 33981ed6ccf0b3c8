"""FiLM once per crystal leaves the running statistics of FiLM run for every point."""

import torch

from crystalnet.network.film import FilmNet
from crystalnet.settings import NetworkSettings

SETTINGS = NetworkSettings(
    width=6,
    fourier_features=4,
    fourier_sigma=1.0,
    dense_growth=1,
    dense_layers=1,
    regressor_layers=1,
    regressor_blocks=1,
)


def test_statistics_of_repeated_rows() -> None:
    torch.manual_seed(0)
    plain = FilmNet(SETTINGS).double()
    ours = FilmNet(SETTINGS).double()
    ours.load_state_dict(plain.state_dict())
    crystals, points = 4, 9
    for _ in range(3):
        latents = torch.randn(crystals, 12, dtype=torch.float64)
        point_by_point = plain(latents.repeat_interleave(points, dim=0))
        torch.testing.assert_close(ours(latents, points), point_by_point[::points])
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(ours.state_dict()[name], value, rtol=1e-10, atol=1e-12)
    # In evaluation mode nothing is counted, and the results are those of the plain form.
    plain.eval(), ours.eval()
    torch.testing.assert_close(ours(latents, points), plain(latents))
