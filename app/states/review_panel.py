"""The reason panel as data: what is known of the selected instance, and why it got its label."""

from __future__ import annotations

from dataclasses import dataclass

from app.states.review_marks import LabelMark


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """One test's outcome.

    Attributes:
        title: what it asks, in a few words.
        value, threshold: as text with their unit.
        of: what the value is a share of or counted from, such as "of its size"; may be empty.
        measure: the same in a sentence, or empty.
        margin: -1..1; 0 on the threshold, negative is occluded.
        occluded: what it says.
        detail: a phrase for the reviewer.
        by: id of the instance that hides it, or None.
    """

    title: str
    value: str
    threshold: str
    margin: float
    occluded: bool
    detail: str
    by: int | None
    of: str = ""
    measure: str = ""


@dataclass(frozen=True, slots=True)
class PanelState:
    """What the panel shows of one instance.

    Attributes:
        instance_id: which, or None where nothing is selected.
        title, subtitle: such as "car 412" and "track 33, 7 of 41".
        machine, machine_text: the machine's mark and words, such as "Occluded, by the tests".
        person, person_text: the person's, or None and "Nobody has looked at it".
        reasons: each test's outcome.
        facts: (name, value) pairs.
        selected_count: how many are selected together.
    """

    instance_id: int | None = None
    title: str = ""
    subtitle: str = ""
    machine: LabelMark | None = None
    machine_text: str = ""
    person: LabelMark | None = None
    person_text: str = ""
    reasons: tuple[ReasonLine, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    selected_count: int = 0
