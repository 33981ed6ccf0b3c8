"""The lines of `models` for the systems that are chosen, so that `systems` alone is changed."""

from typing import Any, get_args

from crystalnet.settings import CrystalSystem


def of_systems(systems: object, models: object) -> object:
    """The lines of the chosen systems.

    Lines of other systems are left out. A system that has none gets those of the first system that
    has, under its own name; not those that start from weights, which are that system's.

    Args:
        systems, models: as params.yaml has them; what is no list or no mapping of lines is
            returned as it is, for the schema to say what is wrong.
    """
    if not (isinstance(systems, list) and isinstance(models, dict)):
        return models
    lines = {name: line for name, line in models.items() if isinstance(line, dict)}
    others = set(get_args(CrystalSystem)) - {each for each in systems if isinstance(each, str)}
    kept = {name: each for name, each in lines.items() if each.get("system") not in others}
    kept |= {name: line for name, line in models.items() if name not in lines}
    first = next((line.get("system") for line in lines.values()), None)
    for system in systems:
        if any(line.get("system") == system for line in lines.values()):
            continue
        kept |= {
            _named(name, first, system): {**line, "system": system}
            for name, line in lines.items()
            if line.get("system") == first and "start" not in line
        }
    return kept


def _named(name: Any, first: Any, system: Any) -> str:
    """The name of a line for another system: cubic-main becomes hexagonal-main."""
    rest = str(name).removeprefix(f"{first}-")
    return f"{system}-{rest}"
