"""Follows objects through a sequence: which detections of successive frames are the same thing.

SORT from the `trackers` package links frame to frame (its tracker is the fastest of the package's and, with
boxes that no motion of the camera shifts, as good as the others); `tracking_stitch` then joins the pieces
of an object that was hidden for a while. A whole sequence is followed at once, so that a track has its
number from its first detection on.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from core.errors import SettingsError
from core.geometry.boxes import corners, to_array
from core.mining.detectors.classes import family_of
from core.mining.tracking_stitch import Fragment, longest_patience_s, stitch
from core.records.detections import Category, Detection

_LOST_S = 0.4  # how long SORT itself waits for an object; longer gaps are stitched
_SMOOTH_FPS = 10.0  # from here on objects overlap themselves from frame to frame
_STILLS_FPS = 0.5  # below this only what stands still can be followed
_LEAST_BUFFER, _MOST_BUFFER = 0.15, 0.8
_STILLS_LEAST_IOU = 0.7
_PAUSE_SLOTS = 5


class TrackingSettings(BaseModel):
    """How objects are followed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least_iou: float = Field(
        default=0.2,
        ge=0.01,
        le=0.95,
        title="Least overlap",
        description="Of a detection with where its object was expected (IoU).",
        json_schema_extra={"advanced": True},
    )
    longest_gap_s: float = Field(
        default=2.0,
        ge=0.0,
        le=30.0,
        title="Longest gap",
        description="For how long an object may be hidden and still be known again.",
        json_schema_extra={"unit": "s"},
    )
    least_length: int = Field(
        default=2,
        ge=1,
        le=1000,
        title="Shortest track",
        description="Fewer detections than this make no track.",
        json_schema_extra={"unit": "detections", "advanced": True},
    )


def track_sequence(
    frames: Sequence[Sequence[Detection]],
    fps: float,
    *,
    settings: TrackingSettings | None = None,
    across_kinds: bool = False,
    times_s: Sequence[float] | None = None,
) -> list[list[int | None]]:
    """The track of each detection of a sequence.

    Cars, trucks and buses are followed together, people by themselves, and so is what is ridden. At less
    than 10 frames a second boxes are buffered (C-BIoU, Yang et al., WACV 2023), for objects then no longer
    overlap themselves; at less than one frame in two seconds only what stands still is followed.

    Args:
        frames: the detections of each frame, in order of time.
        fps: frames a second, above 0.
        settings: see `TrackingSettings`.
        across_kinds: follow all kinds together: for detectors that are not sure of the kind (`motion`).
        times_s: when each frame was, seconds, ascending; without it they are evenly spaced. Frames without
            a detection may then be left out.

    Returns:
        for each frame, for each detection, its track's number, or None where it belongs to none. Numbers
        run from 0 by first appearance; the same input gives the same numbers.

    Raises:
        SettingsError: fps is not above 0.
    """
    if not (math.isfinite(fps) and fps > 0):
        raise SettingsError(
            f"A sequence of {fps} frames a second cannot be followed.", "Give its frame rate."
        )
    settings = settings or TrackingSettings()
    groups: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, detections in enumerate(frames):
        for index, one in enumerate(detections):
            groups[0 if across_kinds else family_of(one.category)].append((number, index))
    tracks: list[list[tuple[int, int]]] = []
    slots = _slots(times_s, fps, settings) if times_s is not None else list(range(len(frames)))
    for _, members in sorted(groups.items()):
        tracks += _follow_group(frames, members, slots, fps, settings)
    return _numbered(frames, [track for track in tracks if len(track) >= settings.least_length])


def load_packages() -> None:
    """Imports what following needs, which takes a second or two: a job does it while it looks for objects."""
    import supervision  # noqa: F401
    import trackers  # noqa: F401


def settle_categories(
    frames: Sequence[Sequence[Detection]], tracks: Sequence[Sequence[int | None]]
) -> list[list[Category]]:
    """Each detection's category by the vote of its track, weighted by score.

    An object does not change its kind; a detector's opinion of it does. Without a track, its own.

    Args:
        frames: as given to `track_sequence`. tracks: as it returned.
    """
    votes: dict[int, dict[Category, float]] = defaultdict(lambda: defaultdict(float))
    for detections, numbers in zip(frames, tracks, strict=True):
        for one, number in zip(detections, numbers, strict=True):
            if number is not None:
                votes[number][one.category] += one.score
    # equal votes: the order of the categories, so that the outcome does not depend on the frames' order
    order = list(Category)
    chosen = {number: max(order, key=lambda kind: tally.get(kind, 0.0)) for number, tally in votes.items()}
    return [
        [one.category if number is None else chosen[number] for one, number in zip(row, numbers, strict=True)]
        for row, numbers in zip(frames, tracks, strict=True)
    ]


def _slots(times_s: Sequence[float], fps: float, settings: TrackingSettings) -> list[int]:
    """Each frame's place in an even row of frames; a long pause is as long as anything could be hidden."""
    longest = math.ceil(longest_patience_s(settings.longest_gap_s) * fps) + _PAUSE_SLOTS
    slots = [0] if len(times_s) else []
    for before, after in pairwise(times_s):
        slots.append(slots[-1] + min(max(round((after - before) * fps), 1), longest))
    return slots


def _follow_group(
    frames: Sequence[Sequence[Detection]],
    members: list[tuple[int, int]],
    slots: Sequence[int],
    fps: float,
    settings: TrackingSettings,
) -> list[list[tuple[int, int]]]:
    """The tracks, as lists of (frame, index), among some of a sequence's detections."""
    indices: dict[int, list[int]] = defaultdict(list)
    for number, index in members:
        indices[number].append(index)
    number_of_slot = {slots[number]: number for number in indices}
    boxes = {
        slots[number]: to_array(frames[number][index].box for index in chosen)
        for number, chosen in indices.items()
    }
    linked = _link(boxes, fps, settings)
    if fps >= _STILLS_FPS and settings.longest_gap_s > 0:
        fragments = [
            Fragment(
                np.array([slot for slot, _ in piece], dtype=np.int64),
                np.stack([boxes[slot][row] for slot, row in piece]),
            )
            for piece in linked
        ]
        chains = stitch(fragments, fps, settings.longest_gap_s)
        linked = [[link for piece in chain for link in linked[piece]] for chain in chains]
    return [
        [(number_of_slot[slot], indices[number_of_slot[slot]][row]) for slot, row in piece]
        for piece in linked
    ]


def _link(
    boxes: dict[int, NDArray[np.float64]], fps: float, settings: TrackingSettings
) -> list[list[tuple[int, int]]]:
    """Pieces of tracks from frame to frame, by SORT.

    Args:
        boxes: slot -> (n, 4) x, y, w, h; slots without a box may be missing.

    Returns:
        for each piece, its (slot, row) in order.
    """
    import supervision  # takes seconds to import, and only jobs need it
    from trackers import SORTTracker
    from trackers.utils.iou import BIoU

    stills = fps < _STILLS_FPS
    tracker = SORTTracker(
        # the package counts its buffer in frames at 30 a second; at that rate it takes it as it is
        frame_rate=30.0,
        lost_track_buffer=max(2, math.ceil(_LOST_S * fps)),
        track_activation_threshold=0.0,
        minimum_consecutive_frames=1,
        minimum_iou_threshold=_STILLS_LEAST_IOU if stills else settings.least_iou,
        iou=BIoU(0.0 if stills else _buffer(fps)),
    )
    pieces: dict[int, list[tuple[int, int]]] = {}
    owners: list[object] = []  # keeps dead tracklets, so that no new one takes an old one's identity
    nothing = np.zeros((0, 4))
    for slot in range(min(boxes), max(boxes) + 1):
        ends = corners(boxes.get(slot, nothing))
        found = tracker.update(supervision.Detections(xyxy=ends, confidence=np.ones(len(ends))))
        ids = [] if found.tracker_id is None else found.tracker_id.tolist()
        row_of_id = {track: row for row, track in enumerate(ids) if track >= 0}
        # the package numbers a track at its second detection; its first makes a tracklet without number,
        # in the order of the detections that matched nothing
        newborn = iter([row for row, track in enumerate(ids) if track < 0])
        for tracklet in tracker.tracks:
            piece = pieces.get(id(tracklet))
            if piece is None:
                pieces[id(tracklet)] = [(slot, next(newborn))]
                owners.append(tracklet)
            elif tracklet.tracker_id in row_of_id:
                piece.append((slot, row_of_id[tracklet.tracker_id]))
    return list(pieces.values())


def _buffer(fps: float) -> float:
    """By how much of their size boxes are grown before they are compared."""
    slow = min(max((_SMOOTH_FPS - fps) / _SMOOTH_FPS, 0.0), 1.0)
    return _LEAST_BUFFER + (_MOST_BUFFER - _LEAST_BUFFER) * slow


def _numbered(
    frames: Sequence[Sequence[Detection]], tracks: list[list[tuple[int, int]]]
) -> list[list[int | None]]:
    """Tracks as a number for each detection, from 0 by first appearance."""
    numbers: list[list[int | None]] = [[None] * len(detections) for detections in frames]
    for track, members in enumerate(sorted(tracks)):
        for number, index in members:
            numbers[number][index] = track
    return numbers
