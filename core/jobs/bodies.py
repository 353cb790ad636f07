"""The body models of a job that reads fits of people: the program's own, and the file that it was given."""

from __future__ import annotations

from pathlib import Path

from core.shapes.body.placed import NamedBody, named_body


class Bodies:
    """Finds the body that a fit was made with. Each is read when it is first needed.

    Args:
        path: of the file of an SMPL or SMPL-X body; None where the job has none but the program's own.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._paths = [None] if path is None else [None, path.expanduser()]
        self._read: list[NamedBody] = []

    def of(self, label: str) -> NamedBody | None:
        """The body of a fit's label (`FitRow.shape_space`), or None where it is not here.

        Raises:
            BodyModelError: the job's own file cannot be used.
        """
        for number, path in enumerate(self._paths):
            if number == len(self._read):
                self._read.append(named_body(path))
            if self._read[number].is_meant_by(label):
                return self._read[number]
        return None
