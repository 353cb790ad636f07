"""Recognises what kind of network an ONNX file holds, from its ports' shapes and its metadata alone.

Known layouts, for an input of H x W pixels and n = (H/8)(W/8) + (H/16)(W/16) + (H/32)(W/32) places:

- YOLO (v8 and later): (1, 4 + classes [+ 32], n): centre x, y, w, h in input pixels, class scores
  [, mask coefficients]; with masks, a second output (1, 32, H/4, W/4) of mask prototypes.
- YOLO (v5, v7): (1, 3n, 5 + classes [+ 32]): the same with an objectness after the box.
- YOLOX: (1, n, 5 + classes): offsets and logarithms on the grid, or boxes already.
- End to end: (1, k, 6 [+ 32]): corners, score, class; or (k, 7): picture, corners, class, score.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import DetectionError
from core.mining.detectors.classes import COCO_80
from core.mining.detectors.settings import Pixels

STRIDES = (8, 16, 32)
MASK_CHANNELS = 32
_MOST_METADATA = 100_000  # characters of class names that are read
_MOST_FINAL_BOXES = 1000  # rows of an end-to-end output


class Layout(StrEnum):
    """How boxes and scores lie in the output."""

    YOLO = "YOLO"
    YOLO_OBJECTNESS = "YOLO with objectness"
    YOLOX = "YOLOX"
    END_TO_END = "end to end"
    END_TO_END_7 = "end to end, seven columns"


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output.

    Attributes:
        name: in the file.
        shape: a dimension of variable size is None.
        type: ONNX's, such as "tensor(float)".
    """

    name: str
    shape: tuple[int | None, ...]
    type: str

    def __str__(self) -> str:
        size = "x".join("?" if side is None else str(side) for side in self.shape)
        return f"{self.name} {size or 'scalar'}"


@dataclass(frozen=True, slots=True)
class InputPort:
    """The picture's input.

    Attributes:
        name: in the file.
        height, width: fixed size, or None where it is variable.
        channels_last: NHWC instead of NCHW.
        type: numpy's name of the element type.
    """

    name: str
    height: int | None
    width: int | None
    channels_last: bool
    type: str


@dataclass(frozen=True, slots=True)
class Network:
    """What a file holds.

    Attributes:
        layout: of the boxes.
        boxes, prototypes: which outputs; prototypes is None without masks.
        channels_first: boxes lie in columns (1, values, n) instead of rows.
        names: of the classes, in order.
        pixels: what the input wants by the layout's custom.
        centred: whether the picture is padded on both sides, or right and below only.
    """

    layout: Layout
    boxes: int
    prototypes: int | None
    channels_first: bool
    names: tuple[str, ...]
    pixels: Pixels
    centred: bool


_ELEMENTS = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(uint8)": "uint8",
    "tensor(int8)": "int8",
}


def recognise_input(inputs: Sequence[Port]) -> InputPort:
    """The picture's input of a network.

    Raises:
        DetectionError: it is not one picture of three channels.
    """
    if len(inputs) == 1 and len(inputs[0].shape) == 4 and inputs[0].type in _ELEMENTS:
        port = inputs[0]
        element = _ELEMENTS[port.type]
        if port.shape[1] == 3 or (port.shape[1] is None and port.shape[3] != 3):
            return InputPort(port.name, port.shape[2], port.shape[3], False, element)
        if port.shape[3] == 3:
            return InputPort(port.name, port.shape[1], port.shape[2], True, element)
    seen = ", ".join(f"{port} {port.type}" for port in inputs) or "none"
    raise DetectionError(
        f"The network's input is not a picture this program can give: {seen}.",
        "Export it with one input of shape 1x3xHxW in float32, float16, uint8 or int8.",
    )


def recognise_output(
    outputs: Sequence[Port], height: int, width: int, metadata: Mapping[str, str], class_names: str = ""
) -> Network:
    """The layout of a network's outputs.

    Args:
        outputs: with the shapes that an input of height x width gave.
        metadata: the file's own; `names` holds the classes in the files that Ultralytics' tools write.
        class_names: a person's, comma-separated; they win over the file's.

    Raises:
        DetectionError: the layout, or the classes' names, are unknown; it says what was seen.
    """
    named = _names(class_names, metadata)
    prototypes = next((place for place, port in enumerate(outputs) if len(port.shape) == 4), None)
    masks = MASK_CHANNELS if prototypes is not None else 0
    if prototypes is not None and outputs[prototypes].shape[1] != MASK_CHANNELS:
        raise _unknown(outputs)
    places = sum((height // stride) * (width // stride) for stride in STRIDES)
    for index, port in enumerate(outputs):
        shape = port.shape
        if not port.type.startswith("tensor(float"):
            continue
        if len(shape) == 2 and shape[1] == 7 and not masks:
            return _network(Layout.END_TO_END_7, index, None, False, named, None)
        if len(shape) != 3 or shape[0] != 1 or shape[1] is None or shape[2] is None:
            continue
        rows, columns = shape[1], shape[2]
        if columns == 6 + masks and rows <= _MOST_FINAL_BOXES and rows not in (places, 3 * places):
            return _network(Layout.END_TO_END, index, prototypes, False, named, None)
        if columns == places and rows > 4 + masks:
            return _network(Layout.YOLO, index, prototypes, True, named, rows - 4 - masks)
        if rows == 3 * places and columns > 5 + masks:
            return _network(Layout.YOLO_OBJECTNESS, index, prototypes, False, named, columns - 5 - masks)
        if rows == places and columns > 5 + masks:
            values = columns - masks
            if values - 4 == len(named) or (not named and values == 4 + len(COCO_80)):
                return _network(Layout.YOLO, index, prototypes, False, named, values - 4)
            if not masks:
                return _network(Layout.YOLOX, index, None, False, named, values - 5)
    raise _unknown(outputs)


def _network(
    layout: Layout,
    boxes: int,
    prototypes: int | None,
    channels_first: bool,
    named: tuple[str, ...],
    classes: int | None,
) -> Network:
    names = named
    if not names and classes in (None, len(COCO_80)):
        names = COCO_80
    if not names or (classes is not None and len(names) != classes):
        count = "an unknown number of" if classes is None else str(classes)
        raise DetectionError(
            f"The network knows {count} kinds of things, and the file names {len(named) or 'none'}.",
            "Name them, comma-separated and in the network's order, in the detector's settings.",
        )
    pixels = Pixels.BGR_0_255 if layout is Layout.YOLOX else Pixels.RGB_0_1
    centred = layout is not Layout.YOLOX
    return Network(layout, boxes, prototypes, channels_first, names, pixels, centred)


def _names(class_names: str, metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Class names from a person, else from the file; empty where nobody says."""
    if class_names.strip():
        return tuple(name.strip() for name in class_names.split(","))
    text = metadata.get("names", "")
    if not text or len(text) > _MOST_METADATA:
        return ()
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    if isinstance(value, dict) and all(isinstance(key, int) for key in value):
        value = [value.get(key) for key in range(len(value))]
    if isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value):
        return tuple(value)
    return ()


def _unknown(outputs: Sequence[Port]) -> DetectionError:
    seen = ", ".join(f"{port} {port.type}" for port in outputs)
    return DetectionError(
        f"The network's outputs have a layout that this program does not know: {seen}.",
        "Known are YOLO (1 x 4+classes[+32] x n, with masks 1x32xH/4xW/4), YOLO with objectness "
        "(1 x 3n x 5+classes), YOLOX (1 x n x 5+classes) and networks with their own suppression "
        "(1 x k x 6, or k x 7): export it as one of these.",
    )
