"""What tasks over lists of samples have in common: batches, validation in portions, a few for the gallery."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from core.training.data.crop_sets import collated
from core.training.validating import Answer, validated_alone

T = TypeVar("T")

_SHOWN = 8


class OverSamples(ABC, Generic[T]):
    """A part of a `core.training.task.Task` that is measured on a list of samples.

    Attributes:
        portion_size: how many samples are answered at once.
    """

    portion_size: ClassVar[int] = 64
    _validation: Sequence[T]

    def collate(self, samples: Sequence[Any]) -> Any:
        """A batch."""
        return collated(samples)

    def validate(
        self, network: nn.Module, device: torch.device, check_stop: Callable[[], None]
    ) -> Mapping[str, float]:
        """All of `figures`."""
        return validated_alone(self, network, device, check_stop)

    def portions(self) -> int:
        """Of `portion_size` samples each."""
        return -(-len(self._validation) // self.portion_size)

    def portion(self, number: int) -> Sequence[T]:
        """The samples of a portion."""
        return self._validation[number * self.portion_size : (number + 1) * self.portion_size]

    @abstractmethod
    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Answer:
        """What is said of a portion, and what is so."""

    @abstractmethod
    def figures(self, answers: Sequence[Answer]) -> Mapping[str, float]:
        """All metrics."""


def shown(samples: Sequence[T]) -> Sequence[T]:
    """A few for a gallery, evenly out of all."""
    return samples[:: max(len(samples) // _SHOWN, 1)][:_SHOWN]


def begun(network: nn.Module, start: Mapping[str, Tensor] | None) -> nn.Module:
    """A network with the weights that it is to begin with.

    Args:
        start: they; None: random ones.
    """
    if start is not None:
        network.load_state_dict(dict(start))
    return network
