"""What decides how a pattern is solved, beside the question: each value with its reason.

A module for each room, a section for each of its tasks, given to the functions that do it.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from crystalnet.errors import CrystalNetError
from crystalnet.solving.settings.agreement import AgreementSettings
from crystalnet.solving.settings.density import DecodingSettings
from crystalnet.solving.settings.flipping import FlippingSettings
from crystalnet.solving.settings.lattice import LatticeSettings
from crystalnet.solving.settings.pattern import PeakSettings, ProfileSettings, ReadingSettings
from crystalnet.solving.settings.profile_fit import FitSettings
from crystalnet.solving.settings.search import (
    AnalogueSettings,
    ContentsSettings,
    SamplingSettings,
    SearchSettings,
)
from crystalnet.solving.settings.section import Section
from crystalnet.solving.settings.strategy import RankingSettings, StrategySettings
from crystalnet.solving.settings.symmetry import ContactSettings, SymmetrySettings
from crystalnet.solving.settings.verdict import VerdictSettings

__all__ = [
    "SECTIONS",
    "USUAL",
    "AgreementSettings",
    "AnalogueSettings",
    "ContactSettings",
    "ContentsSettings",
    "DecodingSettings",
    "FitSettings",
    "FlippingSettings",
    "LatticeSettings",
    "PeakSettings",
    "ProfileSettings",
    "RankingSettings",
    "ReadingSettings",
    "SamplingSettings",
    "SearchSettings",
    "Section",
    "SolveSettings",
    "StrategySettings",
    "SymmetrySettings",
    "VerdictSettings",
]

SECTIONS: dict[str, type[Section]] = {
    "reading": ReadingSettings,
    "profile": ProfileSettings,
    "peaks": PeakSettings,
    "lattices": LatticeSettings,
    "symmetry": SymmetrySettings,
    "contacts": ContactSettings,
    "search": SearchSettings,
    "sampling": SamplingSettings,
    "contents": ContentsSettings,
    "flipping": FlippingSettings,
    "agreement": AgreementSettings,
    "analogues": AnalogueSettings,
    "decoding": DecodingSettings,
    "ranking": RankingSettings,
    "strategy": StrategySettings,
    "verdict": VerdictSettings,
    "fit": FitSettings,
}


@dataclass(frozen=True)
class SolveSettings:
    """All that can be set, by rooms; without arguments as usual.

        >>> from crystalnet import SolveSettings
        >>> from crystalnet.solving.settings import PeakSettings
        >>> SolveSettings(peaks=PeakSettings(significant=3.0)).changed()
        {'peaks.significant': 3.0}

    Attributes:
        reading, profile, peaks, lattices, symmetry, contacts, search, sampling, contents, flipping,
            agreement, analogues, decoding, ranking, strategy, verdict, fit: the sections.

    Raises:
        CrystalNetError: for something else in the place of a section.
    """

    reading: ReadingSettings = field(default_factory=ReadingSettings)
    profile: ProfileSettings = field(default_factory=ProfileSettings)
    peaks: PeakSettings = field(default_factory=PeakSettings)
    lattices: LatticeSettings = field(default_factory=LatticeSettings)
    symmetry: SymmetrySettings = field(default_factory=SymmetrySettings)
    contacts: ContactSettings = field(default_factory=ContactSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    sampling: SamplingSettings = field(default_factory=SamplingSettings)
    contents: ContentsSettings = field(default_factory=ContentsSettings)
    flipping: FlippingSettings = field(default_factory=FlippingSettings)
    agreement: AgreementSettings = field(default_factory=AgreementSettings)
    analogues: AnalogueSettings = field(default_factory=AnalogueSettings)
    decoding: DecodingSettings = field(default_factory=DecodingSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)
    strategy: StrategySettings = field(default_factory=StrategySettings)
    verdict: VerdictSettings = field(default_factory=VerdictSettings)
    fit: FitSettings = field(default_factory=FitSettings)

    def __post_init__(self) -> None:
        for each in fields(self):
            wanted = SECTIONS[each.name]
            section = getattr(self, each.name)
            if not isinstance(section, wanted):
                raise CrystalNetError(
                    f"the settings {each.name} are {section!r}; want {wanted.__name__}(...)"
                )

    def changed(self) -> dict[str, Any]:
        """What is not as usual, by section and name."""
        return {
            f"{section.name}.{each.name}": value
            for section in fields(self)
            for each in fields(getattr(self, section.name))
            if (value := getattr(getattr(self, section.name), each.name)) != each.default
        }


USUAL = SolveSettings()
