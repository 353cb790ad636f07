"""Which samples a step takes, in what order, and how they are loaded: all of it from the seed alone."""

from __future__ import annotations

import multiprocessing
import random
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from core.compositing.sampling.random_source import RandomSource
from core.training.task import Task

_ORDER, _SAMPLE = 1, 2  # what a seed is for; see also `stepper`
_WORD = 2**32 - 1


def seed_chance(*parts: int) -> None:
    """Seed the global generators of torch, numpy and Python from some numbers."""
    seed = RandomSource(*parts).bits()
    # torch.manual_seed takes half a millisecond where CUDA was never asked for, and samples are many
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed(seed)
    elif torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)
    np.random.seed(seed & _WORD)  # noqa: NPY002 - the one that others draw from
    random.seed(seed)


def order_of(count: int, seed: int, epoch: int) -> list[int]:
    """The places of an epoch's samples in the order in which they are taken."""
    return RandomSource(seed, _ORDER, epoch).shuffled(range(count))


def steps_of(count: int, batch: int) -> int:
    """How many steps an epoch has. What is left over after the last whole one is left out of this epoch."""
    return max(1, count // batch)


def parts_of(
    order: Sequence[int], step: int, batch: int, rank: int, processes: int, accumulate: int
) -> list[list[int]]:
    """The places that one process takes in one step, in the parts in which it takes them.

    Args:
        order: of the epoch.
        step: of the epoch, from 0.
        batch: samples of a step, over all processes.
        rank, processes: which process, of how many.
        accumulate: in how many parts, where there are so many samples.
    """
    share = list(order[step * batch : (step + 1) * batch])[rank::processes]
    count = max(1, min(accumulate, len(share)))
    return [
        share[number * len(share) // count : (number + 1) * len(share) // count] for number in range(count)
    ]


class SeededSamples(Dataset[Any]):
    """The samples of an epoch, the chance of each from its place: the same in any worker, in any order."""

    def __init__(self, samples: Dataset[Any], seed: int, epoch: int) -> None:
        self._samples, self._seed, self._epoch = samples, seed, epoch

    def __getitem__(self, index: int) -> Any:
        """The sample of a place."""
        seed_chance(self._seed, _SAMPLE, self._epoch, index)
        return self._samples[index]


def load(
    task: Task, samples: SeededSamples, parts: Sequence[list[int]], *, workers: int, pinned: bool
) -> Iterator[Any]:
    """The batches of some parts, in their order.

    Args:
        task: collates.
        samples: of the epoch.
        parts: places, each part a batch.
        workers: processes that prepare them ahead; 0: none.
        pinned: put them where a GPU can fetch them.
    """
    loader: DataLoader[Any] = DataLoader(
        samples,
        batch_sampler=parts,
        collate_fn=task.collate,
        num_workers=min(workers, len(parts)),
        pin_memory=pinned,
        multiprocessing_context=_clean_processes(task) if workers and parts else None,
        worker_init_fn=_leave_stopping_to_the_first,
    )
    return iter(loader)


def _leave_stopping_to_the_first(_: int) -> None:
    # Ctrl+C reaches workers too, and one that ends looks like one that crashed
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _clean_processes(task: Task) -> Any:
    """How workers are started: not from this process, whose open projects SQLite forbids to be forked."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    main = getattr(sys.modules["__main__"], "__spec__", None)
    known = [__name__, type(task).__module__, *([main.name] if main is not None else [])]
    context.set_forkserver_preload(known)  # heard only by the first of a process
    return context
