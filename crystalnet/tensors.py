"""Everything a training or an evaluation reads, as tensors on one device."""

import hashlib
from dataclasses import dataclass, fields, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from crystalnet.errors import CrystalNetError

_CRYSTALS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class CrystalTensors:
    """Patterns, compositions and densities of crystals.

    Attributes:
        material_ids: one name a crystal.
        patterns: binned intensities, strongest peak 1.
        formulas: composition vectors in the form that the network takes (119 entries; zeros
            where it takes none).
        densities: e/A^3 on a grid of N points an axis; index i is the fractional coordinate i / N.
            float32 or float16.
        lattices: rows are a, b, c in A.

    Raises:
        CrystalNetError: if the numbers of crystals differ, the grid is no cube, or a crystal's
            data hold NaN or infinity.
    """

    material_ids: list[str]
    patterns: Float[Tensor, "crystals bins"]
    formulas: Float[Tensor, "crystals elements"]
    densities: Float[Tensor, "crystals x y z"]
    lattices: Float[Tensor, "crystals 3 3"]

    def __post_init__(self) -> None:
        crystals = len(self.material_ids)
        if crystals == 0:
            raise CrystalNetError("no crystals: the selection is empty; choose a larger one")
        wanted = {"patterns": 2, "formulas": 2, "densities": 4, "lattices": 3}
        for name, dimensions in wanted.items():
            shape = tuple(getattr(self, name).shape)
            if len(shape) != dimensions or shape[0] != crystals:
                raise CrystalNetError(
                    f"{name} have the shape {shape}; want {dimensions} dimensions, the first of "
                    f"them {crystals} crystals ({self.material_ids[0]} to {self.material_ids[-1]})"
                )
        if len(set(self.densities.shape[1:])) != 1:
            raise CrystalNetError(
                f"{self.material_ids[0]}: the density grid is {tuple(self.densities.shape[1:])}; "
                "want the same number of points along each axis"
            )
        for name in wanted:
            self._refuse_nonfinite(name)

    def _refuse_nonfinite(self, name: str) -> None:
        whole: Tensor = getattr(self, name)
        # In pieces: the mask of 16,378 densities would take 2 GB at once.
        finite = torch.cat(
            [
                part.flatten(1).isfinite().all(dim=1)
                for part in torch.split(whole, _CRYSTALS_AT_ONCE)
            ]
        )
        wrong = (~finite).nonzero().flatten().tolist()
        if wrong:
            names = ", ".join(self.material_ids[i] for i in wrong[:5])
            more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
            raise CrystalNetError(
                f"{names}{more}: the {name} hold NaN or infinity; "
                "rebuild them or leave these crystals out"
            )

    def __len__(self) -> int:
        return len(self.material_ids)

    @property
    def grid(self) -> int:
        """Points along each axis of the density grid."""
        return self.densities.shape[1]

    def to(self, device: torch.device | str, *, densities: bool = True) -> "CrystalTensors":
        """The same crystals on another device; with `densities=False` these stay where they are.

        Raises:
            CrystalNetError: if they do not fit into its memory.
        """
        moved = [
            f.name
            for f in fields(self)
            if f.name != "material_ids" and (densities or f.name != "densities")
        ]
        try:
            return replace(self, **{name: getattr(self, name).to(device) for name in moved})
        except torch.OutOfMemoryError:
            size = self.densities.nbytes / 1e9
            raise CrystalNetError(
                f"the densities of {len(self)} crystals ({size:.1f} GB) do not fit into the memory "
                f"of {device}; set training.densities_on: host, or densities.dtype: float16"
            ) from None

    def subset(self, index: Int[Tensor, " chosen"]) -> "CrystalTensors":
        """The crystals at `index`, in that order."""
        index = index.to(self.densities.device)
        return CrystalTensors(
            [self.material_ids[i] for i in index.tolist()],
            self.patterns[index],
            self.formulas[index],
            self.densities[index],
            self.lattices[index],
        )

    def digest(self) -> str:
        """SHA-256 over names and contents, in hexadecimal."""
        digest = hashlib.sha256("\n".join(self.material_ids).encode())
        for whole in (self.patterns, self.formulas, self.densities, self.lattices):
            digest.update(f"{whole.dtype} {tuple(whole.shape)}".encode())
            for part in torch.split(whole, _CRYSTALS_AT_ONCE):
                digest.update(part.contiguous().cpu().numpy().data)
        return digest.hexdigest()
