"""The pre-labeller as a finder of keypoints: cars' twelve points with their tags, from mining's crops.

It stands here and not beside the other finders, for mining imports no networks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.errors import DetectionError
from core.mining.detectors.torch_device import torch_device
from core.mining.keypoints.protocol import FoundPoints, ObjectCrop
from core.mining.keypoints.settings import OwnKeypointSettings
from core.networks.crop_view import normalised, placing_of, shown
from core.networks.prelabeller import Prelabeller, places_of, said_both_ways
from core.training.data.crops import TAGS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BATCH = 32


class PrelabellerFinder:
    """A `KeypointFinder` for cars.

    Args:
        network: in evaluation mode.
        settings: the device, and which points are left out.

    Raises:
        DetectorUnavailableError: the device is missing.
    """

    name = "own"

    def __init__(self, network: Prelabeller, settings: OwnKeypointSettings) -> None:
        self.device = torch_device(settings.device)
        self._min_score = settings.min_score
        self._network = network.to(self.device.value)

    def find(self, crops: Sequence[ObjectCrop]) -> list[list[FoundPoints]]:
        """The points of each crop's car; hidden ones too, where the network thinks that they are.

        Raises:
            DetectionError: the device ran out of memory.
        """
        found = []
        try:
            for start in range(0, len(crops), _BATCH):
                found += self._find_in(crops[start : start + _BATCH])
        except torch.cuda.OutOfMemoryError as problem:
            raise DetectionError(
                "The GPU has too little memory for these crops.",
                "Choose the device cpu in the network's settings.",
            ) from problem
        return found

    def _find_in(self, crops: Sequence[ObjectCrop]) -> list[list[FoundPoints]]:
        form = self._network.settings
        placings = [placing_of(crop.box, form.px) for crop in crops]
        squares: NDArray[Any] = np.stack(
            [
                normalised(shown(crop.image, crop.box, placing))
                for crop, placing in zip(crops, placings, strict=True)
            ]
        )
        with torch.inference_mode():
            said = said_both_ways(self._network, torch.from_numpy(squares).to(self.device.value))
            places, scores = places_of(said, form)
            tags = said.tags.argmax(dim=-1)
        inside = places.double().cpu().numpy() * form.px - 0.5
        found = []
        for row, placing in enumerate(placings):
            pixels, sure = placing.to_crop(inside[row]), scores[row].double().cpu().numpy()
            pixels[sure < self._min_score] = np.nan
            words = tuple(TAGS[tag] for tag in tags[row].tolist())
            found.append([FoundPoints(pixels, np.clip(sure, 0.0, 1.0), words)])
        return found
