"""Runs a job in the shell, to its end: with a bar, by Ctrl+C, and with what it made printed."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def run_in_foreground(
    project: Path, job_id: int, *, quiet: bool = False, asked_at: float | None = None
) -> None:
    """Runs a job here and prints what it made; Ctrl+C or SIGTERM asks it to stop and a second one ends it.

    One that wants several processes is run by these, and followed from here.

    On a terminal a bar shows how far it is; elsewhere, as in a log file, the job's own log is printed.

    Args:
        project, job_id: which.
        quiet: prints nothing but errors.
        asked_at: when it was asked for, Unix seconds: stopped since then, it does not begin.
    """
    from core.jobs.runner import run_job
    from core.jobs.several import processes_of, run_together
    from core.records.jobs import JobState
    from core.store.project import Project

    asked = threading.Event()

    def stop_on_signals(context: JobContext | None = None) -> None:
        def ask(number: int, *_: object) -> None:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
            asked.set()
            if context is not None:
                context.request_stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, ask)

    with Project.open(project) as opened:
        several = processes_of(opened, job_id)
    with _shown(f"Job {job_id}", quiet=quiet) as (on_progress, on_log):
        if several > 1:
            stop_on_signals()
            with Project.open(project) as opened:
                state = run_together(
                    opened,
                    job_id,
                    several,
                    stop_asked=asked.is_set,
                    on_progress=on_progress,
                    on_log=on_log,
                    asked_at=asked_at,
                )
        else:
            state = run_job(
                project,
                job_id,
                on_start=stop_on_signals,
                on_progress=on_progress,
                on_log=on_log,
                asked_at=asked_at,
            )
    if state is JobState.CANCELLED:
        typer.echo(f"Stopped. Resume with: amodal job run {project} {job_id}")
        raise typer.Exit(130)
    if not quiet:
        _echo_result(project, job_id)


@contextmanager
def _shown(
    title: str, *, quiet: bool
) -> Iterator[tuple[Callable[[float, str], None], Callable[[str], None]]]:
    """How a job's progress and its log are shown: a bar on a terminal, the log elsewhere, or nothing."""
    nothing: Callable[..., None] = lambda *_: None  # noqa: E731
    if quiet:
        yield nothing, nothing
    elif not sys.stderr.isatty():
        yield nothing, partial(typer.echo, err=True)
    else:
        with progress_bar(title) as show:
            yield show, nothing


class progress_bar:  # noqa: N801 - used like a function
    """A rich progress bar as a context manager that gives (share, message) -> None."""

    def __init__(self, title: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:3.0f} %"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(title, total=1.0)

    def __enter__(self) -> Any:
        self._bar.__enter__()
        return lambda share, message: self._bar.update(self._task, completed=share, description=message)

    def __exit__(self, *problem: Any) -> None:
        self._bar.__exit__(*problem)


@contextmanager
def progress_lines() -> Iterator[Callable[[float, str], None]]:
    """A line for each percent, where no terminal draws a bar."""
    last = -1

    def show(share: float, message: str) -> None:
        nonlocal last
        percent = int(100 * share)
        if percent > last:
            last = percent
            typer.echo(f"{percent} % {message}", err=True)

    yield show


def _echo_result(project: Path, job_id: int) -> None:
    from core.store import job_rows
    from core.store.project import Project

    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        row = job_rows.get_job(connection, job_id)
    for name, value in (row.result if row else {}).items():
        shown = "; ".join(str(one) for one in value) if isinstance(value, list) else value
        typer.echo(f"{name.replace('_', ' ')}: {shown}")
