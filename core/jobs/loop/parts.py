"""The parts of a round: jobs of their own, with rows of their own, run one after another in this process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import AmodalError, JobError, SettingsError
from core.jobs.context import JobCancelled, JobContext
from core.jobs.flatten import checked, nest
from core.jobs.registry import kind_of
from core.jobs.runner import run_job
from core.records.jobs import JobState
from core.store import job_rows

PARTS = ("mine", "fit", "cut", "compose", "train", "evaluate")
_LOOK_S = 0.1
_MOST_BYTES = 1_000_000

RunPart = Callable[..., JobState]


def given_parts(path: Path | None) -> dict[str, dict[str, Any]]:
    """Settings by part, from a file of JSON; none without a file.

    Raises:
        SettingsError: it cannot be read, or is about something else.
    """
    if path is None:
        return {}
    way_out = f"Write an object of JSON with some of these names: {', '.join(PARTS)}."
    try:
        with path.expanduser().open("rb") as file:
            text = file.read(_MOST_BYTES + 1)
        if len(text) > _MOST_BYTES:
            raise SettingsError(f"{path.name} is too large for settings of the parts.", way_out)
        given = json.loads(text)
    except OSError as problem:
        raise SettingsError(
            f"{path} cannot be read: {problem.strerror or problem}.", "Choose another file."
        ) from problem
    except (ValueError, RecursionError) as problem:
        raise SettingsError(f"{path.name} is no JSON.", way_out) from problem
    if not isinstance(given, dict) or not all(isinstance(one, dict) for one in given.values()):
        raise SettingsError(f"{path.name} holds no settings by part.", way_out)
    unknown = sorted(set(given) - set(PARTS))
    if unknown:
        raise SettingsError(f"{path.name} names {unknown[0]}, which is no part of a round.", way_out)
    return {part: nest(values) for part, values in given.items()}


class Parts:
    """Runs the parts of a loop, each once: one that is done is not done again, one that stopped goes on.

    Args:
        context: of the loop; its checkpoint notes which job did which part.
        given: further settings by part.
        run: what runs a job to its end.
    """

    def __init__(
        self, context: JobContext, given: Mapping[str, Mapping[str, Any]], run: RunPart = run_job
    ) -> None:
        self._context, self._given, self._run = context, given, run
        self._jobs: dict[str, int] = context.checkpoint.setdefault("parts", {})

    def check(self) -> None:
        """Looks at the given settings, before hours of work.

        Raises:
            SettingsError: some do not fit.
        """
        for part, values in self._given.items():
            checked(kind_of(part).settings, dict(values))

    def do(
        self, name: str, kind: str, settings: Mapping[str, Any], begun: float, share: float, words: str
    ) -> dict[str, Any]:
        """Runs a part to its end; gives what it tells.

        Args:
            name: of the part in this loop, the same when it is resumed: "2 mine".
            kind: of its job. settings: nested; they count more than what is given for the kind.
            begun, share: of the loop's progress.
            words: what is being done, for people.

        Raises:
            JobCancelled: the loop or the part was stopped.
            JobError: the part cannot be done.
        """
        context = self._context
        context.check_stop()
        job_id = self._jobs.get(name)
        if job_id is None:
            job_id = self._make(name, kind, settings)
            context.log(f"{words}: job {job_id}.")
        row = self._row(job_id)
        if row.state is not JobState.DONE:
            self._finish(job_id, begun, share, words)
            row = self._row(job_id)
        context.progress(begun + share, words)
        return row.result

    def _make(self, name: str, kind: str, settings: Mapping[str, Any]) -> int:
        known = kind_of(kind)
        model = checked(known.settings, {**self._given.get(kind, {}), **settings})
        with self._context.project.write() as connection:
            # with the checkpoint, so that no part is there of which the loop knows nothing
            job_id = job_rows.add_job(connection, kind, known.title, model.model_dump(mode="json"))
            self._jobs[name] = job_id
            self._context.save(connection)
        return job_id

    def _finish(self, job_id: int, begun: float, share: float, words: str) -> None:
        context = self._context

        def show(part: float, message: str) -> None:
            context.progress(begun + share * part, f"{words}: {message}" if message else words)

        with _stops_with(context) as started:
            try:
                state = self._run(context.project.path, job_id, on_progress=show, on_start=started)
            except AmodalError as problem:
                raise JobError(f"{words} ended. {problem.problem}", problem.way_out) from problem
        if state is not JobState.DONE:
            raise JobCancelled

    def _row(self, job_id: int) -> Any:
        with self._context.project.read() as connection:
            row = job_rows.get_job(connection, job_id)
        if row is None:
            raise JobError(f"Job {job_id}, a part of this loop, is gone.", "Begin a new loop.")
        return row


@contextmanager
def _stops_with(loop: JobContext) -> Iterator[Callable[[JobContext], None]]:
    """Asks a part to stop as soon as its loop is asked to, whatever it is doing."""
    over = threading.Event()
    watchers: list[threading.Thread] = []

    def started(part: JobContext) -> None:
        def watch() -> None:
            while not over.wait(_LOOK_S):
                if loop.stop_requested():
                    part.request_stop()
                    return

        watchers.append(threading.Thread(target=watch, name="stop of a part", daemon=True))
        watchers[-1].start()

    try:
        yield started
    finally:
        over.set()
        for one in watchers:
            one.join()
