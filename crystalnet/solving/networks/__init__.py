"""The networks that guess densities, and what is found in their guesses."""
