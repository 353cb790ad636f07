"""Sources as jobs read them: where they lie now, their frames, and a reader over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import FootageMissingError, JobError, MediaError
from core.media.open_reader import open_reader
from core.media.reader import FrameReader
from core.records.media import DecodedFrame, FrameStamp
from core.records.project import CameraRow, SourceRow
from core.store.project import Project
from core.store.queries.cameras import camera_by_name, list_cameras
from core.store.queries.sources import frame_stamps, list_sources


@dataclass(frozen=True, slots=True)
class CameraFootage:
    """A camera and those of its sources that a job works on."""

    camera: CameraRow
    sources: tuple[SourceRow, ...]


def chosen_footage(project: Project, camera: str, source_ids: Sequence[int] = ()) -> list[CameraFootage]:
    """The cameras and sources that the settings name.

    Args:
        camera: a camera's name; empty for all.
        source_ids: only these sources; empty for all.

    Raises:
        JobError: there is no such camera or source, or no footage at all.
    """
    with project.read() as connection:
        cameras = list_cameras(connection)
        if camera:
            named = camera_by_name(connection, camera)
            if named is None:
                raise JobError(f"There is no camera {camera}.", f"There are: {_names(cameras)}.")
            cameras = [named]
        found = [
            CameraFootage(
                one,
                tuple(
                    row
                    for row in list_sources(connection, project, one.id, counted=False)
                    if not source_ids or row.id in source_ids
                ),
            )
            for one in cameras
        ]
    unknown = set(source_ids) - {row.id for one in found for row in one.sources}
    if unknown:
        raise JobError(f"There is no source {min(unknown)} here.", "Choose among the camera's sources.")
    found = [one for one in found if one.sources]
    if not found:
        raise JobError("There is no footage to work on.", "Add a video or a folder of pictures first.")
    return found


def open_source(project: Project, source: SourceRow) -> tuple[FrameReader, tuple[FrameStamp, ...]]:
    """A reader over a source, and its frames in order of time.

    Raises:
        FootageMissingError: the file or folder is not where it was.
    """
    if not source.found:
        raise FootageMissingError(
            f"The footage {source.name} is not at {source.path}.",
            "Put it back, or find it with `amodal locate` or the Sources workspace.",
        )
    with project.read() as connection:
        stamps = tuple(frame_stamps(connection, source.id))
    return open_reader(source.kind, Path(source.path), stamps), stamps


def decoded_frames(
    project: Project, source: SourceRow, todo: Sequence[int], on_damage: Callable[[int, MediaError], None]
) -> Iterator[DecodedFrame]:
    """Some frames of a source in order of time: read through where they lie close together, else one by one.

    Args:
        project, source: whose.
        todo: their presentation times, ascending.
        on_damage: told of each frame that cannot be read; it costs that frame alone.

    Raises:
        FootageMissingError: the file or folder is not where it was.
    """
    if not todo:
        return
    wanted = set(todo)
    reader, stamps = open_source(project, source)
    places = {stamp.pts: place for place, stamp in enumerate(stamps)}
    runs_through = places[todo[-1]] - places[todo[0]] < 3 * len(todo)
    with reader:
        if runs_through:
            for picture in reader.iterate(first_pts=todo[0], last_pts=todo[-1]):
                if picture.pts in wanted:
                    yield picture
            for pts, problem in reader.problems:
                if pts in wanted:
                    on_damage(pts, problem)
        else:
            for pts in todo:
                try:
                    picture = reader.read(pts)
                except FootageMissingError:
                    raise
                except MediaError as problem:
                    on_damage(pts, problem)
                else:
                    yield picture


def _names(cameras: Sequence[CameraRow]) -> str:
    return ", ".join(one.name for one in cameras) or "none yet"
