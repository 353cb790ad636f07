"""The job that evaluates: makes its evaluation, measures, and writes what comes of it."""

from __future__ import annotations

import importlib.util
import shutil
import time
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sqlalchemy import Connection

from core.errors import AmodalError, EvaluationError
from core.evaluation.compared import ComparedObject
from core.jobs.context import JobCancelled, JobContext
from core.jobs.evaluate.agreement import evaluate_agreement
from core.jobs.evaluate.detections import Outcomes
from core.jobs.evaluate.fits import evaluate_fits
from core.jobs.evaluate.looked_folder import looked_folder
from core.jobs.evaluate.predictions import evaluate_results, truth_of_predictions
from core.jobs.evaluate.runs import (
    chosen_run,
    evaluate_detector,
    evaluate_labels,
    evaluate_points,
    truth_of_run,
)
from core.jobs.evaluate.settings import EvaluateSettings
from core.jobs.evaluate.tracks import evaluate_tracks
from core.records.evaluations import EvaluationState, Subject, Truth
from core.records.figures import FIGURES
from core.records.runs import Purpose, RunRow
from core.records.slices import ALL
from core.store.bulk import BulkWriter
from core.store.project import program_version
from core.store.writers.evaluations import (
    forget_results,
    make_evaluation,
    update_evaluation,
    write_figures,
    write_pictures,
    write_results,
    write_said,
)

_LIBRARIES = ("faster-coco-eval", "numpy", "torch", "torchvision", "trackeval")
_WRITING = 0.95


def run_evaluate(context: JobContext) -> dict[str, Any]:
    """Measure what the settings say.

    Raises:
        EvaluationError: there is nothing to measure by, or it cannot be measured so.
        AmodalError: what is measured cannot be used.
    """
    settings = context.settings(EvaluateSettings)
    run, subject, truth = _what(context, settings)
    if run is not None and importlib.util.find_spec("torch") is None:
        raise EvaluationError(
            "A network needs the package torch, which this installation does not have.",
            "Install the program with pip, pipx or uv: the one-folder build leaves it out.",
        )
    with context.project.bulk() as bulk:
        evaluation_id = bulk.run(
            lambda c: make_evaluation(
                c,
                settings.name.strip() or _title(settings, run, truth),
                subject,
                truth,
                job_id=context.job_id,
                settings=settings.model_dump(mode="json"),
                seed=settings.seed,
                purpose=None if run is None else run.purpose,
                run_id=None if run is None else run.id,
                file="" if settings.predictions is None else settings.predictions.name,
            )
        )
        bulk.run(lambda c: update_evaluation(c, evaluation_id, state=EvaluationState.RUNNING))
        state = EvaluationState.FAILED
        try:
            found = _measured(context, settings, run, truth, evaluation_id)
            _write(context, bulk, evaluation_id, found)
            state = EvaluationState.DONE
        except JobCancelled:
            state = EvaluationState.STOPPED
            raise
        finally:
            # what is wrong with the evaluation counts more than what is wrong with its row
            with suppress(AmodalError):
                bulk.run(lambda c: update_evaluation(c, evaluation_id, state=state, finished_at=time.time()))
        shutil.rmtree(looked_folder(context.project, evaluation_id), ignore_errors=True)
    whole = {one.name: round(one.value, 4) for one in found.counted.figures if one.slice == ALL}
    return {"evaluation": evaluation_id, "objects": found.data.get("objects", 0)} | {
        FIGURES[name].title: value for name, value in whole.items()
    }


def _what(context: JobContext, settings: EvaluateSettings) -> tuple[RunRow | None, Subject, Truth]:
    """What is evaluated, and by what."""
    if settings.what == "mining":
        return None, Subject.MINING, Truth.LABELS
    if settings.what == "annotators":
        return None, Subject.ANNOTATORS, Truth.ANNOTATOR
    if settings.what == "fits":
        return None, Subject.FITS, Truth.SIMULATION
    if settings.what == "predictions":
        assert settings.predictions is not None, "the settings ask for it"
        if settings.predictions.suffix.lower() == ".json":
            return None, Subject.PREDICTIONS, truth_of_predictions(context, settings)
        return None, Subject.PREDICTIONS, Truth.TRACKS
    run = chosen_run(context, settings)
    return run, Subject.RUN, truth_of_run(context, settings, run)


def _measured(
    context: JobContext, settings: EvaluateSettings, run: RunRow | None, truth: Truth, evaluation_id: int
) -> Outcomes:
    if settings.what == "annotators":
        return evaluate_agreement(context, settings)
    if settings.what == "fits":
        return evaluate_fits(context, settings)
    if settings.predictions is not None:
        path = settings.predictions.expanduser()
        if truth is Truth.TRACKS:
            return evaluate_tracks(context, settings, path)
        return evaluate_results(context, settings, path, truth, evaluation_id)
    if run is None or run.purpose is Purpose.CLASSIFIER:
        return evaluate_labels(context, settings, run)
    if run.purpose is Purpose.DETECTOR:
        return evaluate_detector(context, settings, run, truth, evaluation_id)
    return evaluate_points(context, settings, run, truth)


def _write(context: JobContext, bulk: BulkWriter, evaluation_id: int, found: Outcomes) -> None:
    """Writes results anew; figures come last, so that whoever sees them sees all."""
    context.check_stop()
    context.progress(_WRITING, "Writing")
    bulk.run(lambda c: forget_results(c, evaluation_id))
    bulk.each(found.pictures, lambda c, some: write_pictures(c, evaluation_id, some))

    def write(connection: Connection, some: Any) -> None:
        objects: list[ComparedObject] = list(some)
        write_results(connection, evaluation_id, [one.result for one in objects])
        write_said(connection, evaluation_id, [(one.result.number, one.said) for one in objects])

    bulk.each(found.objects, write)

    def finish(connection: Connection) -> None:
        write_figures(
            connection,
            evaluation_id,
            found.counted.figures,
            found.counted.curves,
            found.counted.confusions,
        )
        update_evaluation(
            connection,
            evaluation_id,
            data=found.data,
            truth_key=found.truth_key,
            versions=_versions(),
            pictures=len(found.pictures),
            objects=len(found.objects),
        )

    bulk.run(finish)


def _title(settings: EvaluateSettings, run: RunRow | None, truth: Truth) -> str:
    if settings.what == "annotators":
        return f"{settings.second} by {settings.first}"
    if settings.what == "mining":
        return "Mining by people's labels"
    if settings.what == "fits":
        return "Fits in 3D by the simulated truth"
    words = {
        Truth.COMPOSITES: f"composites {settings.composites}".rstrip(),
        Truth.REVIEWED: "reviewed frames",
        Truth.STREET: "a drawn street",
        Truth.LABELS: "people's labels",
        Truth.TRACKS: "the project's tracks",
    }
    what = run.name if run is not None else settings.predictions.name if settings.predictions else ""
    return f"{what} by {words[truth]}"


def _versions() -> dict[str, str]:
    found = {"amodal-studio": program_version()}
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
