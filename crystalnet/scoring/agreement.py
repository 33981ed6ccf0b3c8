"""How well a density agrees with the truth voxel by voxel, beside SSIM and PSNR."""

import torch
from jaxtyping import Float
from torch import Tensor


def nmae_percent(
    truth: Float[Tensor, "*batch x y z"], guess: Float[Tensor, "*batch x y z"]
) -> Float[Tensor, "*batch"]:
    """Normalised mean absolute error, 100 sum |p - t| / sum |t|, in per cent."""
    t, p = _voxels(truth), _voxels(guess)
    return 100 * (p - t).abs().sum(-1) / t.abs().sum(-1)


def map_correlation(
    truth: Float[Tensor, "*batch x y z"], guess: Float[Tensor, "*batch x y z"]
) -> Float[Tensor, "*batch"]:
    """Pearson correlation of the voxels, from -1 to 1; 0 if one of the maps is constant."""
    t, p = _voxels(truth), _voxels(guess)
    varies = (t.amax(-1) > t.amin(-1)) & (p.amax(-1) > p.amin(-1))
    t = t - t.mean(-1, keepdim=True)
    p = p - p.mean(-1, keepdim=True)
    correlation = torch.nn.functional.cosine_similarity(t, p, dim=-1, eps=0.0)
    return torch.where(varies, correlation, torch.zeros_like(correlation))


def electron_error_percent(
    truth: Float[Tensor, "*batch x y z"], guess: Float[Tensor, "*batch x y z"]
) -> Float[Tensor, "*batch"]:
    """Error of the electron count, 100 |sum p / sum t - 1|, in per cent; the volume cancels."""
    return 100 * (_voxels(guess).sum(-1) / _voxels(truth).sum(-1) - 1).abs()


def negative_mass_percent(guess: Float[Tensor, "*batch x y z"]) -> Float[Tensor, "*batch"]:
    """Share of the density that is negative, 100 sum |p < 0| / sum |p|, in per cent.

    A density of zero everywhere has none.
    """
    p = _voxels(guess)
    total = p.abs().sum(-1)
    share = 100 * (-p).clamp(min=0).sum(-1) / total
    return torch.where(total > 0, share, torch.zeros_like(share))


def _voxels(density: Float[Tensor, "*batch x y z"]) -> Float[Tensor, "*batch voxels"]:
    # Sums over 125,000 voxels: in double precision, which costs nothing here.
    return density.flatten(-3).double()
