"""The arithmetic of composites: cut-outs decoded, lit and laid over what is below, in whole numbers only.

Nothing here is left to a library's rounding: numpy's whole numbers add, multiply and shift the same on any
machine. PNG is lossless, so its decoder does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import CompositeError
from core.records.recipes import Cutout

Bytes = NDArray[np.uint8]

ONE_Q8 = 256
"""1 as a fixed-point number with 8 binary places: a gain that leaves the light as it is."""

_LEAST_GAIN, _MOST_GAIN = ONE_Q8 // 2, ONE_Q8 * 2
_FEWEST_COMPARED = 32  # pixels; fewer say nothing about the light
_NO_SHADOW = 255
_PACKED = 6  # zlib's level: cut once, read often
_OPAQUE = 255
_PNG_BEGINS, _PNG_HEAD = b"\x89PNG\r\n\x1a\n", 24
_MOST_PIXELS = 1 << 27  # four times those of 8K


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """A plane of values at its place in the picture.

    Attributes:
        x, y: of its top left pixel.
        values: (h, w) or (h, w, 3) uint8.
    """

    x: int
    y: int
    values: Bytes


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A cut-out decoded, each plane only as large as it says something.

    Attributes:
        colour: (h, w, 3) RGB, and alpha: (h, w) how much of each pixel is the object's; of one window.
        shade: how much of 255 the contact shadow leaves, or None where there is none.
        compared: (n, 2) int64 x, y of the pixels where light is compared, row by row.
        light: sums over them of the frame's red, green and blue.
    """

    colour: Window
    alpha: Window
    shade: Window | None
    compared: NDArray[np.int64]
    light: tuple[int, int, int]

    @property
    def nbytes(self) -> int:
        """What it takes in memory."""
        shade = 0 if self.shade is None else self.shade.values.nbytes
        return self.colour.values.nbytes + self.alpha.values.nbytes + shade + self.compared.nbytes


def decode_cutout(cutout: Cutout) -> Layer:
    """A cut-out ready to be drawn.

    Raises:
        CompositeError: its pictures are damaged or not of the size that it says.
    """
    import cv2

    colour, planes = _decoded(cutout.pixels, cutout), _decoded(cutout.planes, cutout)
    ring, shade, alpha = (plane.astype(np.uint8, copy=False) for plane in cv2.split(planes))
    x, y, w, h = _reach(alpha)
    rows, columns = np.divmod(np.flatnonzero(ring), cutout.w)
    return Layer(
        Window(cutout.x + x, cutout.y + y, np.ascontiguousarray(colour[y : y + h, x : x + w, ::-1])),
        Window(cutout.x + x, cutout.y + y, np.ascontiguousarray(alpha[y : y + h, x : x + w])),
        _shadow(cutout, shade),
        np.stack([columns + cutout.x, rows + cutout.y], axis=1).astype(np.int64),
        cutout.light[:3],
    )


def decode_planes(cutout: Cutout) -> tuple[Bytes, Bytes, Bytes]:
    """A cut-out's whole window: (h, w, 3) RGB, (h, w) how much is the object's, (h, w) the light left.

    Raises:
        CompositeError: its pictures are damaged or not of the size that it says.
    """
    colour, planes = _decoded(cutout.pixels, cutout), _decoded(cutout.planes, cutout)
    return colour[..., ::-1], planes[..., 2], planes[..., 1]


def encode_png(pixels: Bytes) -> bytes:
    """A PNG of (h, w, 3) uint8, the first channel its red."""
    import cv2

    turned = np.ascontiguousarray(pixels[..., ::-1])
    encoded, data = cv2.imencode(".png", turned, [cv2.IMWRITE_PNG_COMPRESSION, _PACKED])
    if not encoded:
        raise ValueError("a cut-out could not be encoded")
    return data.tobytes()


def png_size(png: bytes) -> tuple[int, int] | None:
    """Width and height that a PNG says it has, pixels; None where it is none, or larger than any picture."""
    if len(png) < _PNG_HEAD or png[:8] != _PNG_BEGINS or png[12:16] != b"IHDR":
        return None
    width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
    return (width, height) if 0 < width * height <= _MOST_PIXELS else None


def div255(product: NDArray[np.uint16]) -> Bytes:
    """A product of two bytes over 255, rounded to the nearest.

    Exact for 0 to 65,025: (t + t // 256) // 256 with t = product + 128.
    """
    turned = product + np.uint16(128)
    turned += turned >> np.uint16(8)
    turned >>= np.uint16(8)
    return turned.astype(np.uint8)


def exposure(layer: Layer, background: Bytes) -> tuple[int, int, int]:
    """How much brighter than the cut-out's frame a background is, where the two are compared.

    Returns:
        one gain for each of red, green and blue, with 8 binary places, rounded half up, between a half
        and two.
    """
    if len(layer.compared) < _FEWEST_COMPARED:
        return ONE_Q8, ONE_Q8, ONE_Q8
    places = layer.compared[:, 1] * background.shape[1] + layer.compared[:, 0]
    seen = background.reshape(-1, 3).take(places, axis=0)
    sums = np.add.reduce(seen, axis=0, dtype=np.int64).tolist()
    red, green, blue = (_gain(int(there), here) for there, here in zip(sums, layer.light, strict=True))
    return red, green, blue


def lit(colour: Bytes, gains: tuple[int, int, int]) -> Bytes:
    """Pixels under another light: each channel times its gain, rounded half up, at most 255."""
    if gains == (ONE_Q8, ONE_Q8, ONE_Q8):
        return colour
    levels = np.arange(256, dtype=np.int64)
    out = np.empty_like(colour)
    for channel, gain in enumerate(gains):
        table = np.minimum((levels * gain + ONE_Q8 // 2) >> 8, 255).astype(np.uint8)
        out[..., channel] = table[colour[..., channel]]
    return out


def lay_over(canvas: Bytes, colour: Bytes, alpha: Bytes, x: int, y: int) -> None:
    """Lays pixels over a picture, in place: (alpha * above + (255 - alpha) * below) / 255, rounded.

    Args:
        canvas: (H, W, 3).
        colour: (h, w, 3), alpha: (h, w); wholly inside the picture at x, y.
    """
    h, w = alpha.shape
    below = canvas[y : y + h, x : x + w]
    share = alpha.astype(np.uint16)[..., None]
    mixed = colour * share
    mixed += below * (np.uint16(_OPAQUE) - share)
    below[...] = div255(mixed)


def cast_shadow(canvas: Bytes, background: Bytes, ground_light: Bytes, x: int, y: int) -> None:
    """Darkens the ground of a picture, in place: background * light / 255, rounded.

    Args:
        canvas, background: (H, W, 3).
        ground_light: (h, w) how much of 255 is left; wholly inside the picture at x, y.
    """
    h, w = ground_light.shape
    ground = background[y : y + h, x : x + w]
    canvas[y : y + h, x : x + w] = div255(ground * ground_light.astype(np.uint16)[..., None])


def _gain(there: int, here: int) -> int:
    if here <= 0:
        return ONE_Q8
    return min(max((2 * there * ONE_Q8 + here) // (2 * here), _LEAST_GAIN), _MOST_GAIN)


def _shadow(cutout: Cutout, shade: Bytes) -> Window | None:
    x, y, w, h = _reach(~shade)
    if not w:
        return None
    return Window(cutout.x + x, cutout.y + y, np.ascontiguousarray(shade[y : y + h, x : x + w]))


def _reach(values: Bytes) -> tuple[int, int, int, int]:
    """x, y, w, h of the smallest window around what is not 0; zeros where nothing is."""
    rows, columns = values.max(axis=1) > 0, values.max(axis=0) > 0
    if not rows.any():
        return 0, 0, 0, 0
    top, bottom = int(rows.argmax()), rows.size - int(rows[::-1].argmax())
    left, right = int(columns.argmax()), columns.size - int(columns[::-1].argmax())
    return left, top, right - left, bottom - top


def _decoded(png: bytes, cutout: Cutout) -> Bytes:
    """(h, w, 3) uint8, as OpenCV has it: red last."""
    import cv2

    # looked at first: a few bytes can unpack to gigabytes
    is_fit = png_size(png) == (cutout.w, cutout.h)
    image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR) if is_fit else None
    if image is None or image.shape != (cutout.h, cutout.w, 3):
        raise CompositeError(
            f"The cut-out of object {cutout.instance_id} in the project is damaged.",
            "Cut the objects of this camera out again.",
        )
    return image.astype(np.uint8, copy=False)
