"""Random changes of crops: what covers and cuts objects, how detectors and cameras differ.

What changes the truth (covers, the picture's border) is done to the crop; what does not (place, size, a
mirror, colour, sharpness) is done on the way to the square that a network is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import box_to_patch, full_to_patch, patch_box, patch_to_full
from core.networks.crop_view import FILL, Placing, placing_of, shown
from core.records.boxes import Box
from core.records.shapes import KeypointTag
from core.shapes.keypoints import FLIP
from core.training.data.crops import TAGS, CropSample

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VISIBLE, OTHER, TRUNCATED = (
    TAGS.index(tag) for tag in (KeypointTag.VISIBLE, KeypointTag.OTHER_OCCLUDED, KeypointTag.TRUNCATED)
)
_LEAST_SEEN = 0.25
_GRID = 28  # cells of the masks that networks give


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often, or how much, of each.

    Attributes:
        cover: another object's cut-out before it; bar: a pole, a sign or a twig before it.
        cut: the picture's border through it.
        ground: another picture behind it.
        box: how far a detector's box is off on each side, a share of L (standard deviation).
        turn_rad: how far the picture is turned (standard deviation).
        coarse: shown as from a small picture; blur, jpeg, grey: as they say.
        rough: the masks as a network gives them; no_mask: as a detector without masks.
    """

    cover: float = 0.3
    bar: float = 0.12
    cut: float = 0.1
    ground: float = 0.25
    box: float = 0.025
    turn_rad: float = 0.05
    coarse: float = 0.35
    blur: float = 0.2
    jpeg: float = 0.35
    grey: float = 0.08
    rough: float = 0.7
    no_mask: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A crop as it is shown.

    Attributes:
        square: (px, px, 3) uint8 RGB.
        own, others, inside: (px, px) uint8, 255 inside; `inside` is what the crop has of the square.
        points: (12, 2) in the square's pixels; tags: (12,), of the car as it is seen, mirrored or not.
        placing: from the crop to the square.
    """

    square: Bytes
    own: Bytes
    others: Bytes
    inside: Bytes
    points: Floats
    tags: Ints
    placing: Placing


def seen(
    sample: CropSample, px: int, box: Box | None = None, turn_rad: float = 0.0, mirror: bool = False
) -> Seen:
    """A crop in the square that a network is shown; without chance.

    Args:
        px: side of the square.
        box: to show instead of the sample's.
        turn_rad, mirror: see `placing_of`; a mirrored car's points and tags exchange left and right.
    """
    box = box or sample.box
    placing = placing_of(box, px, turn_rad=turn_rad, mirrored=mirror)
    points, tags = placing.to_square(sample.points), sample.tags
    if mirror:
        points, tags = points[list(FLIP)], tags[list(FLIP)]
    own_mask = _box_mask(sample) if sample.own is None else sample.own
    own, others, inside = (
        shown(mask.astype(np.uint8) * 255, box, placing, 0)
        for mask in (own_mask, sample.others, np.ones_like(sample.others))
    )
    return Seen(shown(sample.image, box, placing), own, others, inside, points, tags, placing)


def changed(
    sample: CropSample,
    how: Augmentation,
    rng: np.random.Generator,
    cover: CropSample | None = None,
    ground: CropSample | None = None,
) -> CropSample:
    """A sample whose truth chance has changed: covered, cut by a border, before another picture.

    Args:
        cover: whose cut-out may come before it. ground: whose picture may come behind it.
    """
    if sample.own is None:
        return sample
    if ground is not None and rng.random() < how.ground and not sample.others.any():
        sample = _before(sample, ground, rng)
    if cover is not None and cover.own is not None and rng.random() < how.cover:
        sample = _kept(sample, *_pasted(sample, cover, rng))
    if rng.random() < how.bar:
        sample = _kept(sample, *_barred(sample, rng))
    if rng.random() < how.cut:
        sample = _cut(sample, rng)
    return sample


def looked_at(sample: CropSample, px: int, how: Augmentation, rng: np.random.Generator) -> Seen:
    """A sample as some detector and some camera show it."""
    off = rng.normal(0, how.box, 4) * sample.box.size
    box = sample.box
    if how.box:
        w, h = max(box.w + off[2] - off[0], 2.0), max(box.h + off[3] - off[1], 2.0)
        box = Box(box.x + off[0], box.y + off[1], w, h)
    if how.rough and sample.own is not None:
        rough = _roughened(sample.own, rng) if rng.random() < how.rough else sample.own
        sample = replace(sample, own=None if rng.random() < how.no_mask else rough)
    found = seen(sample, px, box, float(rng.normal(0, how.turn_rad)), bool(rng.random() < 0.5))
    return replace(found, square=_photographed(found.square, how, rng))


def _box_mask(sample: CropSample) -> Bools:
    """The box's pixels, which stand for a mask where there is none."""
    height, width = sample.image.shape[:2]
    return patch_to_full(box_to_patch(sample.box, height, width), height, width)


def _before(sample: CropSample, ground: CropSample, rng: np.random.Generator) -> CropSample:
    """The object before another picture."""
    assert sample.own is not None
    height, width = sample.image.shape[:2]
    picture: Bytes = ground.image[:, ::-1] if rng.random() < 0.5 else ground.image
    behind = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return replace(sample, image=_blended(behind, sample.image, sample.own))


def _pasted(
    sample: CropSample, cover: CropSample, rng: np.random.Generator
) -> tuple[CropSample, Bools, bool]:
    """Another object's cut-out before this one: the new picture, what it covers, and that it has a mask."""
    assert cover.own is not None
    patch = full_to_patch(cover.own)
    h, w = patch.bits.shape
    if not h or not w:
        return sample, np.zeros_like(sample.others), True
    part: NDArray[Any] = cover.image[patch.y : patch.y + h, patch.x : patch.x + w]
    scale = float(rng.uniform(0.35, 1.3)) * sample.box.size / max(h, w)
    size = (max(round(w * scale), 2), max(round(h * scale), 2))
    part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    bits = cv2.resize(patch.bits.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
    if rng.random() < 0.5:
        part, bits = part[:, ::-1], bits[:, ::-1]
    # mostly from below, as what stands nearer to a camera does
    box = sample.box
    x = box.x + float(rng.uniform(-0.1, 1.1)) * box.w - size[0] / 2
    y = box.y + float(rng.uniform(0.3, 1.2)) * box.h - size[1] / 2
    image, mask = np.zeros_like(sample.image), np.zeros_like(sample.others)
    height, width = mask.shape
    left, top = round(x), round(y)
    a, b, c, d = max(left, 0), max(top, 0), min(left + size[0], width), min(top + size[1], height)
    if a < c and b < d:
        inner = slice(b - top, d - top), slice(a - left, c - left)
        image[b:d, a:c], mask[b:d, a:c] = part[inner], bits[inner]
    return replace(sample, image=_blended(sample.image, image, mask)), mask, True


def _barred(sample: CropSample, rng: np.random.Generator) -> tuple[CropSample, Bools, bool]:
    """A still thing before the object: the new picture, what it covers, and that it has no mask."""
    height, width = sample.others.shape
    drawn = np.zeros((height, width), dtype=np.uint8)
    box = sample.box
    x, y = box.x + float(rng.uniform(0, 1)) * box.w, box.y + float(rng.uniform(0, 1)) * box.h
    thick = max(round(float(rng.uniform(0.03, 0.16)) * box.size), 1)
    kind = rng.random()
    if kind < 0.6:  # a pole
        lean = float(rng.normal(0, 0.04)) * height
        cv2.line(drawn, (round(x - lean), 0), (round(x + lean), height), 255, thick)
    elif kind < 0.8:  # a sign
        wide, high = (max(round(2 * thick * share), 1) for share in rng.uniform(0.5, 1.5, 2).tolist())
        cv2.ellipse(drawn, (round(x), round(y)), (wide, high), 0, 0, 360, 255, -1)
    else:  # a twig
        ends = rng.uniform(-0.5, 0.5, (5, 2)) * box.size
        line = np.round(np.array([x, y]) + np.cumsum(ends * 0.5, axis=0)).astype(np.int32)
        cv2.polylines(drawn, [line], False, 255, max(thick // 2, 1))
    mask = drawn > 0
    shade = rng.uniform(20, 230) + rng.normal(0, 12, 3)
    texture = shade + rng.normal(0, 6, (height, 1, 1)) + rng.normal(0, 5, (height, width, 1))
    image = np.clip(np.broadcast_to(texture, sample.image.shape), 0, 255).astype(np.uint8)
    return replace(sample, image=_blended(sample.image, image, mask)), mask, False


def _kept(before: CropSample, after: CropSample, cover: Bools, masked: bool) -> CropSample:
    """The sample with a cover's truth; as it was where too little would be left of it."""
    assert before.own is not None
    own = before.own & ~cover
    full, left = int(np.count_nonzero(before.own)), int(np.count_nonzero(own))
    if left < _LEAST_SEEN * full or not left:
        return before
    x, y = (np.nan_to_num(np.round(before.points)).astype(int)).T
    inside = (x >= 0) & (y >= 0) & (x < cover.shape[1]) & (y < cover.shape[0]) & (before.tags == VISIBLE)
    tags = before.tags.copy()
    tags[inside] = np.where(cover[y[inside], x[inside]], OTHER, VISIBLE)
    return replace(
        after,
        own=own,
        box=patch_box(full_to_patch(own)),
        others=(before.others & ~cover) | (cover if masked else False),
        tags=tags,
        hidden=1 - (1 - before.hidden) * left / full,
    )


def _cut(sample: CropSample, rng: np.random.Generator) -> CropSample:
    """The sample with the picture's border through the object, or touching it."""
    assert sample.own is not None
    side, share = int(rng.integers(4)), float(rng.uniform(0.0, 0.55))
    box, (height, width) = sample.box, sample.others.shape
    left, top, right, bottom = 0, 0, width, height
    if side == 0:
        left = int(np.clip(round(box.x + share * box.w), 0, width - 2))
    elif side == 1:
        right = int(np.clip(round(box.right - share * box.w), 2, width))
    elif side == 2:
        top = int(np.clip(round(box.y + share * box.h), 0, height - 2))
    else:
        bottom = int(np.clip(round(box.bottom - share * box.h), 2, height))
    part = slice(top, bottom), slice(left, right)
    own = sample.own[part]
    full, seen_px = int(np.count_nonzero(sample.own)), int(np.count_nonzero(own))
    if seen_px < _LEAST_SEEN * full or not seen_px:
        return sample
    points = sample.points - (left, top)
    tags = sample.tags.copy()
    size, shift = np.array([right - left, bottom - top]), np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]])
    with np.errstate(invalid="ignore"):
        outside = ~((points >= -0.5) & (points < size - 0.5)).all(axis=1)
    tags[outside & (tags >= 0)] = TRUNCATED
    return replace(
        sample,
        image=sample.image[part],
        own=own,
        others=sample.others[part],
        box=patch_box(full_to_patch(own)),
        points=points,
        tags=tags,
        solid=None if sample.solid is None else sample.solid.shifted(left, top),
        elsewhere=None if sample.elsewhere is None else sample.elsewhere.changed(shift),
        # a border that only touches the object already cuts it, as far as anybody can tell
        hidden=max(1 - (1 - sample.hidden) * seen_px / full, 0.03),
    )


def _roughened(mask: Bools, rng: np.random.Generator) -> Bools:
    """A mask as a network's head of 28 x 28 cells gives it."""
    height, width = mask.shape
    patch = full_to_patch(mask)
    h, w = patch.bits.shape
    if min(h, w) < 2:
        return mask
    cells = cv2.resize(patch.bits.astype(np.float32), (_GRID, _GRID), interpolation=cv2.INTER_AREA)
    cells = cells + rng.standard_normal((_GRID, _GRID), dtype=np.float32) * np.float32(0.12)
    fine = np.asarray(cv2.resize(cells, (w, h), interpolation=cv2.INTER_LINEAR) > rng.uniform(0.35, 0.6))
    rough = np.zeros((height, width), dtype=np.bool_)
    rough[patch.y : patch.y + h, patch.x : patch.x + w] = fine
    return rough if rough.any() else mask


def _blended(below: NDArray[Any], above: NDArray[Any], mask: Bools) -> Bytes:
    """One picture over another, with an edge about a pixel soft."""
    share = cv2.GaussianBlur(mask.astype(np.float32), (3, 3), 0.7)[..., None]
    return np.asarray(below * (1 - share) + above * share + 0.5, dtype=np.uint8)


def _photographed(square: Bytes, how: Augmentation, rng: np.random.Generator) -> Bytes:
    """The square as another camera would have taken it."""
    px = square.shape[0]
    if rng.random() < how.coarse:
        small = int(rng.integers(max(px // 6, 8), max(px * 2 // 3, 9)))
        square = np.asarray(cv2.resize(square, (small, small), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if rng.random() < how.blur:
        square = np.asarray(cv2.GaussianBlur(square, (0, 0), float(rng.uniform(0.4, 1.4))), dtype=np.uint8)
    if rng.random() < how.jpeg:
        quality = int(rng.integers(25, 90))
        _, data = cv2.imencode(".jpg", square, [cv2.IMWRITE_JPEG_QUALITY, quality])
        square = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    pixels: NDArray[np.float32] = square.astype(np.float32) - np.float32(FILL)
    if rng.random() < how.grey:
        pixels[:] = pixels.mean(axis=2, keepdims=True)
    # hues stay as they are: that lights are red tells back from front
    gain = np.float32(rng.uniform(0.6, 1.4)) * rng.uniform(0.85, 1.15, 3).astype(np.float32)
    pixels = pixels * gain + np.float32(rng.normal(0, 14) + FILL)
    noise = rng.standard_normal((*pixels.shape[:2], 1), dtype=np.float32)
    pixels = pixels + noise * np.float32(rng.uniform(0, 6))
    out = np.clip(pixels, 0, 255).astype(np.uint8)
    if out.shape[0] != px:
        out = np.asarray(cv2.resize(out, (px, px), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    return out
