"""Crops as a data set: opened, changed by chance, and made tensors of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from core.training.data.crop_augment import Augmentation, Seen, changed, looked_at, seen
from core.training.data.crops import CropPart, CropSample, PackedCrop
from core.training.data.mixing import mixed_kinds

AsTensors = Callable[[CropSample, Seen], dict[str, Tensor]]


class CropSet(Dataset[dict[str, Tensor]]):
    """The samples of an epoch.

    Args:
        crops: packed.
        px: side of the squares.
        how: the changes; None: none, and the same always.
        as_tensors: what the network is given; a function of a module, so that it can be pickled.
        others: crops whose objects may cover these; by default these themselves.
    """

    def __init__(
        self,
        crops: Sequence[PackedCrop],
        px: int,
        how: Augmentation | None,
        as_tensors: AsTensors,
        others: Sequence[PackedCrop] | None = None,
    ) -> None:
        self._crops, self._px, self._how, self._as_tensors = crops, px, how, as_tensors
        self._others = crops if others is None else others

    def __len__(self) -> int:
        return len(self._crops)

    def __getitem__(self, place: int) -> dict[str, Tensor]:
        sample = self._crops[place].open()
        if self._how is None:
            return self._as_tensors(sample, seen(sample, self._px))
        # the loop seeds torch's generator for each sample
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        other = self._other(rng) if rng.random() < self._how.cover + self._how.ground else None
        sample = changed(sample, self._how, rng, other, other)
        return self._as_tensors(sample, looked_at(sample, self._px, self._how, rng))

    def _other(self, rng: np.random.Generator) -> CropSample:
        return self._others[int(rng.integers(len(self._others)))].open()


def mixed_crops(
    parts: Sequence[CropPart], px: int, how: Augmentation, as_tensors: AsTensors, epoch: int
) -> Dataset[dict[str, Tensor]]:
    """The samples of an epoch of several kinds of crops, as many as there are crops, in shares by weight.

    Args:
        parts: with something in them, of weights above 0.
        px, how, as_tensors: as for `CropSet`.
        epoch: which, from 0.
    """
    all_of_them = [crop for part in parts for crop in part.crops]
    return mixed_kinds(
        [(part.crops, part.weight) for part in parts],
        lambda crops: CropSet(crops, px, how, as_tensors, all_of_them),
        epoch,
    )


def collated(samples: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """A batch of samples."""
    return {name: torch.stack([one[name] for one in samples]) for name in samples[0]}


def on(batch: dict[str, Tensor], device: Any) -> dict[str, Tensor]:
    """A batch on a device."""
    return {name: one.to(device) for name, one in batch.items()}
