"""Material and task ids in one spelling."""

from typing import Any


def canonical_id(identifier: Any) -> str:
    """An id in one spelling: mp-149, also for its letters mp-ft and mp-aaaaaaft.

    Ids above 3347529 are letters, here without the a's in front, which stand for zeros.
    """
    from emmet.core.mpid import AlphaID

    try:
        prefix, _, rest = str(AlphaID(str(identifier)).string).rpartition("-")
    except ValueError:
        return str(identifier)
    return f"{prefix}-{rest.lstrip('a') or 'a'}"


def task_key(identifier: Any) -> str:
    """A task id as objects are named by it: always with the prefix mp."""
    return canonical_id(f"mp-{str(identifier).rsplit('-', maxsplit=1)[-1]}")
