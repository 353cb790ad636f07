"""The job that cuts objects out for composites: once each, so that composites never need footage again.

Source by source. What is cut out and up to date is left alone, so that the job goes on where it was cut off
and, run again, takes in what is new. Where keypoints, a fit or the calibration are new, the cut-out stays and
gets a new piece, without its footage.
"""

from __future__ import annotations

from typing import Any

from core.errors import FootageMissingError
from core.jobs.bodies import Bodies
from core.jobs.composite_settings import CutSettings
from core.jobs.context import JobContext
from core.jobs.cut.places import Places
from core.jobs.cut.plan import CutPlan, plan_cuts
from core.jobs.cut.work import SourceCut
from core.jobs.footage import CameraFootage, chosen_footage
from core.records.project import SourceRow
from core.shapes.space_file import default_space
from core.store.bulk import BulkWriter
from core.store.queries.backgrounds import list_backgrounds
from core.store.queries.calibrations import calibration_in_force

_COUNTED = ("cut", "renewed", "standing", "placed", "damaged")


def run_cut(context: JobContext) -> dict[str, Any]:
    """Cut out what is unoccluded, and what stands in the background, of each camera.

    Raises:
        JobError: there is no such camera or source.
        FootageMissingError: nothing could be done, because the footage is gone.
    """
    settings = context.settings(CutSettings)
    footage = chosen_footage(context.project, settings.camera, settings.source)
    parts = [(one, source) for one in footage for source in one.sources]
    if not context.resumed:
        _note_what_lacks(context, footage)
    lost: dict[str, int] = {}
    ready = 0
    bodies = Bodies(settings.body)
    with context.project.bulk() as bulk:
        for number, (one, source) in enumerate(parts):
            begun, share = number / len(parts), 1 / len(parts)
            context.progress(begun, f"Looking through {source.name}")
            with context.project.read() as connection:
                plan = plan_cuts(connection, one.camera, source, settings)
            ready += plan.ready
            missing = _work(context, bulk, bodies, one, source, plan, begun, share)
            if missing:
                lost[source.name] = missing
    found = {name: int(context.checkpoint.get(name, 0)) for name in _COUNTED}
    _tell_of_lost(context, lost, nothing_else=not (ready or found["cut"] or found["renewed"]))
    return {
        "cut": found["cut"],
        "with new keypoints or fit": found["renewed"],
        "up to date": ready,
        "of the new, standing in the background": found["standing"],
        "of the new, with a place on the ground": found["placed"],
        "without footage": sum(lost.values()),
        "frames that cannot be read": found["damaged"],
    }


def _work(
    context: JobContext,
    bulk: BulkWriter,
    bodies: Bodies,
    footage: CameraFootage,
    source: SourceRow,
    plan: CutPlan,
    begun: float,
    share: float,
) -> int:
    """Does a source's part; gives how many objects could not be cut because the footage is gone."""
    total = max(len(plan.to_renew) + len(plan.to_cut), 1)
    with context.project.read() as connection:
        calibration = calibration_in_force(connection, footage.camera.id)
    places = Places(
        None if calibration is None else calibration.record,
        source.width,
        source.height,
        default_space(),
        context.settings(CutSettings).person_radius_m,
        bodies,
    )
    work = SourceCut(context, bulk, footage.camera, source, places)
    steps = [work.renew(plan.to_renew, plan.still)]
    if source.found:
        steps.append(work.cut(plan.to_cut, plan.still))
    done = 0
    for step in steps:
        for count in step:
            context.check_stop()
            done += count
            context.progress(begun + share * done / total, f"Cutting objects out of {source.name}")
    return 0 if source.found else len(plan.to_cut)


def _note_what_lacks(context: JobContext, footage: list[CameraFootage]) -> None:
    for one in footage:
        with context.project.read() as connection:
            calibration = calibration_in_force(connection, one.camera.id)
            backgrounds = list_backgrounds(connection, one.camera.id)
        if calibration is None or calibration.record.normal is None:
            what = "is not calibrated" if calibration is None else "has no ground"
            context.log(
                f"{one.camera.name} {what}: where its objects stand is not known, as WALT3D needs it."
            )
        if not backgrounds:
            context.log(f"{one.camera.name} has no background: its objects are cut out without shadows.")


def _tell_of_lost(context: JobContext, lost: dict[str, int], *, nothing_else: bool) -> None:
    if not lost:
        return
    names, count = ", ".join(lost), sum(lost.values())
    if nothing_else:
        raise FootageMissingError(
            f"None of {count} objects could be cut out: their footage ({names}) is not where it was.",
            "Put it back, or find it with `amodal locate` or the Sources workspace.",
        )
    what = "1 object" if count == 1 else f"{count} objects"
    context.log(f"{what} could not be cut out, because the footage is not where it was: {names}.")
