"""The undoable edits of the Keypoints workspace, and which of them were its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.controllers.saying import done
from core.records.history import Touched
from core.store.edits.accepted import AcceptedObject, accept_objects
from core.store.edits.keypoint_gestures import PointsGesture, save_gesture

if TYPE_CHECKING:
    from app.session import ProjectSession

_KEPT = 200


class KeypointEdits(QObject):
    """Makes edits in the order in which they were asked for.

    Signals:
        refused(): an edit was not kept: what is shown is not what is stored.
        merged(str, str): who had changed other points of the same object meanwhile, such as "Ben", and what
            that is called: more is stored than is shown.
        said(str): what was done.
    """

    refused = Signal()
    merged = Signal(str, str)
    said = Signal(str)

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._own: list[int] = []
        self._lost = False
        self._under_way = 0
        session.failed.connect(self._on_failed)
        session.broke.connect(self._on_failed)

    @property
    def busy(self) -> bool:
        """Whether an edit is under way, so that what is stored is older than what is shown."""
        return self._under_way > 0

    def save(self, gesture: PointsGesture, title: str, name: str) -> None:
        """Keeps what a gesture made of an object's points as a new version.

        Args:
            name: what the object is called.
        """
        history, beside = self._session.history, [""]

        def verb() -> Touched:
            saved = save_gesture(history, gesture, title)
            beside[0] = saved.beside
            return saved.touched

        def then() -> None:
            if beside[0]:
                self.merged.emit(beside[0], name)

        self._perform(verb, then=then)

    def accept(self, objects: Sequence[AcceptedObject], title: str) -> None:
        """Keeps points and fits of objects as one edit."""
        history = self._session.history
        self._perform(lambda: accept_objects(history, objects, title))

    def accept_filled(
        self, objects: Sequence[AcceptedObject], seen: Mapping[int, int | None], title: Callable[[int], str]
    ) -> None:
        """Keeps points and fits that took their time, but of objects whose points are still those seen.

        What is shown may be older than this edit, so it does not count among the own ones.
        """
        history = self._session.history
        self._perform(lambda: accept_objects(history, objects, title, seen), own=False)

    def after(self, then: Callable[[], object]) -> None:
        """Calls a function once every edit so far is committed; at once where none is under way."""
        if self._under_way:

            def committed(_: Touched) -> None:
                then()

            self._session.perform(lambda: Touched("", {}, 0), committed)
        else:
            then()

    def is_own(self, touched: Touched) -> bool:
        """Whether an edit was made here, so that what is shown is at least as new."""
        return touched.edit_id in self._own

    def _perform(
        self, verb: Callable[[], Touched], own: bool = True, then: Callable[[], None] | None = None
    ) -> None:
        def guarded() -> Touched:
            try:
                return verb()
            except BaseException:
                self._lost = True
                raise

        def committed(touched: Touched) -> None:
            self._under_way -= 1
            if touched.edit_id:
                if own:
                    self._own = [*self._own[-_KEPT:], touched.edit_id]
                self.said.emit(done(touched))
            if then is not None:
                then()

        self._under_way += 1
        self._session.perform(guarded, committed)

    def _on_failed(self, _: object) -> None:
        if self._lost:
            self._lost = False
            self._under_way -= 1
            self.refused.emit()
