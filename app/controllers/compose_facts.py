"""What there is to compose from, in the words and choices of the Compose workspace."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from app.controllers.compose_reads import ComposeFacts
from app.states.compose import Missing, OcclusionChart, bars_of
from app.states.review_filter import Choice
from core.records.recipes import RecipeSetRow, Sampler

_DRAWN_HERE = "drawn here"


def missing_of(facts: ComposeFacts) -> Missing:
    """What is missing for any composite; nothing where one can be drawn."""
    camera, counts = facts.camera, facts.counts
    if camera is None:
        return Missing(
            "No camera yet",
            "Composites are made of what a camera has seen. Add footage in Sources, make its background "
            "and mine it.",
            "compose.mine",
            "Go to Sources",
        )
    if not facts.backgrounds:
        return Missing(
            f"{camera.name} has no background",
            "Objects are pasted on the street without what moves. A job makes that from the footage.",
            "compose.background",
            "Make the background",
        )
    if counts.ready == 0 and counts.stale > 0:
        return Missing(
            "All pieces are out of date",
            f"{counts.stale:,} objects of {camera.name} were cut out before their masks, points, fits or "
            "calibration changed. Cut again: it takes only what has changed.",
            "compose.cut",
            "Cut again…",
        )
    if counts.ready == 0:
        return Missing(
            "Nothing is cut out yet",
            f"Composites of {camera.name} are made of its unoccluded objects. Cut them out once: afterwards "
            "no footage is needed.",
            "compose.cut",
            "Cut objects out…",
        )
    return Missing()


def sampler_of(facts: ComposeFacts) -> Sampler:
    """How composites are drawn here: by WALT3D where anything has a place on the ground."""
    return Sampler.WALT3D if facts.counts.placed > 0 else Sampler.WALT2D


def flat_note(facts: ComposeFacts) -> Missing:
    """Why composites are drawn without geometry, and what helps; nothing where they are not."""
    camera = facts.camera
    if camera is None or facts.counts.ready == 0 or facts.counts.placed > 0:
        return Missing()
    if facts.calibration_id is None:
        return Missing(
            "No calibration: WALT2D only",
            f"{camera.name} is not calibrated, so nobody knows what is nearer: objects are pasted in random "
            "order.",
            "compose.calibrate",
            "Calibrate…",
        )
    return Missing(
        "No places: WALT2D only",
        "None of the pieces has a fit that tells where it stands. Fit in 3D, then cut again.",
        "project.fit",
        "Fit in 3D…",
    )


def set_choices(facts: ComposeFacts) -> tuple[Choice, ...]:
    """What can be shown: what is drawn here, and the sets."""
    camera = facts.camera
    chosen = [Choice(None, _DRAWN_HERE)]
    for row in facts.sets:
        count = sum(
            number for (camera_id, _), number in row.counts.items() if camera and camera_id == camera.id
        )
        chosen.append(Choice(row.id, f"{row.name} ({count:,})"))
    return tuple(chosen)


def background_choices(facts: ComposeFacts) -> tuple[Choice, ...]:
    """The camera's backgrounds, and any of them."""
    return (
        Choice(None, "by the seed"),
        *(
            Choice(row.id, "all hours" if row.hour is None else f"{row.hour:02d}–{(row.hour + 1) % 24:02d} h")
            for row in facts.backgrounds
        ),
    )


def chart_of(
    row: RecipeSetRow | None, drawn: Iterable[tuple[int, ...]] = (), counts: tuple[int, ...] = ()
) -> OcclusionChart:
    """How much is hidden over a set, or over what was drawn here.

    Args:
        row, counts: the set, and its objects by ten percent.
        drawn: hidden shares of the objects of each composite that was drawn here, percent.
    """
    if row is not None:
        total = sum(row.wanted or ())
        wanted = tuple(share / total for share in row.wanted) if row.wanted and total else ()
        return OcclusionChart(counts, wanted, f"Occlusion in {row.name}")
    composites = list(drawn)
    percents = np.array([percent for one in composites for percent in one], dtype=np.int64)
    number = len(composites)
    what = "1 composite" if number == 1 else f"{number:,} composites"
    return OcclusionChart(bars_of(percents), (), f"Occlusion in {what}" if number else "Occlusion")
