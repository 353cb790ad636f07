"""Indexes a folder of pictures: the table of its frames with times and content hashes."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from core.errors import FootageMissingError, MediaError
from core.media.capture_times import CaptureTimes
from core.media.folder_picture import SUFFIXES, read_fact
from core.media.folder_times import PictureTimes, picture_times
from core.media.hashing import hash_bytes, hash_of_hashes
from core.records.media import FrameStamp, SourceKind, SourceTable

_NUMBER: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class _Picture:
    name: str
    size: tuple[int, int]
    taken_at: float | None
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class _Files:
    """What reading all picture files gave: those that are pictures, and all files' bytes."""

    pictures: Sequence[_Picture]
    unreadable: Sequence[str]
    hashes: Sequence[bytes]
    byte_size: int


def picture_names(folder: Path) -> list[str]:
    """The pictures in a folder and its sub-folders by their file suffix, in natural order.

    Names are relative, with "/" between folders. Hidden files and folders, and links that lead out
    of the folder, are left out.

    Raises:
        FootageMissingError: there is no such folder.
        MediaError: it may not be listed.
    """
    if not folder.is_dir():
        raise FootageMissingError(
            f"The folder {folder} is not there.", "Connect its disk, or say where it has moved to."
        )
    try:
        names = [name for name in _walk(folder, "") if PurePosixPath(name).suffix.lower() in SUFFIXES]
    except PermissionError as error:
        raise MediaError(f"The folder {folder} may not be listed.", "Check who may read it.") from error
    return sorted(names, key=natural_key)


def natural_key(name: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Orders names as people count: frame_2 before frame_10; a folder's own pictures by its name."""
    parts = _NUMBER.split(name.casefold())
    return tuple(
        (0, int(part), "") if part.isascii() and part.isdigit() else (1, 0, part) for part in parts if part
    ), name


def index_folder(
    folder: Path, capture: CaptureTimes, progress: Callable[[float], None] | None = None
) -> SourceTable:
    """Read a folder's frame table: each picture's bytes are hashed, its pixels are not decoded.

    Capture times come from the CSV or the pattern where one is given, else from EXIF, else from the
    file names' usual ways of writing a time; pictures that have none then are left out as long as
    others have one. Without any, numbered pictures get a nominal time by their number, and others by
    their place. Files that are no pictures, and pictures of another size than most, are left out; the
    warnings say how many.

    Raises:
        FootageMissingError: there is no such folder.
        MediaError: there is no picture in it, or none that can be read, or the CSV or the pattern
            fits none.
    """
    names = picture_names(folder)
    if not names:
        raise MediaError(
            f"The folder {folder} holds no pictures.", "Choose a folder with JPEG, PNG, WebP or BMP files."
        )
    files = _read_files(folder, names, progress)
    if not files.pictures:
        raise MediaError(
            f"None of the {len(names)} picture files in {folder} can be read.",
            "Check that they open elsewhere; if they were cut off while copying, copy them again.",
        )
    sizes = Counter(picture.size for picture in files.pictures)
    (width, height), _ = sizes.most_common(1)[0]
    pictures = [picture for picture in files.pictures if picture.size == (width, height)]
    others = [picture.name for picture in files.pictures if picture.size != (width, height)]
    times = picture_times(
        [picture.name for picture in pictures], [picture.taken_at for picture in pictures], capture
    )
    warnings = list(times.warnings)
    if files.unreadable:
        warnings.append(_left_out(files.unreadable, "cannot be read and were left out."))
    if others:
        warnings.append(_left_out(others, f"are not {width} x {height} pixels like the rest: left out."))
    return SourceTable(
        kind=SourceKind.FOLDER,
        path=folder.absolute(),
        width=width,
        height=height,
        time_base=times.time_base,
        content_hash=hash_of_hashes(files.hashes),
        byte_size=files.byte_size,
        frames=_frames(pictures, times, capture.start),
        warnings=tuple(warnings),
    )


def folder_content_hash(folder: Path) -> bytes:
    """The 16-byte hash over all picture files' hashes in natural order, which finds moved footage again.

    Costs one reading of every file.

    Raises:
        FootageMissingError, MediaError: the folder cannot be read.
    """
    try:
        return hash_of_hashes(hash_bytes((folder / name).read_bytes()) for name in picture_names(folder))
    except OSError as error:
        raise MediaError(f"The folder {folder} cannot be read whole.", "Check its disk.") from error


def folder_byte_size(folder: Path) -> int:
    """The bytes of all picture files together, without reading them.

    Raises:
        FootageMissingError, MediaError: the folder cannot be listed.
    """
    return sum((folder / name).stat().st_size for name in picture_names(folder))


def _walk(folder: Path, inside: str) -> Iterator[str]:
    """All files below a folder, as relative names; nothing that a link brings in from outside."""
    with os.scandir(folder / inside) as entries:
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(folder, f"{name}/")
            elif entry.is_file() and (not entry.is_symlink() or stays_inside(folder, name)):
                yield name


def stays_inside(folder: Path, name: str) -> bool:
    """Whether a relative name, links followed, lies in the folder."""
    return (folder / name).resolve().is_relative_to(folder.resolve())


def _read_files(folder: Path, names: Sequence[str], progress: Callable[[float], None] | None) -> _Files:
    pictures: list[_Picture] = []
    unreadable: list[str] = []
    hashes: list[bytes] = []
    byte_size = 0
    for place, name in enumerate(names):
        try:
            data = (folder / name).read_bytes()
            byte_size += len(data)
            hashes.append(hash_bytes(data))
            fact = read_fact(data, name)
            pictures.append(_Picture(name, (fact.width, fact.height), fact.taken_at, hashes[-1]))
        except (OSError, MediaError):
            unreadable.append(name)
        if progress is not None:
            progress((place + 1) / len(names))
    return _Files(pictures, unreadable, hashes, byte_size)


def _frames(pictures: Sequence[_Picture], times: PictureTimes, start: float | None) -> tuple[FrameStamp, ...]:
    seconds = float(times.time_base)
    frames = []
    for place, pts in zip(times.order, times.pts, strict=True):
        picture = pictures[place]
        time_s = (pts - times.pts[0]) * seconds
        captured_at = pts * seconds if times.captured else (start + time_s if start is not None else None)
        frames.append(FrameStamp(pts, time_s, captured_at, picture.content_hash, True, picture.name))
    return tuple(frames)


def _left_out(names: Sequence[str], why: str) -> str:
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return f"{len(names)} pictures ({shown}) {why}"
