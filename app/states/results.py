"""The objects behind a bar as a table: numbers of an evaluation in order, growing page by page."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from core.records.evaluations import ObjectResult, Order, Outcome

ITEM_ROLE = 0x0101
"""The model's role for a row's ResultItem, or None while it is being read. Qt's own end below 0x0100."""
ID_ROLE = 0x0103
"""The model's role for a row's number in its evaluation."""

COLUMNS: tuple[str, ...] = (
    "Outcome",
    "Object",
    "Badness",
    "Box IoU",
    "Mask IoU",
    "Hidden IoU",
    "Points",
    "Tags",
    "Turned",
    "Off",
    "Occlusion",
    "Size",
    "Distance",
    "Hour",
)
"""The table's columns."""

SORTED_BY = {
    Order.BADNESS: "Badness",
    Order.BOX: "Box IoU",
    Order.MASK: "Mask IoU",
    Order.HIDDEN: "Hidden IoU",
    Order.POINTS: "Points",
    Order.TAGS: "Tags",
    Order.ROTATION: "Turned",
    Order.PLACE: "Off",
    Order.ADD: "Badness",
    Order.HEADING: "Turned",
    Order.JOINTS: "Points",
}
"""order -> the column that says it: it stands beside the object."""

OUTCOME_WORDS = {
    Outcome.FOUND: "Found",
    Outcome.MISSED: "Missed",
    Outcome.EXTRA: "Extra",
    Outcome.RIGHT: "Right",
    Outcome.WRONG: "Wrong",
}
OUTCOME_SIGNS = {
    Outcome.FOUND: ("check", "ok"),
    Outcome.MISSED: ("eye-off", "bad"),
    Outcome.EXTRA: ("plus", "warn"),
    Outcome.RIGHT: ("check", "ok"),
    Outcome.WRONG: ("close", "bad"),
}
"""outcome -> (file in resources/icons, colour of the theme): a shape of its own for each kind."""


@dataclass(frozen=True, slots=True)
class SaidKey:
    """Names what was said of an object.

    Attributes:
        evaluation_id: that keeps it. number: of the object in it.
    """

    evaluation_id: int
    number: int


@dataclass(frozen=True, slots=True)
class ResultItem:
    """What a row shows: the object's result, under the name that models of rows know it by."""

    row: ObjectResult

    @property
    def id(self) -> int:
        """Its number in its evaluation."""
        return self.row.number


class ResultNumbers:
    """Numbers of objects in the order in which they are listed: eight bytes for each."""

    def __init__(self) -> None:
        self._numbers = array("q")

    def __len__(self) -> int:
        return len(self._numbers)

    def at(self, row: int) -> int:
        """The number in a row."""
        return self._numbers[row]

    def extend(self, numbers: Sequence[int]) -> None:
        """Adds a page at the end."""
        self._numbers.extend(numbers)

    def row_of(self, number: int) -> int | None:
        """The row of a number, or None where it is not (yet) listed."""
        try:
            return self._numbers.index(number)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class ResultHead:
    """What is said above the list.

    Attributes:
        title: of what, such as "Objects hidden by 20-30 %". count: how many there are, in words.
        order: by what they are sorted, in words.
        outcome: of which outcome alone, or None.
        outcomes: those that there can be.
        empty: why none is listed, with a way out, or "".
        chosen: whether it is narrowed, so that it can be widened again.
        sorted_by: the column by which they are sorted.
        columns: those that say anything of the first of them; all where that is not known yet.
    """

    title: str = ""
    count: str = ""
    order: str = ""
    outcome: Outcome | None = None
    outcomes: tuple[Outcome, ...] = ()
    empty: str = ""
    chosen: bool = False
    sorted_by: str = "Badness"
    columns: tuple[str, ...] = COLUMNS
