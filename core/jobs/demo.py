"""The demo: a simulated street with a calibrated camera, added, mined, its cars coarsely fitted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from core.errors import ProjectError, RayCastingUnavailableError
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.jobs.street_footage import add_footage, read_truth
from core.store.project import Project
from core.synthesis.street.clip_writer import ClipFiles, write_clip
from core.synthesis.street.mounts import kerb_mount
from core.synthesis.street.settings import StreetSettings, Weather
from core.synthesis.street.street import Street, StreetCamera

PROJECT_NAME = "demo.amodal"
CLIP_NAME = "street.mp4"
CAMERA_NAME = "Demo street"
SECONDS = 30.0

# Its lights turn green early in the clip: cars wait, drive, and make way for people. Under a grey sky many
# cars are as grey as the road, which tears their motion to pieces.
STREET = StreetSettings(
    width=960,
    height=540,
    fps=10.0,
    seed=93,
    cars=16,
    parked=16,
    people=9,
    weather=Weather.CLEAR,
)

_BUILT = 0.1
_DRAWN = 0.85
_STEPS: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (0.04, "background", {"camera": CAMERA_NAME}),
    # smaller ones, in a picture of this size, are far away and mostly parts of something
    (0.09, "mine", {"camera": CAMERA_NAME, "detector": "motion", "motion.min_size_px": 24}),
    # by their outlines, since no car has keypoints yet
    (0.02, "fit", {"camera": CAMERA_NAME}),
)

Show = Callable[[float, str], None]


def make_demo(
    folder: Path,
    *,
    seconds: float = SECONDS,
    street: StreetSettings = STREET,
    on_progress: Show | None = None,
) -> Path:
    """Makes the demo's clip, its truth and its project in a folder and gives the project's path.

    An earlier demo project in the folder is kept and opened as it is. A build that cannot cast rays takes
    the clip that was drawn when it was built, whole.

    Args:
        seconds: length of the clip.
        street: what it shows; its number of frames follows from `seconds`.
        on_progress: is told the share that is done, 0 to 1, and what is being done.

    Raises:
        ProjectError: the folder cannot be used.
        RayCastingUnavailableError: no street can be drawn here, and none was drawn before.
    """
    show = on_progress or (lambda share, message: None)
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise ProjectError(f"The folder {folder} cannot be written.", "Choose another one.")
    path = folder / PROJECT_NAME
    if path.exists():
        show(1.0, "The demo is there already")
        return path
    clip = ClipFiles.of(folder / CLIP_NAME, depth=False)
    if not all(file.exists() for file in clip):
        _draw(clip, replace(street, frame_count=max(1, round(seconds * street.fps))), show)
    # under another name until it is whole, so that a demo cut short is made again
    draft = folder / f"unfinished-{PROJECT_NAME}"
    for leftover in folder.glob(f"{draft.name}*"):
        leftover.unlink()
    Project.create(draft, "Demo").close()
    add_footage(draft, clip, read_truth(clip), CAMERA_NAME)
    done = _DRAWN
    for share, kind, settings in _STEPS:
        with Project.open(draft) as project:
            job_id = create(project, kind, settings)
        run_job(draft, job_id, on_progress=_within(show, done, share))
        done += share
    draft.rename(path)
    # the jobs' scratch folder stood beside the unfinished project; the demo keeps no files of its own
    shutil.rmtree(draft.with_suffix(".files"), ignore_errors=True)
    show(1.0, "Done")
    return path


def ready_made() -> Traversable:
    """Where a build without ray casting has the demo's clip and its truth."""
    return files("resources") / "demo"


def _draw(clip: ClipFiles, settings: StreetSettings, show: Show) -> None:
    show(0.0, "Building a street")
    try:
        street = Street(settings)
    except RayCastingUnavailableError:
        if not all((ready_made() / file.name).is_file() for file in clip):
            raise
        for file in clip:
            with as_file(ready_made() / file.name) as made:
                shutil.copyfile(made, file)
        return
    camera = StreetCamera(street, kerb_mount(street.layout, settings.width, settings.height))
    draw = _within(show, _BUILT, _DRAWN - _BUILT)
    write_clip(camera, clip.video, lambda part: draw(part, "Drawing a street"), depth=False)


def _within(show: Show, start: float, share: float) -> Show:
    return lambda part, message: show(start + share * part, message)
