"""The kinds of job there are. One settings model each gives the form, the shell's options and the row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from core.errors import JobError
from core.jobs.composite_settings import ComposeSettings, CutSettings, ExportCompositesSettings
from core.jobs.evaluate.settings import EvaluateSettings, ReportSettings
from core.jobs.exchange_settings import ExportSettings, ImportSettings
from core.jobs.flatten import checked
from core.jobs.forms import form_of
from core.jobs.loop.settings import LoopSettings
from core.jobs.settings import (
    AddSettings,
    BackgroundSettings,
    FitSettings,
    JudgeSettings,
    KeypointsSettings,
    LocateSettings,
    MineSettings,
    RecordSettings,
    RoadSettings,
)
from core.jobs.train.settings import TrainSettings
from core.records.forms import Form
from core.records.keypoints import Template

if TYPE_CHECKING:
    from core.jobs.context import JobContext
    from core.mining.detectors.protocol import Availability
    from core.store.project import Project


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job.

    Attributes:
        name: in the row and the shell.
        title: for people, the same for every job of the kind.
        help: one plain sentence.
        settings: its pydantic model.
        run: does the work; imports what it needs when it is called.
        command: the shell's words for it, where another command does the same: it then has none of its own.
        follow: what torchrun's processes beside the first do, given the project's path, the settings and the
            job's id, where there is one already; None where one process does it alone.
        processes: in how many processes it runs, by its settings; None: in one.
    """

    name: str
    title: str
    help: str
    settings: type[BaseModel]
    run: Callable[[JobContext], dict[str, Any]]
    command: str = ""
    follow: Callable[[Path, Any, int | None], None] | None = None
    processes: Callable[[Any], int] | None = None


def _add(context: JobContext) -> dict[str, Any]:
    from core.jobs.add import run_add

    return run_add(context)


def _background(context: JobContext) -> dict[str, Any]:
    from core.jobs.background import run_background

    return run_background(context)


def _mine(context: JobContext) -> dict[str, Any]:
    from core.jobs.mine.job import run_mine

    return run_mine(context)


def _judge(context: JobContext) -> dict[str, Any]:
    from core.jobs.judge import run_judge

    return run_judge(context)


def _keypoints(context: JobContext) -> dict[str, Any]:
    from core.jobs.keypoints import run_keypoints

    return run_keypoints(context)


def _fit(context: JobContext) -> dict[str, Any]:
    from core.jobs.fit.job import run_fit

    return run_fit(context)


def _cut(context: JobContext) -> dict[str, Any]:
    from core.jobs.cut.job import run_cut

    return run_cut(context)


def _compose(context: JobContext) -> dict[str, Any]:
    from core.jobs.compose.job import run_compose

    return run_compose(context)


def _train(context: JobContext) -> dict[str, Any]:
    from core.jobs.train.job import run_train

    return run_train(context)


def _follow_train(project_path: Path, settings: TrainSettings, job_id: int | None) -> None:
    from core.jobs.train.job import follow_train

    follow_train(project_path, settings, job_id)


def _evaluate(context: JobContext) -> dict[str, Any]:
    from core.jobs.evaluate.job import run_evaluate

    return run_evaluate(context)


def _report(context: JobContext) -> dict[str, Any]:
    from core.jobs.evaluate.report import run_report

    return run_report(context)


def _loop(context: JobContext) -> dict[str, Any]:
    from core.jobs.loop.job import run_loop

    return run_loop(context)


def _record(context: JobContext) -> dict[str, Any]:
    from core.jobs.record import run_record

    return run_record(context)


def _locate(context: JobContext) -> dict[str, Any]:
    from core.jobs.locate import run_locate

    return run_locate(context)


def _road(context: JobContext) -> dict[str, Any]:
    from core.jobs.road import run_road

    return run_road(context)


def _export(context: JobContext) -> dict[str, Any]:
    from core.jobs.exchange import run_export

    return run_export(context)


def _export_composites(context: JobContext) -> dict[str, Any]:
    from core.jobs.export_composites import run_export_composites

    return run_export_composites(context)


def _import(context: JobContext) -> dict[str, Any]:
    from core.jobs.exchange import run_import

    return run_import(context)


KINDS: Mapping[str, JobKind] = {
    kind.name: kind
    for kind in (
        JobKind("add", "Add footage", "Index a video or a folder of pictures.", AddSettings, _add),
        JobKind(
            "record",
            "Record a stream",
            "Record bursts of a live stream and add them to its camera.",
            RecordSettings,
            _record,
        ),
        JobKind(
            "background",
            "Make median backgrounds",
            "Take the median over many frames: the street without what moves.",
            BackgroundSettings,
            _background,
        ),
        JobKind(
            "mine",
            "Mine objects",
            "Find cars and people, follow them and test which are unoccluded.",
            MineSettings,
            _mine,
        ),
        JobKind(
            "judge",
            "Judge objects again",
            "Tell anew which objects are unoccluded, by the classifier in use or by the tests.",
            JudgeSettings,
            _judge,
        ),
        JobKind(
            "keypoints",
            "Place keypoints by a network",
            "Let a network place keypoints on cars or people that have none.",
            KeypointsSettings,
            _keypoints,
        ),
        JobKind(
            "fit",
            "Fit in 3D",
            "Find place, heading and shape of cars, and place, pose and shape of people.",
            FitSettings,
            _fit,
        ),
        JobKind(
            "cut",
            "Cut objects out",
            "Cut unoccluded objects out of their frames, for composites.",
            CutSettings,
            _cut,
        ),
        JobKind(
            "compose",
            "Make composites",
            "Choose and order objects for a set of composites, as recipes.",
            ComposeSettings,
            _compose,
        ),
        JobKind(
            "train",
            "Train a network",
            "Train a network on the project's own labels and composites.",
            TrainSettings,
            _train,
            follow=_follow_train,
            processes=lambda settings: settings.gpus,
        ),
        JobKind(
            "evaluate",
            "Evaluate",
            "Measure a network, mining, annotators or fits in 3D by what is known, with intervals.",
            EvaluateSettings,
            _evaluate,
        ),
        JobKind(
            "loop",
            "Close the loop",
            "Mine, compose, train and evaluate in rounds, for as long as it helps.",
            LoopSettings,
            _loop,
        ),
        JobKind(
            "report",
            "Report on evaluations",
            "Write figures, tables and settings of evaluations as one HTML file.",
            ReportSettings,
            _report,
        ),
        JobKind(
            "locate", "Find moved footage", "Search a folder for moved footage.", LocateSettings, _locate
        ),
        JobKind(
            "road",
            "Find the road in a point cloud",
            "Find the road in a point cloud, and propose a calibration.",
            RoadSettings,
            _road,
            "calibrate --cloud",
        ),
        JobKind(
            "export", "Export", "Write what was found in another tool's format.", ExportSettings, _export
        ),
        JobKind(
            "export-composites",
            "Export composites",
            "Write composites as pictures with labels, faces and plates blurred.",
            ExportCompositesSettings,
            _export_composites,
        ),
        JobKind("import", "Import", "Read objects from another tool's file.", ImportSettings, _import),
    )
}


def kind_of(name: str) -> JobKind:
    """The kind of that name.

    Raises:
        JobError: this program knows no such job.
    """
    if name not in KINDS:
        raise JobError(
            f"This program knows no job called {name}.",
            "The project may have been used with a newer version: update the program.",
        )
    return KINDS[name]


def forms() -> dict[str, Form]:
    """The form of every kind of job, with what cannot run here marked and what is installed offered."""
    return {
        kind.name: form_of(kind.name, kind.title, kind.settings, _notes(kind.name), _choices(kind.name))
        for kind in KINDS.values()
    }


def create(project: Project, kind: str, settings: Mapping[str, Any]) -> int:
    """Queues a job; gives its id.

    Args:
        settings: flat ("motion.threshold") or nested plain values.

    Raises:
        SettingsError: a value does not fit.
    """
    from core.store import job_rows

    known = kind_of(kind)
    model = checked(known.settings, settings)
    return job_rows.create_job(project, kind, known.title, model.model_dump(mode="json"))


def _notes(kind: str) -> dict[str, tuple[tuple[str, str], ...]]:
    if kind == "mine":
        from core.mining.detectors.registry import availability

        return {"detector": _missing(availability())}
    if kind == "keypoints":
        from core.mining.keypoints.registry import availability as finders

        every = {entry.name: entry for template in Template for entry in finders(template)}
        return {"network": _missing(list(every.values()))}
    return {}


def _choices(kind: str) -> dict[str, tuple[tuple[str, str], ...]]:
    if kind == "fit":
        from core.jobs.fit.people.ways import ways

        return {"people": ways()}
    return {}


def _missing(entries: Sequence[Availability]) -> tuple[tuple[str, str], ...]:
    return tuple((entry.name, entry.note) for entry in entries if not entry.available)
