"""What a loop needs before it begins."""

from __future__ import annotations

import importlib.util

from core.errors import JobError
from core.jobs.context import JobContext
from core.jobs.evaluate.unseen import test_set
from core.jobs.footage import chosen_footage
from core.jobs.loop.settings import LoopSettings
from core.records.recipes import Split
from core.store.queries.calibrations import calibration_in_force


def check(context: JobContext, settings: LoopSettings) -> None:
    """Says what is missing before anything is begun."""
    chosen_footage(context.project, settings.camera, [])
    if settings.sampler == "walt3d" and not calibrated(context, settings):
        which = f"The camera {settings.camera} is" if settings.camera else "No camera is"
        raise JobError(
            f"{which} {'not ' if settings.camera else ''}calibrated with its ground, which WALT3D needs.",
            "Calibrate it, or choose the sampler walt2d.",
        )
    if importlib.util.find_spec("torch") is None:
        raise JobError(
            "A loop trains, which needs the package torch.",
            "Install the program with pip, pipx or uv: the one-folder build leaves it out.",
        )


def calibrated(context: JobContext, settings: LoopSettings) -> list[str]:
    """The names of the chosen cameras that are calibrated with their ground."""
    footage = chosen_footage(context.project, settings.camera, [])
    with context.project.read() as connection:
        rows = {one.camera.name: calibration_in_force(connection, one.camera.id) for one in footage}
    return [name for name, row in rows.items() if row is not None and row.record.normal is not None]


def test_name(context: JobContext, settings: LoopSettings) -> str:
    """The set that all rounds are measured by, fixed now; "" of a drawn street."""
    if settings.truth != "composites":
        return ""
    with context.project.read() as connection:
        found = test_set(connection, settings.test_set, Split.TEST)
    if found is None:
        raise JobError(
            "There is no set of composites for the test.",
            "Make one with `amodal compose --split test`, or measure by a drawn street.",
        )
    return found.name
