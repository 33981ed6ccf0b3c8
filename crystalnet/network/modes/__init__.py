"""The architecture `modes`: a network that gives the coefficients of density modes."""
