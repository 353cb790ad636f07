"""What marks a file as a project of a certain version. Light: the start page reads headers with it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from core.errors import DamagedProjectError, NotAProjectError

APPLICATION_ID = 0x414D4F44
"""SQLite's application_id of a project: "AMOD"."""

SCHEMA_VERSION = 1
"""SQLite's user_version that this program writes. A file with a smaller one is migrated."""

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100


@dataclass(frozen=True, slots=True)
class Header:
    """The first page of an SQLite file, as far as a project is known by it.

    Attributes:
        application_id, user_version: SQLite's marks.
        page_size: bytes a page; 0 where the header is malformed.
        page_count: pages in the file when it was last checkpointed.
    """

    application_id: int
    user_version: int
    page_size: int
    page_count: int


def read_header(path: Path) -> Header:
    """The header of the SQLite file at path, read without SQLite.

    Raises:
        NotAProjectError: there is no such file, or it is no SQLite file.
        DamagedProjectError: the header is cut.
        OSError: the file cannot be read at all.
    """
    if not path.exists():
        raise NotAProjectError(f"There is no file {path}.", "Check the path, or make a new project.")
    if not path.is_file():
        raise NotAProjectError(f"{path} is no file.", "Choose a file that ends in .amodal.")
    with path.open("rb") as file:
        data = file.read(_HEADER_BYTES)
    if not data.startswith(_MAGIC):
        raise NotAProjectError(
            f"{path.name} is no Amodal Studio project.",
            "Choose a file that this program made, ending in .amodal.",
        )
    if len(data) < _HEADER_BYTES:
        raise damaged(path, "its beginning is cut off")
    page_size = struct.unpack(">H", data[16:18])[0]
    return Header(
        application_id=struct.unpack(">I", data[68:72])[0],
        user_version=struct.unpack(">I", data[60:64])[0],
        page_size=65536 if page_size == 1 else page_size,
        page_count=struct.unpack(">I", data[28:32])[0],
    )


def damaged(path: Path, why: str) -> DamagedProjectError:
    """The error for a project whose file is damaged, with where its backups are."""
    return DamagedProjectError(
        f"The project {path.name} is damaged: {why}.",
        f"Go back to a backup in {files_folder(path).name}/backups, or run `amodal doctor {path.name}`.",
    )


def files_folder(path: Path) -> Path:
    """The folder beside a project that holds its recordings, checkpoints and backups: NAME.files."""
    return path.with_name(path.name.removesuffix(".amodal") + ".files")
