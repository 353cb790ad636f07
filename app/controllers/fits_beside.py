"""What is drawn beside the selected fit: another version, the truth, or what a network said."""

from __future__ import annotations

from app.controllers.fits_reads import FitSubject
from app.controllers.fits_truth import SAID_ID, TRUTH_ID
from app.states.results import SaidKey


class Beside:
    """Knows what the selected object is compared with, and what comes after that.

    Attributes:
        compared: id of the other version, `TRUTH_ID` or `SAID_ID`; None where nothing is beside.
    """

    def __init__(self) -> None:
        self.compared: int | None = None
        self._coming: tuple[int, int | None, str] | None = None  # for when the object is selected
        self._said: tuple[int, SaidKey] | None = None

    def come_to_truth(self, instance_id: int) -> None:
        """An object is to be selected, beside the truth where that is known."""
        self._coming = instance_id, TRUTH_ID, ""

    def come_to_said(self, instance_id: int, said: SaidKey | None, words: str) -> None:
        """An object is to be selected with what a network said of it, or with words why that is not drawn."""
        self._said = None if said is None else (instance_id, said)
        self._coming = instance_id, None if said is None else SAID_ID, words

    def select(self, instance_id: int | None, before: int | None) -> str:
        """An object is selected, where another one or the same was before; gives words to tell, or ""."""
        words = ""
        if self._coming is not None and instance_id == self._coming[0]:
            _, self.compared, words = self._coming
            self._coming = None
        elif instance_id != before:
            self.compared = None
        return words

    def said_of(self, instance_id: int | None) -> SaidKey | None:
        """Names what a network said of an object, where that is known."""
        return self._said[1] if self._said is not None and self._said[0] == instance_id else None

    def others(self, subject: FitSubject) -> list[int]:
        """All that an object can be compared with: earlier versions, the truth, and what was said."""
        others = [row.id for row in subject.history if not row.in_force]
        if subject.truth is not None:
            others.append(TRUTH_ID)
        if self.said_of(subject.instance.id) is not None:
            others.append(SAID_ID)
        return others
