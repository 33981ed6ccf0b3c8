"""Known structures with other elements, chosen by the pattern that each implies."""
