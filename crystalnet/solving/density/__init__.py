"""From a density to atoms."""
