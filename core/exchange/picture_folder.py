"""A folder of pictures that an export writes, and goes on writing after it was stopped.

Beside the pictures lies a list of those that are whole, with what each was made of; a picture that is not on
it, or that was made of something else, is written anew. Each file gets its name once it is complete.
"""

from __future__ import annotations

import errno
import json
import os
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core.errors import DiskFullError, ExchangeError
from core.exchange.targets import check_folder
from core.store.project import Project

LIST_NAME = "amodal-pictures.jsonl"
"""The name of the list."""

FORMAT = 1


class PictureFolder:
    """An export's folder; use as a context manager.

    The first line of its list says which project wrote it, whether faces and plates are blurred, and what was
    exported. A folder is never shared by pictures with and without blur, nor by two exports whose labels
    would take each other's place.
    """

    def __init__(
        self, project: Project, folder: Path, *, blurred: bool, export: Mapping[str, str] | None = None
    ) -> None:
        """Takes an empty or new folder, or one that an earlier export of this project wrote.

        Args:
            project: what is exported.
            folder: it may be new.
            blurred: whether faces and plates are.
            export: what sets this export apart from others, such as its set, by its name for people.

        Raises:
            ExchangeError: it is another folder or holds another export, or its pictures are not blurred as
                these are to be.
            DiskFullError: there is no room.
        """
        self.path = folder
        self.written = 0
        self.kept = 0
        self._blurred = blurred
        self._export = dict(export or {})
        self._list_path = folder / LIST_NAME
        self._list: IO[str] | None = None
        check_folder(project, folder, is_ours=lambda: self._list_path.is_file())
        self._header = {
            "amodal": "pictures",
            "format": FORMAT,
            "project": project.uuid,
            "blurred": blurred,
            "export": self._export,
        }
        self._begun = False
        self._whole = self._read_list()
        self._asked: dict[str, str] = {}

    def __enter__(self) -> PictureFolder:
        def begin() -> None:
            self.path.mkdir(parents=True, exist_ok=True)
            self._list = self._list_path.open("a", encoding="utf-8")
            # a line that a full disk has cut short must not swallow the next one
            self._list.write("\n" if self._begun else "\n" + json.dumps(self._header) + "\n")
            self._list.flush()

        self._guarded(begin, self._list_path)
        return self

    def __exit__(self, *_: object) -> None:
        if self._list is not None:
            # each line is written out at once; what is left is one that a full disk has refused already
            with suppress(OSError):
                self._list.close()
            self._list = None

    def has(self, name: str, made_of: str) -> bool:
        """Whether a picture is there already, whole and made of the same."""
        known, size = self._whole.get(name, ("", 0))
        try:
            return known == made_of and self._place(name).stat().st_size == size
        except OSError:
            return False

    def keep(self, name: str, made_of: str) -> bool:
        """Whether a picture is there already; then it counts as one of this export's.

        Raises:
            ExchangeError: two pictures have the same name.
        """
        if self._asked.setdefault(name, made_of) != made_of:
            raise ExchangeError(
                f"Two different pictures would be called {name}.", "Export one camera or source at a time."
            )
        is_there = self.has(name, made_of)
        self.kept += is_there
        return is_there

    def put(self, name: str, made_of: str, make: Callable[[], bytes]) -> bool:
        """Write a picture, unless it is there.

        Args:
            name: relative, "/" between folders.
            made_of: what it is made of and how, in a few letters.
            make: gives the file's bytes; not called for a picture that is there.

        Returns:
            Whether it was written.

        Raises:
            ExchangeError: the name leads out of the folder, or two pictures have the same.
            DiskFullError: there is no room; what is written stays.
        """
        if self.keep(name, made_of):
            return False
        data = make()
        self._write(name, data)
        entry = json.dumps({"file": name, "bytes": len(data), "of": made_of}, ensure_ascii=False)
        self._guarded(lambda: self._note(entry), self._list_path)
        self._whole[name] = (made_of, len(data))
        self.written += 1
        return True

    def make(self, name: str) -> None:
        """Make a folder in the folder."""
        place = self._place(f"{name}/file").parent
        self._guarded(lambda: place.mkdir(parents=True, exist_ok=True), place)

    def read(self, name: str) -> bytes:
        """The bytes of a picture that is there."""
        return self._place(name).read_bytes()

    def write_page(self, name: str, data: bytes) -> None:
        """Write a file that is made anew by each export, such as a page of a contact sheet."""
        self._write(name, data)

    def _note(self, entry: str) -> None:
        assert self._list is not None, "use the folder as a context manager"
        self._list.write(entry + "\n")
        self._list.flush()

    def _write(self, name: str, data: bytes) -> None:
        place = self._place(name)
        draft = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}")

        def write() -> None:
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                draft.write_bytes(data)
                draft.replace(place)
            finally:
                draft.unlink(missing_ok=True)

        self._guarded(write, place)

    def _place(self, name: str) -> Path:
        """Where a picture lies; never outside the folder, whatever links lie in it."""
        parts = PurePosixPath(name).parts
        place = self.path.joinpath(*parts)
        inside = Path(os.path.realpath(place.parent)).is_relative_to(os.path.realpath(self.path))
        if (
            not parts
            or PurePosixPath(name).is_absolute()
            or ".." in parts
            or not inside
            or place.is_symlink()
        ):
            raise ExchangeError(
                f"A picture called {name} would lie outside {self.path}.", "Rename its source."
            )
        return place

    def _guarded(self, write: Callable[[], None], place: Path) -> None:
        try:
            write()
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFullError(
                    f"There is no room for {place.name} in {place.parent}.",
                    "Make room and start the same export again: it goes on where it stopped.",
                ) from error
            raise ExchangeError(
                f"{place} cannot be written: {error.strerror}.", "Choose a folder that is there and yours."
            ) from error

    def _read_list(self) -> dict[str, tuple[str, int]]:
        try:
            lines = self._list_path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ExchangeError(
                f"{self._list_path} cannot be read: {error.strerror}.", "Choose another folder."
            ) from error
        rows = [row for row in map(_row, lines) if row is not None]
        # the last one: an export that ended before its first picture leaves one that holds nobody
        header = next((row for row in reversed(rows) if row.get("amodal") == "pictures"), None)
        if header is None and rows:
            header = {}
        self._begun = header is not None
        if header is not None and header.get("project") != self._header["project"]:
            raise ExchangeError(
                f"{self.path} holds the pictures of another project.", "Choose an empty folder."
            )
        if header is not None and header.get("blurred") is not self._blurred:
            they = "are not blurred" if self._blurred else "are blurred, and these are not to be"
            raise ExchangeError(
                f"The pictures in {self.path} {they}: the two must not be mixed.", "Choose an empty folder."
            )
        found: dict[str, tuple[str, int]] = {}
        for row in rows:
            name, size, made_of = row.get("file"), row.get("bytes"), row.get("of")
            if isinstance(name, str) and isinstance(size, int) and isinstance(made_of, str):
                found[name] = (made_of, size)  # the last word on a name is what lies there
        if header is not None and found:
            self._check_export(header.get("export"))
        elif header is not None and header.get("export") != self._export:
            self._begun = False
        return found

    def _check_export(self, there: object) -> None:
        """Sees that the pictures that lie there are of this export."""
        known = there if isinstance(there, dict) else {}
        for word in dict.fromkeys([*self._export, *known]):
            theirs, ours = known.get(word), self._export.get(word)
            if theirs != ours:
                its = f"its {word} is {theirs}" if theirs else f"its list names no {word}"
                but = f", and not {ours}" if ours else ""
                raise ExchangeError(
                    f"{self.path} holds another export: {its}{but}. The new labels would "
                    "take the place of those that are there.",
                    "Choose an empty folder, or a new name.",
                )


def _row(line: str) -> dict[str, Any] | None:
    """A line of the list; None for one that was cut short."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None
