"""Training of the architecture `modes`."""
