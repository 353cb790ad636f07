"""Original frames written as pictures beside an export, faces and plates blurred."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath, PurePosixPath
from typing import Any

from sqlalchemy import select

from core.errors import MediaError
from core.exchange.coco_export import file_name_of
from core.exchange.composites.composite import encoded
from core.exchange.picture_folder import PictureFolder
from core.jobs.bodies import Bodies
from core.jobs.context import JobContext
from core.jobs.footage import decoded_frames
from core.jobs.privacy import Marked, Privacy, digest_of
from core.jobs.release import SHEET_FOLDER, Release
from core.records.project import QueueFilter, SourceRow
from core.store import tables
from core.store.project import Project
from core.store.queries.export import ExportFrame, frames_with
from core.store.queries.sources import list_sources

_CHUNK = 200
_ODD = re.compile(r"[^\w .~-]")


def picture_names(project: Project) -> Callable[[ExportFrame], str]:
    """What frames are called where they are written: CAMERA/SOURCE/PICTURE, or CAMERA/VIDEO/PTS.jpg.

    Sources of one camera that have the same name are told apart by the beginning of their content's hash.
    """
    c, s = tables.camera.c, tables.source.c
    query = select(c.name, s.absolute_path).join_from(tables.source, tables.camera, c.id == s.camera_id)
    with project.read() as connection:
        counts = Counter((row.name, PurePath(row.absolute_path).name) for row in connection.execute(query))

    def name_of(frame: ExportFrame) -> str:
        source, _, rest = file_name_of(frame).partition("/")
        if counts[frame.camera, source] > 1:
            source = f"{source}~{frame.source_hash.hex()[:8]}"
        parts = [frame.camera, source, *PurePosixPath(rest).parts]
        return "/".join(_ODD.sub("_", part) for part in parts)

    return name_of


def write_frames(
    context: JobContext,
    path: Path,
    chosen: QueueFilter,
    name_of: Callable[[ExportFrame], str],
    *,
    rejected: bool,
    blur: bool,
    bodies: Bodies,
    sheet: bool,
    progress: Callable[[float], None],
) -> dict[str, Any]:
    """Write the frames of some objects into a folder; what is there already is kept.

    Args:
        context: of the job.
        path: the folder.
        chosen, rejected: which objects' frames.
        name_of: of their files, in the folder.
        blur: whether faces and plates are blurred.
        bodies: that tell where the heads of fitted people are.
        sheet: whether a contact sheet shows what was.
        progress: called with 0 to 1; what it raises ends the export, and what is written stays.

    Returns:
        What the job tells.

    Raises:
        ExchangeError, DiskFullError, FootageMissingError: as it happens; what is written stays.
    """
    project = context.project
    with project.read() as connection:
        frames = list(frames_with(connection, chosen, rejected=rejected))
        sources = {row.id: row for row in list_sources(connection, project, counted=False)}
        f = tables.frame.c
        places = {
            row.id: row.source_id
            for start in range(0, len(frames), _CHUNK)
            for row in connection.execute(
                select(f.id, f.source_id).where(f.id.in_([x.id for x in frames[start : start + _CHUNK]]))
            )
        }
    groups: dict[int, list[ExportFrame]] = {}
    for frame in frames:
        groups.setdefault(places[frame.id], []).append(frame)
    lost = 0
    with PictureFolder(project, path, blurred=blur) as folder:
        privacy = Privacy(project, bodies) if blur else None
        release = Release(folder, f"Blurred in {path.name}", sheet=blur and sheet)
        done = 0
        for source_id, of_source in groups.items():
            source = sources.get(source_id)
            if source is None:  # hidden: its objects are in no list
                continue
            of_source.sort(key=lambda frame: frame.pts)
            for start in range(0, len(of_source), _CHUNK):
                chunk = of_source[start : start + _CHUNK]
                lost += _write_chunk(context, folder, release, privacy, source, chunk, name_of)
                done += len(chunk)
                progress(done / len(frames))
        release.finish()
        told: dict[str, Any] = {"pictures": f"{folder.written + folder.kept} in {path}"}
        if lost:
            told["frames that cannot be read"] = lost
        told["blurred"] = f"{release.regions} faces and plates" if blur else "nothing: faces and plates show"
        if release.pages:
            told["contact sheet"] = str(path / SHEET_FOLDER)
    return told


def _write_chunk(
    context: JobContext,
    folder: PictureFolder,
    release: Release,
    privacy: Privacy | None,
    source: SourceRow,
    chunk: Sequence[ExportFrame],
    name_of: Callable[[ExportFrame], str],
) -> int:
    """Write some frames of a source; gives how many cannot be read."""
    marked = {frame.pts: _marked(privacy, source, frame) for frame in chunk}
    made_of = {
        frame.pts: f"{frame.content_hash.hex()} {digest_of(marked[frame.pts]) if privacy else 'plain'}"
        for frame in chunk
    }
    by_pts = {frame.pts: frame for frame in chunk}
    todo = [frame.pts for frame in chunk if not folder.has(name_of(frame), made_of[frame.pts])]
    lost: list[int] = []

    def on_damage(pts: int, problem: MediaError) -> None:
        lost.append(pts)
        context.log(f"{source.name}, frame at {pts}: {problem.problem}")

    for picture in decoded_frames(context.project, source, todo, on_damage):
        context.check_stop()
        name = name_of(by_pts[picture.pts])
        image = picture.image if privacy is None else release.ready(picture.image, marked[picture.pts])
        folder.put(name, made_of[picture.pts], lambda: encoded(image, PurePosixPath(name).suffix))  # noqa: B023
        release.show(name, image, marked[picture.pts])
    written = set(todo)
    for frame in chunk:
        if frame.pts not in written and folder.keep(name_of(frame), made_of[frame.pts]):
            release.show(name_of(frame), None, marked[frame.pts])
    return len(lost)


def _marked(privacy: Privacy | None, source: SourceRow, frame: ExportFrame) -> list[Marked]:
    if privacy is None:
        return []
    return privacy.in_frame(source.camera_id, source.id, frame.id, frame.time_s, frame.width, frame.height)
