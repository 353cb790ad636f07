"""From a network's raw outputs to boxes, scores, classes and masks in the picture's pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.mining.detectors.drawing import Placement, draw_mask
from core.mining.detectors.onnx_layout import MASK_CHANNELS, STRIDES, Layout, Network
from core.records.masks import MaskPatch

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in a network's input: input = picture * scale + pad, on pixel edges.

    Attributes:
        scale: input pixels per picture pixel.
        pad_x, pad_y: input pixels left of and above the picture.
        width, height: of the picture, pixels.
    """

    scale: float
    pad_x: float
    pad_y: float
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """What a network found, before suppression.

    Attributes:
        corners: (n, 4) left, top, right, bottom in the picture, pixels on pixel edges, cut to it.
        scores: (n,) 0 to 1. classes: (n,) int.
        coefficients: (n, 32) of the mask prototypes, or None.
    """

    corners: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.intp]
    coefficients: Floats | None

    def of(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> Raw:
        """Only the chosen ones."""
        coefficients = None if self.coefficients is None else self.coefficients[chosen]
        return Raw(self.corners[chosen], self.scores[chosen], self.classes[chosen], coefficients)


def fit_picture(width: int, height: int, input_width: int, input_height: int, centred: bool) -> Fit:
    """Where a picture goes in an input of fixed size, keeping its proportions."""
    scale = min(input_width / width, input_height / height)
    rest_x, rest_y = input_width - round(width * scale), input_height - round(height * scale)
    return Fit(scale, rest_x // 2 if centred else 0, rest_y // 2 if centred else 0, width, height)


def decode(
    outputs: list[Floats], network: Network, fit: Fit, input_size: tuple[int, int], least: float
) -> Raw:
    """What the network found with a score of at least `least`.

    Args:
        outputs: as the network gave them. input_size: height and width of its input, pixels.
    """
    table = np.asarray(outputs[network.boxes], dtype=np.float32)
    table = table.reshape(table.shape[-2:])
    if network.channels_first:
        table = np.ascontiguousarray(table.T)
    if network.layout in (Layout.END_TO_END, Layout.END_TO_END_7):
        return _decode_final(table, network, fit, input_size, least)
    first_class = 4 if network.layout is Layout.YOLO else 5
    last_class = first_class + len(network.names)
    scores = table[:, first_class:last_class]
    classes = scores.argmax(axis=1)
    best = scores[np.arange(len(scores)), classes]
    if first_class == 5:
        best = best * table[:, 4]
    chosen = np.flatnonzero(best >= least)
    boxes = table[chosen, :4]
    if network.layout is Layout.YOLOX:
        boxes = _off_grid(table, chosen, input_size)
    middle, half = boxes[:, :2], boxes[:, 2:] / 2
    corners = np.concatenate([middle - half, middle + half], axis=1)
    coefficients = table[chosen, last_class:] if network.prototypes is not None else None
    return _in_picture(corners, best[chosen], classes[chosen], coefficients, fit)


def _decode_final(
    table: Floats, network: Network, fit: Fit, input_size: tuple[int, int], least: float
) -> Raw:
    """Rows that a network's own suppression has chosen."""
    if network.layout is Layout.END_TO_END_7:  # picture, corners, class, score
        corners, classes, scores = table[:, 1:5], table[:, 5], table[:, 6]
    else:  # corners, score, class
        corners, scores, classes = table[:, :4], table[:, 4], table[:, 5]
    known = (classes >= 0) & (classes < len(network.names))
    chosen = np.flatnonzero((scores >= least) & known)
    ends = corners[chosen]
    if ends.size and float(np.abs(ends).max()) <= 2.0:  # shares of the input, not pixels
        ends = ends * np.array([input_size[1], input_size[0]] * 2, dtype=np.float32)
    coefficients = table[chosen, 6 : 6 + MASK_CHANNELS] if network.prototypes is not None else None
    return _in_picture(ends, scores[chosen], classes[chosen].astype(np.intp), coefficients, fit)


def _off_grid(table: Floats, chosen: NDArray[np.intp], input_size: tuple[int, int]) -> Floats:
    """YOLOX's centre x, y, w, h in input pixels, whether the file's own last step did this already or not."""
    places, strides = grid(*input_size)
    if not is_raw_grid(table, places, strides):
        return table[chosen, :4]
    step = strides[chosen, None]
    middle = (table[chosen, :2] + places[chosen]) * step
    size = np.exp(np.minimum(table[chosen, 2:4], 10.0)) * step
    return np.concatenate([middle, size], axis=1)


def grid(height: int, width: int) -> tuple[Floats, Floats]:
    """Places (n, 2) x, y in cells and strides (n,) of a three-level grid, row by row, fine level first."""
    places, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[: height // stride, : width // stride]
        places.append(np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32))
        strides.append(np.full(x.size, stride, dtype=np.float32))
    return np.concatenate(places), np.concatenate(strides)


def is_raw_grid(table: Floats, places: Floats, strides: Floats) -> bool:
    """Whether boxes are offsets in cells, rather than pixels that follow the grid across the picture."""
    as_pixels = np.abs(table[:, :2] - (places + 0.5) * strides[:, None]).max(axis=1) / strides
    as_cells = np.abs(table[:, :2] - 0.5).max(axis=1)
    return bool(np.median(as_cells) <= np.median(as_pixels))


def _in_picture(
    corners: Floats, scores: Floats, classes: NDArray[np.intp], coefficients: Floats | None, fit: Fit
) -> Raw:
    """Boxes of the input as boxes of the picture; those without area or sense are left out."""
    ends = corners.astype(np.float64)
    ends[:, 0::2] = np.clip((ends[:, 0::2] - fit.pad_x) / fit.scale, 0.0, fit.width)
    ends[:, 1::2] = np.clip((ends[:, 1::2] - fit.pad_y) / fit.scale, 0.0, fit.height)
    raw = Raw(ends, np.minimum(scores.astype(np.float64), 1.0), classes, coefficients)
    sound = np.isfinite(ends).all(axis=1) & np.isfinite(raw.scores)
    sound &= (ends[:, 2] - ends[:, 0] >= 1.0) & (ends[:, 3] - ends[:, 1] >= 1.0)
    return raw.of(sound)


def draw_masks(raw: Raw, prototypes: Floats, fit: Fit, input_size: tuple[int, int]) -> list[MaskPatch | None]:
    """Each object's mask inside its box, in the picture's pixels; None where it has no pixel.

    A mask is where the sum of the prototypes, each times its coefficient, is positive.
    """
    if raw.coefficients is None or len(raw.corners) == 0:
        return [None] * len(raw.corners)
    basis = np.asarray(prototypes, dtype=np.float32).reshape(MASK_CHANNELS, *prototypes.shape[-2:])
    sums = np.tensordot(raw.coefficients, basis, axes=(1, 0))
    across, down = basis.shape[2] / input_size[1], basis.shape[1] / input_size[0]
    placement = Placement(fit.scale * across, fit.scale * down, fit.pad_x * across, fit.pad_y * down)
    return [draw_mask(one, placement, ends, 0.0) for one, ends in zip(sums, raw.corners, strict=True)]
