"""What the training loop asks of everything that it can train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn
from torch.utils.data import Dataset

from core.networks.losses.counted import Loss
from core.records.runs import Purpose, RunPicture


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the optimiser (AdamW) goes about it. The defaults are WALT's (ALGORITHMS 4.5).

    Attributes:
        epochs: how many times through the training data.
        batch: samples a step, over all processes and all parts of a step together. Data that has fewer gives
            all of them at each step.
        learning_rate: after the warm-up; weight_decay: on all but norms, biases and position tables.
        warmup_steps: over which the rate rises linearly, from warmup_from times itself; in a short run no
            more than a tenth of its steps.
        drops: the shares of the epochs after which the rate falls to a tenth.
        clip_norm: of the gradients; None: not clipped.
    """

    epochs: int = 12
    batch: int = 8
    learning_rate: float = 1e-4
    weight_decay: float = 0.05
    warmup_steps: int = 500
    warmup_from: float = 0.001
    drops: tuple[float, ...] = (8 / 12, 11 / 12)
    clip_norm: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"drops": list(self.drops)}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> Schedule:
        """What `as_json` gave.

        Raises:
            KeyError, TypeError, ValueError: a value is missing, or no number.
        """
        counts = ("epochs", "batch", "warmup_steps")
        found = {field.name: values[field.name] for field in fields(Schedule) if field.name != "drops"}
        read: dict[str, Any] = {
            name: int(one) if name in counts else one and float(one) for name, one in found.items()
        }
        return Schedule(**read, drops=tuple(map(float, values["drops"])))


@runtime_checkable
class Noted(Protocol):
    """A task that has something to say before it begins.

    Attributes:
        notes: plain sentences, for the job's log.
    """

    notes: Sequence[str]


class Task(Protocol):
    """One network with its data, its losses and its measure. The loop knows no more of it than this.

    Chance comes from the global generators of torch, numpy and Python, in the network and the losses as in
    the samples: the loop seeds them for each sample, and for each part of a step by its samples' places.
    A generator of a task's own that goes on from step to step would break that a resumed run gives the same
    numbers.

    A task can be pickled, since `collate` runs in the loader's workers.

    Attributes:
        purpose: what it is for.
        metric: the name among `validate`'s by which the best weights are chosen; higher is better.
        architecture: plain JSON values from which `network` could be built anew.
        data: plain JSON values that say what it learns from (see `RunRow.data`).
        schedule: what suits it, where the person says nothing else.
    """

    purpose: Purpose
    metric: str
    architecture: Mapping[str, Any]
    data: Mapping[str, Any]
    schedule: Schedule

    def network(self) -> nn.Module:
        """A new network with its starting weights, on the CPU, in training mode."""
        ...

    def training_set(self, epoch: int) -> Dataset[Any]:
        """The samples of an epoch, the same for the same number.

        It has a length and can be pickled, and is so for each worker: keep ids in it rather than pictures.
        Chance for a sample is seeded by the run's seed, the epoch and the sample's place.
        """
        ...

    def collate(self, samples: Sequence[Any]) -> Any:
        """A batch of samples; tensors in it, however deep in lists, tuples and dicts, go to the device."""
        ...

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Loss]:
        """The parts of the loss of a batch, by name, to be summed: scalars with gradients.

        A plain one is a mean over the batch's samples. One over anything else, points or boxes or whatever is
        labelled, is a `Counted`. So all parts of a step, in all processes, are put together by what they
        count, and come to what the whole batch would have given. Not so where samples see each other: in
        norms over a batch in training, in what pads pictures of different sizes; nor in what is drawn by
        chance in the network, but for that which is drawn by a sample's own number.
        """
        ...

    def validate(
        self, network: nn.Module, device: torch.device, check_stop: Callable[[], None]
    ) -> Mapping[str, float]:
        """All metrics on the validation data; the network is in evaluation mode, gradients are off."""
        ...

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        """Predictions on the fixed pictures of the gallery."""
        ...
