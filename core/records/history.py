"""The edit history: what a person did, and what it touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Touched:
    """What a command changed, so that only the screens that show it redraw.

    Attributes:
        title: the edit's name for people, such as "Mark 3 as occluded".
        rows: table name -> ids of the rows that changed.
        edit_id: the row in the edit history.
    """

    title: str
    rows: Mapping[str, tuple[int, ...]]
    edit_id: int


@dataclass(frozen=True, slots=True)
class EditRow:
    """One row of the edit history.

    Attributes:
        id, title: which.
        annotator: who.
        at: when, seconds UTC epoch.
        undone: whether it is undone now.
    """

    id: int
    title: str
    annotator: str
    at: float
    undone: bool
