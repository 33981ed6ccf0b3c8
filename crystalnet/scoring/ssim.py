"""SSIM and PSNR of guessed densities against the truth, in every rotation of a set.

SSIM (Wang et al. 2004, doi 10.1109/TIP.2003.819861) in three dimensions as scikit-image
computes it by default: a uniform window of 7 voxels, sample covariance, data_range = max - min of
the truth, the mean over the windows that lie inside the grid. PSNR = 10 log10(data_range^2 / MSE)
over all voxels.

Two things make 24 rotations cheap. With d = t - g, the local means u and variances v give

    SSIM = (1 - (u_t - u_g)^2 / (u_t^2 + u_g^2 + C1)) (1 - v_d / (v_t + v_g + C2)),

which is the usual product rearranged: one field, d^2, is summed over windows for each rotation, and
its mean is the MSE. It also keeps float32 exact where SSIM is near 1, and scores a guess that
equals the truth exactly 1. And where a rotation sends windows to windows, the local means and
variances of the guess are turned instead of computed again: among the windows of the box for
`array`, among those of the periodic cell for `cube`. A sheared window is no window, so the
rotations of oblique lattices are done plainly.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.scoring.turns import Turn, groups_of_equal_rotations, take, turn_of
from crystalnet.scoring.windows import WINDOW_VOXELS, window_sums, wrapped
from crystalnet.settings import RotationSet

# (0.01 R)^2 and (0.03 R)^2 of scikit-image, with the data range R scaled to 1.
_C1 = 0.01**2
_C2 = 0.03**2

# Voxels of one step: a few arrays of them stay in the cache of a CPU core, or fill a GPU.
_CPU_VOXELS = 2**17
_GPU_VOXELS = 2**27


@dataclass(frozen=True)
class Scores:
    """Scores of each guess in each rotation.

    Attributes:
        ssim: structural similarity, at most 1.
        psnr: peak signal-to-noise ratio in dB; infinite for a perfect guess.

    Lattices of different symmetry have different numbers of rotations: a crystal with fewer
    holds -inf in the places left over, which no maximum chooses, while a NaN of a broken guess
    still shows.
    """

    ssim: Float[Tensor, "crystals guesses rotations"]
    psnr: Float[Tensor, "crystals guesses rotations"]


def score_guesses(
    truth: Float[Tensor, "crystals x x x"],
    guesses: Float[Tensor, "crystals guesses x x x"],
    rotations: RotationSet,
    lattices: Float[Tensor, "crystals 3 3"] | None = None,
    names: Sequence[str] | None = None,
) -> Scores:
    """SSIM and PSNR of every guess in every rotation of a set, the guess being the one turned.

    Computed on the device of the arrays, in float64 if the truth is, else in float32. The
    memory used beyond a few copies of the truth is bounded.

    Args:
        truth: densities, e/A^3.
        guesses: as many guesses for each crystal, e/A^3, on the same grid.
        rotations: the set; the identity is its first member.
        lattices: rows are a, b, c in A; needed by the set `lattice` alone.
        names: material ids, for messages.

    Raises:
        CrystalNetError: for a truth that is constant or not finite (its data_range is the unit
            of both scores), a grid below 7 points, or lattices missing from the set `lattice`.
    """
    crystals, count, grid = guesses.shape[:3]
    device = truth.device
    truths = _Truths(truth, names)
    groups = groups_of_equal_rotations(rotations, crystals, lattices)
    most = max(len(matrices) for matrices, _ in groups)
    scores = torch.full(
        (2, crystals * count, most), -torch.inf, dtype=_working_dtype(truth), device=device
    )
    flat = guesses.reshape(-1, grid, grid, grid)
    budget = (_GPU_VOXELS if device.type == "cuda" else _CPU_VOXELS) // grid**3
    for matrices, members in groups:
        turn = turn_of(matrices.tobytes(), grid, rotations == "array", device)
        turns = len(matrices)
        # Rows of `flat`, crystal * count + guess, of the crystals of this group.
        rows = (members[:, None] * count + torch.arange(count)).reshape(-1)
        for row in torch.split(rows.to(device), max(1, budget // turns)):
            pairs = _Pairs(truths, row // count, flat[row], turn)
            step = max(1, budget // len(row))
            for first in range(0, turns, step):
                some = slice(first, min(first + step, turns))
                scores[:, row, some] = pairs.scores(some)
    ssim, psnr = scores.view(2, crystals, count, most)
    return Scores(ssim, psnr)


class _Truths:
    """The truths in units of their data range and less their means, and their window moments.

    Both scores only see differences and the unit, but the luminance term of SSIM needs the means
    themselves: `offset` is what was taken away.
    """

    def __init__(self, truth: Float[Tensor, "crystals x x x"], names: Sequence[str] | None) -> None:
        voxels = truth.to(_working_dtype(truth)).flatten(1)
        low, high = voxels.aminmax(dim=1)
        self.data_range = (high - low)[:, None, None, None]
        _refuse_without_range(low, high, names)
        self.offset = voxels.mean(dim=1)[:, None, None, None] / self.data_range
        self.fields = voxels.view(truth.shape) / self.data_range - self.offset
        self.means, self.scatters = _moments(self.fields)


class _Pairs:
    """Some truths, each with one guess, in the units of `_Truths`."""

    def __init__(
        self,
        truths: _Truths,
        crystal: Int[Tensor, " pairs"],
        guesses: Float[Tensor, "pairs x x x"],
        turn: Turn,
    ) -> None:
        self._turn = turn
        self._offset = truths.offset[crystal][:, None]
        self._truth = truths.fields[crystal][:, None]
        self._truth_mean = truths.means[crystal][:, None]
        self._luminance = (self._truth_mean + self._offset).square_() + _C1
        self._contrast = truths.scatters[crystal][:, None] + _C2 * (WINDOW_VOXELS - 1)
        unit = truths.data_range[crystal]
        self._guess = guesses.to(unit.dtype) / unit - truths.offset[crystal]
        if turn.windows is not None:
            mean, scatter = _moments(wrapped(self._guess) if turn.periodic else self._guess)
            self._mean, self._scatter = mean.flatten(1), scatter.flatten(1)

    def scores(self, rotations: slice) -> Float[Tensor, "2 pairs rotations"]:
        """SSIM and PSNR in some of the rotations."""
        guess = take(self._guess.flatten(1), self._turn.voxels[rotations], self._truth.shape[-1])
        if self._turn.windows is None:
            mean, scatter = _moments(guess)
        else:
            windows = self._turn.windows[rotations]
            mean = take(self._mean, windows, self._truth_mean.shape[-1])
            scatter = take(self._scatter, windows, self._truth_mean.shape[-1])
        squares = guess.sub_(self._truth).square_()
        mse = squares.mean(dim=(-3, -2, -1))
        shift = (self._truth_mean - mean).square_()
        structure = window_sums(squares).sub_(shift, alpha=WINDOW_VOXELS)
        structure.div_(scatter.add_(self._contrast))
        mean.add_(self._offset)
        luminance = shift.div_(torch.addcmul(self._luminance, mean, mean))
        ssim = luminance.sub_(1).mul_(structure.sub_(1)).mean(dim=(-3, -2, -1))
        return torch.stack([ssim, -10 * mse.log10()])


def _moments(
    fields: Float[Tensor, "*batch x y z"],
) -> tuple[Float[Tensor, "*batch u v w"], Float[Tensor, "*batch u v w"]]:
    """Mean and scatter, sum (x - mean)^2, in every window inside the grid.

    The sample variance is the scatter / 342, a factor that cancels in SSIM.
    """
    mean = window_sums(fields) / WINDOW_VOXELS
    return mean, window_sums(fields.square()).sub_(mean.square(), alpha=WINDOW_VOXELS)


def _working_dtype(truth: Tensor) -> torch.dtype:
    return torch.float64 if truth.dtype == torch.float64 else torch.float32


def _refuse_without_range(
    low: Float[Tensor, " crystals"], high: Float[Tensor, " crystals"], names: Sequence[str] | None
) -> None:
    wrong = ~((high > low) & torch.isfinite(high - low))
    if wrong.any():
        crystal = int(wrong.nonzero()[0])
        name = names[crystal] if names is not None else f"crystal {crystal} of the batch"
        raise CrystalNetError(
            f"{name}: the true density runs from {float(low[crystal]):g} to "
            f"{float(high[crystal]):g} e/A^3, and SSIM and PSNR are measured in units of that "
            "range; want a finite density that is not constant"
        )
