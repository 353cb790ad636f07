"""A small detector that learns in windows of pictures, and is measured on whole ones.

With it, backbones are taught on the simulated street, and the street's comparison is made: on a processor a
step with windows costs a fraction of one with whole pictures, and objects have the size that they have there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, MaskKind, PointKind, small
from core.records.runs import RunPicture
from core.training.composites import CompositeSupply
from core.training.data.detection import Cameras
from core.training.data.real import FrameSupply
from core.training.data.windows import Windows
from core.training.task import Schedule
from core.training.tasks.detector import DetectorSettings, DetectorTask
from core.training.validating import Answer

WINDOW = Windows(height=128, width=192, nearer=1.4, further=0.7)
_SAMPLED, _PROPOSED = 32, 160
LEARNED = ("backbone.", "rpn.")
"""How the names of the tensors begin that other detectors can begin with."""


@dataclass(frozen=True)
class FramesAlone:
    """Frames to learn from and frames to be measured by, as a `DetectorSupply`."""

    learned: FrameSupply
    measured: FrameSupply
    told: Mapping[str, Any]

    def composites(self) -> CompositeSupply | None:
        """None."""
        return None

    def frames(self) -> FrameSupply | None:
        """What it learns from."""
        return self.learned

    def validation_composites(self) -> CompositeSupply | None:
        """None."""
        return None

    def validation_frames(self) -> FrameSupply | None:
        """What it is measured by."""
        return self.measured

    def cameras(self) -> Cameras | None:
        """None are needed."""
        return None

    def said(self) -> Mapping[str, Any]:
        """As it was given."""
        return self.told


@dataclass
class WindowedDetector(DetectorTask):
    """A `DetectorTask` whose pictures in training are windows, and whole when it is measured or shown."""

    def network(self) -> nn.Module:
        """As a `DetectorTask`'s, for windows."""
        network = super().network()
        scaled_to(network, self._window())
        return network

    def answer(self, network: nn.Module, device: torch.device, portion: int) -> Answer:
        """As a `DetectorTask`'s, on whole pictures."""
        with self._whole(network):
            return super().answer(network, device, portion)

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        """As a `DetectorTask`'s, on whole pictures."""
        with self._whole(network):
            return super().show(network, device, step)

    def _window(self) -> tuple[int, int]:
        augment = self.settings.augment
        assert isinstance(augment, Windows)
        return augment.height, augment.width

    @contextmanager
    def _whole(self, network: nn.Module) -> Iterator[None]:
        own = self.settings.network
        scaled_to(network, (own.min_side_px, own.max_side_px))
        try:
            yield
        finally:
            scaled_to(network, self._window())


def scaled_to(network: Any, size: tuple[int, int]) -> None:
    """Lets a detector take pictures as large as these without scaling them: shorter and longer side."""
    network.transform.min_size, network.transform.max_size = (size[0],), size[1]


def learned_of(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What other detectors can begin with, in half precision and under the network's own names."""
    return {name: one.half().contiguous() for name, one in weights.items() if name.startswith(LEARNED)}


def backbone_settings() -> AmodalRcnnSettings:
    """The small variant without what tells of whole objects: boxes and one mask, here of what is seen."""
    return small(
        masks=MaskKind.WHOLE, points=PointKind.NONE, sampled=_SAMPLED, proposals_in_training=_PROPOSED
    )


def backbone_task(supply: FramesAlone, samples: int, epochs: int) -> WindowedDetector:
    """What teaches the small variant's backbone on what is seen of a street.

    Args:
        samples: of an epoch.
    """
    settings = DetectorSettings(
        backbone_settings(), samples=samples, augment=WINDOW, most_validated=12, gallery=4
    )
    schedule = Schedule(
        epochs=epochs, batch=4, learning_rate=1e-3, warmup_steps=20, drops=(0.75, 0.92), clip_norm=10.0
    )
    return WindowedDetector(supply, settings, schedule)
