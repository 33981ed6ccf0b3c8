"""How far a solution can be trusted: its evidence, and the word that stands for it."""
