"""Material and task ids in one spelling."""

from typing import Any


def canonical_id(identifier: Any) -> str:
    """A material id in the spelling that the service shows: mp-149, also for its letters mp-ft.

    Ids above 3347529 have letters only.
    """
    from emmet.core.mpid import AlphaID

    try:
        return str(AlphaID(str(identifier)).string)
    except ValueError:
        return str(identifier)


def task_key(identifier: Any) -> str:
    """A task id as objects are named by it: always with the prefix mp."""
    return canonical_id(f"mp-{str(identifier).rsplit('-', maxsplit=1)[-1]}")
