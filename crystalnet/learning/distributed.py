"""Training in several processes, one a GPU: each takes a part of every batch.

All processes draw the same points and noise for the whole batch and work on their own crystals;
batch statistics and gradients are summed over all of them. So the losses are those of one process,
to rounding, whatever the number of processes.
"""

import os
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce as differentiable_sum


@dataclass(frozen=True)
class Processes:
    """The processes that train one network together; by itself one is the first of one."""

    rank: int
    count: int

    @classmethod
    def current(cls) -> "Processes":
        """Those of the process group that torchrun's environment and `joined` set up."""
        if distributed.is_available() and distributed.is_initialized():
            return cls(distributed.get_rank(), distributed.get_world_size())
        return cls(0, 1)

    @property
    def first(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def part_of(self, rows: int) -> slice:
        """This process's rows of a batch, of equal share to within one."""
        return slice(self.rank * rows // self.count, (self.rank + 1) * rows // self.count)

    def sum(self, values: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        if self.count > 1:
            distributed.all_reduce(values)
        return values

    def sum_gradients(self, model: nn.Module) -> None:
        """Put the sum over all processes in the place of each gradient, in one message."""
        if self.count == 1:
            return
        gradients = [p.grad for p in model.parameters() if p.grad is not None]
        flat = self.sum(torch.cat([gradient.flatten() for gradient in gradients]))
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, summed in zip(gradients, parts, strict=True):
            gradient.copy_(summed.view_as(gradient))

    def wait(self) -> None:
        """Until all processes are here."""
        if self.count > 1:
            distributed.barrier()


def join_processes(device: str) -> str:
    """Join the processes that torchrun started, if it did; returns this one's device.

    A process of its own (not started by torchrun) keeps its device.
    """
    if "LOCAL_RANK" not in os.environ:
        return device
    on_gpu = device.startswith("cuda")
    if on_gpu:
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    return device


def leave_processes() -> None:
    """Undo `join_processes`."""
    if distributed.is_available() and distributed.is_initialized():
        distributed.destroy_process_group()


class SynchronisedBatchNorm(nn.BatchNorm1d):
    """BatchNorm over the rows of all processes, on any device (torch's own needs a GPU).

    Mean and variance are those of the whole batch, by two sums: squares are taken about the
    common mean, so nothing cancels.
    """

    def forward(self, rows: Float[Tensor, "rows width"]) -> Float[Tensor, "rows width"]:
        if not self.training:
            return super().forward(rows)
        values = rows.to(self.weight.dtype)
        count = values.new_full((1,), len(rows))
        total = _sum(torch.cat([values.sum(dim=0), count]))
        n = total[-1]
        mean = total[:-1] / n
        centred = values - mean
        variance = _sum(centred.square().sum(dim=0)) / n
        with torch.no_grad():
            momentum = cast(float, self.momentum)
            cast(Tensor, self.running_mean).lerp_(mean, momentum)
            cast(Tensor, self.running_var).lerp_(variance * (n / (n - 1)), momentum)
            cast(Tensor, self.num_batches_tracked).add_(1)
        normalised = centred * torch.rsqrt(variance + self.eps)
        return torch.addcmul(self.bias, normalised, self.weight).to(rows.dtype)


def _sum(values: Float[Tensor, " values"]) -> Float[Tensor, " values"]:
    """Over all processes; gradients are summed over them in turn."""
    return cast(Tensor, differentiable_sum(values))  # type: ignore[no-untyped-call]


def synchronise_norms(model: nn.Module) -> None:
    """Replace each BatchNorm of a model by one over all processes; weights keep their names."""
    for module in model.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm1d):
                norm = SynchronisedBatchNorm(child.num_features, child.eps, child.momentum)
                norm.load_state_dict(child.state_dict())
                setattr(module, name, norm.to(child.weight).train(child.training))
