"""The shell: every job and every exchange, with a progress bar and errors in one line."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli_calibrate import calibrate
from core.cli_shapes import shapes_app
from core.cli_synth import synth_app
from core.errors import AmodalError, JobError
from core.jobs.options import command_of
from core.jobs.registry import KINDS, create

if TYPE_CHECKING:
    from core.jobs.context import JobContext

app = typer.Typer(
    name="amodal",
    help="Amodal Studio: teach machines to see what is hidden.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
jobs_app = typer.Typer(help="List, run, resume and cancel jobs.", no_args_is_help=True)
app.add_typer(jobs_app, name="job")
app.add_typer(shapes_app, name="shapes")
app.add_typer(synth_app, name="synth")
app.command("calibrate")(calibrate)

ProjectPath = Annotated[Path, typer.Argument(help="The project file, NAME.amodal.", show_default=False)]


@app.command()
def new(
    project: ProjectPath,
    name: Annotated[str | None, typer.Option(help="The project's name; the file's name by default.")] = None,
) -> None:
    """Make a new, empty project."""
    from core.store.project import Project

    with Project.create(project, name) as made:
        path = project.with_name(made.path.name)
    typer.echo(f"Made {path}")


@app.command()
def detectors() -> None:
    """List what finds objects and what finds keypoints, and whether each can run here."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from core.mining.detectors.registry import availability
    from core.mining.keypoints.registry import availability as keypoint_finders

    table = Table(box=None, pad_edge=False)
    for heading in ("finds", "detector", "runs here", "note"):
        table.add_column(heading)
    for finds, entries in (("objects", availability()), ("keypoints", keypoint_finders())):
        for entry in entries:
            table.add_row(finds, entry.name, "yes" if entry.available else "no", escape(entry.note))
    Console().print(table)


@app.command()
def doctor(
    project: Annotated[Path | None, typer.Argument(help="A project to check as well.")] = None,
) -> None:
    """Report GPU, OpenGL, codecs and conflicts, and check a project."""
    from core.jobs.doctor import report

    healthy = True
    for finding in report(project):
        mark = {"ok": "ok  ", "note": "note", "bad": "BAD "}[finding.level]
        typer.echo(f"{mark}  {finding.subject}: {finding.text}")
        healthy = healthy and finding.level != "bad"
    if not healthy:
        raise typer.Exit(1)


@app.command()
def info(project: ProjectPath) -> None:
    """Show what a project holds."""
    from core.jobs.overview import overview_lines

    for line in overview_lines(project):
        typer.echo(line)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to make the demo project.")] = Path("demo"),
    seconds: Annotated[float, typer.Option(min=1, help="Length of the clip, where it is drawn.")] = 30.0,
) -> None:
    """Make the demo: a simulated street, mined into a project."""
    from core.jobs.demo import make_demo

    # the window starts this and reads the lines
    with _progress_bar("Demo") if sys.stderr.isatty() else _progress_lines() as show:
        project = make_demo(folder, seconds=seconds, on_progress=show)
    typer.echo(f"Made {project}. Open it with: amodal {project}")


@jobs_app.command("list")
def job_list(project: ProjectPath) -> None:
    """List a project's jobs."""
    from core.store import job_rows
    from core.store.project import Project

    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        for row in job_rows.list_jobs(connection):
            words = row.error or row.message
            typer.echo(f"{row.id:5}  {row.kind:10}  {row.state:11}  {row.progress:4.0%}  {words}")


@jobs_app.command("run")
def job_run(
    project: ProjectPath,
    job: Annotated[int, typer.Argument(help="The job's id.")],
    quiet: Annotated[bool, typer.Option("--quiet", help="Prints nothing but errors.")] = False,
) -> None:
    """Run a queued job, or resume one that stopped."""
    run_in_foreground(project, job, quiet=quiet)


@jobs_app.command("cancel")
def job_cancel(project: ProjectPath, job: Annotated[int, typer.Argument(help="The job's id.")]) -> None:
    """Ask a job to stop; end it if it does not within two seconds."""
    from core.jobs.launch import cancel
    from core.store.project import Project

    with Project.open(project) as opened:
        typer.echo(f"Job {job} is {cancel(opened, job)}")


@jobs_app.command("log")
def job_log(project: ProjectPath, job: Annotated[int, typer.Argument(help="The job's id.")]) -> None:
    """Print a job's log."""
    from core.store import job_rows
    from core.store.project import Project

    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        if job_rows.get_job(connection, job) is None:
            raise JobError(f"There is no job {job}.", "List the jobs with `amodal job list`.")
        last = 0
        while lines := job_rows.read_log(connection, job, after_id=last):
            for _, at, text in lines:
                typer.echo(f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M:%S}  {text}")
            last = lines[-1][0]


def run_in_foreground(project: Path, job_id: int, *, quiet: bool = False) -> None:
    """Runs a job here and prints what it made; Ctrl+C asks it to stop and a second one ends it.

    On a terminal a bar shows how far it is; elsewhere, as in a log file, the job's own log is printed.
    """
    from core.jobs.runner import run_job
    from core.records.jobs import JobState

    def stop_on_interrupt(context: JobContext) -> None:
        def ask(*_: object) -> None:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            context.request_stop()

        signal.signal(signal.SIGINT, ask)

    if quiet:
        state = run_job(project, job_id, on_start=stop_on_interrupt)
    elif not sys.stderr.isatty():
        say = partial(typer.echo, err=True)
        state = run_job(project, job_id, on_start=stop_on_interrupt, on_log=say)
    else:
        with _progress_bar(f"Job {job_id}") as show:
            state = run_job(project, job_id, on_progress=show, on_start=stop_on_interrupt)
    if state is JobState.CANCELLED:
        typer.echo(f"Stopped. Resume with: amodal job run {project} {job_id}")
        raise typer.Exit(130)
    if not quiet:
        _echo_result(project, job_id)


class _progress_bar:  # noqa: N801 - used like a function
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
def _progress_lines() -> Iterator[Callable[[float, str], None]]:
    """A line for each percent, where no terminal draws a bar."""
    last = -1

    def show(share: float, message: str) -> None:
        nonlocal last
        percent = int(100 * share)
        if percent > last:
            last = percent
            typer.echo(f"{percent} % {message}", err=True)

    yield show


def _register_jobs() -> None:
    """One command for each kind of job, its options taken from the settings model."""
    positional = {
        "add": ("path",),
        "record": ("address",),
        "export": ("path",),
        "export-composites": ("path",),
        "import": ("path",),
        "locate": ("place",),
    }
    for kind in KINDS.values():
        if kind.command:
            continue

        def call(project: Path, given: dict[str, Any], name: str = kind.name) -> None:
            from core.store.project import Project

            with Project.open(project) as opened:
                job_id = create(opened, name, given)
            run_in_foreground(project, job_id)

        command = command_of(kind.settings, call, kind.name, kind.help, positional.get(kind.name, ()))
        app.command(kind.name)(command)


def _echo_result(project: Path, job_id: int) -> None:
    from core.store import job_rows
    from core.store.project import Project

    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        row = job_rows.get_job(connection, job_id)
    for name, value in (row.result if row else {}).items():
        shown = "; ".join(str(one) for one in value) if isinstance(value, list) else value
        typer.echo(f"{name.replace('_', ' ')}: {shown}")


_register_jobs()


def main(arguments: list[str] | None = None) -> int:
    """Runs the shell; gives the exit code: 0 done, 2 an expected error, 1 anything else."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app(args=arguments, prog_name="amodal", standalone_mode=True)
    except AmodalError as problem:
        typer.echo(f"amodal: {problem}", err=True)
        return 2
    except SystemExit as end:
        return int(end.code or 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
