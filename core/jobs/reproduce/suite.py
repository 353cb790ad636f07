"""The reproduction suite: makes what is not made yet, and says in tables what came out."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from core.jobs.reproduce.chapter import Chapter
from core.jobs.reproduce.chapters.fits_by_occlusion import FITS_BY_OCCLUSION
from core.jobs.reproduce.chapters.keypoints import KEYPOINTS
from core.jobs.reproduce.chapters.occlusion_net import OCCLUSION_NET
from core.jobs.reproduce.chapters.real_footage import real_footage
from core.jobs.reproduce.chapters.tracking_by_detector import TRACKING_BY_DETECTOR
from core.jobs.reproduce.chapters.unoccluded import UNOCCLUDED
from core.jobs.reproduce.chapters.whole_detectors import WHOLE_DETECTORS
from core.jobs.reproduce.chapters.whole_masks import WHOLE_MASKS
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.tables import line_of
from core.jobs.reproduce.units import make_units, write_whole

REPORT, NUMBERS = "report.md", "numbers.json"
CHAPTERS = (
    WHOLE_MASKS,
    FITS_BY_OCCLUSION,
    KEYPOINTS,
    TRACKING_BY_DETECTOR,
    UNOCCLUDED,
    OCCLUSION_NET,
    WHOLE_DETECTORS,
)
"""All that is simulated; `chapters_with` adds real footage."""


@dataclass(frozen=True, slots=True)
class Reproduced:
    """How far it came.

    Attributes:
        done, units: how many of its units are done, of how many.
        report: the tables of what is there, or None while nothing is.
    """

    done: int
    units: int
    report: Path | None


def chapters_with(footage: Path | None) -> tuple[Chapter, ...]:
    """All chapters.

    Args:
        footage: the folder of real footage, or None: what needs it is skipped.
    """
    return (*CHAPTERS, real_footage(footage))


def reproduce(
    folder: Path,
    size: Size,
    *,
    minutes: float | None = None,
    told: Callable[[str], None] = lambda line: None,
    footage: Path | None = None,
    chapters: Sequence[Chapter] | None = None,
) -> Reproduced:
    """Make a reproduction, or go on with it.

    Args:
        folder: where all of it lies; a size goes on in the folder of its name.
        minutes: after which no further unit is begun; None: until it is done.
        told: is told each unit that is done.
        footage: the folder of real footage, if there is one.
        chapters: what of it; None: all.

    Raises:
        RayCastingUnavailableError: streets cannot be drawn here.
    """
    home = folder / size.value
    chapters = chapters_with(footage) if chapters is None else chapters
    by_chapter = {chapter: chapter.units(home, size) for chapter in chapters}
    units = [unit for some in by_chapter.values() for unit in some]
    make_units(units, until=None if minutes is None else time.monotonic() + 60 * minutes, told=told)
    done = sum(one.done for one in units)
    pages = {chapter: chapter.page(home, size) for chapter in chapters}
    there = {chapter: page for chapter, page in pages.items() if page is not None}
    if not there:
        return Reproduced(done, len(units), None)
    settings = {
        "parts": f"{done} of {len(units)}",
        "versions": f"torch {version('torch')}, numpy {version('numpy')}",
    }
    missing = [chapter.title for chapter in chapters if chapter not in there and by_chapter[chapter]]
    left_out = [f"{chapter.title}: {chapter.left_out}" for chapter in chapters if not by_chapter[chapter]]
    parts = [
        f"# The papers' tables on simulated streets, size {size.value}",
        line_of(settings),
        *(page.markdown.strip() for page in there.values()),
        *_listed("## Not run yet", missing),
        *_listed("## Left out of this size", left_out),
    ]
    write_whole(home / REPORT, "\n\n".join(parts) + "\n")
    numbers = {"settings": settings} | {chapter.key: page.numbers for chapter, page in there.items()}
    write_whole(home / NUMBERS, _as_json(numbers))
    return Reproduced(done, len(units), home / REPORT)


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return [title, "\n".join(f"- {line}" for line in lines)] if lines else []


def _as_json(value: Any) -> str:
    """Plain values, with as many digits as mean something."""
    return json.dumps(_finite(value), indent=1, default=lambda one: round(float(one), 6))


def _finite(value: Any) -> Any:
    """What is no number as nothing: JSON has no NaN."""
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
