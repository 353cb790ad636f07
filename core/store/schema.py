"""What marks a file as a project of a certain version."""

from __future__ import annotations

from pathlib import Path

from core.errors import DamagedProjectError, NotAProjectError, ProjectError

APPLICATION_ID = 0x414D4F44
"""SQLite's application_id of a project: "AMOD"."""

SCHEMA_VERSION = 7
"""SQLite's user_version that this program writes. A file with a smaller one is migrated."""

SUFFIX = ".amodal"

_MAGIC = b"SQLite format 3\x00"


def with_suffix(path: Path) -> Path:
    """The path of a project called so: with .amodal at its end, by which people and systems know it."""
    return path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)


def files_folder(path: Path) -> Path:
    """The folder beside a project that holds its recordings, checkpoints and backups: NAME.files."""
    return path.with_name(path.name.removesuffix(SUFFIX) + ".files")


def damaged(path: Path, why: str) -> DamagedProjectError:
    """The error for a project whose file is damaged, with its newest backup where there is one."""
    folder = files_folder(path)
    try:
        newest = max((copy.name for copy in (folder / "backups").glob("*.amodal")), default=None)
    except OSError:
        newest = None
    if newest is None:
        way_out = f"There is no backup in {folder.name}/backups: go back to a copy of your own"
    else:
        way_out = f"Go back to its newest backup, {folder.name}/backups/{newest}"
    return DamagedProjectError(f"The project {path.name} is damaged: {why}.", f"{way_out}.")


def no_project(path: Path) -> NotAProjectError:
    """The error for a file of another kind."""
    return NotAProjectError(
        f"{path.name} is no Amodal Studio project.",
        "Choose a file that this program made, ending in .amodal.",
    )


def not_a_database(path: Path) -> ProjectError:
    """What a file is that SQLite does not take for a database: one of another kind, or the stump of one.

    Only for such files: opening and closing a database beside SQLite would end the locks that this process
    holds on it (sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_MAGIC))
    except OSError:
        return no_project(path)
    return damaged(path, "its beginning is cut off") if beginning == _MAGIC else no_project(path)
