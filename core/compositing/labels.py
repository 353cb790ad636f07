"""What is known of each object in a composite: what is seen of it, what hides the rest, its points' tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import empty_patch, patch_area, patch_box, tighten
from core.records.fits import Fit
from core.records.keypoints import KeypointSet, PlacedPoint
from core.records.masks import MaskPatch
from core.records.recipes import ObjectLabel, Piece
from core.records.shapes import KeypointTag

Owners = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, eq=False)
class PlacedPiece:
    """A piece where it stands in a composite: what moves has been moved.

    Attributes:
        amodal: a tight patch.
    """

    piece: Piece
    amodal: MaskPatch
    keypoints: KeypointSet | None
    fit: Fit | None


def label_objects(placed: Sequence[PlacedPiece], width: int, height: int) -> tuple[ObjectLabel, ...]:
    """The labels of all objects of a composite.

    Args:
        placed: far to near.
        width, height: of the picture, pixels.

    Returns:
        one label each, in the same order.
    """
    owners = np.zeros((height, width), dtype=np.uint16)  # 1 + the index of the nearest object
    for index, one in enumerate(placed):
        np.copyto(_under(owners, one.amodal), np.uint16(index + 1), where=one.amodal.bits)
    return tuple(_label(index, placed, owners) for index in range(len(placed)))


def hidden_permille(hidden: int, whole: int) -> int:
    """How much of an area is hidden, in thousandths, rounded half up; 0 of nothing."""
    return (2000 * hidden + whole) // (2 * whole) if whole else 0


def hidden_percent(hidden: int, whole: int) -> int:
    """How much of an area is hidden, in percent, rounded half up; 0 of nothing."""
    return (200 * hidden + whole) // (2 * whole) if whole else 0


def _label(index: int, placed: Sequence[PlacedPiece], owners: Owners) -> ObjectLabel:
    one = placed[index]
    amodal = one.amodal
    whole = patch_area(amodal)
    under = _under(owners, amodal)
    own = amodal.bits & (under == index + 1)
    seen = int(np.count_nonzero(own))
    modal = amodal
    hidden_by: tuple[tuple[int, int], ...] = ()
    if seen < whole:
        modal = tighten(MaskPatch(amodal.x, amodal.y, own)) if seen else empty_patch()
        counts = np.bincount(under[amodal.bits], minlength=len(placed) + 1).tolist()
        hidden_by = tuple(
            (other, counts[other + 1]) for other in range(len(placed) - 1, index, -1) if counts[other + 1]
        )
    return ObjectLabel(
        piece_id=one.piece.id,
        instance_id=one.piece.instance_id,
        category=one.piece.category,
        depth_rank=len(placed) - 1 - index,
        amodal=amodal,
        modal=modal,
        amodal_box=patch_box(amodal),
        modal_box=patch_box(modal) if seen else None,
        occlusion_permille=hidden_permille(whole - seen, whole),
        hidden_by=hidden_by,
        keypoints=None if one.keypoints is None else _tagged(one.keypoints, index, placed, owners),
        fit=one.fit,
        shape_space=one.piece.shape_space,
    )


def _tagged(keypoints: KeypointSet, index: int, placed: Sequence[PlacedPiece], owners: Owners) -> KeypointSet:
    """Points with the tags that they have behind the nearer objects."""
    points = tuple(
        None if point is None else _tagged_point(point, index, placed, owners) for point in keypoints.points
    )
    return keypoints if points == keypoints.points else replace(keypoints, points=points)


def _tagged_point(
    point: PlacedPoint, index: int, placed: Sequence[PlacedPiece], owners: Owners
) -> PlacedPoint:
    """A point's tag: outside the picture, hidden by its own body as before, or by what is nearer here.

    What hid it in its own frame and is not in the composite has no name here; the point stays hidden, since
    that was a thing that still stands there, or the object's pixels are not there.
    """
    height, width = owners.shape
    column, row = int(np.floor(point.x + 0.5)), int(np.floor(point.y + 0.5))
    if not (0 <= column < width and 0 <= row < height):
        return replace(point, tag=KeypointTag.TRUNCATED, hider=None)
    if point.tag in (KeypointTag.TRUNCATED, KeypointTag.SELF_OCCLUDED):
        return point if point.hider is None else replace(point, hider=None)
    nearest = int(owners[row, column])
    if nearest > index + 1:
        hider = placed[nearest - 1].piece.instance_id
        return replace(point, tag=KeypointTag.OTHER_OCCLUDED, hider=hider)
    return point if point.hider is None else replace(point, hider=None)


def _under(owners: Owners, patch: MaskPatch) -> Owners:
    """The owners in a patch's window: a view."""
    h, w = patch.bits.shape
    return owners[patch.y : patch.y + h, patch.x : patch.x + w]
