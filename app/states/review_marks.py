"""How an instance's label is shown: a shape for what it says, a fill for who said it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.records.occlusion import LabelOrigin, OcclusionLabel, Verdict
from core.records.project import InstanceRow


class MarkShape(StrEnum):
    """What a label says, each with a shape of its own so that colour is never the only sign."""

    UNOCCLUDED = "unoccluded"
    OCCLUDED = "occluded"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


MARK_WORDS: dict[MarkShape, str] = {
    MarkShape.UNOCCLUDED: "Unoccluded",
    MarkShape.OCCLUDED: "Occluded",
    MarkShape.REJECTED: "Rejected",
    MarkShape.UNKNOWN: "No label",
}


@dataclass(frozen=True, slots=True)
class LabelMark:
    """What is drawn for a label.

    Attributes:
        shape: what it says.
        by_person: whether a person said so (drawn filled), or only the machine (drawn hollow).
    """

    shape: MarkShape
    by_person: bool


def label_mark(
    label: OcclusionLabel | None, verdict: Verdict | None, origin: LabelOrigin | None = None
) -> LabelMark:
    """The mark for a label in force and the verdict that a person may have given."""
    by_person = verdict is not None or origin is LabelOrigin.HUMAN
    if verdict is Verdict.REJECTED:
        return LabelMark(MarkShape.REJECTED, True)
    if verdict is not None:
        return LabelMark(MarkShape(verdict.value), True)
    if label is not None:
        return LabelMark(MarkShape(label.value), by_person)
    return LabelMark(MarkShape.UNKNOWN, by_person)


def mark_of(row: InstanceRow) -> LabelMark:
    """The mark of an instance as it stands now."""
    return label_mark(row.label, row.verdict, row.label_origin)
