"""Which frame of the project each picture of a COCO file is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath, PurePosixPath
from typing import Any

from sqlalchemy import Connection, select

from core.errors import ExchangeError
from core.exchange.coco_file import CocoImage
from core.store import tables

_CHUNK = 400
_frame, _source = tables.frame, tables.source


def match_images(
    connection: Connection, images: Sequence[CocoImage], source_id: int | None = None
) -> dict[int | str, int]:
    """image id -> frame id, for the pictures that are in the project beyond doubt.

    By content hash (and presentation time, where several frames look the same) if our own export says so;
    else by file name: the longest ending of its path that is a picture's name in exactly one source, or
    VIDEO/PTS for a video's frame.

    Args:
        connection: to read with.
        images: of the file.
        source_id: only frames of this source.

    Raises:
        ExchangeError: a picture is of another size than the footage that it is matched to, or two pictures
            are the same frame.
    """
    found: dict[int | str, int] = {}
    sizes: dict[int, tuple[int, int]] = {}
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK]
        _by_content(connection, chunk, source_id, found, sizes)
        rest = [image for image in chunk if image.id not in found]
        _by_picture_name(connection, rest, source_id, found, sizes)
        _by_video_and_time(connection, [i for i in rest if i.id not in found], source_id, found, sizes)
    _check(images, found, sizes)
    return found


def _query(source_id: int | None) -> Any:
    query = (
        select(
            _frame.c.id,
            _frame.c.pts,
            _frame.c.name,
            _frame.c.content_hash,
            _source.c.content_hash.label("source_hash"),
            _source.c.absolute_path,
            _source.c.width,
            _source.c.height,
        )
        .join(_source, _source.c.id == _frame.c.source_id)
        .where(_source.c.state != "adding")
    )
    return query if source_id is None else query.where(_source.c.id == source_id)


def _take(image: CocoImage, row: Any, found: dict[int | str, int], sizes: dict[int, tuple[int, int]]) -> None:
    found[image.id] = int(row.id)
    sizes[int(row.id)] = (row.width, row.height)


def _by_content(
    connection: Connection,
    images: Sequence[CocoImage],
    source_id: int | None,
    found: dict[int | str, int],
    sizes: dict[int, tuple[int, int]],
) -> None:
    hashes = {image.content_hash for image in images if image.content_hash is not None}
    rows: dict[bytes, list[Any]] = {}
    for row in connection.execute(_query(source_id).where(_frame.c.content_hash.in_(hashes))):
        rows.setdefault(bytes(row.content_hash), []).append(row)
    for image in images:
        candidates = rows.get(image.content_hash or b"", [])
        exact = [r for r in candidates if r.pts == image.pts and r.source_hash == image.source_hash]
        if len(exact) == 1 or len(candidates) == 1:
            _take(image, (exact or candidates)[0], found, sizes)


def _by_picture_name(
    connection: Connection,
    images: Sequence[CocoImage],
    source_id: int | None,
    found: dict[int | str, int],
    sizes: dict[int, tuple[int, int]],
) -> None:
    endings = {image.id: _endings(image.file_name) for image in images}
    names = sorted({name for part in endings.values() for name in part})
    rows: dict[str, list[Any]] = {}
    for start in range(0, len(names), _CHUNK):
        query = _query(source_id).where(_frame.c.name.in_(names[start : start + _CHUNK]))
        for row in connection.execute(query):
            rows.setdefault(row.name, []).append(row)
    for image in images:
        for name in endings[image.id]:
            candidates = rows.get(name, [])
            folder = PurePosixPath(_posix(image.file_name).removesuffix(name)).name
            named = [row for row in candidates if PurePath(row.absolute_path).name == folder]
            if len(named) == 1 or len(candidates) == 1:
                _take(image, (named or candidates)[0], found, sizes)
                break


def _by_video_and_time(
    connection: Connection,
    images: Sequence[CocoImage],
    source_id: int | None,
    found: dict[int | str, int],
    sizes: dict[int, tuple[int, int]],
) -> None:
    wanted: Mapping[int | str, tuple[str, int]] = {
        image.id: place for image in images if (place := _video_place(image.file_name)) is not None
    }
    if not wanted:
        return
    videos: dict[str, list[int]] = {}
    query = select(_source.c.id, _source.c.absolute_path).where(_source.c.kind == "video")
    for row in connection.execute(query):
        videos.setdefault(PurePath(row.absolute_path).name, []).append(int(row.id))
    for image in images:
        video, pts = wanted.get(image.id, ("", 0))
        sources = [s for s in videos.get(video, []) if source_id in (None, s)]
        if len(sources) == 1:
            query = _query(sources[0]).where(_frame.c.pts == pts)
            frame = connection.execute(query).first()
            if frame is not None:
                _take(image, frame, found, sizes)


def _posix(file_name: str) -> str:
    return file_name.replace("\\", "/")


def _endings(file_name: str) -> list[str]:
    """a/b/c.jpg -> a/b/c.jpg, b/c.jpg, c.jpg"""
    parts = [part for part in _posix(file_name).split("/") if part]
    return ["/".join(parts[start:]) for start in range(len(parts))]


def _video_place(file_name: str) -> tuple[str, int] | None:
    path = PurePosixPath(_posix(file_name))
    stem = path.stem
    if not (stem.isascii() and stem.isdigit() and len(stem) <= 18):
        return None
    return path.parent.name, int(stem)


def _check(
    images: Sequence[CocoImage], found: Mapping[int | str, int], sizes: Mapping[int, tuple[int, int]]
) -> None:
    seen: dict[int, str] = {}
    for image in images:
        frame = found.get(image.id)
        if frame is None:
            continue
        if sizes[frame] != (image.width, image.height):
            width, height = sizes[frame]
            raise ExchangeError(
                f"{image.file_name} is {image.width} by {image.height} pixels in the file, and {width} by "
                f"{height} in the project.",
                "Import the annotations of pictures in their full size.",
            )
        if frame in seen:
            raise ExchangeError(
                f"{seen[frame]} and {image.file_name} are the same frame of the project.",
                "Name the source that the file is about, or make the file names unique.",
            )
        seen[frame] = image.file_name
