"""Training: points, loss, schedule, checkpoints."""
