"""Starts, follows, stops and resumes jobs; they run in processes of their own."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.session import ProjectSession
from app.states.jobs import JobCard, JobsState
from core.errors import JobError
from core.records.forms import Form
from core.records.jobs import JobRow, JobState

EDITING = frozenset({"locate"})
"""Kinds of job that make an edit of a person, and so are told which."""

_SHOWN = 100
_LOOK_MS = 500
log = logging.getLogger(__name__)


class JobsController(QObject):
    """Holds the jobs dock's state.

    Signals:
        changed(JobsState)
        ended(JobRow): a job that was seen waiting or running has come to an end, whatever end.
        started(int): the id of a job that this window started.
    """

    changed = Signal(object)
    ended = Signal(object)
    started = Signal(int)

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._forms: dict[str, Form] | None = None
        self._asked: list[tuple[str, Callable[[Form], None]]] = []
        self.state = JobsState(tuple(JobCard(row) for row in session.jobs()[:_SHOWN]))
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._reap)
        session.job_changed.connect(self._on_job)

    def form(self, kind: str, on_form: Callable[[Form], None]) -> None:
        """Gives the form of a kind of job with what the project has to choose from; in a moment.

        The first time it looks what can run, too.
        """
        if self._forms is not None:
            self._offer(self._forms[kind], on_form)
            return
        self._asked.append((kind, on_form))
        if len(self._asked) == 1:
            self._session.in_background(_read_forms, self._keep_forms, self._no_forms)

    def start(
        self, kind: str, settings: Mapping[str, Any], on_started: Callable[[int], None] | None = None
    ) -> None:
        """Queues a job and starts its process; what it edits is edited in the annotator's name."""
        project = self._session.project
        if kind in EDITING:
            settings = {**settings, "annotator": self._session.annotator}

        def work() -> tuple[int, subprocess.Popen[bytes]]:
            from core.jobs import registry
            from core.jobs.launch import launch

            job_id = registry.create(project, kind, settings)
            return job_id, launch(project.path, job_id)

        def done(result: tuple[int, subprocess.Popen[bytes]]) -> None:
            job_id, process = result
            self._watch(job_id, process)
            self.started.emit(job_id)
            if on_started is not None:
                on_started(job_id)

        self._session.in_background(work, done)

    def cancel(self, job_id: int) -> None:
        """Asks a job to stop; after two seconds it is ended, and can be resumed."""
        self._mark(job_id, stopping=True)
        project = self._session.project

        def work() -> JobState:
            from core.jobs.launch import cancel

            return cancel(project, job_id)

        def done(_: JobState) -> None:
            self._mark(job_id, stopping=False)
            self._session.poll_now()

        self._session.in_background(work, done)

    def resume(self, job_id: int) -> None:
        """Carries a stopped job on from where it was."""
        project = self._session.project

        def work() -> subprocess.Popen[bytes]:
            from core.jobs.launch import launch

            return launch(project.path, job_id)

        self._session.in_background(work, lambda process: self._watch(job_id, process))

    def read_log(self, job_id: int, on_log: Callable[[str], None]) -> None:
        """Gives a job's log as text."""
        project = self._session.project

        def work() -> str:
            from core.store import job_rows

            with project.read() as connection:
                lines = job_rows.read_log(connection, job_id)
            return "\n".join(text for _, _, text in lines)

        self._session.in_background(work, on_log)

    def close(self) -> None:
        """Stops following; the jobs carry on by themselves."""
        self._timer.stop()
        self._processes.clear()

    def _keep_forms(self, forms: dict[str, Form]) -> None:
        self._forms = forms
        asked, self._asked = self._asked, []
        for kind, on_form in asked:
            self._offer(forms[kind], on_form)

    def _offer(self, form: Form, on_form: Callable[[Form], None]) -> None:
        """Hands a form on with the project's cameras and sources, where it asks for any."""
        if all(field.of is None for field in form.fields):
            on_form(form)
            return
        project = self._session.project

        def read() -> Form:
            from core.jobs.forms import with_offers
            from core.store.queries import cameras, sources

            with project.read() as connection:
                names = {row.id: row.name for row in cameras.list_cameras(connection)}
                rows = sources.list_sources(connection, project, counted=False)
            found = [(row.id, row.name, names.get(row.camera_id, "")) for row in rows]
            return with_offers(form, list(names.values()), found)

        self._session.in_background(read, on_form)

    def _no_forms(self, problem: BaseException) -> None:
        self._asked = []
        log.error("the settings of the jobs cannot be read", exc_info=problem)
        self._session.broke.emit(problem)

    # ---- following ------------------------------------------------------------------------------

    def _watch(self, job_id: int, process: subprocess.Popen[bytes]) -> None:
        self._processes[job_id] = process
        self._timer.start()
        self._session.poll_now()

    def _reap(self) -> None:
        """Takes note of processes that ended; one that never took up its job is told of."""
        for job_id, process in list(self._processes.items()):
            code = process.poll()
            if code is None:
                continue
            del self._processes[job_id]
            self._session.poll_now()
            row = next((card.row for card in self.state.cards if card.row.id == job_id), None)
            if code != 0 and row is not None and row.state is JobState.QUEUED:
                log.error("the process of job %d ended with code %d before it began", job_id, code)
                self._session.failed.emit(
                    JobError(
                        f"The process of “{row.title}” ended before it began.",
                        "Try to resume it; “amodal doctor” in a shell says what may be missing.",
                    )
                )
        if not self._processes:
            self._timer.stop()

    def _on_job(self, row: JobRow) -> None:
        earlier = next((card for card in self.state.cards if card.row.id == row.id), None)
        if earlier is None:
            cards = tuple(sorted((JobCard(row), *self.state.cards), key=lambda card: -card.row.id))
        else:
            card = replace(earlier, row=row)
            cards = tuple(card if kept.row.id == row.id else kept for kept in self.state.cards)
        self._set(cards)
        if earlier is not None and earlier.is_live and not JobCard(row).is_live:
            self.ended.emit(row)

    def _mark(self, job_id: int, *, stopping: bool) -> None:
        self._set(
            tuple(
                replace(card, stopping=stopping) if card.row.id == job_id else card
                for card in self.state.cards
            )
        )

    def _set(self, cards: tuple[JobCard, ...]) -> None:
        self.state = JobsState(cards[:_SHOWN])
        self.changed.emit(self.state)


def _read_forms() -> dict[str, Form]:
    from core.jobs import registry

    return registry.forms()
