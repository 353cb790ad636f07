"""Masks: patches of pixels, and COCO's run-length code read and written without the whole picture.

COCO's code lists the lengths of alternating runs of 0s and 1s, columns first, starting with 0s. In the
compressed form each length after the third is a difference to the one two before, written as groups of
five bits, lowest first, each plus 48 as an ASCII letter; bit 6 says that more follow (pycocotools,
`rleToString`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.masks import MaskPatch, Rle

Bits = NDArray[np.bool_]
Ints = NDArray[np.int64]

_FIRST_LETTER = 48
_MORE = 32
_SIGN = 16
_GROUP_BITS = 5
_LONGEST_CODE = 7  # groups of five bits that a run of 2^31 pixels needs


def empty_patch() -> MaskPatch:
    """A mask without a pixel."""
    return MaskPatch(0, 0, np.zeros((0, 0), dtype=np.bool_))


def full_to_patch(bits: NDArray[np.bool_] | NDArray[np.uint8]) -> MaskPatch:
    """The tight patch around a whole picture's mask.

    Args:
        bits: (H, W), non-zero inside the object.
    """
    return tighten(MaskPatch(0, 0, np.asarray(bits) != 0))


def tighten(patch: MaskPatch) -> MaskPatch:
    """The same mask on the smallest patch that holds it; the empty patch if no pixel is set."""
    # ufuncs and methods alone: this runs several times for each object of each frame
    rows = np.logical_or.reduce(patch.bits, axis=1)
    if not rows.size or not rows.any():
        return empty_patch()
    columns = np.logical_or.reduce(patch.bits, axis=0)
    top, bottom = int(rows.argmax()), rows.size - int(rows[::-1].argmax())
    left, right = int(columns.argmax()), columns.size - int(columns[::-1].argmax())
    tight = np.ascontiguousarray(patch.bits[top:bottom, left:right])
    return MaskPatch(patch.x + left, patch.y + top, tight)


def patch_to_full(patch: MaskPatch, height: int, width: int) -> Bits:
    """(height, width) bool mask of the whole picture.

    Raises:
        ValueError: the patch does not lie inside the picture.
    """
    _check_inside(patch, height, width)
    full = np.zeros((height, width), dtype=np.bool_)
    h, w = patch.bits.shape
    full[patch.y : patch.y + h, patch.x : patch.x + w] = patch.bits
    return full


def patch_area(patch: MaskPatch) -> int:
    """Pixels inside the mask."""
    return int(np.count_nonzero(patch.bits))


def patch_box(patch: MaskPatch) -> Box:
    """The patch's frame as a box; of a tight patch, the mask's box."""
    h, w = patch.bits.shape
    return Box(float(patch.x), float(patch.y), float(w), float(h))


def window(patch: MaskPatch, x: int, y: int, w: int, h: int) -> Bits:
    """The mask inside the window (x, y, w, h) of the picture, False where the patch does not reach.

    Returns:
        (h, w) bool, a copy.
    """
    out = np.zeros((h, w), dtype=np.bool_)
    patch_h, patch_w = patch.bits.shape
    left, right = max(x, patch.x), min(x + w, patch.x + patch_w)
    top, bottom = max(y, patch.y), min(y + h, patch.y + patch_h)
    if left < right and top < bottom:
        inside = patch.bits[top - patch.y : bottom - patch.y, left - patch.x : right - patch.x]
        out[top - y : bottom - y, left - x : right - x] = inside
    return out


def patch_intersection_area(a: MaskPatch, b: MaskPatch) -> int:
    """Pixels that two masks share."""
    h_a, w_a = a.bits.shape
    h_b, w_b = b.bits.shape
    left, right = max(a.x, b.x), min(a.x + w_a, b.x + w_b)
    top, bottom = max(a.y, b.y), min(a.y + h_a, b.y + h_b)
    if left >= right or top >= bottom:
        return 0
    part_a = a.bits[top - a.y : bottom - a.y, left - a.x : right - a.x]
    part_b = b.bits[top - b.y : bottom - b.y, left - b.x : right - b.x]
    return int(np.count_nonzero(part_a & part_b))


def patch_iou(a: MaskPatch, b: MaskPatch) -> float:
    """Intersection over union of two masks, 0 to 1; 0 where both are empty."""
    shared = patch_intersection_area(a, b)
    union = patch_area(a) + patch_area(b) - shared
    return shared / union if union else 0.0


def box_to_patch(box: Box, height: int, width: int) -> MaskPatch:
    """The pixels whose centres a box covers, cut to the picture: a stand-in where there is no mask."""
    left, right = (min(max(round(edge), 0), width) for edge in (box.x, box.right))
    top, bottom = (min(max(round(edge), 0), height) for edge in (box.y, box.bottom))
    if left >= right or top >= bottom:
        return empty_patch()
    return MaskPatch(left, top, np.ones((bottom - top, right - left), dtype=np.bool_))


def is_near(patch: MaskPatch, x: float, y: float, margin: float) -> bool:
    """Whether the mask has a pixel whose centre lies within a margin, pixels, of a place in the picture."""
    height, width = patch.bits.shape
    left, right = max(int(np.ceil(x - margin)) - patch.x, 0), min(int(x + margin) - patch.x + 1, width)
    top, bottom = max(int(np.ceil(y - margin)) - patch.y, 0), min(int(y + margin) - patch.y + 1, height)
    if left >= right or top >= bottom:
        return False
    rows, columns = np.nonzero(patch.bits[top:bottom, left:right])
    away = np.hypot(columns + left + patch.x - x, rows + top + patch.y - y)
    return bool((away <= margin).any())


def patch_contours(patch: MaskPatch) -> list[NDArray[np.float64]]:
    """Outlines of a mask for drawing, a quarter of a pixel inside its border pixels' outer edges.

    Returns:
        one (n, 2) array of x, y for each outer outline and hole, pixels on pixel edges, not closed.
    """
    import cv2  # only where something is drawn

    # OpenCV's outlines run through pixel centres: in a picture of twice the size, nearer to the edges
    big = np.kron(patch.bits.astype(np.uint8), np.ones((2, 2), dtype=np.uint8))
    found, _ = cv2.findContours(np.pad(big, 1), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    offset = np.array([patch.x, patch.y], dtype=np.float64)
    return [np.asarray(outline, dtype=np.float64).reshape(-1, 2) / 2.0 - 0.25 + offset for outline in found]


def patch_to_rle(patch: MaskPatch, height: int, width: int) -> Rle:
    """COCO's compressed code of a mask in a picture of the given size.

    Raises:
        ValueError: the patch does not lie inside the picture.
    """
    _check_inside(patch, height, width)
    return Rle(height, width, _compress(_run_lengths(patch, height, width)))


def rle_to_patch(rle: Rle) -> MaskPatch:
    """The tight patch of a mask in COCO's compressed code.

    Raises:
        ValueError: the code is damaged, or does not add up to the picture's size.
    """
    starts, ends = _runs(rle)
    if starts.size == 0:
        return empty_patch()
    height = rle.height
    column, row = np.divmod(starts, height)
    lengths = ends - starts
    if int((row + lengths).max()) <= height:  # no run goes on in the next column
        return _patch_of_runs(column, row, lengths)
    first_column, last_column = int(column[0]), int(ends[-1] - 1) // height
    columns = last_column - first_column + 1
    # a run's ends as +1 and -1, summed along the columns that the mask reaches
    steps = np.zeros(columns * height + 1, dtype=np.int8)
    offset = first_column * height
    steps[starts - offset] += 1
    steps[ends - offset] -= 1
    bits = np.cumsum(steps[:-1], dtype=np.int8).reshape(columns, height).T
    return tighten(MaskPatch(first_column, 0, bits.astype(np.bool_)))


def rle_area(rle: Rle) -> int:
    """How many pixels a mask in COCO's compressed code has.

    Raises:
        ValueError: the code is damaged, or does not add up to the picture's size.
    """
    starts, ends = _runs(rle)
    return int((ends - starts).sum())


def _patch_of_runs(column: Ints, row: Ints, lengths: Ints) -> MaskPatch:
    """The tight patch of runs that each lie in one column: much smaller than the columns themselves."""
    left, top, bottom = int(column[0]), int(row.min()), int((row + lengths).max())
    w, h = int(column[-1]) - left + 1, bottom - top
    steps = np.zeros(w * h + 1, dtype=np.int8)
    first = (column - left) * h + row - top
    steps[first] += 1
    steps[first + lengths] -= 1
    bits = np.cumsum(steps[:-1], dtype=np.int8).reshape(w, h).T
    return MaskPatch(left, top, np.ascontiguousarray(bits.astype(np.bool_)))


def rle_from_counts(counts: list[int], height: int, width: int) -> Rle:
    """COCO's compressed code from its uncompressed form (a list of run lengths).

    Raises:
        ValueError: a length is negative, or they do not add up to the picture's size.
    """
    lengths = np.asarray(counts, dtype=np.int64).reshape(-1)
    if (lengths < 0).any() or int(lengths.sum()) != height * width:
        raise ValueError("run lengths do not add up to the picture")
    return Rle(height, width, _compress(lengths))


def _check_inside(patch: MaskPatch, height: int, width: int) -> None:
    h, w = patch.bits.shape
    if patch.x < 0 or patch.y < 0 or patch.x + w > width or patch.y + h > height:
        raise ValueError(f"a patch at ({patch.x}, {patch.y}) of {w}x{h} px leaves a {width}x{height} picture")


def _run_lengths(patch: MaskPatch, height: int, width: int) -> Ints:
    """Lengths of alternating runs of 0s and 1s over the whole picture, columns first."""
    h, w = patch.bits.shape
    total = height * width
    if h == 0 or w == 0:
        return np.array([total], dtype=np.int64)
    columns = np.zeros((w, h + 1), dtype=np.int8)  # a 0 after each column ends its run
    columns[:, :h] = patch.bits.T
    flat = columns.reshape(-1)
    steps = np.flatnonzero(np.diff(flat, prepend=np.int8(0)))
    column, row = np.divmod(steps, h + 1)
    edges = (column + patch.x) * height + row + patch.y
    if h == height:  # runs that meet across a column's end are one run
        meets = np.flatnonzero(edges[1:] == edges[:-1])
        edges = np.delete(edges, np.concatenate([meets, meets + 1]))
    lengths = np.diff(np.concatenate([[0], edges, [total]]))
    return lengths[:-1] if lengths.size > 1 and lengths[-1] == 0 else lengths


def _compress(lengths: Ints) -> bytes:
    """COCO's letters for run lengths."""
    values = lengths.astype(np.int64)
    values[3:] -= lengths[1:-2]
    shifted = values[:, None] >> (_GROUP_BITS * np.arange(_LONGEST_CODE + 1))
    groups, rest = shifted[:, :-1] & 31, shifted[:, 1:]
    # a group is the last one when the remaining bits only repeat its sign
    done = np.where(groups & _SIGN, rest == -1, rest == 0)
    last = np.argmax(done, axis=1)
    place = np.arange(_LONGEST_CODE)[None, :]
    letters = groups + _MORE * (place < last[:, None]) + _FIRST_LETTER
    return letters[place <= last[:, None]].astype(np.uint8).tobytes()


def _expand(code: bytes) -> Ints:
    """Run lengths from COCO's letters."""
    groups = np.frombuffer(code, dtype=np.uint8).astype(np.int64) - _FIRST_LETTER
    if groups.size == 0 or (groups < 0).any() or (groups > 63).any() or groups[-1] & _MORE:
        raise ValueError("the mask's run-length code is damaged")
    ends = np.flatnonzero((groups & _MORE) == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    if int(sizes.max()) > _LONGEST_CODE:
        raise ValueError("the mask's run-length code is damaged")
    place = np.arange(groups.size) - np.repeat(starts, sizes)
    values = np.add.reduceat((groups & 31) << (_GROUP_BITS * place), starts)
    negative = (groups[ends] & _SIGN) != 0
    values -= np.where(negative, np.int64(1) << (_GROUP_BITS * sizes), 0)
    # undo the differences: two interleaved sums, the very first length stands alone
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


def _runs(rle: Rle) -> tuple[Ints, Ints]:
    """First and one past the last position of each run of 1s, columns first."""
    if rle.height <= 0 or rle.width <= 0:
        raise ValueError("a mask's picture has no area")
    lengths = _expand(rle.counts)
    if (lengths < 0).any() or int(lengths.sum()) != rle.height * rle.width:
        raise ValueError("the mask's run lengths do not add up to the picture")
    edges = np.cumsum(lengths)
    starts, ends = edges[0::2], edges[1::2]
    starts = starts[: ends.size]
    kept = ends > starts
    return starts[kept], ends[kept]
