"""Reviewed frames of a project for the detector: what people found unoccluded, in the footage."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.errors import TrainingError
from core.jobs.composites import StoredPieces
from core.jobs.footage import open_source
from core.jobs.train.sides import Labelled, Sides, clocks, key_of
from core.media.reader import FrameReader
from core.records.boxes import Box
from core.records.keypoints import KeypointSet, Template
from core.records.occlusion import LabelOrigin, Verdict
from core.store.project import Project
from core.store.queries.frames import frame_by_id
from core.store.queries.instances import masks
from core.store.queries.keypoints import keypoints_in_force
from core.store.queries.reviewed import ReviewedObject, StandingThere, standing_in, unoccluded_by_people
from core.store.queries.sources import list_sources, source_by_id

if TYPE_CHECKING:
    from core.training.data.real import RealFrame, RealObject

_OPEN = 4  # sources at once, in each process
_UNTOLD = (LabelOrigin.NETWORK, LabelOrigin.HEURISTIC)  # points that nobody has looked at


class StoredFrames:
    """Reviewed frames, as `core.training.data.real.FrameSupply`, read when they are asked for.

    In a frame everything that a person found unoccluded teaches; what a person called a wrong detection is
    background; all else that stands there is ignored.

    Args:
        path: of the project.
        frame_ids: which frames.
        untaught: ids of objects that are ignored although they are unoccluded: of the other side.
        matrices: camera id -> width, height and nine numbers of its intrinsics, where its lens does not bend.
    """

    def __init__(
        self,
        path: Path,
        frame_ids: Iterable[int],
        untaught: frozenset[int] = frozenset(),
        matrices: Mapping[int, tuple[int, int, tuple[float, ...]]] | None = None,
    ) -> None:
        self._store = StoredPieces(path)  # opens the project once in each process, whichever way that came
        self._ids, self._untaught, self._matrices = array("q", frame_ids), untaught, dict(matrices or {})
        self._readers: OrderedDict[int, FrameReader] = OrderedDict()

    def __len__(self) -> int:
        return len(self._ids)

    def frame_id(self, index: int) -> int:
        """The id of the frame of a place."""
        return int(self._ids[index])

    def frame(self, index: int) -> RealFrame:
        """The frame of a place.

        Raises:
            TrainingError: it was removed meanwhile.
            FootageMissingError: its footage is not where it was.
            MediaError: it cannot be decoded.
        """
        from core.training.data.real import RealFrame

        frame_id = self._ids[index]
        with self._store.project().read() as connection:
            row = frame_by_id(connection, frame_id)
            if row is None:
                raise TrainingError(f"Frame {frame_id} was removed from the project.", "Begin another run.")
            found = standing_in(connection, frame_id)
            objects, others = self._sorted(connection, found)
            source = source_by_id(connection, self._store.project(), row.source_id, counted=False)
        assert source is not None, "a frame has a source"
        picture = self._reader(row.source_id).read(row.pts).image
        height, width = picture.shape[:2]
        return RealFrame(picture, objects, others, self._matrix(source.camera_id, width, height))

    def __reduce__(self) -> tuple[Any, ...]:
        # readers and connections stay in their process
        return StoredFrames, (self._store.path, list(self._ids), self._untaught, self._matrices)

    def _sorted(
        self, connection: Connection, found: Sequence[StandingThere]
    ) -> tuple[tuple[RealObject, ...], tuple[Box, ...]]:
        """What of a frame teaches, and the boxes of what is ignored."""
        from core.training.data.real import RealObject

        teaching = [
            one
            for one in found
            if one.verdict is Verdict.UNOCCLUDED and one.instance_id not in self._untaught
        ]
        ids = [one.instance_id for one in teaching]
        outlines, points = masks(connection, ids), keypoints_in_force(connection, ids)
        objects = tuple(
            RealObject(
                one.category,
                one.box,
                outlines.get(one.instance_id),
                None if (own := points.get(one.instance_id)) is None else _told(one, own.keypoints),
                one.instance_id,
            )
            for one in teaching
        )
        known = set(ids)
        return objects, tuple(one.box for one in found if one.instance_id not in known and not one.wrong)

    def _matrix(self, camera_id: int, width: int, height: int) -> NDArray[np.float64] | None:
        known = self._matrices.get(camera_id)
        if known is None or known[:2] != (width, height):
            return None
        return np.reshape(known[2], (3, 3)).astype(np.float64)

    def _reader(self, source_id: int) -> FrameReader:
        reader = self._readers.pop(source_id, None)
        if reader is None:
            project = self._store.project()
            with project.read() as connection:
                source = source_by_id(connection, project, source_id, counted=False)
            assert source is not None, "a frame has a source"
            reader, _ = open_source(project, source)
            while len(self._readers) >= _OPEN:
                self._readers.popitem(last=False)[1].close()
        self._readers[source_id] = reader
        return reader


@dataclass(frozen=True, slots=True, eq=False)
class GatheredFrames:
    """The reviewed frames of a project on their sides.

    Attributes:
        training, validation: they.
        objects: how many unoccluded objects teach, and by how many is measured.
        without_footage: frames whose footage is not where it was: they are left out.
        left_out: frames that are on neither side: too near to a border, or for the test.
        outlined: how many of the objects by which is measured have masks.
    """

    training: StoredFrames
    validation: StoredFrames
    objects: tuple[int, int]
    without_footage: int
    left_out: int
    outlined: int


def reviewed_views(connection: Connection, project: Project) -> tuple[list[ReviewedObject], list[Labelled]]:
    """Everything that people found unoccluded, and when that was."""
    known = clocks(connection, project)
    found = unoccluded_by_people(connection)
    views = [
        Labelled(
            one.instance_id,
            key_of(one.instance_id, one.track_id),
            one.camera_id,
            known[one.camera_id].moment(one.source_id, one.time_s, one.captured_at),
        )
        for one in found
    ]
    return found, views


def gathered_frames(
    connection: Connection,
    project: Project,
    sides: Sides,
    found: Sequence[ReviewedObject],
    views: Sequence[Labelled],
    matrices: Mapping[int, tuple[int, int, tuple[float, ...]]],
) -> GatheredFrames:
    """The frames of some reviewed objects, each on the side of its moment.

    Args:
        connection, project: to read.
        sides: of the project.
        found, views: of `reviewed_views`.
        matrices: as `StoredFrames`.
    """
    there = {row.id for row in list_sources(connection, project, counted=False) if row.found}
    frame_of = {one.instance_id: one.frame_id for one in found}
    lost = {one.frame_id for one in found if one.source_id not in there}
    seen = [one for one in views if frame_of[one.instance_id] not in lost]
    teaching = sides.teaching(seen)
    measuring = sides.measuring(seen, teaching)
    sorts = [{one.instance_id for one in part} for part in (teaching, measuring)]
    frames = [sorted({frame_of[i] for i in part}) for part in sorts]
    parts = [
        StoredFrames(
            project.path,
            ids,
            frozenset(i for i, frame_id in frame_of.items() if frame_id in set_of and i not in part),
            matrices,
        )
        for ids, part in zip(frames, sorts, strict=True)
        for set_of in (set(ids),)
    ]
    return GatheredFrames(
        parts[0],
        parts[1],
        (len(teaching), len(measuring)),
        len(lost),
        len(set(frame_of.values()) - lost - set(frames[0]) - set(frames[1])),
        sum(one.outlined and one.instance_id in sorts[1] for one in found),
    )


def _told(one: StandingThere, keypoints: KeypointSet) -> KeypointSet | None:
    """The points that somebody has looked at; None where there are none of this kind of object."""
    if keypoints.template is not Template.of(one.category):
        return None
    points = tuple(None if point is None or point.origin in _UNTOLD else point for point in keypoints.points)
    return replace(keypoints, points=points) if any(points) else None
