"""The shell's `amodal reproduce`: the papers' tables on simulated streets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.jobs.reproduce.size import Size


def reproduce(
    size: Annotated[
        Size, typer.Option(help="smoke: seconds; small: two cores, hours; full: a GPU.")
    ] = Size.SMOKE,
    folder: Annotated[Path, typer.Option(help="Where all of it lies; begun again, it goes on there.")] = Path(
        "reproduction"
    ),
    minutes: Annotated[
        float | None,
        typer.Option(min=0, help="After which no further part is begun.", show_default="until it is done"),
    ] = None,
    footage: Annotated[
        Path | None,
        typer.Option(
            help="The folder of real footage with hand-made labels.", show_default="that is skipped"
        ),
    ] = None,
) -> None:
    """Reproduce the papers' tables on streets whose truth is known; goes on where it stopped."""
    import torch

    from core.jobs.reproduce.suite import reproduce as run

    torch.set_num_threads(1)  # small networks learn faster so, and another size can run beside
    came = run(folder, size, minutes=minutes, footage=footage, told=lambda line: typer.echo(line))
    typer.echo(f"{came.done} of {came.units} parts are done.")
    if came.report is not None:
        typer.echo(f"The tables: {came.report}")
    if came.done < came.units:
        typer.echo("The same command goes on.")
