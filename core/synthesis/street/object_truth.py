"""Masks, boxes and occlusion of each body in a composed picture."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.geometry.masks import patch_box, tighten
from core.geometry.poses import Pose
from core.records.boxes import Box
from core.records.masks import MaskPatch
from core.synthesis.street.body_view import BodyView
from core.synthesis.street.compose import Layered
from core.synthesis.street.mounts import Mount
from core.synthesis.street.shading import Placed
from core.synthesis.street.truth import Cover, CoverKind

Ints = NDArray[np.int32]


def masks(view: BodyView, owner: Ints) -> tuple[MaskPatch, MaskPatch]:
    """The part of a body that is seen, and its whole extent, both cut to the picture."""
    window = view.inside(owner.shape[1], owner.shape[0])
    assert window is not None
    rows, columns, own_rows, own_columns = window
    hit = view.hit[own_rows, own_columns]
    seen = hit & (owner[rows, columns] == view.body.number)
    return tighten(MaskPatch(columns.start, rows.start, seen)), tighten(
        MaskPatch(columns.start, rows.start, hit)
    )


def covers(
    view: BodyView, layered: Layered, kinds: Mapping[int, CoverKind]
) -> tuple[float, tuple[Cover, ...]]:
    """What share of a body is not seen, and what takes it: bodies, still things, the picture's border.

    Args:
        kinds: of the bodies, by number.
    """
    owner = layered.owner
    total = int(np.count_nonzero(view.hit))
    window = view.inside(owner.shape[1], owner.shape[0])
    if window is None or not total:
        return 1.0, (Cover(CoverKind.BORDER, None, 1.0),)
    rows, columns, own_rows, own_columns = window
    hit = view.hit[own_rows, own_columns]
    numbers, counts = np.unique(owner[rows, columns][hit], return_counts=True)
    found = [
        Cover(kinds[number], number, count / total)
        if number >= 0
        else Cover(CoverKind.STATIC, None, count / total)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True)
        if number != view.body.number
    ]
    outside = total - int(np.count_nonzero(hit))
    if outside:
        found.append(Cover(CoverKind.BORDER, None, outside / total))
    found.sort(key=lambda cover: -cover.share)
    return sum(cover.share for cover in found), tuple(found)


def whole_box(view: BodyView, mount: Mount) -> Box:
    """The box around a body's whole extent, from its vertices; it may leave the picture. Pixel edges."""
    seen = mount.to_camera(view.body.to_street(view.body.solid.vertices))
    pixels = mount.camera.project(seen)
    low, high = pixels.min(axis=0) + 0.5, pixels.max(axis=0) + 0.5
    return Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))


def seen_box(modal: MaskPatch) -> Box | None:
    """The box of the part that is seen."""
    return patch_box(modal) if modal.bits.size else None


def to_camera(body: Placed, mount: Mount) -> Pose:
    """A body's pose in the camera frame."""
    return Pose(mount.rotation @ body.rotation, mount.to_camera(body.translation))
