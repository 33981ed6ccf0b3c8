"""What every weights file is: safetensors with a header that says what they hold."""

from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

from crystalnet.errors import CrystalNetError
from crystalnet.settings import Settings

HEADER = "crystalnet"
"""The key of the safetensors header under which the settings of the network stand as JSON."""

Header = TypeVar("Header", bound=Settings)


def read_weights(
    path: Path | str, kind: type[Header], network: str, *, with_tensors: bool
) -> tuple[Header, dict[str, Tensor]]:
    """The header of a weights file, and its tensors if they are wanted.

    Args:
        kind: what the header has to be.
        network: what such a file is of, in words.

    Raises:
        CrystalNetError: if the file is missing, damaged, or its header is another.
    """
    if not Path(path).is_file():
        raise CrystalNetError(f"{path}: no such weights file; train a model or fetch it")
    try:
        with safe_open(path, framework="pt") as file:
            header = kind.model_validate_json((file.metadata() or {})[HEADER])
            names = list(file.keys()) if with_tensors else []
            return header, {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise CrystalNetError(
            f"{path}: no whole safetensors file ({error}); copy or train it again"
        ) from error
    except KeyError as error:
        raise CrystalNetError(
            f"{path}: a safetensors file, but not of a CrystalNet (no '{HEADER}' in its header)"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CrystalNetError(
            f"{path}: its header does not describe a {network}: {where}: {first['msg']}"
        ) from error
