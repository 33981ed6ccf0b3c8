"""The settings that the command has options for."""

from dataclasses import replace

from crystalnet.solving.settings import USUAL, SolveSettings


def settings_with(
    background_width: float | None = None,
    background_terms: int | None = None,
    tolerance: float | None = None,
) -> SolveSettings:
    """The usual settings, but for what is given.

    Args:
        background_width: degrees; what is wider is background.
        background_terms: that the background of the profile fit has beside it.
        tolerance: percent that the edges of a given lattice may be wrong by.
    """
    settings = USUAL
    if background_width is not None:
        profile = replace(settings.profile, widest=background_width)
        settings = replace(settings, profile=profile)
    if background_terms is not None:
        fit = replace(settings.fit, background=background_terms)
        settings = replace(settings, fit=fit)
    if tolerance is not None:
        lattices = replace(settings.lattices, given_within=tolerance / 100)
        settings = replace(settings, lattices=lattices)
    return settings
