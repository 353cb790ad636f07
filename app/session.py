"""One open project as the window's workspaces use it: edits, reads, frames and news, all without waiting."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.background import Background, Task
from app.controllers.bodies import BodyShelf
from core.errors import AmodalError
from core.records.history import Touched
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from core.jobs.fit.people.live_server import LiveServer
    from core.media.frame_service import FrameService
    from core.records.media import DecodedFrame
    from core.store.history import History
    from core.store.project import Project

T = TypeVar("T")
POLL_MS = 250
_REVERSED_WITHIN_MS = 150
BEATS_BETWEEN_LOOKS = 4  # polls
log = logging.getLogger(__name__)


class ProjectSession(QObject):
    """One open project.

    Edits go through `perform` in the order in which they were asked for; reads through `in_background`.
    Callbacks and signals always come on the main thread.

    Args:
        project: open; it is closed with the session.
        annotator: who edits.
        preferences: settings of resources/settings.toml as they were when the project was opened.

    Attributes:
        bodies: the body models that are here.

    Signals:
        touched(Touched): an edit, an undo or a redo was committed. Redraw what shows those rows.
        reversing(): an undo or a redo was asked for: what is still held becomes an edit first, if it should.
        undone(Touched), redone(Touched): just before `touched`, where it was an undo or a redo.
        failed(AmodalError): an expected error; the window shows it as a toast.
        news(str, str): what somebody else did that concerns the person now, and what follows; a toast.
        preferred(str, object): a setting that was changed in a workspace, and its value, which is to be kept.
        bodies_changed(): people are fitted and shown with another body model from now on.
        body_read(NamedBody): that model could be read.
        broke(Exception): a bug; the window logs it whole and says that nothing is lost.
        job_changed(JobRow): a job's row is new or different.
        outside_change(): another process, such as a running job, wrote to the project.
    """

    touched = Signal(object)
    reversing = Signal()
    undone = Signal(object)
    redone = Signal(object)
    failed = Signal(object)
    news = Signal(str, str)
    preferred = Signal(str, object)
    bodies_changed = Signal()
    body_read = Signal(object)
    broke = Signal(object)
    job_changed = Signal(object)
    outside_change = Signal()

    def __init__(
        self, project: Project, annotator: str, preferences: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__()
        from core.store.history import History

        self.project = project
        self.annotator = annotator
        self.history: History = History(project, annotator)
        self.preferences: Mapping[str, Any] = preferences or {}
        self.bodies = BodyShelf(str(self.preferences.get("body_file", "")))
        self._cache_bytes = int(self.preferences.get("cache_mib", 256)) * 2**20
        self._frames: FrameService | None = None
        self._person_fits: LiveServer | None = None
        self._open_sources: set[int] = set()
        self._edits = Background(1, self.report)
        self._reads = Background(3, self.report)
        self._watch = project.changes()
        self._jobs: dict[int, JobRow] = {}
        self._outside_seen = False
        self._revision = 0
        self._beats = 0
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._poll)
        self._timer.start()
        self._look_at_jobs([])

    # ---- edits ----------------------------------------------------------------------------------

    def perform(self, verb: Callable[[], Touched], on_done: Callable[[Touched], None] | None = None) -> None:
        """Runs a verb of core/store/edits on the edit thread; emits `touched` once it is committed.

        Args:
            verb: such as `lambda: set_verdict(session.history, ids, Verdict.OCCLUDED)`.
            on_done: called just before `touched` is emitted.
        """

        def done(touched: Touched) -> None:
            if on_done is not None:
                on_done(touched)
            self.touched.emit(touched)

        self._edits.run(lambda: self._quietly(verb), done)

    def _quietly(self, verb: Callable[[], Touched]) -> Touched:
        """Runs a verb so that its own commit is not taken for another process's; on the edit thread."""
        if self._watch.poll():
            self._outside_seen = True
        touched = verb()
        self._watch.poll()
        return touched

    def undo(self) -> None:
        """Takes back the annotator's last edit."""
        self._reverse(self.history.undo, self.undone.emit)

    def redo(self) -> None:
        """Makes the edit again that was taken back last."""
        self._reverse(self.history.redo, self.redone.emit)

    def _reverse(self, verb: Callable[[], Touched], on_done: Callable[[Touched], None]) -> None:
        """Undo or redo. Waits for it a little: the next key is meant for what is there afterwards."""
        self.reversing.emit()
        self.perform(verb, on_done)
        self._edits.settle(_REVERSED_WITHIN_MS)

    # ---- reads ----------------------------------------------------------------------------------

    def in_background(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Callable[[BaseException], None] | None = None,
        tag: str = "",
    ) -> Task:
        """Runs work on a thread and gives its result to on_done on the main thread.

        Args:
            on_error: is given what it raised; without it, it goes to `failed` or `broke`.
            tag: a later call with the same tag makes this one's result be dropped.
        """
        return self._reads.run(work, on_done, on_error, tag)

    def use_body(self, path: str) -> None:
        """Fits and shows people with the body model of another file; what is wrong with it is told.

        Args:
            path: of the file; empty takes the program's own.
        """
        self.bodies.use(path)
        self.in_background(self.bodies.machine, self.body_read.emit, tag="body model")
        self.bodies_changed.emit()

    def look_at_body(self) -> None:
        """Reads the body model's file again, if it is another than when it was read."""

        def looked(outdated: bool) -> None:
            if outdated:
                self.use_body(str(self.bodies.path or ""))

        self.in_background(lambda: self.bodies.is_outdated, looked, tag="body model's file")

    # ---- frames ---------------------------------------------------------------------------------

    @property
    def frames(self) -> FrameService:
        """The decoding child process, started when it is first asked for."""
        if self._frames is None:
            from core.jobs.spawn import program_command
            from core.media.frame_service import FrameService

            self._frames = FrameService(program_command("decode-server"), cache_bytes=self._cache_bytes)
        return self._frames

    @property
    def person_fits(self) -> LiveServer:
        """The child process that fits people while their points are placed, started when it is needed."""
        if self._person_fits is None:
            from core.jobs.fit.people.live_server import LiveServer
            from core.jobs.spawn import program_command

            self._person_fits = LiveServer(program_command("people-server", str(self.project.path)))
        return self._person_fits

    def request_frame(
        self,
        source_id: int,
        pts: int,
        on_frame: Callable[[DecodedFrame], None],
        on_error: Callable[[AmodalError], None],
        tag: str = "view",
    ) -> None:
        """Asks for a frame of a source, opening the source first; answers on the main thread.

        The newest request of a tag wins; older ones are dropped without a call.
        """

        def ask() -> None:
            self.frames.request(
                source_id,
                pts,
                lambda frame: self._reads.call_soon(lambda: on_frame(frame)),
                lambda error: self._reads.call_soon(lambda: on_error(error)),
                tag,
            )

        if source_id in self._open_sources:
            cached = self.frames.cached(source_id, pts)
            if cached is not None:
                on_frame(cached)
            else:
                ask()
            return

        def opened(_: object) -> None:
            self._open_sources.add(source_id)
            ask()

        def refused(problem: BaseException) -> None:
            if isinstance(problem, AmodalError):
                on_error(problem)
            else:
                self.report(problem)

        self.in_background(lambda: self._open_source(source_id), opened, refused, tag=f"open for {tag}")

    def forget_source(self, source_id: int) -> None:
        """Makes the next request open the source again, as after its footage was found elsewhere."""
        self._open_sources.discard(source_id)

    def _open_source(self, source_id: int) -> None:
        from core.errors import FootageMissingError
        from core.store.queries import sources

        with self.project.read() as connection:
            row = sources.source_by_id(connection, self.project, source_id, counted=False)
            path = sources.footage_path(connection, self.project, source_id)
            stamps = list(sources.frame_stamps(connection, source_id)) if path is not None else []
        if row is None or path is None:
            place = f" at {row.path}" if row is not None else ""
            raise FootageMissingError(
                f"The footage is not there any more{place}.", "Put it back, or use Find moved footage."
            )
        self.frames.open(source_id, row.kind, path, stamps)

    # ---- news -----------------------------------------------------------------------------------

    def jobs(self) -> list[JobRow]:
        """The jobs as last seen, newest first."""
        return sorted(self._jobs.values(), key=lambda row: -row.id)

    def poll_now(self) -> None:
        """Looks for news at once, as after a job was started."""
        self._beats = 0
        self._poll()

    def _poll(self) -> None:
        changed = self._watch.poll() or self._outside_seen
        self._outside_seen = False
        self._beats -= 1
        seeming = [row.id for row in self._jobs.values() if row.state in (JobState.RUNNING, JobState.QUEUED)]
        if changed or (seeming and self._beats <= 0):
            # a job that died writes nothing: those that seem to run are asked after now and then
            ask_after = seeming if self._beats <= 0 else []
            if self._beats <= 0:
                self._beats = BEATS_BETWEEN_LOOKS
            self._look_at_jobs(ask_after)
        if changed:
            self.outside_change.emit()

    def _look_at_jobs(self, ask_after: list[int]) -> None:
        from core.store import job_rows

        revision = self._revision

        def read() -> tuple[list[JobRow], int]:
            with self.project.read() as connection:
                rows, newest = job_rows.changed_since(connection, revision)
                asked = [job_rows.get_job(connection, job_id) for job_id in ask_after]
            return [*rows, *(row for row in asked if row is not None)], newest

        self.in_background(read, self._compare_jobs, tag="jobs")

    def _compare_jobs(self, news: tuple[list[JobRow], int]) -> None:
        rows, self._revision = news
        for row in rows:
            if self._jobs.get(row.id) != row:
                self._jobs[row.id] = row
                self.job_changed.emit(row)

    # ---- the end --------------------------------------------------------------------------------

    def close(self) -> None:
        """Waits for edits under way, stops threads and the children, closes the project."""
        self._timer.stop()
        self._edits.close()
        if self._person_fits is not None:
            self._person_fits.close()
        self._reads.close()
        if self._frames is not None:
            self._frames.close()
        self._watch.close()
        self.project.close()

    def report(self, problem: BaseException) -> None:
        """Tells of an error: an expected one to the person, any other to the log."""
        if isinstance(problem, AmodalError):
            self.failed.emit(problem)
        else:
            log.error("an error that nobody expected", exc_info=problem)
            self.broke.emit(problem)
