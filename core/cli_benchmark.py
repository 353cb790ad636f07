"""The shell's `amodal benchmark`: predictions counted on your own copy of a public benchmark."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.jobs.public_benchmarks.choices import AmodalBenchmark, CategoryIds, Kinds, Tracker
from core.records.benchmark_tables import FigureSource

if TYPE_CHECKING:
    from core.records.benchmark_tables import BenchmarkTable

benchmark_app = typer.Typer(
    help="Count predictions on your own copy of a public benchmark, beside the paper's figures.",
    no_args_is_help=True,
)

_DRAWS = 200
Truth = Annotated[Path, typer.Option(help="The benchmark's file of annotations.", show_default=False)]
Predictions = Annotated[
    Path, typer.Option(help="COCO results about the same pictures: NAME.json.", show_default=False)
]
OfKind = Annotated[
    Kinds, typer.Option(help="one: all objects as of one kind; car-person: each by themselves, nothing else.")
]
Ids = Annotated[CategoryIds, typer.Option(help="Whose numbers of categories the predictions have.")]
ByOcclusion = Annotated[bool, typer.Option("--by-occlusion", help="A line for each tenth of hidden pixels.")]
Draws = Annotated[int, typer.Option(min=0, help="How often it is drawn anew, for intervals; 0: none.")]
Out = Annotated[Path | None, typer.Option("--json", help="Also write the table as JSON.", show_default=False)]


@benchmark_app.command("kins")
def kins(
    truth: Truth,
    predictions: Predictions,
    kinds: OfKind = Kinds.ONE,
    ids: Ids = CategoryIds.TRUTH,
    by_occlusion: ByOcclusion = False,
    draws: Draws = _DRAWS,
    out: Out = None,
) -> None:
    """KINS: AP of whole boxes and masks (WALT3D, Table 1)."""
    _amodal(AmodalBenchmark.KINS, truth, predictions, kinds, ids, by_occlusion, draws, out)


@benchmark_app.command("coco-a")
def coco_a(
    truth: Truth,
    predictions: Predictions,
    kinds: OfKind = Kinds.ONE,
    ids: Ids = CategoryIds.TRUTH,
    by_occlusion: ByOcclusion = False,
    draws: Draws = _DRAWS,
    out: Out = None,
) -> None:
    """COCO-A: AP of whole boxes and masks (WALT3D, Table 1)."""
    _amodal(AmodalBenchmark.COCOA, truth, predictions, kinds, ids, by_occlusion, draws, out)


@benchmark_app.command("mot17")
def mot17(
    folder: Annotated[Path, typer.Argument(help="MOT17, its train, or one sequence.", show_default=False)],
    results: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder with tracks, MOT17-02.txt and so on; may be given again.", show_default=False
        ),
    ] = None,
    detections: Annotated[
        list[Path] | None,
        typer.Option(help="The same with detections, to be followed here.", show_default=False),
    ] = None,
    own: Annotated[
        list[str] | None,
        typer.Option(help="Follow detections that come with MOT17: DPM, FRCNN, SDP.", show_default=False),
    ] = None,
    tracker: Annotated[Tracker, typer.Option(help="sort: SORT alone; mining: the tracker of mining.")] = (
        Tracker.SORT
    ),
    least_score: Annotated[float, typer.Option(help="Detections below this confidence are left out.")] = 0.5,
    only: Annotated[
        list[str] | None, typer.Option(help="Only this sequence, such as MOT17-02.", show_default=False)
    ] = None,
    draws: Draws = _DRAWS,
    out: Out = None,
) -> None:
    """MOT17: how well people are followed, by your tracks or by one tracker over detections (Table 2)."""
    from core.jobs.public_benchmarks.mot17 import mot17_table

    found = mot17_table(
        folder,
        results=results or (),
        detections=detections or (),
        own_detectors=own or (),
        tracker=tracker,
        least_score=least_score,
        only=only or (),
        draws=draws,
    )
    _show(found, out)


Poses = Annotated[
    Path, typer.Option("--predictions", help="Poses: NAME.csv or NAME.json.", show_default=False)
]
OfCategory = Annotated[str, typer.Option(help="PASCAL's word for what counts.")]


@benchmark_app.command("ood-cv")
def ood_cv(
    truth: Annotated[
        Path, typer.Argument(help="OOD-CV's gt.csv, or its folder of labels or of lists.", show_default=False)
    ],
    predictions: Poses,
    category: OfCategory = "car",
    draws: Draws = _DRAWS,
    out: Out = None,
) -> None:
    """OOD-CV: rotations that are right, by nuisance (WALT3D, Table 3)."""
    from core.jobs.public_benchmarks.poses import ood_cv_table

    _show(ood_cv_table(truth, predictions, category=category, draws=draws), out)


@benchmark_app.command("occluded-pascal3d")
def occluded_pascal3d(
    folder: Annotated[Path, typer.Argument(help="Occluded PASCAL3D+'s folder.", show_default=False)],
    predictions: Poses,
    release: Annotated[
        Path | None,
        typer.Option("--pascal3d", help="PASCAL3D+'s own folder, with the true poses.", show_default=False),
    ] = None,
    cad: Annotated[
        Path | None,
        typer.Option(help="CAD models for ADD, 01.off …; PASCAL3D+'s if left out.", show_default=False),
    ] = None,
    category: OfCategory = "car",
    draws: Draws = _DRAWS,
    out: Out = None,
) -> None:
    """Occluded PASCAL3D+: how far poses are off at levels 1 to 3 (WALT3D, Table 4)."""
    from core.jobs.public_benchmarks.poses import occluded_pascal3d_table

    found = occluded_pascal3d_table(
        folder, predictions, release=release, cad=cad, category=category, draws=draws
    )
    _show(found, out)


def _amodal(
    which: AmodalBenchmark,
    truth: Path,
    predictions: Path,
    kinds: Kinds,
    ids: CategoryIds,
    by_occlusion: bool,
    draws: int,
    out: Path | None,
) -> None:
    from core.jobs.public_benchmarks.amodal import amodal_table

    found = amodal_table(
        which, truth, predictions, kinds=kinds, ids=ids, by_occlusion=by_occlusion, draws=draws
    )
    _show(found, out)


def _show(found: BenchmarkTable, out: Path | None) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    console.print(escape(found.title), highlight=False)
    for first in range(0, len(found.columns), _ABREAST):
        part = slice(first, first + _ABREAST)
        table = Table(box=None, pad_edge=False)
        table.add_column("")
        for column in found.columns[part]:
            table.add_column(escape(column), justify="right")
        table.add_column("from")
        for row in found.rows:
            digits = found.decimals[part]
            if row.source is FigureSource.PAPER:
                digits = (_PAPERS_DECIMALS,) * len(digits)
            ends = (row.intervals or (None,) * len(row.values))[part]
            values = [
                _words(value, own, end)
                for value, own, end in zip(row.values[part], digits, ends, strict=True)
            ]
            table.add_row(escape(row.name), *values, row.source.value)
        console.print(table)
    for line in (*found.notes, found.comparable):
        console.print(escape(line), highlight=False)
    if out is not None:
        from core.exchange.json_writer import whole_file

        with whole_file(out) as file:
            file.write(json.dumps(asdict(found), indent=1, ensure_ascii=False))


def _words(value: float | None, digits: int, ends: tuple[float, float] | None) -> str:
    """A figure, and below it the ends of its interval."""
    if value is None:
        return "-"
    interval = "" if ends is None else f"\n{ends[0]:.{digits}f} to {ends[1]:.{digits}f}"
    return f"{value:.{digits}f}{interval}"


_ABREAST = 6
"""How many columns fit beside each other."""

_PAPERS_DECIMALS = 1
"""As the paper prints all of its figures."""
