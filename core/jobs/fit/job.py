"""The job that fits in 3D: what has keypoints and no fit that is up to date, and the other cars coarsely.

Source by source: its cars' tracks first, then the cars with keypoints that are left, then those without, by
their outlines; then its people, tracks first. What a batch found is written with the place from which the job
resumes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import JobError
from core.fitting.people.fitter import FEWEST_POINTS
from core.jobs.context import JobContext
from core.jobs.fit.by_keypoints import fit_singles, fit_tracks
from core.jobs.fit.by_outlines import fit_outlines
from core.jobs.fit.by_traffic4d import fit_by_traffic4d
from core.jobs.fit.people.by_estimator import fit_people_by_estimator
from core.jobs.fit.people.by_keypoints import fit_people_of_tracks, fit_single_people
from core.jobs.fit.people.estimators import NamedEstimator, estimator_of
from core.jobs.fit.people.ways import check_way
from core.jobs.fit.work import SourceWork
from core.jobs.footage import CameraFootage, chosen_footage
from core.jobs.settings import FitSettings
from core.mining.detectors.settings import Device
from core.records.cameras import CalibrationRow
from core.records.detections import Category
from core.records.keypoints import Template
from core.shapes.body.placed import named_body
from core.shapes.space_file import default_space, load_space
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fit_candidates import count_with_keypoints, lacks_keypoints

_TRACKS, _SINGLES = 0.4, 0.7  # of the cars' progress, after each phase
_CARS = 0.6  # of the progress, where people come after them
_PEOPLE_TRACKS = 0.5  # of the people's


def run_fit(context: JobContext) -> dict[str, Any]:
    """Fit the cars and people of each calibrated camera.

    Raises:
        JobError: there is no such camera or source, none of them is calibrated, or people are to be fitted in
            a way that there is not.
        BodyEstimatorError, CheckpointError, DetectorUnavailableError: what is to look at people cannot.
        ShapeSpaceError: the file of car shapes cannot be used.
        BodyModelError: the file of the body cannot be used.
    """
    settings = context.settings(FitSettings)
    wants_cars, wants_people = settings.objects != "people", _wants_people(settings)
    body, estimator = None, None
    if wants_people:
        body = named_body(None if settings.body is None else settings.body.expanduser())
        estimator = estimator_of(settings, body)
        if estimator is not None:
            context.log(_where_it_runs(estimator))
    space = default_space() if settings.space is None else load_space(settings.space.expanduser())
    if wants_cars and space.mesh is None and settings.coarse and not context.resumed:
        context.log(f"The shape space {space.name} has no mesh: cars without keypoints are left out.")
    found = _calibrated(context, chosen_footage(context.project, settings.camera, settings.source))
    parts = [(footage, row, source) for footage, row in found for source in footage.sources]
    checkpoint = context.checkpoint
    checkpoint.setdefault("done", [])
    with context.project.bulk() as bulk:
        for number, (footage, row, source) in enumerate(parts):
            if source.id in checkpoint["done"]:
                continue

            def show(share: float, words: str, number: int = number) -> None:
                context.progress((number + share) / len(parts), words)

            work = SourceWork(context, bulk, settings, space, body, row, source, show)
            share = 0.0
            if wants_cars:
                share = _CARS if wants_people else 1.0
                _fit_cars(context, work, footage.camera.name, share)
            if wants_people:
                if estimator is None:
                    _fit_people(context, work, share)
                else:
                    fit_people_by_estimator(work, estimator, share, 1.0)
            checkpoint["done"].append(source.id)
            work.forget_places()
            bulk.run(context.save)
    reason = _why_nobody(context, settings, estimator) if wants_people else ""
    return {
        "cars": checkpoint.get("cars", 0),
        "of these coarsely": checkpoint.get("coarse", 0),
        "people": checkpoint.get("people", 0),
        **({"why nobody": reason} if reason else {}),
    }


def _wants_people(settings: FitSettings) -> bool:
    """Whether people are fitted.

    Raises:
        JobError: they are to be, and cannot.
    """
    if settings.method == "traffic4d" and settings.objects == "people":
        raise JobError("Traffic4D knows no people.", "Choose another method, or cars.")
    if settings.objects == "cars" or settings.method == "traffic4d":
        return False
    check_way(settings.people)
    return True


def _why_nobody(context: JobContext, settings: FitSettings, estimator: NamedEstimator | None) -> str:
    """Why no person was fitted, in the few words that a card has room for; the log tells it at length.

    Empty where some were, or where a job for all that there is found no people.
    """
    checkpoint = context.checkpoint
    if checkpoint.get("people"):
        return ""
    if checkpoint.get("with points"):
        context.log("Nobody was fitted: who has keypoints has a fit that is up to date, or too few points.")
        return "fits up to date, or too few points"
    if checkpoint.get("told of people"):
        return "none of them has keypoints"
    if settings.objects != "people":
        return ""
    if estimator is not None:
        context.log(
            f"Nobody was fitted: all have fits that are up to date, or {estimator.title} knew nobody."
        )
        return "fits up to date, or no answer"
    context.log("Nobody was fitted: no people were found in this footage.")
    return "no people were found"


def _where_it_runs(estimator: NamedEstimator) -> str:
    if estimator.device is Device.CPU:
        return f"{estimator.title} runs on the processor, where a large network takes seconds a person."
    return f"{estimator.title} runs on the GPU."


def _fit_cars(context: JobContext, work: SourceWork, camera: str, ended: float) -> None:
    """The car tracks of a source, then its single cars, then the rest by their outlines."""
    settings = work.settings
    if settings.method == "traffic4d":
        fit_by_traffic4d(work)
        return
    if settings.method == "track":
        fit_tracks(work, 0.0, _TRACKS * ended)
    fit_singles(work, _TRACKS * ended, _SINGLES * ended)
    if settings.coarse and work.space.mesh is not None:
        if work.plane is None:
            context.log(f"{camera} has no ground: its cars need keypoints.")
        else:
            fit_outlines(work, _SINGLES * ended, ended)


def _fit_people(context: JobContext, work: SourceWork, begun: float) -> None:
    """The people of a source by their points, tracks first."""
    with work.project.read() as connection:
        lacks = lacks_keypoints(connection, work.source.id, Category.PERSON, FEWEST_POINTS)
        if count_with_keypoints(connection, work.source.id, Template.PERSON):
            context.checkpoint["with points"] = True
    if lacks and not context.checkpoint.get("told of people"):
        context.checkpoint["told of people"] = True
        context.log(
            f"People with fewer than {FEWEST_POINTS} keypoints are left out, unless their track holds them; "
            "in composites, each covers a disc. Place some in the window, or let a network look at them."
        )
    middle = begun + (1 - begun) * _PEOPLE_TRACKS
    if work.settings.method == "track":
        fit_people_of_tracks(work, begun, middle)
    fit_single_people(work, middle, 1.0)


def _calibrated(
    context: JobContext, footage: Sequence[CameraFootage]
) -> list[tuple[CameraFootage, CalibrationRow]]:
    found = []
    for one in footage:
        with context.project.read() as connection:
            row = calibration_in_force(connection, one.camera.id)
        if row is not None:
            found.append((one, row))
        elif not context.resumed:
            context.log(f"{one.camera.name} is not calibrated: its objects are left out.")
    if not found:
        raise JobError("No camera here is calibrated.", "Calibrate one first: a fit needs to know its lens.")
    return found
