"""What a training says to the person who waits for it."""

from collections.abc import Sequence

from crystalnet.learning.checkpoints import CurveRow


def report(
    row: CurveRow, epochs: int, best_ssim: float, best_epoch: int, seconds: Sequence[float]
) -> str:
    """Epoch, parts of the loss, validation SSIM and the time left, in one line.

    Args:
        row: the last epoch.
        epochs: in the whole training.
        best_ssim, best_epoch: the best validation so far; epoch 0 before the first one.
        seconds: that each epoch took.
    """
    left = (epochs - row.epoch) * sum(seconds) / len(seconds)
    ssim = "" if row.validation_ssim is None else f"  SSIM {row.validation_ssim:.4f}"
    best = f" (best {best_ssim:.4f}, epoch {best_epoch})" if best_epoch else ""
    return (
        f"epoch {row.epoch}/{epochs}  loss {row.loss:.4f} = {row.l1:.4f} e/A^3, "
        f"KL {row.kl_pattern:.3f} pattern {row.kl_formula:.3f} formula  "
        f"rate {row.learning_rate:.1e}{ssim}{best}  {duration(left)} left"
    )


def duration(seconds: float) -> str:
    """Seconds for people."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
