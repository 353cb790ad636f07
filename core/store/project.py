"""A project: one SQLite file, opened for the window, a job or the shell."""

from __future__ import annotations

import os
import threading
import time
import uuid as uuids
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, insert

from core.errors import DiskFullError, NewerProjectError, NotAProjectError, ProjectError
from core.store import tables
from core.store.bulk import BulkWriter
from core.store.changes import ChangeWatcher
from core.store.checkpoints import CheckpointWorker, lengthen_log, log_bytes
from core.store.connection import connect, raw_of, reading_engine, write_transaction, writing_engine
from core.store.faults import read_only as read_only_error
from core.store.faults import translated
from core.store.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    damaged,
    files_folder,
    no_project,
    with_suffix,
)

WRITE_TIMEOUT_S = 10.0
_EDIT_POLL_S = 0.0005


class Project:
    """An open project. Use `Project.create` or `Project.open`; close it, or use it in a with statement.

    Every method may be called from any thread. Two processes may have the same project open at once.

    Attributes:
        path: of the project file, absolute.
        uuid: the project's own name, the same for ever.
        name: for people.
        read_only: whether edits are refused.
        read_only_reason: why, as half a sentence, or "".
    """

    def __init__(self, path: Path, *, read_only_reason: str, immutable: bool) -> None:
        self.path = path
        self.read_only_reason = read_only_reason
        self.read_only = bool(read_only_reason)
        self._immutable = immutable
        self._readers = reading_engine(path, read_only=self.read_only, immutable=immutable)
        self._write_lock = threading.Lock()
        self._write_thread: int | None = None
        self._writer: Connection | None = None
        self._checkpoints = CheckpointWorker(path)
        meta = self._read_meta()
        self.uuid = meta["uuid"]
        self.name = meta.get("name", path.stem)

    @property
    def files_dir(self) -> Path:
        """The folder beside the file for recordings, checkpoints and backups; it may not exist yet."""
        return files_folder(self.path)

    @staticmethod
    def create(path: Path, name: str | None = None) -> Project:
        """Make a new, empty project and open it.

        Args:
            path: of the file to make, which ends in .amodal (that is added where it is missing); its folder
                must exist.
            name: for people; the file's stem without one.

        Raises:
            ProjectError: there is such a file, or no such folder.
            ReadOnlyProjectError: the folder cannot be written.
            DiskFullError: there is no room.
        """
        path = with_suffix(path.absolute())
        if path.exists():
            raise ProjectError(f"There is already a file {path}.", "Open it, or choose another name.")
        if not path.parent.is_dir():
            raise ProjectError(f"There is no folder {path.parent}.", "Make the folder first.")
        if not os.access(path.parent, os.W_OK):
            raise read_only_error(path, "its folder cannot be written")
        # made under another name, so that a project under its own name is always whole
        draft = path.with_name(f".{path.name}.{uuids.uuid4().hex[:8]}")
        try:
            with translated(path):
                _write_empty(draft, path, name or path.stem)
                _take_name(draft, path)
        finally:
            for leftover in (
                draft,
                draft.with_name(draft.name + "-wal"),
                draft.with_name(draft.name + "-shm"),
            ):
                leftover.unlink(missing_ok=True)
        return Project.open(path)

    @staticmethod
    def open(path: Path, *, read_only: bool = False) -> Project:
        """Open a project; one of an older version is backed up and migrated first.

        A file or folder that cannot be written is opened for reading only (see `read_only`).
        Only cheap checks are made; `core.store.check` looks at every page.

        Raises:
            NotAProjectError, DamagedProjectError, NewerProjectError: what the file is.
            ReadOnlyProjectError: it is of an older version and cannot be written.
            ProjectBusyError: another program keeps it locked.
        """
        path = path.absolute()
        if not path.is_file():
            what = "is no file" if path.exists() else "does not exist"
            raise NotAProjectError(f"{path} {what}.", "Check the path, or make a new project.")
        if not os.access(path, os.R_OK):
            raise ProjectError(f"{path} may not be read.", "Check the file's rights.")
        reason = "it was opened so" if read_only else _why_unwritable(path)
        immutable = bool(reason) and not os.access(path.parent, os.W_OK) and log_bytes(path) == 0
        with translated(path):
            found = _prepare(path, read_only=bool(reason), immutable=immutable)
            if found > SCHEMA_VERSION:
                raise NewerProjectError(
                    f"{path.name} was written by a newer version of this program (format {found}, "
                    f"this one reads up to {SCHEMA_VERSION}).",
                    "Update the program.",
                )
            if found < SCHEMA_VERSION:
                if reason:
                    raise read_only_error(path, f"{reason}, and it must be brought up to date first")
                from core.store.migrations.chain import migrate  # Alembic only where it is needed

                migrate(path)
            return Project(path, read_only_reason=reason, immutable=immutable)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction: everything in the block is seen as of one moment. Keep it short.

        Raises:
            DamagedProjectError, ProjectBusyError: as it happens.
        """
        with translated(self.path), self._readers.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A write transaction for what a person does: all of the block or nothing of it.

        Args:
            durable: whether a commit survives a loss of power (else: any crash of a program). True for
                what a person does.

        Raises:
            ReadOnlyProjectError, ProjectBusyError, DiskFullError, DamagedProjectError: nothing was written.
        """
        if self.read_only:
            raise read_only_error(self.path, self.read_only_reason)
        if self._write_thread == threading.get_ident():
            raise RuntimeError("a write transaction inside a write transaction")
        with self._write_lock:
            self._write_thread = threading.get_ident()
            try:
                if self._writer is None:
                    with translated(self.path):
                        self._writer = writing_engine(self.path).connect()
                        lengthen_log(raw_of(self._writer), self.path)
                synchronous = "FULL" if durable else "NORMAL"
                raw_of(self._writer).execute(f"PRAGMA synchronous = {synchronous}")
                with write_transaction(
                    self._writer, self.path, timeout_s=WRITE_TIMEOUT_S, poll_s=_EDIT_POLL_S
                ) as connection:
                    yield connection
            finally:
                self._write_thread = None
        self._checkpoints.after_commit()

    def bulk(self) -> BulkWriter:
        """A writer for jobs, with a connection of its own; close it, or use it in a with statement.

        Raises:
            ReadOnlyProjectError: the project cannot be written.
        """
        if self.read_only:
            raise read_only_error(self.path, self.read_only_reason)
        return BulkWriter(self.path)

    def changes(self) -> ChangeWatcher:
        """Tells cheaply whether anyone committed something since it was last asked; close it."""
        return ChangeWatcher(self.path, read_only=self.read_only, immutable=self._immutable)

    def close(self) -> None:
        """Let go of the file. A project that is not closed loses nothing."""
        self._checkpoints.close()
        with self._write_lock:
            if self._writer is not None:
                self._writer.close()
                self._writer.engine.dispose()
                self._writer = None
        self._readers.dispose()

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read_meta(self) -> dict[str, str]:
        with self.read() as connection:
            present = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_schema")}
            missing = sorted(set(tables.metadata.tables) - present)
            if missing:
                raise damaged(self.path, f"it has no table {missing[0]}")
            rows = connection.exec_driver_sql("SELECT key, value FROM meta").all()
            meta = {str(key): str(value) for key, value in rows}
        if "uuid" not in meta:
            raise damaged(self.path, "it does not say which project it is")
        return meta


def program_version() -> str:
    """This program's version, or "unknown" in a build without metadata."""
    try:
        return version("amodal-studio")
    except PackageNotFoundError:
        return "unknown"


def _write_empty(draft: Path, path: Path, name: str) -> None:
    draft.touch(exist_ok=False)
    engine = writing_engine(draft)
    try:
        with engine.connect() as connection:
            raw = raw_of(connection)
            raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            raw.execute("PRAGMA journal_mode = WAL")
            with write_transaction(connection, path, timeout_s=0, poll_s=0.001):
                tables.metadata.create_all(connection)
                rows = {
                    "uuid": str(uuids.uuid4()),
                    "name": name,
                    "created_at": repr(time.time()),
                    "created_by": f"Amodal Studio {program_version()}",
                }
                connection.execute(
                    insert(tables.meta), [{"key": key, "value": value} for key, value in rows.items()]
                )
                raw.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise DiskFullError(
                    f"{path.name} could not be written whole.", "Check the disk and try again."
                )
    finally:
        engine.dispose()


def _take_name(draft: Path, path: Path) -> None:
    """Give a new file its name, unless another process took it meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise ProjectError(f"There is already a file {path}.", "Open it, or choose another name.") from None
    except OSError:  # a disk without hard links; on Windows, the rename refuses as well
        draft.rename(path)


def _why_unwritable(path: Path) -> str:
    if not os.access(path, os.W_OK):
        return "the file cannot be written"
    if not os.access(path.parent, os.W_OK):
        return "its folder cannot be written"
    return ""


def _prepare(path: Path, *, read_only: bool, immutable: bool) -> int:
    """The version of the file; a copy that has no write-ahead log (a backup) gets one."""
    raw = connect(path, read_only=read_only, immutable=immutable)
    try:
        if raw.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise no_project(path)
        if not read_only and raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            raw.execute("PRAGMA journal_mode = WAL")
        return int(raw.execute("PRAGMA user_version").fetchone()[0])
    finally:
        raw.close()
