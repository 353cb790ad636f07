"""The live fit of the object in hand: a car's at once, a person's when a thread beside the window has it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.controllers.keypoint_fit import FitAnswer, Fitting, LiveFit
from app.controllers.keypoint_person_fit import FitWorker, LivePersonFit
from app.controllers.keypoint_reads import OpenObject
from app.controllers.keypoint_track import Carried
from core.records.fits import VehicleFit
from core.records.keypoints import KeypointSet


class HeldFit(QObject):
    """Fits what is shown, whatever it is, and tells when newer points of a person are fitted.

    Signals:
        fitted(): `answer_to` says more than it did.
    """

    fitted = Signal()

    def __init__(self, worker: FitWorker) -> None:
        super().__init__()
        self._worker = worker
        self._live: LiveFit | LivePersonFit | None = None
        self._left: LivePersonFit | None = None  # of the person left last, whose fit is still to be kept

    @property
    def waiting(self) -> bool:
        """Whether the newest points are still being fitted."""
        return self._live is not None and self._live.waiting

    def begin(self, one: OpenObject, carried: Carried | None) -> None:
        """Fits another object.

        Args:
            carried: what was brought along its track.
        """
        self.let_go()
        if isinstance(one.fitting, Fitting):
            brought = carried if isinstance(carried, VehicleFit) else None
            self._live = LiveFit(one.fitting, one.size_px, brought)
        else:
            points = carried if isinstance(carried, tuple) else None
            self._live = LivePersonFit(one.fitting, self._worker, self.fitted.emit, points)

    def begin_again(self, one: OpenObject) -> None:
        """Fits the same object by what is known of it now."""
        self.begin(one, None if self._live is None else self._live.carried)

    def let_go(self) -> None:
        """Fits nothing."""
        if self._live is not None:
            self._live.close()
        self._live = None

    def answer_to(self, points: KeypointSet) -> FitAnswer:
        """What follows from the points, or from those before where these are still being fitted."""
        return FitAnswer() if self._live is None else self._live.answer(points)

    def forget(self) -> None:
        """Begins anew, as for points that have nothing to do with those fitted last."""
        if self._live is not None:
            self._live.forget()

    def once_fitted(self, then: Callable[[FitAnswer], None]) -> None:
        """Leaves the newest points, which are being fitted, to a call that comes when they are."""
        if isinstance(self._live, LivePersonFit):
            self.drop_left()
            self._left, self._live = self._live, self._live.successor(self.fitted.emit)
            self._left.finish(then)

    def drop_left(self) -> None:
        """Makes sure that no such call comes any more."""
        if self._left is not None:
            self._left.close()
            self._left = None
