"""The shell's `amodal runs`: what was trained, how well it does, and which of it the project uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli_foreground import run_in_foreground
from core.errors import JobError
from core.records.runs import Purpose

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.records.runs import RunRow

runs_app = typer.Typer(help="List what was trained, and choose what is used.", no_args_is_help=True)

ProjectPath = Annotated[Path, typer.Argument(help="The project file, NAME.amodal.", show_default=False)]
RunId = Annotated[int, typer.Argument(help="The run's id, as `amodal runs list` gives it.")]


@runs_app.command("list")
def list_runs(
    project: ProjectPath,
    what: Annotated[Purpose | None, typer.Option(help="Only runs for this.")] = None,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Those too that were taken off the lists.")
    ] = False,
) -> None:
    """List a project's runs, the newest first; a star marks those that are in use."""
    from core.store.project import Project
    from core.store.queries.runs import runs

    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        for run in runs(connection, what, hidden=hidden):
            value = "" if run.value is None else f"{run.metric} {run.value:.4g}"
            typer.echo(
                f"{'*' if run.in_use else ' '}{run.id:5}  {run.purpose:13}  {run.state:7}  "
                f"epoch {run.epoch}/{run.epochs}  {value:20}  {run.name}".rstrip()
            )


@runs_app.command("show")
def show_run(
    project: ProjectPath,
    run: RunId,
    metric: Annotated[
        str, typer.Option(help="Print all values of this number, by step, instead of the newest of each.")
    ] = "",
) -> None:
    """Print a run's settings, its numbers, and where its weights are."""
    from core.jobs.train.files import file_of
    from core.store.project import Project
    from core.store.queries.runs import metric_points, newest_values

    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        row = _run(connection, run)
        if metric:
            for point in metric_points(connection, run, [metric]):
                typer.echo(f"{point.step:8}  {point.value:.6g}")
            return
        weights = "none yet" if row.best is None else str(file_of(opened, row.best))
        facts = {
            "name": row.name,
            "for": row.purpose.value,
            "state": row.state.value,
            "in use": "yes" if row.in_use else "no",
            "epoch": f"{row.epoch} of {row.epochs}",
            "step": row.step,
            "hours": f"{row.seconds / 3600:.2f}",
            "device": row.device or "none yet",
            "seed": row.seed,
            f"best {row.metric}": "none yet" if row.value is None else f"{row.value:.6g} at {row.best_step}",
            "weights": weights,
            "notes": row.notes,
            **{f"version of {name}": version for name, version in row.versions.items()},
            **{f"network, {name}": value for name, value in row.architecture.items()},
            **{f"data, {name}": value for name, value in row.data.items()},
            **{
                f"now, {name}": f"{value:.6g}"
                for name, value in sorted(newest_values(connection, run).items())
            },
        }
    for name, value in facts.items():
        if value != "":
            typer.echo(f"{name}: {value}")


@runs_app.command("use")
def use(
    project: ProjectPath,
    run: Annotated[int | None, typer.Argument(help="The run's id.", show_default=False)] = None,
    none: Annotated[
        Purpose | None, typer.Option(help="Use no run of the project's own for this any more.")
    ] = None,
    label: Annotated[
        bool, typer.Option("--label", help="Let it label at once, as `amodal runs label` does.")
    ] = False,
) -> None:
    """Let a run be the project's detector, classifier, pre-labeller or predictor of hidden points."""
    from core.login_name import login_name
    from core.store.edits.runs import use_no_run, use_run
    from core.store.history import History
    from core.store.project import Project

    if (run is None) == (none is None):
        raise JobError("It is not clear which run to use.", "Name one by its id, or say --none and for what.")
    with Project.open(project) as opened:
        history = History(opened, login_name())
        if none is not None:
            use_no_run(history, none)
            typer.echo(f"No run of this project serves as {none.replace('_', ' ')} now.")
            return
        assert run is not None
        with opened.read() as connection:
            row = _run(connection, run)
        use_run(history, run)
        typer.echo(f"Run {run}, {row.name}, serves as {row.purpose.replace('_', ' ')} now.")
    if label:
        label_with(project, row.purpose)
    else:
        typer.echo(f"Label with it: amodal runs label {project} {row.purpose.value}")


@runs_app.command("label")
def label_with(
    project: ProjectPath,
    what: Annotated[Purpose, typer.Argument(help="Which of the models in use labels.")],
) -> None:
    """Let the model in use label the whole project: a job, as the window's Label with it starts it.

    People's labels stay. Other settings: `amodal mine`, `amodal judge` and `amodal keypoints`.
    """
    from core.jobs.labelling import LABELLING
    from core.jobs.registry import create
    from core.store.project import Project

    labelling = LABELLING[what]
    with Project.open(project) as opened:
        job_id = create(opened, labelling.kind, labelling.settings)
    run_in_foreground(project, job_id)


def _run(connection: Connection, run_id: int) -> RunRow:
    from core.store.queries.runs import run_by_id

    row = run_by_id(connection, run_id)
    if row is None:
        raise JobError(f"There is no run {run_id}.", "List them with `amodal runs list`.")
    return row
