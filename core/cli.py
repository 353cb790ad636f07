"""The shell: every job and every exchange, with a progress bar and errors in one line."""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli_benchmark import benchmark_app
from core.cli_calibrate import calibrate
from core.cli_evaluations import evaluations_app
from core.cli_foreground import progress_bar, progress_lines, run_in_foreground
from core.cli_reproduce import reproduce
from core.cli_runs import runs_app
from core.cli_shapes import shapes_app
from core.cli_synth import synth_app
from core.errors import AmodalError, JobError
from core.jobs.follow import follow, follow_job, follows
from core.jobs.options import command_of
from core.jobs.registry import KINDS, create

app = typer.Typer(
    name="amodal",
    help="Amodal Studio: teach machines to see what is hidden.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
jobs_app = typer.Typer(help="List, run, resume and cancel jobs.", no_args_is_help=True)
app.add_typer(jobs_app, name="job")
app.add_typer(benchmark_app, name="benchmark")
app.add_typer(runs_app, name="runs")
app.add_typer(evaluations_app, name="evaluations")
app.add_typer(shapes_app, name="shapes")
app.add_typer(synth_app, name="synth")
app.command("calibrate")(calibrate)
app.command("reproduce")(reproduce)

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
    from core.records.keypoints import Template

    table = Table(box=None, pad_edge=False)
    for heading in ("finds", "detector", "runs here", "note"):
        table.add_column(heading)
    rows = [("objects", availability())]
    rows += [(f"a {template.value}'s keypoints", keypoint_finders(template)) for template in Template]
    for finds, entries in rows:
        for entry in entries:
            table.add_row(finds, entry.name, "yes" if entry.available else "no", escape(entry.note))
    Console().print(table)


@app.command()
def models() -> None:
    """List the networks that come with the program: what for, how large, how good, and their limits."""
    from core.jobs.networks_in_use import cards

    for card in cards():
        typer.echo(f"{card.title} ({card.name}), {card.megabytes:.1f} MB")
        for key in ("does", "data", "command", "trained"):
            typer.echo(f"  {key}: {card.facts[key]}")
        for name, value in card.facts["metrics"].items():
            typer.echo(f"  {name}: {value}")
        for limit in card.facts["limits"]:
            typer.echo(f"  limit: {limit}")


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
    with progress_bar("Demo") if sys.stderr.isatty() else progress_lines() as show:
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
    asked_at: Annotated[float | None, typer.Option("--asked-at", hidden=True)] = None,
) -> None:
    """Run a queued job, or resume one that stopped."""
    if follows():
        follow_job(project, job)
        return
    run_in_foreground(project, job, quiet=quiet, asked_at=asked_at)


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


def _register_jobs() -> None:
    """One command for each kind of job, its options taken from the settings model."""
    positional = {
        "add": ("path",),
        "record": ("address",),
        "export": ("path",),
        "export-composites": ("path",),
        "import": ("path",),
        "locate": ("place",),
        "train": ("what",),
    }
    for kind in KINDS.values():
        if kind.command:
            continue

        def call(project: Path, given: dict[str, Any], name: str = kind.name) -> None:
            from core.store.project import Project

            if follows():
                follow(project, name, given)
                return
            with Project.open(project) as opened:
                job_id = create(opened, name, given)
            run_in_foreground(project, job_id)

        command = command_of(kind.settings, call, kind.name, kind.help, positional.get(kind.name, ()))
        app.command(kind.name)(command)


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
