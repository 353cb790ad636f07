"""Finds keypoints with a person's own network in an ONNX file, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError
from core.mining.detectors.onnx_decode import Fit, fit_picture
from core.mining.detectors.onnx_layout import Port, recognise_input
from core.mining.detectors.onnx_session import as_input, first_line, name_of, open_session, port_of
from core.mining.detectors.settings import Pixels
from core.mining.keypoints.onnx_points import read_maps, read_points, read_tags, recognise_points
from core.mining.keypoints.protocol import FoundPoints
from core.mining.keypoints.settings import OnnxKeypointSettings, PointPixels

_PADDING = 114
# mean and spread of ImageNet's pixels, as torchvision's networks are trained with
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_PIXELS = {
    PointPixels.RGB_0_1: Pixels.RGB_0_1,
    PointPixels.RGB_0_255: Pixels.RGB_0_255,
    PointPixels.BGR_0_255: Pixels.BGR_0_255,
    PointPixels.IMAGENET: Pixels.RGB_0_1,
}


class OnnxKeypointFinder:
    """Keypoints by the network in a file; see `onnx_points` for what it may give.

    Args:
        settings: see `OnnxKeypointSettings`; the file must be named.

    Raises:
        DetectorUnavailableError: onnxruntime, the file or the device is missing.
        DetectionError: the file is no network, or not one of keypoints.
    """

    name = "onnx"

    def __init__(self, settings: OnnxKeypointSettings) -> None:
        self._settings = settings
        self._session = open_session(settings)
        self._input = recognise_input([port_of(port) for port in self._session.get_inputs()])
        self._height = self._input.height or settings.input_px
        self._width = self._input.width or settings.input_px
        blank = np.full((self._height, self._width, 3), _PADDING, dtype=np.uint8)
        outputs = self._run(blank)
        self._layout = recognise_points(
            [
                Port(port.name, tuple(np.shape(output)), port.type)
                for port, output in zip(self._session.get_outputs(), outputs, strict=True)
            ]
        )

    def find(self, crops: Sequence[NDArray[np.uint8]]) -> list[FoundPoints]:
        """The keypoints in each crop.

        Raises:
            DetectionError: the network failed.
        """
        return [self._find_in(crop) for crop in crops]

    def _find_in(self, crop: NDArray[np.uint8]) -> FoundPoints:
        fit = fit_picture(crop.shape[1], crop.shape[0], self._width, self._height, True)
        outputs = self._run(self._placed(crop, fit))
        given = outputs[self._layout.points][0]
        if self._layout.maps:
            places, scores = read_maps(given)
        else:
            places, scores = read_points(given, self._width, self._height, self._settings.unit)
        in_input = places * (self._width, self._height)
        pixels = (in_input - (int(fit.pad_x), int(fit.pad_y))) / fit.scale - 0.5
        pixels[scores < self._settings.min_score] = np.nan
        tags = None if self._layout.tags is None else read_tags(outputs[self._layout.tags][0])
        return FoundPoints(pixels, scores, tags)

    def _placed(self, crop: NDArray[np.uint8], fit: Fit) -> NDArray[np.uint8]:
        inner = (max(1, round(fit.width * fit.scale)), max(1, round(fit.height * fit.scale)))
        how = cv2.INTER_AREA if fit.scale < 1 else cv2.INTER_LINEAR
        canvas = np.full((self._height, self._width, 3), _PADDING, dtype=np.uint8)
        left, top = int(fit.pad_x), int(fit.pad_y)
        canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(crop, inner, interpolation=how)
        return canvas

    def _run(self, canvas: NDArray[np.uint8]) -> list[NDArray[Any]]:
        tensor = as_input(canvas, self._input, _PIXELS[self._settings.pixels])
        if self._settings.pixels is PointPixels.IMAGENET and np.issubdtype(tensor.dtype, np.floating):
            shape = (1, 1, 1, 3) if self._input.channels_last else (1, 3, 1, 1)
            tensor = ((tensor - _MEAN.reshape(shape)) / _SPREAD.reshape(shape)).astype(tensor.dtype)
        try:
            return list(self._session.run(None, {self._input.name: tensor}))
        except Exception as problem:  # onnxruntime's errors share no base but Exception
            raise DetectionError(
                f"The network in {name_of(self._settings)} failed: {first_line(problem)}.",
                "Export it anew, with a fixed input size if it has none.",
            ) from problem
