"""From what the store knows of a frame to what is drawn over it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from app.controllers.review_reads import FrameContents, Selection
from app.states.overlay import Overlay, OverlayInstance, OverlayRole
from app.states.review_marks import MARK_WORDS, mark_of
from core.geometry.boxes import centres_from_edges
from core.records.boxes import Box
from core.records.project import InstanceRow

Polygons = tuple[NDArray[np.float64], ...]
_NO_OUTLINE = np.zeros((0, 4))


def build_overlay(
    contents: FrameContents, selection: Selection | None, pointed: int | None = None
) -> Overlay:
    """What lies over a frame.

    Args:
        contents: the frame.
        selection: the selected instance, in this frame or another of its track.
        pointed: an instance that the reviewer pointed out, such as an occluder named in the panel.
    """
    occluders = set()
    if selection is not None:
        occluders = {
            outcome.by for outcome in selection.outcomes if outcome.occluded and outcome.by is not None
        }
    if pointed is not None:
        occluders.add(pointed)
    drawn = tuple(
        _drawn(row, contents, _role(row, selection, occluders), _whole(row, selection))
        for row in contents.instances
    )
    if selection is None or not selection.points:
        return Overlay(drawn)
    trail = np.array(
        [[point.box.x + point.box.w / 2, point.box.y + point.box.h / 2] for point in selection.points]
    )
    here = [n for n, point in enumerate(selection.points) if point.frame_id == contents.frame.id]
    return Overlay(drawn, centres_from_edges(trail), here[0] if here else None)


def canvas_box(box: Box) -> tuple[float, float, float, float]:
    """A box as left, top, right, bottom in canvas coordinates."""
    (left, top), (right, bottom) = centres_from_edges([[box.x, box.y], [box.right, box.bottom]]).tolist()
    return left, top, right, bottom


def caption(row: InstanceRow) -> str:
    """What an instance is called beside its box."""
    return f"{row.category.value} {row.id}"


def _role(row: InstanceRow, selection: Selection | None, occluders: set[int]) -> OverlayRole:
    if selection is not None and row.id == selection.row.id:
        return OverlayRole.SELECTED
    if row.id in occluders:
        return OverlayRole.OCCLUDER
    if selection is not None and row.track_id is not None and row.track_id == selection.row.track_id:
        return OverlayRole.SAME_TRACK
    return OverlayRole.NONE


def _whole(row: InstanceRow, selection: Selection | None) -> Polygons:
    if selection is None or selection.row.id != row.id:
        return ()
    return tuple(centres_from_edges(polygon) for polygon in selection.whole)


def _drawn(row: InstanceRow, contents: FrameContents, role: OverlayRole, whole: Polygons) -> OverlayInstance:
    left, top, right, bottom = canvas_box(row.box)
    mark = mark_of(row)
    said = (
        f"{MARK_WORDS[mark.shape]}, said by {row.annotator or 'a person'}"
        if mark.by_person
        else (f"{MARK_WORDS[mark.shape]}, by the machine")
    )
    lines = [caption(row), said, f"{row.box.w:.0f} × {row.box.h:.0f} px, score {row.score:.2f}"]
    if row.track_id is not None:
        lines.append(f"track {row.track_id}")
    if row.stationary:
        lines.append("stands still")
    return OverlayInstance(
        id=row.id,
        left=left,
        top=top,
        right=right,
        bottom=bottom,
        mask=contents.masks.get(row.id),
        outline=contents.outlines.get(row.id, _NO_OUTLINE),
        mark=mark,
        caption=caption(row),
        tooltip="\n".join(lines),
        role=role,
        whole=whole,
    )
