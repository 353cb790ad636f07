"""Table 2: cars and people of clips of other streets, followed by what detectors say of where they end.

A clip is a camera's frames one after another. Proposals are rough boxes of what is seen of each object, none
where next to nothing is; what a network has learned moves them; the project's tracker follows them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from core.evaluation.tracking import TrackedSequence, TracksInFrame, count_sequence, without_ignored
from core.geometry.boxes import to_array, to_box
from core.geometry.masks import patch_box, rle_area, rle_to_patch
from core.jobs.reproduce.arms import Arm
from core.jobs.reproduce.known_and_found import known_of
from core.jobs.reproduce.masks import nudged
from core.jobs.reproduce.units import write_whole
from core.jobs.reproduce.whole_boxes import BoxesOfSeen, said_boxes, within
from core.mining.tracking import track_sequence
from core.records.boxes import Box
from core.records.detections import Detection
from core.training.data.street_frames import KnownFrame, KnownObject, StreetTruth

LEAST_SEEN = 0.1
"""Of an object of which a smaller share is seen no detector finds anything."""

_LEAST_SIDE_PX = 5.0


class Told(StrEnum):
    """Whose boxes are followed."""

    SEEN = "boxes of what is seen, as proposed"
    MODAL = "learned from what is seen"
    WALT2D = "learned from WALT2D's composites"
    WALT3D = "learned from WALT3D's composites"
    TRUE = "true boxes of whole objects"


LEARNED = {Told.MODAL: Arm.MODAL, Told.WALT2D: Arm.WALT2D, Told.WALT3D: Arm.WALT3D}
TOLD_CLAIMS = (
    ("WALT3D's composites beat labels of what is seen", Told.WALT3D, Told.MODAL),
    ("WALT3D's composites beat WALT2D's", Told.WALT3D, Told.WALT2D),
)
"""What is said, of whose boxes over whose."""


@dataclass(frozen=True, slots=True)
class Followed:
    """One object in one frame, as it is kept: x, y, w, h of its box, and its track's number."""

    box: tuple[float, float, float, float]
    track: int


def found_in(clip: StreetTruth, told: Told, network: BoxesOfSeen | None, key: int) -> list[list[Detection]]:
    """What is said of each frame of a clip.

    Args:
        told: whose boxes. network: of what has learned. key: of the clip, for the proposals' chance: they are
            the same whoever moves them.
    """
    rng = torch.Generator().manual_seed(key)
    return [_found(clip.frame(place), told, network, rng) for place in range(len(clip))]


def follow(found: Sequence[Sequence[Detection]], fps: float) -> list[list[Followed]]:
    """The tracks of a clip, frame by frame; what belongs to none is left out."""
    tracks = track_sequence(found, fps)
    return [
        [
            Followed((one.box.x, one.box.y, one.box.w, one.box.h), track)
            for one, track in zip(row, numbers, strict=True)
            if track is not None
        ]
        for row, numbers in zip(found, tracks, strict=True)
    ]


def keep_tracks(path: Path, frames: Sequence[Sequence[Followed]]) -> None:
    """Leaves a clip's tracks in a file."""
    rows = [[[*(round(side, 2) for side in one.box), one.track] for one in row] for row in frames]
    write_whole(path, json.dumps(rows))


def counted(clip: StreetTruth, path: Path) -> TrackedSequence:
    """A clip's tracks, out of a file, against its truth: whole boxes within the picture.

    Objects that are too small or hidden to count in Table 1 count neither for nor against.
    """
    truth, said = [], []
    for place, row in enumerate(json.loads(path.read_text(encoding="utf-8"))):
        frame = clip.frame(place)
        tracks = [one.track for one in frame.objects]
        known = known_of(frame)
        assert len(known) == len(tracks)
        true = TracksInFrame(np.array(tracks, dtype=np.int64), to_array(one.box for one in known))
        ids = np.array([one[4] for one in row], dtype=np.int64)
        found = TracksInFrame(ids, np.array([one[:4] for one in row], dtype=np.float64).reshape(-1, 4))
        ignored = np.array([one.ignored for one in known], dtype=np.bool_)
        pair = without_ignored(true, ignored, found)
        truth.append(pair[0])
        said.append(pair[1])
    return count_sequence(truth, said)


def _found(
    frame: KnownFrame, told: Told, network: BoxesOfSeen | None, rng: torch.Generator
) -> list[Detection]:
    kept = [one for one in frame.objects if _is_proposed(one)]
    if not kept:
        return []
    image = torch.from_numpy(frame.picture.transpose(2, 0, 1).copy())
    proposed = within(nudged(_corners([one.box for one in kept if one.box is not None]), rng), image)
    if told is Told.TRUE:
        boxes = _corners([patch_box(rle_to_patch(one.whole)) for one in kept])
    else:
        boxes = proposed if network is None else said_boxes(network, image.float() / 255, proposed)
    return [
        Detection(to_box([left, top, right - left, bottom - top]), one.category, 1.0, None)
        for one, (left, top, right, bottom) in zip(kept, boxes.tolist(), strict=True)
    ]


def _is_proposed(one: KnownObject) -> bool:
    """Whether enough is seen of an object for a detector to propose it."""
    if one.box is None or min(one.box.w, one.box.h) < _LEAST_SIDE_PX:
        return False
    return rle_area(one.seen) > LEAST_SEEN * rle_area(one.whole)


def _corners(boxes: Sequence[Box]) -> Tensor:
    """(n, 4) left, top, right, bottom."""
    return torch.tensor([(one.x, one.y, one.right, one.bottom) for one in boxes])
