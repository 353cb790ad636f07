"""The detector that runs RF-DETR Seg from the package `rfdetr`, the extra `detect`.

Written against rfdetr 1.11: `RFDETRSegSmall(device=..., pretrain_weights=...).predict(images, threshold=...,
include_source_image=False)` gives one `supervision.Detections` a picture, with `xyxy`, `mask` (n, H, W) bool,
`confidence`, `class_id` (COCO's own numbers for the published weights) and `data["class_name"]`. The package
fetches its weights itself, from a server that this project's own machines cannot reach: what is tested is
the adapter, against a stand-in and, where the package is installed, against the package with random weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.errors import DetectionError, DetectorUnavailableError
from core.geometry.boxes import clip, from_corners, to_box
from core.geometry.masks import full_to_patch
from core.mining.detectors.classes import COCO_91, category_of
from core.mining.detectors.postprocess import without_doubles
from core.mining.detectors.settings import RfdetrSettings, RfdetrSize
from core.mining.detectors.torch_device import torch_device
from core.records.detections import Category, Detection, DetectorFrame

_CLASS_OF_SIZE = {
    RfdetrSize.NANO: "RFDETRSegNano",
    RfdetrSize.SMALL: "RFDETRSegSmall",
    RfdetrSize.MEDIUM: "RFDETRSegMedium",
    RfdetrSize.LARGE: "RFDETRSegLarge",
}


class RfdetrDetector:
    """RF-DETR Seg: boxes, masks and COCO's classes.

    Args:
        settings: see `RfdetrSettings`.
        module: the package, or a stand-in for it.

    Raises:
        DetectorUnavailableError: the package, the weights or the device is missing.
        DetectionError: the weights file does not fit.
    """

    name = "rfdetr"
    needs_background = False

    def __init__(self, settings: RfdetrSettings, *, module: Any | None = None) -> None:
        self._settings = settings
        package = module if module is not None else _import_package()
        network_class = getattr(package, _CLASS_OF_SIZE[settings.size], None)
        if network_class is None:
            raise DetectorUnavailableError(
                f"The installed rfdetr has no {_CLASS_OF_SIZE[settings.size]}.",
                'Install a newer one with pip install --upgrade "amodal-studio[detect]".',
            )
        self.device = torch_device(settings.device)
        chosen: dict[str, Any] = {"device": self.device.value}
        if settings.weights is not None:
            if not settings.weights.is_file():
                raise DetectorUnavailableError(
                    f"There is no weights file {settings.weights}.",
                    "Name another in the detector's settings, or none to fetch the published one.",
                )
            chosen["pretrain_weights"] = str(settings.weights)
        try:
            self._network = network_class(**chosen)
        except OSError as problem:  # what requests raises is one of these
            raise DetectorUnavailableError(
                "The weights of RF-DETR cannot be fetched.",
                "Connect this machine to the network, or name a weights file in the detector's settings.",
            ) from problem
        except (RuntimeError, ValueError, KeyError) as problem:
            raise DetectionError(
                f"RF-DETR cannot use these weights: {str(problem)[:300]}.",
                f"Name a checkpoint of RF-DETR Seg {settings.size.value}, or none to fetch the published.",
            ) from problem

    def detect(self, frames: Sequence[DetectorFrame]) -> list[list[Detection]]:
        """Objects in each frame, most certain first; one frame at a time, to bound memory."""
        return [self._detect_one(frame) for frame in frames]

    def _detect_one(self, frame: DetectorFrame) -> list[Detection]:
        image = np.ascontiguousarray(frame.image)
        found = self._network.predict([image], threshold=self._settings.min_score, include_source_image=False)
        one = found[0] if isinstance(found, list) else found
        height, width = image.shape[:2]
        boxes = clip(from_corners(one.xyxy), width, height)
        names = one.data.get("class_name") if one.data else None
        detections = []
        for place, box in enumerate(boxes):
            category = _category(names, one.class_id, place)
            if category is None or box[2] < 1 or box[3] < 1:
                continue
            mask = full_to_patch(one.mask[place]) if one.mask is not None else None
            if mask is not None and mask.bits.size == 0:
                mask = None
            detections.append(Detection(to_box(box), category, float(one.confidence[place]), mask))
        return without_doubles(detections)


def _category(names: Any, ids: Any, place: int) -> Category | None:
    """By the name the package gives, else by COCO's own number."""
    if names is not None:
        return category_of(str(names[place]))
    return category_of(COCO_91.get(int(ids[place]), ""))


def _import_package() -> Any:
    try:
        import rfdetr
    except ImportError as problem:
        raise DetectorUnavailableError(
            "The package rfdetr is missing.", 'Install it with pip install "amodal-studio[detect]".'
        ) from problem
    return rfdetr
