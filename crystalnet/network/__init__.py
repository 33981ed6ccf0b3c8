"""The network of the paper, module by module."""
