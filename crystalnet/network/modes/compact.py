"""Tensors in a byte a number: each row in units of a 127th of its largest value."""

from collections.abc import Mapping

import torch
from torch import Tensor

_BYTES, _UNITS = ".bytes", ".units"


def compact(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Each matrix, or stack of them, as bytes with the unit of each row; vectors as they are."""
    found: dict[str, Tensor] = {}
    for name, values in tensors.items():
        if values.dim() < 2:
            found[name] = values.float()
            continue
        found[name + _BYTES], found[name + _UNITS] = _rows(values.float())
    return found


def expanded(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `compact`, in float32; a tensor that is not compact is left as it is."""
    found: dict[str, Tensor] = {}
    for name, values in tensors.items():
        if name.endswith(_BYTES):
            plain = name.removesuffix(_BYTES)
            found[plain] = values.float() * tensors[plain + _UNITS]
        elif not name.endswith(_UNITS):
            found[name] = values.float()
    return found


def _rows(values: Tensor) -> tuple[Tensor, Tensor]:
    """Bytes of the same shape, and the unit of each row."""
    unit = values.abs().flatten(1).amax(dim=1).clamp(min=1e-30) / 127
    unit = unit.view(-1, *[1] * (values.dim() - 1))
    return (values / unit).round().to(torch.int8), unit
