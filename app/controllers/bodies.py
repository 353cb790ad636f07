"""The body models that are here: this machine's own choice, and the one that comes with the program."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from core.errors import AmodalError

if TYPE_CHECKING:
    from core.shapes.body.placed import NamedBody


class BodyShelf:
    """Gives the body model that people are fitted with here, and finds the one that a fit was made with.

    Each is read when it is first needed, which takes its time: only worker threads ask; any of them may.
    Which file it is belongs to the machine (the setting "body_file"): projects hold the label alone.

    Args:
        path: of the file of an SMPL or SMPL-X body; empty takes the program's own.
    """

    def __init__(self, path: str = "") -> None:
        self._path = path.strip()
        self._lock = Lock()
        self._read: dict[str, NamedBody | AmodalError] = {}  # by path
        self._stamps: dict[str, tuple[int, int] | None] = {}  # of the files as they were read

    @property
    def path(self) -> Path | None:
        """The file that the machine's body is read from; None for the program's own."""
        return Path(self._path) if self._path else None

    def use(self, path: str) -> None:
        """Takes another file from now on, or the same one if it was changed."""
        with self._lock:
            self._path = path.strip()
            self._read.pop(self._path, None)
            self._stamps.pop(self._path, None)

    @property
    def is_outdated(self) -> bool:
        """Whether there is another file now than the machine's body was read from. Looks at the disk."""
        path, now = self._path, _stamp(self._path)
        return now is not None and path in self._stamps and self._stamps[path] != now

    def machine(self) -> NamedBody:
        """The body that people are fitted with on this machine.

        Raises:
            BodyModelError: its file is missing, damaged or of another form.
        """
        return self._body(self._path)

    def own(self) -> NamedBody:
        """The body that comes with the program."""
        return self._body("")

    def of(self, label: str) -> NamedBody | None:
        """The body of a fit's label (`FitRow.shape_space`); None where its body model is not here."""
        for path in dict.fromkeys(("", self._path)):
            try:
                body = self._body(path)
            except AmodalError:
                continue  # `problem` says why
            if body.is_meant_by(label):
                return body
        return None

    @property
    def problem(self) -> AmodalError | None:
        """Why the machine's body cannot be used; None where it can, or was not asked for yet."""
        found = self._read.get(self._path)
        return found if isinstance(found, AmodalError) else None

    def _body(self, path: str) -> NamedBody:
        from core.shapes.body.placed import named_body

        with self._lock:
            found = self._read.get(path)
            if found is None:
                self._stamps[path] = _stamp(path)  # before: what is written meanwhile has another
                try:
                    found = named_body(Path(path) if path else None)
                except AmodalError as problem:
                    found = problem
                self._read[path] = found
        if isinstance(found, AmodalError):
            raise found
        return found


def _stamp(path: str) -> tuple[int, int] | None:
    """When a file was written, and its size; None without one."""
    try:
        found = Path(path).stat() if path else None
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size)
