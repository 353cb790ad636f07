"""The demo: a clip that the program draws itself, added, mined and ready to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import ProjectError
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.store.project import Project
from core.synthesis.demo_clip import render_demo_clip

PROJECT_NAME = "demo.amodal"
CLIP_NAME = "street.mp4"
CAMERA_NAME = "Demo street"
CAPTURED_FROM = "2026-06-21T15:10:00"

_STEPS: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (0.05, "add", {"camera": CAMERA_NAME, "start": CAPTURED_FROM}),
    (0.15, "background", {"camera": CAMERA_NAME}),
    (0.35, "mine", {"camera": CAMERA_NAME, "detector": "motion"}),
)
_RENDER_SHARE = 0.45


def make_demo(
    folder: Path, *, seconds: float = 20.0, on_progress: Callable[[float, str], None] | None = None
) -> Path:
    """Makes the demo's clip and project in a folder and gives the project's path.

    An earlier demo project in the folder is kept and opened as it is.

    Args:
        seconds: length of the clip.
        on_progress: is told the share that is done, 0 to 1, and what is being done.

    Raises:
        ProjectError: the folder cannot be used.
    """
    show = on_progress or (lambda share, message: None)
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise ProjectError(f"The folder {folder} cannot be written.", "Choose another one.")
    path = folder / PROJECT_NAME
    if path.exists():
        show(1.0, "The demo is there already")
        return path
    clip = folder / CLIP_NAME
    if not clip.exists():
        render_demo_clip(
            clip, seconds, progress=lambda share: show(_RENDER_SHARE * share, "Drawing a street")
        )
    # under another name until it is whole, so that a demo cut short is made again
    draft = folder / f"unfinished-{PROJECT_NAME}"
    for leftover in folder.glob(f"{draft.name}*"):
        leftover.unlink()
    Project.create(draft, "Demo").close()
    done = _RENDER_SHARE
    for share, kind, settings in _STEPS:
        named = {"path": str(clip), **settings} if kind == "add" else settings
        with Project.open(draft) as project:
            job_id = create(project, kind, named)
        run_job(draft, job_id, on_progress=_within(show, done, share))
        done += share
    draft.rename(path)
    # the jobs' scratch folder stood beside the unfinished project; the demo keeps no files of its own
    shutil.rmtree(draft.with_suffix(".files"), ignore_errors=True)
    show(1.0, "Done")
    return path


def _within(show: Callable[[float, str], None], start: float, share: float) -> Callable[[float, str], None]:
    return lambda part, message: show(start + share * part, message)
