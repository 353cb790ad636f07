"""Finds people's keypoints with torchvision's Keypoint R-CNN, trained on COCO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from core.errors import DetectionError
from core.geometry.boxes import centres_from_edges, from_corners, to_box
from core.mining.detectors.protocol import Progress
from core.mining.detectors.torch_device import torch_device
from core.mining.detectors.torchvision_mask_rcnn import load_weights
from core.mining.detectors.weights import KEYPOINT_RCNN, fetch
from core.mining.keypoints.protocol import FoundPoints, ObjectCrop
from core.mining.keypoints.settings import KeypointRcnnSettings
from core.records.keypoints import Template

_NAMED_IN = "the settings of the job keypoints"
_LONG_OVER_SHORT = 4  # crops of people are tall
_LEAST_OBJECT = 0.25
_MOST_OBJECTS = 20  # in a crop around one person
# peaks of heat maps are logarithms of something without a scale; Detectron draws a point from 2 on
_EVEN_PEAK = 2.0

Build = Callable[[KeypointRcnnSettings], Any]


class KeypointRcnnFinder:
    """Keypoint R-CNN: all people whom it sees in a crop, each with a box and 17 points.

    Args:
        settings: see `KeypointRcnnSettings`; without a weights file, torchvision's own are fetched once.
        progress: hears of the fetching.
        build: makes the network without weights; another one is for tests.

    Raises:
        DetectorUnavailableError: torch, the weights or the device is missing.
        DetectionError: the weights file does not fit the network.
    """

    name = "torchvision"

    def __init__(
        self,
        settings: KeypointRcnnSettings,
        *,
        progress: Progress | None = None,
        build: Build | None = None,
    ) -> None:
        self.device = torch_device(settings.device)
        self._min_score = settings.min_score
        path = settings.weights or fetch(KEYPOINT_RCNN, progress=progress, named_in=_NAMED_IN)
        state = load_weights(path, _NAMED_IN)
        network = (build or build_keypoint_rcnn)(settings)
        try:
            network.load_state_dict(state)
        except RuntimeError as problem:
            raise DetectionError(
                f"The weights in {path.name} do not fit Keypoint R-CNN.",
                "Name a file of torchvision's keypointrcnn_resnet50_fpn, or leave it empty to fetch one.",
            ) from problem
        self._network = network.eval().to(self.device.value)

    def find(self, crops: Sequence[ObjectCrop]) -> list[list[FoundPoints]]:
        """The people in each crop, most certain first; one crop at a time, to bound memory.

        Raises:
            DetectionError: the device ran out of memory.
        """
        import torch

        try:
            with torch.inference_mode():
                return [self._find_in(crop) for crop in crops]
        except torch.cuda.OutOfMemoryError as problem:
            raise DetectionError(
                "The GPU has too little memory for this picture.",
                "Choose a smaller short side or the device cpu in the network's settings.",
            ) from problem

    def _find_in(self, crop: ObjectCrop) -> list[FoundPoints]:
        import torch

        tensor = torch.from_numpy(np.ascontiguousarray(crop.image.transpose(2, 0, 1)))
        [found] = self._network([tensor.to(self.device.value, torch.float32) / 255.0])
        boxes = from_corners(found["boxes"].double().cpu().numpy())
        points = found["keypoints"].double().cpu().numpy()
        peaks = found["keypoints_scores"].double().cpu().numpy()
        scores = 1.0 / (1.0 + np.exp(np.clip(_EVEN_PEAK - peaks, -50.0, 50.0)))
        pixels = centres_from_edges(points[..., :2])
        pixels[scores < self._min_score] = np.nan
        return [
            FoundPoints(pixels[n], scores[n], None, to_box(boxes[n]))
            for n in range(len(boxes))
            if boxes[n, 2] >= 1 and boxes[n, 3] >= 1
        ]


def build_keypoint_rcnn(settings: KeypointRcnnSettings) -> Any:
    """torchvision's keypointrcnn_resnet50_fpn without weights.

    Its builder takes other layers where it is given no weights: the published ones rest on batch norms that
    are frozen, and divide by their spread alone (eps 0).
    """
    from torchvision.models.detection import KeypointRCNN
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
    from torchvision.ops.misc import FrozenBatchNorm2d

    backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=5)
    for layer in backbone.modules():
        if isinstance(layer, FrozenBatchNorm2d):
            layer.eps = 0.0
    return KeypointRCNN(
        backbone,
        num_classes=2,
        num_keypoints=Template.PERSON.size,
        min_size=settings.short_side_px,
        max_size=_LONG_OVER_SHORT * settings.short_side_px,
        box_score_thresh=_LEAST_OBJECT,
        box_detections_per_img=_MOST_OBJECTS,
    )
