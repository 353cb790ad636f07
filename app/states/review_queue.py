"""The review queue as data: its ids in order, growing page by page, and what one cell shows."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from app.states.review_marks import LabelMark

ITEM_ROLE = 0x0101
"""The model's role for a row's QueueItem, or None while it is being read. Qt's own end below 0x0100."""
CROP_ROLE = 0x0102
"""The model's role for a row's crop as a QImage, or None while it is being read."""
ID_ROLE = 0x0103
"""The model's role for a row's instance id."""

COLUMNS = (
    "Id",
    "Category",
    "Label",
    "Margin",
    "Size",
    "Time",
    "Source",
    "Reviewed",
    "Reason",
    "Track",
    "Score",
)
"""The table's columns."""

_FEW = 4  # up to here single searches beat a sorted one
_HINTS = 256
_FIRST_STRETCH = 4_096


class QueueIds:
    """Ids in the order of the queue: by uncertainty, then id. Sixteen bytes for each row.

    Rows arrive page by page at the end; single ids leave after a verdict and come back after an undo.
    """

    def __init__(self) -> None:
        self._ids = array("q")
        self._keys = array("d")
        self._hints: dict[
            int, int
        ] = {}  # id -> its row when it was last looked for; it may have moved a little

    def __len__(self) -> int:
        return len(self._ids)

    def id_at(self, row: int) -> int:
        """The id in a row."""
        return self._ids[row]

    def ids(self, rows: Iterable[int]) -> list[int]:
        """The ids in some rows."""
        return [self._ids[row] for row in rows]

    def before(self, row: int) -> array[int]:
        """The ids in all rows before one, from it on."""
        return self._ids[:row][::-1]

    def since(self, row: int) -> array[int]:
        """The ids in a row and all after it."""
        return self._ids[row:]

    def row_of(self, instance_id: int) -> int | None:
        """The row of an id, or None where it is not (yet) in the queue."""
        hint = self._hints.get(instance_id)
        if hint is not None:
            for row in (hint, hint - 1, hint + 1):
                if 0 <= row < len(self._ids) and self._ids[row] == instance_id:
                    return row
        found = self._search(instance_id)
        if found is not None:
            if len(self._hints) >= _HINTS:
                self._hints.clear()
            self._hints[instance_id] = found
        return found

    def _search(self, instance_id: int) -> int | None:
        """Looks from the front, where a reviewer is, in ever longer stretches."""
        start, length = 0, _FIRST_STRETCH
        while start < len(self._ids):
            stretch = np.frombuffer(self._ids, np.int64, min(length, len(self._ids) - start), 8 * start)
            found = np.flatnonzero(stretch == instance_id)
            if len(found):
                return start + int(found[0])
            start, length = start + length, 8 * length
        return None

    def rows_of(self, instance_ids: Sequence[int]) -> list[int]:
        """The rows of those of some ids that are in the queue, ascending, in one look at all rows."""
        if not self._ids or not instance_ids:
            return []
        if len(instance_ids) < _FEW:
            found = (self.row_of(instance_id) for instance_id in instance_ids)
            return sorted({row for row in found if row is not None})
        wanted = np.asarray(instance_ids, dtype=np.int64)
        return np.flatnonzero(np.isin(np.frombuffer(self._ids, dtype=np.int64), wanted)).tolist()

    def last_key(self) -> tuple[float, int] | None:
        """(uncertainty, id) of the last row: where the next page starts; None while empty."""
        return (self._keys[-1], self._ids[-1]) if self._ids else None

    def extend(self, page: Sequence[tuple[float, int]]) -> None:
        """Adds a page of (uncertainty, id) at the end."""
        self._keys.extend(key for key, _ in page)
        self._ids.extend(instance_id for _, instance_id in page)

    def place_for(self, uncertainty: float, instance_id: int) -> int:
        """The row where an id belongs."""
        row = bisect_left(self._keys, uncertainty)
        while row < len(self._ids) and (self._keys[row], self._ids[row]) < (uncertainty, instance_id):
            row += 1
        return row

    def insert(self, row: int, uncertainty: float, instance_id: int) -> None:
        """Puts an id into the row that place_for gave."""
        self._keys.insert(row, uncertainty)
        self._ids.insert(row, instance_id)

    def remove(self, first: int, last: int) -> None:
        """Takes the rows first to last, both included, out."""
        del self._keys[first : last + 1]
        del self._ids[first : last + 1]


@dataclass(frozen=True, slots=True)
class QueueItem:
    """What a row of the queue shows.

    Attributes:
        id, track_id, category, score, time_s: of the instance.
        width_px, height_px: of its box.
        mark: its label.
        margin: -1..1, how clearly the tests decided; None where none ran.
        source: name of the footage.
        verdict, annotator: what a person said, as a word, and who.
        reason: the test that called it occluded most clearly, in a few words, or nothing.
        progress: share of its points that are placed, in a queue of objects to annotate; None in others.
        note: stands in the place of the margin, such as of a find that is less certain than its label.
    """

    id: int
    track_id: int | None
    category: str
    score: float
    time_s: float
    width_px: float
    height_px: float
    mark: LabelMark
    margin: float | None
    source: str
    verdict: str
    annotator: str
    reason: str
    progress: float | None = None
    note: str = ""


def row_runs(rows: Iterable[int]) -> list[tuple[int, int]]:
    """Rows as runs (first, last) of neighbours, the last run first, so that they can be removed in turn."""
    runs: list[tuple[int, int]] = []
    for row in sorted(rows, reverse=True):
        if runs and runs[-1][0] == row + 1:
            runs[-1] = (row, runs[-1][1])
        else:
            runs.append((row, row))
    return runs
