"""From a measured powder pattern to ranked densities and structures."""
