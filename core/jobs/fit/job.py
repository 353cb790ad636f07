"""The job that fits cars in 3D: whatever has keypoints and no fit that is up to date, then the rest coarsely.

Source by source: its tracks first, then the cars with keypoints that are left, then those without, by their
outlines. What a batch found is written with the place from which the job resumes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.errors import JobError
from core.jobs.context import JobContext
from core.jobs.fit.by_keypoints import fit_singles, fit_tracks
from core.jobs.fit.by_outlines import fit_outlines
from core.jobs.fit.by_traffic4d import fit_by_traffic4d
from core.jobs.fit.work import SourceWork
from core.jobs.footage import CameraFootage, chosen_footage
from core.jobs.settings import FitSettings
from core.records.cameras import CalibrationRow
from core.shapes.space_file import default_space, load_space
from core.store.queries.calibrations import calibration_in_force

_TRACKS, _SINGLES = 0.4, 0.7  # of the progress, after each phase


def run_fit(context: JobContext) -> dict[str, Any]:
    """Fit the cars of each calibrated camera.

    Raises:
        JobError: there is no such camera or source, or none of them is calibrated.
        ShapeSpaceError: the file of car shapes cannot be used.
    """
    settings = context.settings(FitSettings)
    space = default_space() if settings.space is None else load_space(settings.space.expanduser())
    if space.mesh is None and settings.coarse and not context.resumed:
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

            work = SourceWork(context, bulk, settings, space, row, source, show)
            if settings.method == "traffic4d":
                fit_by_traffic4d(work)
            else:
                _fit_ours(context, work, footage.camera.name)
            checkpoint["done"].append(source.id)
            work.forget_places()
            bulk.run(context.save)
    return {"fitted": checkpoint.get("fitted", 0), "of these coarsely": checkpoint.get("coarse", 0)}


def _fit_ours(context: JobContext, work: SourceWork, camera: str) -> None:
    """The tracks of a source, then its single cars, then the rest by their outlines."""
    settings = work.settings
    if settings.method == "track":
        fit_tracks(work, 0.0, _TRACKS)
    fit_singles(work, _TRACKS, _SINGLES)
    if settings.coarse and work.space.mesh is not None:
        if work.plane is None:
            context.log(f"{camera} has no ground: its cars need keypoints.")
        else:
            fit_outlines(work, _SINGLES, 1.0)


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
            context.log(f"{one.camera.name} is not calibrated: its cars are left out.")
    if not found:
        raise JobError("No camera here is calibrated.", "Calibrate one first: a fit needs to know its lens.")
    return found
