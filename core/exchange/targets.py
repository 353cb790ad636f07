"""Where an export may be written: never over the project, its files, anyone's footage or a foreign file."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from core.errors import ExchangeError
from core.store import tables
from core.store.project import Project
from core.store.queries.sources import resolve_path

_BESIDE = ("", "-wal", "-shm", "-journal")  # what SQLite keeps under the project's name
_LOOKED_AT = 4096  # bytes at a file's beginning


def _is_json(start: bytes) -> bool:
    return start.lstrip(b" \t\r\n").startswith(b"{")


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that exports write, and may write anew.

    Attributes:
        words: what another file is: "no JSON file". ending: of its name.
        is_one: whether the first bytes of a file, of which there are some, are of such a file.
    """

    words: str
    ending: str
    is_one: Callable[[bytes], bool]


JSON_FILE = FileKind("no JSON file", ".json", _is_json)


def check_target(project: Project, path: Path, kind: FileKind = JSON_FILE) -> None:
    """See that nothing but an older file of a kind can be lost by writing an export to a path.

    Links of both kinds are followed: a second name of the project or of footage is refused like the first.

    Args:
        project: what is exported.
        path: the file to write, or to write anew.
        kind: of the file; a JSON object where nothing is said.

    Raises:
        ExchangeError: it is a folder, the project or in the folder of its files, footage of the project or
            in a folder of such footage, or something else that is not of the kind.
    """
    elsewhere = f"Choose another name that ends in {kind.ending}."
    if path.is_dir():
        raise ExchangeError(f"{path} is a folder.", f"Give the file a name that ends in {kind.ending}.")
    for ending in _BESIDE:
        if _same(path, project.path.with_name(project.path.name + ending)):
            raise ExchangeError(f"{path} is the project itself.", elsewhere)
    if _inside(path, project.files_dir):
        raise ExchangeError(
            f"{path} lies among the project's own files, in {project.files_dir.name}.",
            "Choose a place outside that folder.",
        )
    for footage in _footage(project):
        if _same(path, footage):
            raise ExchangeError(f"{path} is footage of the project.", elsewhere)
        if _inside(path, footage):
            raise ExchangeError(
                f"{path} lies in {footage}, which is footage of the project.",
                "Choose a place outside that folder.",
            )
    if _holds_something_else(path, kind):
        raise ExchangeError(
            f"There is already a file {path}, and it is {kind.words}, so it was left as it is.", elsewhere
        )


def check_folder(project: Project, folder: Path, is_ours: Callable[[], bool]) -> None:
    """See that nothing is lost, nor mixed with anything else, by writing an export's pictures into a folder.

    Args:
        project: what is exported.
        folder: it may be new.
        is_ours: whether an earlier export wrote what lies there.

    Raises:
        ExchangeError: it is no folder, holds something else, or lies among the project's files or in footage.
    """
    way_out = "Choose an empty folder, or a new name."
    if folder.exists() and not folder.is_dir():
        raise ExchangeError(f"{folder} is no folder.", way_out)
    if _same(folder, project.files_dir) or _inside(folder, project.files_dir):
        raise ExchangeError(f"{folder} lies among the project's own files.", way_out)
    for footage in _footage(project):
        if _same(folder, footage) or _inside(folder, footage):
            raise ExchangeError(f"{folder} lies in {footage}, which is footage of the project.", way_out)
    try:
        is_empty = not folder.exists() or next(folder.iterdir(), None) is None
    except OSError as error:
        raise ExchangeError(f"{folder} cannot be read: {error.strerror}.", way_out) from error
    if not is_empty and not is_ours():
        raise ExchangeError(f"There is already something in {folder}, so it was left as it is.", way_out)


def _footage(project: Project) -> Iterator[Path]:
    """Where the sources lie, and where they lay when that is another place; hidden ones as well."""
    s = tables.source.c
    with project.read() as connection:
        rows = connection.execute(select(s.relative_path, s.absolute_path)).all()
    for relative, absolute in rows:
        found = resolve_path(project, relative, absolute)
        if found is not None:
            yield found
        if Path(absolute).is_absolute():
            yield Path(absolute)


def _same(path: Path, other: Path) -> bool:
    """Whether two paths are one file: by name with links followed, or as hard links."""
    if _real(path) == _real(other):
        return True
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # at least one of them is not there
        return False


def _inside(path: Path, folder: Path) -> bool:
    """Whether a path lies anywhere below a folder, as it is written or once its links are followed."""
    written = Path(os.path.realpath(path.parent)) / path.name
    return any(_same(above, folder) for one in (written, Path(_real(path))) for above in one.parents)


def _real(path: Path) -> str:
    try:
        return os.path.normcase(os.path.realpath(path))
    except ValueError:  # no path at all, such as one with a zero byte
        return str(path)


def _holds_something_else(path: Path, kind: FileKind) -> bool:
    """Whether there is something at a path that does not begin like the kind; an empty file does.

    A device or a pipe is something else as well: putting a file in its place would take it away.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            return True
        with path.open("rb") as file:
            start = file.read(_LOOKED_AT)
    except FileNotFoundError:
        return False
    except OSError:  # it is there and does not tell what it is
        return True
    return bool(start) and not kind.is_one(start)
