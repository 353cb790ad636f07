"""Gives each sample the number from which a detector draws what it draws of the sample's picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.networks.amodal_rcnn.chance import CHANCE, new_chance
from core.training.composites import Sample


@dataclass(frozen=True, slots=True)
class OwnChance:
    """Changes a sample, and then draws its number by torch's chance, which the loop seeds for each sample.

    Attributes:
        change: of samples.
    """

    change: Callable[[Sample], Sample]

    def __call__(self, sample: Sample) -> Sample:
        image, target = self.change(sample)
        return image, target | {CHANCE: new_chance()}
