"""Whether the frames of a track can all show one person, by how far people go in the time between."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot

from core.records.fits import BodyFit, FitVerdict

FASTEST_M_S = 8.0
"""A sprint: who goes farther in the time is somebody else, to whom the tracker went over."""

_SLACK_M = 0.3  # a step's sway
_SURE_SIGMAS = 2.0


def runs_of_people(alone: Sequence[BodyFit | None], times_s: Sequence[float]) -> list[range]:
    """A track's frames in runs, each of which can be one person's.

    Args:
        alone: each frame's own fit; None and those that hold no place tell nothing.
        times_s: of each frame, seconds, increasing.

    Returns:
        ranges of frames, in order; together they are all frames.
    """
    cuts, last = [0], None
    for frame, fit in enumerate(alone):
        if fit is None or not _stands(fit):
            continue
        if last is not None and _too_far(last[1], fit, times_s[frame] - times_s[last[0]]):
            cuts.append(frame)
        last = frame, fit
    return [range(*ends) for ends in zip(cuts, [*cuts[1:], len(alone)], strict=True)]


def _stands(fit: BodyFit) -> bool:
    told = fit.verdict in (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
    return told and fit.place_m is not None and fit.sigmas is not None


def _too_far(before: BodyFit, after: BodyFit, time_s: float) -> bool:
    assert before.place_m is not None
    assert after.place_m is not None
    assert before.sigmas is not None
    assert after.sigmas is not None
    way = hypot(after.place_m[0] - before.place_m[0], after.place_m[1] - before.place_m[1])
    doubt = _SURE_SIGMAS * hypot(before.sigmas.along_m, after.sigmas.along_m)
    return way > FASTEST_M_S * time_s + doubt + _SLACK_M
