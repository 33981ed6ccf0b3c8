"""Structures by charge flipping: a map first, atoms from it, whatever the number of coordinates."""
