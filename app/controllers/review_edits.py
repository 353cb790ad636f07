"""What a reviewer says of instances, as edits of the store, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.saying import done
from core.records.detections import Category
from core.records.history import Touched
from core.records.occlusion import Verdict
from core.store.edits import categories, verdicts
from core.store.edits.verdicts import RejectReason

if TYPE_CHECKING:
    from app.session import ProjectSession


class ReviewEdits(QObject):
    """Makes the edits, and tells which of them the store refused.

    Signals:
        said(str): a line about what was just done.
        refused(list[int]): the instances of an edit that was not kept; the session tells why.
    """

    said = Signal(str)
    refused = Signal(list)

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._lost: list[list[int]] = []  # ids of edits that the store refused
        session.failed.connect(self._on_failed)
        session.broke.connect(self._on_failed)

    def set_verdict(
        self, instance_ids: Sequence[int], verdict: Verdict | None, reason: RejectReason | None
    ) -> None:
        """Says what instances are, or takes this annotator's verdict of them back.

        Args:
            verdict: None takes it back.
            reason: of a rejection.
        """
        history, ids = self._session.history, list(instance_ids)
        self._perform(ids, lambda: verdicts.set_verdict(history, ids, verdict, reason))

    def set_category(self, instance_ids: Sequence[int], category: Category) -> None:
        """Says which kind of object instances are."""
        history, ids = self._session.history, list(instance_ids)
        self._perform(
            ids,
            lambda: categories.set_category(history, ids, category),
            nothing_new=f"That is called {category.value} already.",
        )

    def _perform(self, ids: list[int], verb: Callable[[], Touched], nothing_new: str = "") -> None:
        def guarded() -> Touched:
            try:
                return verb()
            except BaseException:
                self._lost.append(ids)
                raise

        def committed(touched: Touched) -> None:
            said = done(touched) if touched.edit_id else nothing_new
            if said:
                self.said.emit(said)

        self._session.perform(guarded, committed)

    def _on_failed(self, _: object) -> None:
        if self._lost:
            self.refused.emit(self._lost.pop(0))
