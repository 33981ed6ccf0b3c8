"""Refining positions against the modes of a density (Gauss-Newton, damped)."""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from crystalnet.solving.budget import UNBOUNDED, Budget
from crystalnet.solving.density.template_fit import DensityFit


def refine_positions(
    fit: DensityFit,
    species: Int[ndarray, " atoms"],
    x: Float[ndarray, "atoms 3"],
    steps: int = 8,
    budget: Budget = UNBOUNDED,
) -> tuple[Float[ndarray, "atoms 3"], float]:
    """Fractional coordinates nearby that cost least, and their cost."""
    modes = fit.modes
    inverse = np.linalg.inv(modes.lattice)
    g = 2 * np.pi * modes.hkl @ inverse.T
    root = np.sqrt(fit.weight)[:, None]
    added = fit.contributions(species, x)
    cost = fit.cost_of(modes.factor - added.sum(axis=1))
    damping = 1e-3
    for _ in range(steps):
        if budget.over():
            break
        residual = root[:, 0] * (modes.factor - added.sum(axis=1))
        # d/dx of f exp(-i g.x) is -i g f exp(-i g.x), by atom and Cartesian direction.
        # Its real and imaginary parts are rows of one matrix.
        parts = root * np.stack([added.imag, -added.real])
        slope = (parts[..., None] * g[:, None, :]).reshape(2 * len(g), -1)
        normal = slope.T @ slope
        gradient = slope.T @ np.concatenate([residual.real, residual.imag])
        diagonal = np.diag(normal).copy()
        diagonal += 1e-9 * diagonal.max() + 1e-30
        for _ in range(4):
            step = np.linalg.solve(normal + damping * np.diag(diagonal), gradient).reshape(-1, 3)
            longest = np.linalg.norm(step, axis=1).max()
            step *= min(1.0, fit.settings.longest_step / max(longest, 1e-12))
            trial = x + step @ inverse
            trial_added = fit.contributions(species, trial)
            trial_cost = fit.cost_of(modes.factor - trial_added.sum(axis=1))
            if trial_cost < cost:
                break
            damping *= 10
        else:
            break
        gained, x, added, cost = cost - trial_cost, trial, trial_added, trial_cost
        damping = max(damping / 10, 1e-6)
        if gained < 1e-6 * cost or longest < 1e-4:
            break
    return x % 1.0, cost + fit.electron_cost(species)
