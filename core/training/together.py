"""What the processes of one training tell each other: how a step went, gradients, answers, where to begin.

Gradients are summed once a step is known to have gone well everywhere, and not in the middle of it as torch's
DistributedDataParallel does: so a process that runs out of memory, or meets a loss that is no number, leaves
the others not waiting for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from lightning_fabric import Fabric
from torch import Tensor, distributed, nn

from core.errors import TrainingError

_BUCKET = 2**24  # numbers that travel at once


class Together:
    """The processes of a training; alone, nothing of this costs anything.

    Attributes:
        rank: of this process, from 0.
        count: of processes.
    """

    def __init__(self, fabric: Fabric) -> None:
        self.rank, self.count = fabric.global_rank, fabric.world_size
        self._device = fabric.device

    @property
    def first(self) -> bool:
        """Whether this is the process that tells, counts and writes."""
        return self.rank == 0

    def tell(self, numbers: Sequence[int]) -> list[list[int]]:
        """The whole numbers that each process tells the others, by rank; each tells as many."""
        if self.count == 1:
            return [list(numbers)]
        own = torch.tensor(list(numbers), dtype=torch.int64, device=self._device)
        rows = [torch.empty_like(own) for _ in range(self.count)]
        with _others_there():
            distributed.all_gather(rows, own)
        return [row.tolist() for row in rows]

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """The sum of all processes' gradients, in each; a parameter that has none anywhere keeps none."""
        if self.count == 1:
            return
        has = [int(one.grad is not None) for one in parameters]
        somewhere = torch.tensor(has, dtype=torch.int32, device=self._device)
        with _others_there():
            distributed.all_reduce(somewhere, op=distributed.ReduceOp.MAX)
        used = [one for one, there in zip(parameters, somewhere.tolist(), strict=True) if there]
        for unused in used:
            if unused.grad is None:
                unused.grad = torch.zeros_like(unused)
        for bucket in _buckets([one.grad for one in used if one.grad is not None]):
            flat = torch.cat([one.reshape(-1) for one in bucket])
            with _others_there():
                distributed.all_reduce(flat)
            for own, summed in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
                own.copy_(summed.view_as(own))

    def as_the_first(self, tensors: Iterable[Tensor]) -> None:
        """Make tensors, in the same order everywhere, what they are in the first process."""
        if self.count == 1:
            return
        for one in tensors:
            here = one.detach().to(self._device).contiguous()
            with _others_there():
                distributed.broadcast(here, 0)
            with torch.no_grad():
                one.copy_(here)

    def mean(self, tensors: Sequence[Tensor]) -> None:
        """Make tensors of floats, in the same order everywhere, their mean over all processes."""
        if self.count == 1:
            return
        for bucket in _buckets([one.detach() for one in tensors]):
            flat = torch.cat([one.reshape(-1) for one in bucket])
            with _others_there():
                distributed.all_reduce(flat)
            for own, summed in zip(bucket, flat.split([one.numel() for one in bucket]), strict=True):
                own.copy_(summed.view_as(own) / self.count)

    def of_all(self, data: bytes) -> list[bytes]:
        """The bytes of each process, by rank, in all of them."""
        if self.count == 1:
            return [data]
        sizes = [row[0] for row in self.tell([len(data)])]
        rows = [self._carried(b"", max(sizes)) for _ in sizes]
        with _others_there():
            distributed.all_gather(rows, self._carried(data, max(sizes)))
        return [bytes(row[:size].cpu().numpy()) for row, size in zip(rows, sizes, strict=True)]

    def for_the_first(self, data: bytes) -> list[bytes]:
        """The bytes of each process, by rank, in the first one; nothing in the others."""
        if self.count == 1:
            return [data]
        sizes = [row[0] for row in self.tell([len(data)])]
        rows = [self._carried(b"", max(sizes)) for _ in sizes] if self.first else None
        with _others_there():
            distributed.gather(self._carried(data, max(sizes)), rows)
        return [bytes(row[:size].cpu().numpy()) for row, size in zip(rows or (), sizes, strict=self.first)]

    def bytes_of_the_first(self, data: bytes) -> bytes:
        """The first process's bytes."""
        if self.count == 1:
            return data
        length = self.tell([len(data)])[0][0]
        carried = self._carried(data if self.first else b"", length)
        with _others_there():
            distributed.broadcast(carried, 0)
        return bytes(carried.cpu().numpy())

    def _carried(self, data: bytes, length: int) -> Tensor:
        """Bytes as a tensor that travels, with zeros behind them."""
        carried = torch.zeros(length, dtype=torch.uint8, device=self._device)
        if data:
            carried[: len(data)] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        return carried


@contextmanager
def _others_there() -> Iterator[None]:
    """Make it an expected error that another process is gone.

    Raises:
        TrainingError: it is.
    """
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(
            "Another process of this training has ended, as when memory runs out or somebody kills it.",
            "Resume the job. Should it happen again, take fewer GPUs.",
        ) from error


def _buckets(gradients: Sequence[Tensor]) -> Iterable[list[Tensor]]:
    """The gradients in their order, by as many as travel at once, each of one kind of number."""
    bucket: list[Tensor] = []
    size = 0
    for one in gradients:
        if bucket and (size + one.numel() > _BUCKET or one.dtype != bucket[0].dtype):
            yield bucket
            bucket, size = [], 0
        bucket.append(one)
        size += one.numel()
    if bucket:
        yield bucket
