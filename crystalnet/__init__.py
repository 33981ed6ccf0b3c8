"""CrystalNet: the electron density of a crystal from its powder X-ray pattern."""
