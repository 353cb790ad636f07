"""The shell's commands about evaluations: list, show, and a report on some as a file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from core.errors import EvaluationError
from core.records.slices import By

evaluations_app = typer.Typer(help="List and show evaluations.", no_args_is_help=True)

ProjectPath = Annotated[Path, typer.Argument(help="The project file, NAME.amodal.", show_default=False)]
Number = Annotated[int, typer.Argument(help="The evaluation's id.")]


@evaluations_app.command("list")
def list_evaluations(
    project: ProjectPath,
    hidden: Annotated[bool, typer.Option("--hidden", help="Those too that are off the lists.")] = False,
) -> None:
    """List a project's evaluations, the newest first."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from core.store.project import Project
    from core.store.queries.evaluations import evaluations

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "of", "by", "state", "pictures", "objects", "when"):
        table.add_column(heading)
    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        for row in evaluations(connection, hidden=hidden):
            at = row.finished_at or row.started_at
            when = "" if at is None else f"{datetime.fromtimestamp(at):%Y-%m-%d %H:%M}"
            of = row.file or (f"run {row.run_id}" if row.run_id is not None else row.subject.value)
            cells = (row.id, row.name, of, row.truth.value, row.state.value, row.pictures, row.objects, when)
            table.add_row(*(escape(str(cell)) for cell in cells))
    Console().print(table)


@evaluations_app.command("show")
def show(
    project: ProjectPath,
    evaluation: Number,
    by: Annotated[By, typer.Option(help="Over which slices.")] = By.ALL,
    worst: Annotated[int, typer.Option(min=0, help="Also lists so many of the worst objects.")] = 0,
) -> None:
    """Show an evaluation's figures with their intervals, and by what they were measured."""
    from rich.console import Console
    from rich.table import Table

    from core.records.figures import FIGURES, words_of
    from core.store.project import Project
    from core.store.queries.evaluations import evaluation_numbers
    from core.store.queries.results import result_page

    with Project.open(project, read_only=True) as opened, opened.read() as connection:
        found = evaluation_numbers(connection, evaluation)
        if found is None:
            raise EvaluationError(
                f"There is no evaluation {evaluation}.", "List them with `amodal evaluations list`."
            )
        rows = result_page(connection, evaluation, limit=worst) if worst else []
    row = found.evaluation
    facts = {
        "name": row.name,
        "state": row.state.value,
        "measured by": row.truth.value,
        "pictures": row.pictures,
        "seed": row.seed,
        "digest of the truth": row.truth_key,
        "notes": row.notes,
        **{
            name: value for name, value in row.data.items() if name != "notes" and value not in ("", [], None)
        },
        **{f"version of {name}": value for name, value in row.versions.items()},
    }
    for name, value in facts.items():
        if value != "":
            typer.echo(f"{name}: {value}")
    for note in row.data.get("notes", ()):
        typer.echo(f"to know of it: {note}")
    table = Table(box=None, pad_edge=False)
    for heading in ("figure", "of", "value", "95 %", "over"):
        table.add_column(heading)
    for name, kind in FIGURES.items():
        for one in found.figures:
            if one.name == name and one.slice.by is by:
                ends = "" if one.low is None or one.high is None else _between(name, one.low, one.high)
                table.add_row(kind.title, one.slice.title, words_of(name, one.value), ends, f"{one.count:,}")
    Console().print(table)
    for number, bad in enumerate(rows, start=1):
        what = "nothing of the project" if bad.instance_id is None else f"instance {bad.instance_id}"
        words = f"{bad.outcome.value} {bad.category.value}, {what} {bad.detail}".rstrip()
        typer.echo(f"{number}. {bad.badness:.2f} {words}")


def _between(name: str, low: float, high: float) -> str:
    from core.records.figures import words_of

    return f"{words_of(name, low)} to {words_of(name, high)}"
