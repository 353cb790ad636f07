"""The detector that runs torchvision's Mask R-CNN v2, trained on COCO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError, DetectorUnavailableError
from core.geometry.boxes import clip, corners, from_corners, to_box
from core.mining.detectors.classes import COCO_91, category_of
from core.mining.detectors.drawing import Placement, draw_mask
from core.mining.detectors.postprocess import without_doubles
from core.mining.detectors.protocol import Progress
from core.mining.detectors.settings import TorchvisionSettings
from core.mining.detectors.torch_device import torch_device
from core.mining.detectors.weights import DETECTORS_SETTINGS, MASK_RCNN_V2, fetch
from core.records.detections import Detection, DetectorFrame

if TYPE_CHECKING:
    import torch

_LONG_OVER_SHORT = 1.67  # as torchvision's 1333 over 800
_MOST_OBJECTS = 200
_HALF = 0.5  # a mask is where its probability is above this

Build = Callable[[TorchvisionSettings], Any]


class TorchvisionDetector:
    """Mask R-CNN v2: boxes, masks and COCO's classes.

    Args:
        settings: see `TorchvisionSettings`; without a weights file, torchvision's own are fetched once.
        progress: hears of the fetching.
        build: makes the network without weights; another one is for tests.

    Raises:
        DetectorUnavailableError: torch, the weights or the device is missing.
        DetectionError: the weights file does not fit the network.
    """

    name = "torchvision"
    needs_background = False

    def __init__(
        self, settings: TorchvisionSettings, *, progress: Progress | None = None, build: Build | None = None
    ) -> None:
        self.device = torch_device(settings.device)
        path = settings.weights or fetch(MASK_RCNN_V2, progress=progress)
        state = load_weights(path)
        network = (build or build_mask_rcnn_v2)(settings)
        try:
            network.load_state_dict(state)
        except RuntimeError as problem:
            raise DetectionError(
                f"The weights in {path.name} do not fit Mask R-CNN v2: {_first_lines(problem)}.",
                "Name a file of torchvision's maskrcnn_resnet50_fpn_v2, or leave it empty to fetch one.",
            ) from problem
        self._network = network.eval().to(self.device.value)

    def detect(self, frames: Sequence[DetectorFrame]) -> list[list[Detection]]:
        """Objects in each frame, most certain first; one frame at a time, to bound memory.

        Raises:
            DetectionError: the device ran out of memory.
        """
        import torch

        try:
            with torch.inference_mode():
                return [self._detect_one(frame.image) for frame in frames]
        except torch.cuda.OutOfMemoryError as problem:
            raise DetectionError(
                "The GPU has too little memory for this picture.",
                "Choose a smaller short side or the device cpu in the detector's settings.",
            ) from problem

    def _detect_one(self, image: NDArray[np.uint8]) -> list[Detection]:
        import torch

        height, width = image.shape[:2]
        tensor = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
        picture = tensor.to(self.device.value, torch.float32) / 255.0
        # the network's own forward would draw every mask over the whole picture: hundreds of megabytes
        network = self._network
        scaled, _ = network.transform([picture])
        features = network.backbone(scaled.tensors)
        if isinstance(features, torch.Tensor):
            features = {"0": features}
        proposals, _ = network.rpn(scaled, features)
        (found,), _ = network.roi_heads(features, proposals, scaled.image_sizes)
        scaled_height, scaled_width = scaled.image_sizes[0]
        boxes = found["boxes"].double().cpu().numpy()
        boxes = boxes * np.array([width / scaled_width, height / scaled_height] * 2)
        boxes = clip(from_corners(boxes), width, height)
        masks = found["masks"][:, 0].float().cpu().numpy()
        labels, scores = found["labels"].tolist(), found["scores"].tolist()
        return without_doubles(
            [
                one
                for box, mask, label, score in zip(boxes, masks, labels, scores, strict=True)
                if (one := _detection(box, mask, label, score)) is not None
            ]
        )


def build_mask_rcnn_v2(settings: TorchvisionSettings) -> Any:
    """torchvision's maskrcnn_resnet50_fpn_v2 without weights."""
    from torchvision.models.detection import maskrcnn_resnet50_fpn_v2

    return maskrcnn_resnet50_fpn_v2(
        weights=None,
        weights_backbone=None,
        num_classes=91,
        min_size=settings.short_side_px,
        max_size=round(settings.short_side_px * _LONG_OVER_SHORT),
        box_score_thresh=settings.min_score,
        box_detections_per_img=_MOST_OBJECTS,
    )


def load_weights(path: Path, named_in: str = DETECTORS_SETTINGS) -> dict[str, torch.Tensor]:
    """A network's weights from a .pth or .safetensors file; nothing in the file is executed.

    Args:
        named_in: where a person may name another file, as errors call it.

    Raises:
        DetectorUnavailableError: there is no such file.
        DetectionError: it holds no weights.
    """
    import torch

    if not path.is_file():
        raise DetectorUnavailableError(
            f"There is no weights file {path}.",
            f"Name another in {named_in}, or none to fetch it.",
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except ImportError as problem:
        raise DetectorUnavailableError(
            "The package safetensors is missing.", "Install it with pip install safetensors."
        ) from problem
    except Exception as problem:  # a damaged file raises whatever its first wrong byte leads to
        raise DetectionError(
            f"The weights in {path.name} cannot be read: {_first_lines(problem)}.",
            "Name a .pth or .safetensors file that holds nothing but weights.",
        ) from problem
    for outer in ("model", "state_dict"):
        if isinstance(state, dict) and isinstance(state.get(outer), dict):
            state = state[outer]
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise DetectionError(
            f"{path.name} holds no weights.",
            "Name a .pth or .safetensors file that holds nothing but weights.",
        )
    return state


def _detection(
    box: NDArray[np.float64], mask: NDArray[np.float32], label: int, score: float
) -> Detection | None:
    category = category_of(COCO_91.get(label, ""))
    if category is None or box[2] < 1 or box[3] < 1:
        return None
    step_x, step_y = mask.shape[1] / box[2], mask.shape[0] / box[3]
    placement = Placement(step_x, step_y, -box[0] * step_x, -box[1] * step_y)
    drawn = draw_mask(mask, placement, corners(box)[0], _HALF)
    return Detection(to_box(box), category, float(score), drawn)


def _first_lines(problem: BaseException) -> str:
    lines = [line.strip() for line in str(problem).strip().splitlines() if line.strip()]
    return " ".join(lines[:2])[:300].rstrip(".") or type(problem).__name__
