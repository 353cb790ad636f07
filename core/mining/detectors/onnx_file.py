"""The detector for a person's own network in an ONNX file, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError
from core.geometry.boxes import from_corners, to_box
from core.mining.detectors.classes import categories_of, family_of
from core.mining.detectors.onnx_decode import Fit, Raw, decode, draw_masks, fit_picture
from core.mining.detectors.onnx_layout import Network, Port, recognise_input, recognise_output
from core.mining.detectors.onnx_session import as_input, first_line, name_of, open_session, port_of
from core.mining.detectors.postprocess import merge_views, suppress, without_doubles
from core.mining.detectors.settings import Device, OnnxSettings, Pixels
from core.mining.detectors.tiles import Tile, plan_tiles
from core.records.detections import Detection, DetectorFrame
from core.records.masks import MaskPatch

Corners = tuple[float, float, float, float]

_PADDING = 114  # grey that YOLO networks were trained to see around a picture
_VARIABLE_SIDE_PX = 640
_COARSEST_STRIDE = 32
_MOST_INSIDE = 0.7  # share of a cut box inside a whole one that makes it the same object
_MOST_OBJECTS = 1000  # in one picture, before suppression: the strongest


class OnnxDetector:
    """Finds what the network in a file was trained for; boxes, and masks where it gives any.

    Args:
        settings: see `OnnxSettings`; the file must be named.

    Raises:
        DetectorUnavailableError: onnxruntime, the file or the device is missing.
        DetectionError: the file is no network, or one of an unknown layout.
    """

    name = "onnx"
    needs_background = False

    def __init__(self, settings: OnnxSettings) -> None:
        self._settings = settings
        self._session = open_session(settings)
        self._input = recognise_input([port_of(port) for port in self._session.get_inputs()])
        metadata = dict(self._session.get_modelmeta().custom_metadata_map)
        self._long_side = settings.input_px or _size_in(metadata) or _VARIABLE_SIDE_PX
        self._network = self._probe(metadata)
        self._categories = categories_of(self._network.names)
        if not any(self._categories):
            raise DetectionError(
                "The network knows no cars, people, trucks, buses, motorcycles or bicycles: it knows "
                f"{', '.join(self._network.names[:8])}.",
                "Choose another network, or name its classes in the detector's settings.",
            )

    @property
    def network(self) -> Network:
        """What the file was recognised as."""
        return self._network

    @property
    def device(self) -> Device:
        """Where the network runs."""
        return Device.CUDA if "CUDAExecutionProvider" in self._session.get_providers() else Device.CPU

    def detect(self, frames: Sequence[DetectorFrame]) -> list[list[Detection]]:
        """Objects in each frame, most certain first.

        Raises:
            DetectionError: the network failed on a frame.
        """
        return [self._detect_one(frame.image) for frame in frames]

    def _detect_one(self, image: NDArray[np.uint8]) -> list[Detection]:
        height, width = image.shape[:2]
        settings = self._settings
        tiles = plan_tiles(width, height, settings.tile_px) if settings.tiles else [Tile(0, 0, width, height)]
        found: list[Detection] = []
        cut: list[bool] = []
        for tile in tiles:
            for one, ends in self._look_at(image[tile.y : tile.y + tile.h, tile.x : tile.x + tile.w]):
                found.append(_moved(one, tile))
                cut.append(tile.cuts(ends, width, height))
        if len(tiles) > 1 and found:
            kept = merge_views(
                [(one.box.x, one.box.y, one.box.w, one.box.h) for one in found],
                [one.score for one in found],
                [family_of(one.category) for one in found],
                cut,
                settings.max_overlap,
                _MOST_INSIDE,
            )
            found = [found[place] for place in kept]
        return without_doubles(found)

    def _look_at(self, image: NDArray[np.uint8]) -> list[tuple[Detection, Corners]]:
        """Objects in one picture, each with its left, top, right and bottom there."""
        size = self._input_size(image.shape[1], image.shape[0])
        fit = fit_picture(image.shape[1], image.shape[0], size[1], size[0], self._network.centred)
        outputs = self._run(self._prepared(image, fit, size))
        raw = decode(outputs, self._network, fit, size, self._settings.min_score)
        raw = self._suppressed(raw)
        masks: list[MaskPatch | None] = [None] * len(raw.corners)
        if self._network.prototypes is not None:
            masks = draw_masks(raw, outputs[self._network.prototypes], fit, size)
        found = []
        boxes = from_corners(raw.corners)
        for place, kind in enumerate(raw.classes.tolist()):
            category = self._categories[kind]
            if category is not None:
                one = Detection(to_box(boxes[place]), category, float(raw.scores[place]), masks[place])
                left, top, right, bottom = raw.corners[place].tolist()
                found.append((one, (left, top, right, bottom)))
        return found

    def _suppressed(self, raw: Raw) -> Raw:
        """Only kinds that are kept, and one box for each object."""
        families = np.array([-1 if kind is None else family_of(kind) for kind in self._categories])
        kept = np.flatnonzero(families[raw.classes] >= 0)
        if kept.size > _MOST_OBJECTS:
            kept = kept[np.argsort(-raw.scores[kept], kind="stable")[:_MOST_OBJECTS]]
        raw = raw.of(kept)
        boxes = from_corners(raw.corners)
        chosen = suppress(boxes, raw.scores, families[raw.classes], self._settings.max_overlap)
        return raw.of(chosen)

    def _input_size(self, width: int, height: int) -> tuple[int, int]:
        """Height and width of the input for a picture."""
        if self._input.height and self._input.width:
            return self._input.height, self._input.width
        scale = self._long_side / max(width, height)
        sides = [
            max(round(side * scale / _COARSEST_STRIDE + 0.49), 1) * _COARSEST_STRIDE
            for side in (height, width)
        ]
        return self._input.height or sides[0], self._input.width or sides[1]

    def _prepared(self, image: NDArray[np.uint8], fit: Fit, size: tuple[int, int]) -> NDArray[Any]:
        """A picture as the network wants it, with a first axis of one."""
        inner = (round(fit.width * fit.scale), round(fit.height * fit.scale))
        how = cv2.INTER_AREA if fit.scale < 1 else cv2.INTER_LINEAR
        canvas = np.full((size[0], size[1], 3), _PADDING, dtype=np.uint8)
        left, top = int(fit.pad_x), int(fit.pad_y)
        canvas[top : top + inner[1], left : left + inner[0]] = cv2.resize(image, inner, interpolation=how)
        return as_input(canvas, self._input, self._pixels)

    @property
    def _pixels(self) -> Pixels:
        asked = self._settings.pixels
        return self._network.pixels if asked is Pixels.AUTO else asked

    def _run(self, tensor: NDArray[Any]) -> list[NDArray[np.float32]]:
        try:
            return list(self._session.run(None, {self._input.name: tensor}))
        except Exception as problem:  # onnxruntime's errors share no base but Exception
            raise DetectionError(
                f"The network in {name_of(self._settings)} failed: {first_line(problem)}.",
                "Export it anew, with a fixed input size if it has none.",
            ) from problem

    def _probe(self, metadata: dict[str, str]) -> Network:
        """The layout, from what an empty picture gives: shapes that vary in the file are known then."""
        height, width = self._input_size(_VARIABLE_SIDE_PX, _VARIABLE_SIDE_PX)
        blank = np.full((height, width, 3), _PADDING, dtype=np.uint8)
        outputs = self._run(as_input(blank, self._input, Pixels.RGB_0_1))
        ports = [
            Port(port.name, tuple(np.shape(output)), port.type)
            for port, output in zip(self._session.get_outputs(), outputs, strict=True)
        ]
        return recognise_output(ports, height, width, metadata, self._settings.class_names)


def _moved(one: Detection, tile: Tile) -> Detection:
    """A tile's detection in the pixels of the whole picture."""
    if tile.x == 0 and tile.y == 0:
        return one
    box = type(one.box)(one.box.x + tile.x, one.box.y + tile.y, one.box.w, one.box.h)
    mask = one.mask
    if mask is not None:
        mask = MaskPatch(mask.x + tile.x, mask.y + tile.y, mask.bits)
    return Detection(box, one.category, one.score, mask)


def _size_in(metadata: dict[str, str]) -> int:
    """The input size in an Ultralytics file's metadata, such as "[640, 640]"; 0 where there is none."""
    digits = "".join(letter if letter.isdigit() else " " for letter in metadata.get("imgsz", "")).split()
    return max((int(number) for number in digits if len(number) <= 4), default=0)
