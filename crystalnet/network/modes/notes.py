"""Notes in a weights file of a modes network, changed without touching the network."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file

from crystalnet.files import atomic_write
from crystalnet.network.modes.weights import ModesHeader
from crystalnet.network.weights_file import HEADER, read_weights


def change_notes(path: Path | str, notes: Mapping[str, str]) -> None:
    """Put notes into a weights file, in place of those of the same names, and nothing else.

    Raises:
        CrystalNetError: if the file is missing, damaged, or of another architecture.
    """
    header, tensors = read_weights(path, ModesHeader, "modes network", with_tensors=True)
    changed = header.model_copy(update={"notes": {**header.notes, **notes}})
    with atomic_write(path) as partial:
        save_file(tensors, partial, metadata={HEADER: changed.model_dump_json()})
