"""Finds keypoints with a person's own network in an ONNX file, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError
from core.geometry.boxes import centres_from_edges, to_box
from core.mining.detectors.onnx_decode import fit_picture
from core.mining.detectors.onnx_layout import Port, recognise_input
from core.mining.detectors.onnx_session import as_input, first_line, name_of, open_session, port_of
from core.mining.detectors.settings import Pixels
from core.mining.keypoints.onnx_points import PointForm, read_maps, read_points, read_tags, recognise_points
from core.mining.keypoints.onnx_simcc import read_simcc
from core.mining.keypoints.onnx_yolo_pose import read_yolo_pose
from core.mining.keypoints.protocol import FoundPoints, ObjectCrop
from core.mining.keypoints.settings import OnnxKeypointSettings, PointPixels
from core.records.keypoints import Template

_PADDING = 114
_BORDER = 0  # around people, as the published networks are trained with
_PERSON_ASPECT = 3 / 4  # width over height of their usual input, 192 x 256
_AROUND = 1.25  # how much more than a person's box they are given
# mean and spread of ImageNet's pixels, as torchvision's networks are trained with
_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
_SPREAD = np.array([0.229, 0.224, 0.225], dtype=np.float32)
_PIXELS = {
    PointPixels.RGB_0_1: Pixels.RGB_0_1,
    PointPixels.RGB_0_255: Pixels.RGB_0_255,
    PointPixels.BGR_0_255: Pixels.BGR_0_255,
    PointPixels.IMAGENET: Pixels.RGB_0_1,
}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Placing:
    """Where a crop lies in the input: scaled, then moved by whole pixels, perhaps beyond it."""

    scale: float
    left: int
    top: int
    padding: int

    def to_crop(self, in_input: Floats) -> Floats:
        """(..., 2) places in the input in the crop's pixels, both on pixel edges."""
        return np.asarray((in_input - (self.left, self.top)) / self.scale)


class OnnxKeypointFinder:
    """Keypoints by the network in a file; see `onnx_points` for what it may give.

    A network for one car is given the whole crop. One for one person is given the person's box, widened to
    the input's proportions and by a quarter, as the published ones are trained. One that finds objects by
    itself is given the whole crop.

    Args:
        settings: see `OnnxKeypointSettings`; the file must be named.
        template: whose keypoints it gives.

    Raises:
        DetectorUnavailableError: onnxruntime, the file or the device is missing.
        DetectionError: the file is no network, or not one of the template's keypoints.
    """

    name = "onnx"

    def __init__(self, settings: OnnxKeypointSettings, template: Template = Template.CAR) -> None:
        self._settings = settings
        self._session = open_session(settings)
        self._input = recognise_input([port_of(port) for port in self._session.get_inputs()])
        self._height = self._input.height or settings.input_px
        width = settings.input_px * (_PERSON_ASPECT if template is Template.PERSON else 1.0)
        self._width = self._input.width or round(width)
        self._pixels = PointPixels.RGB_0_1
        blank = np.full((self._height, self._width, 3), _PADDING, dtype=np.uint8)
        outputs = self._run(blank)
        ports = [
            Port(port.name, tuple(np.shape(output)), port.type)
            for port, output in zip(self._session.get_outputs(), outputs, strict=True)
        ]
        self._layout = recognise_points(ports, template, self._width, self._height)
        self._pixels = _pixels_of(settings.pixels, self._layout.form, template)
        self._by_box = template is Template.PERSON and not self._layout.form.is_of_many

    def find(self, crops: Sequence[ObjectCrop]) -> list[list[FoundPoints]]:
        """The keypoints in each crop.

        Raises:
            DetectionError: the network failed.
        """
        return [self._find_in(crop) for crop in crops]

    def _find_in(self, crop: ObjectCrop) -> list[FoundPoints]:
        placing = self._placing(crop)
        outputs = self._run(self._placed(crop.image, placing))
        given = outputs[self._layout.points][0]
        if self._layout.form.is_of_many:
            return self._of_many(given, placing)
        places, scores = self._read(given, outputs)
        pixels = centres_from_edges(placing.to_crop(places * (self._width, self._height)))
        pixels[scores < self._settings.min_score] = np.nan
        tags = None if self._layout.tags is None else read_tags(outputs[self._layout.tags][0])
        return [FoundPoints(pixels, scores, tags)]

    def _read(self, given: NDArray[Any], outputs: Sequence[NDArray[Any]]) -> tuple[Floats, Floats]:
        if self._layout.form is PointForm.MAPS:
            return read_maps(given)
        if self._layout.second is not None:
            return read_simcc(given, outputs[self._layout.second][0])
        return read_points(given, self._width, self._height, self._settings.unit)

    def _of_many(self, table: NDArray[Any], placing: _Placing) -> list[FoundPoints]:
        found = read_yolo_pose(table, self._layout.form)
        objects = []
        for box, places, scores in zip(found.boxes, found.places, found.scores, strict=True):
            pixels = centres_from_edges(placing.to_crop(places))
            pixels[scores < self._settings.min_score] = np.nan
            corner, size = placing.to_crop(box[:2]), box[2:] / placing.scale
            objects.append(FoundPoints(pixels, scores, None, to_box([*corner, *size])))
        return objects

    def _placing(self, crop: ObjectCrop) -> _Placing:
        height, width = crop.image.shape[:2]
        if not self._by_box:
            fit = fit_picture(width, height, self._width, self._height, True)
            return _Placing(fit.scale, int(fit.pad_x), int(fit.pad_y), _PADDING)
        box = crop.box
        # as much as the input's proportions and the margin make of the box
        wide = _AROUND * max(box.w, box.h * self._width / self._height, 1.0)
        scale = self._width / wide
        left = self._width / 2 - (box.x + box.w / 2) * scale
        top = self._height / 2 - (box.y + box.h / 2) * scale
        return _Placing(scale, round(left), round(top), _BORDER)

    def _placed(self, crop: NDArray[np.uint8], placing: _Placing) -> NDArray[np.uint8]:
        scale, left, top = placing.scale, placing.left, placing.top
        inner = (max(1, round(crop.shape[1] * scale)), max(1, round(crop.shape[0] * scale)))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        scaled = cv2.resize(crop, inner, interpolation=how)
        canvas = np.full((self._height, self._width, 3), placing.padding, dtype=np.uint8)
        right, bottom = min(left + inner[0], self._width), min(top + inner[1], self._height)
        if right > max(left, 0) and bottom > max(top, 0):
            canvas[max(top, 0) : bottom, max(left, 0) : right] = scaled[
                max(-top, 0) : bottom - top, max(-left, 0) : right - left
            ]
        return canvas

    def _run(self, canvas: NDArray[np.uint8]) -> list[NDArray[Any]]:
        tensor = as_input(canvas, self._input, _PIXELS[self._pixels])
        if self._pixels is PointPixels.IMAGENET and np.issubdtype(tensor.dtype, np.floating):
            shape = (1, 1, 1, 3) if self._input.channels_last else (1, 3, 1, 1)
            tensor = ((tensor - _MEAN.reshape(shape)) / _SPREAD.reshape(shape)).astype(tensor.dtype)
        try:
            return list(self._session.run(None, {self._input.name: tensor}))
        except Exception as problem:  # onnxruntime's errors share no base but Exception
            raise DetectionError(
                f"The network in {name_of(self._settings)} failed: {first_line(problem)}.",
                "Export it anew, with a fixed input size if it has none.",
            ) from problem


def _pixels_of(asked: PointPixels, form: PointForm, template: Template) -> PointPixels:
    """What a network wants its pixels to be, where it is not said: as the published ones of its kind."""
    if asked is not PointPixels.AUTO:
        return asked
    of_people = form is PointForm.MAPS and template is Template.PERSON
    return PointPixels.IMAGENET if form is PointForm.SIMCC or of_people else PointPixels.RGB_0_1
