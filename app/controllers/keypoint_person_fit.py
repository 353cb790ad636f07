"""The live fit of one person: worked out in a process beside the window, where the newest points win."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from app.controllers.keypoint_figure import settled
from app.controllers.keypoint_fit import FitAnswer
from app.controllers.keypoint_points import without_taken_over
from app.controllers.review_session import Worker
from core.jobs.fit.people.live import LiveAnswer, LivePerson
from core.jobs.fit.people.live_wire import LiveRequest
from core.records.fits import FitVerdict
from core.records.keypoints import KeypointSet, PlacedPoint

if TYPE_CHECKING:
    from core.fitting.people.fitter import BodyFitter

_WEAK = (FitVerdict.TOO_FEW_POINTS, FitVerdict.AMBIGUOUS)


class PersonFits(Protocol):
    """Fits people; core.jobs.fit.people.live_server.LiveServer does."""

    def start(self) -> None:
        """Makes ready for the first question."""
        ...

    def answer(self, request: LiveRequest) -> LiveAnswer | None:
        """What follows from a person's points; None where they cannot be fitted. Waits."""
        ...


class FitWorker(Worker, Protocol):
    """Waits for fits off the main thread; app.session.ProjectSession does."""

    def report(self, problem: BaseException) -> None:
        """Tells of an error that the work did not come back from."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class PersonFitting:
    """What fits one person; made off the main thread.

    Attributes:
        instance_id: whose.
        fits: where the fits are worked out.
        turn: another number each time that what is known of the person was read.
        body: path of this machine's body model; "" for the program's own.
        person: what the store knows besides the points; None where the camera is not calibrated.
        shape_space: name and hash of the body.
        problem, body_problem: why the calibration, or the body model, cannot be used, or "".
    """

    instance_id: int
    fits: PersonFits
    turn: int = 0
    body: str = ""
    person: LivePerson | None = None
    shape_space: str = ""
    problem: str = ""
    body_problem: str = ""

    @property
    def fitter(self) -> BodyFitter | None:
        """Of the frame's camera; None where it is not calibrated."""
        return None if self.person is None else self.person.fitter

    @property
    def calibration_id(self) -> int | None:
        """The calibration that it rests on."""
        return None if self.person is None else self.person.calibration_id

    @property
    def by_mask(self) -> bool:
        """Whether fits rest on the mask, too."""
        return self.person is not None and self.person.seen is not None

    def answer(self, points: KeypointSet) -> FitAnswer:
        """What follows from the points alone. Takes its time: for a thread, which waits."""
        asked = LiveRequest(self.instance_id, self.turn, self.body, self.shape_space, points)
        found = self.fits.answer(asked)
        return FitAnswer() if found is None else FitAnswer(found.fit, found.ghosts, found.outline)


class LivePersonFit:
    """Fits one person again and again; what it says is of the points before until the newest are fitted.

    Args:
        fitting: what fits.
        worker: waits for it.
        fitted: called on the main thread when newer points are fitted.
        carried: points of another view of the track, which hold until the fit does.
    """

    def __init__(
        self,
        fitting: PersonFitting,
        worker: FitWorker,
        fitted: Callable[[], None],
        carried: tuple[PlacedPoint, ...] | None = None,
    ) -> None:
        self.fitting, self.carried = fitting, carried
        self._worker, self._fitted = worker, fitted
        self._own = FitAnswer()  # of the points that were fitted last
        self._newest: KeypointSet | None = None
        self._wanted: KeypointSet | None = None  # still to be fitted
        self._running = False

    @property
    def waiting(self) -> bool:
        """Whether the newest points are still being fitted."""
        return self._running or self._wanted is not None

    def answer(self, points: KeypointSet) -> FitAnswer:
        """What is known of the points by now; what follows from them comes by `fitted`."""
        told = without_taken_over(points)  # what came from a fit is no evidence
        if self.fitting.fitter is not None and told != self._newest:
            self._newest = self._wanted = told
            self._start()
        own = self._own
        if self.carried is None or (own.fit is not None and own.fit.verdict not in _WEAK):
            return own
        return FitAnswer(own.fit, settled(self.carried, points), carried=True)

    def forget(self) -> None:
        """Lets the last fit be shown until the next one is there."""

    def successor(self, fitted: Callable[[], None]) -> LivePersonFit:
        """Goes on with the same person and what is known by now."""
        other = LivePersonFit(self.fitting, self._worker, fitted, self.carried)
        other._own = self._own
        return other

    def finish(self, then: Callable[[FitAnswer], None]) -> None:
        """Tells only once more, and what follows from the newest points: nobody looks any longer."""

        def fitted() -> None:
            if not self.waiting:
                then(self._own)

        self._fitted = fitted

    def close(self) -> None:
        """Tells nobody any more."""
        self._wanted = None
        self._fitted = _nobody

    def _start(self) -> None:
        if self._running or self._wanted is None:
            return
        points, self._wanted, self._running = self._wanted, None, True

        def work() -> FitAnswer | Exception:
            try:
                return self.fitting.answer(points)
            except Exception as problem:
                return problem  # nobody may be left waiting for ever

        def done(answer: FitAnswer | Exception) -> None:
            self._running = False
            self._own = FitAnswer() if isinstance(answer, Exception) else answer
            self._start()
            self._fitted()
            if isinstance(answer, Exception):
                self._worker.report(answer)

        self._worker.in_background(work, done)


def _nobody() -> None:
    """Whom a fit is told that nobody wants."""
