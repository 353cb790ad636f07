"""Which frames of a track one car can have driven through: a tracker that took up another car is found out.

Between two frames a car goes no farther than cars are fast, and turns no farther than cars turn. It goes
where it heads: somewhere between, its rear axle went along the chord (mean value theorem), so that it turned
from its first heading to the chord's and from there to its second; or the same in reverse, slowly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.motion import wrapped
from core.records.fits import FitVerdict, VehicleFit

Array = NDArray[np.float64]

MOST_SPEED_M_S = 60.0
MOST_REVERSE_M_S = 3.0
# 180 degrees in four seconds; at 8 m/s that would be 6.4 m/s2 to the side
MOST_TURNING_RAD_S = 0.8
LEAST_RADIUS_M = 4.0  # of the rear axle's middle, with a turning circle of 10 m
_REAR_AXLE_M = 1.35
# what calibrations and roads that are not flat are off by
_SLACK_M, _SLACK_RAD = 0.3, 0.2
_SIGMAS = 3.0
# front taken for back in a frame is likelier than another car, and hardly so in three
_MISREAD, _OTHER_CAR = 1.0, 2.5


@dataclass(frozen=True, eq=False)
class _Stand:
    """Where a frame's fit stands: place (2,) and heading, with standard deviations."""

    place: Array
    heading: float
    sigma_m: float
    sigma_rad: float

    def turned(self, by: float) -> _Stand:
        return _Stand(self.place, self.heading + by, self.sigma_m, self.sigma_rad)

    @property
    def rear(self) -> Array:
        return np.asarray(self.place - _REAR_AXLE_M * np.array([np.cos(self.heading), np.sin(self.heading)]))


def cars_of(fits: Sequence[VehicleFit | None], times_s: Sequence[float]) -> list[range]:
    """The frames of a track by car, in order of time.

    A frame in which front may have been taken for back is no other car. Frames between the last good fit of
    one car and the first of the next belong to neither.

    Args:
        fits: of each frame by its own points, None where there is none; only good ones on the ground tell.
        times_s: of each frame, increasing.

    Returns:
        runs of frames; one of all where they may be one car's.
    """
    stands = [_stand(fit) for fit in fits]
    asked = [row for row, one in enumerate(stands) if one is not None]
    chosen = [one for one in stands if one is not None]
    after = _breaks(chosen, [times_s[row] for row in asked])
    begin, runs = 0, []
    for last in after:
        runs.append(range(begin, asked[last] + 1))
        begin = asked[last + 1]
    return [*runs, range(begin, len(fits))]


def _breaks(stands: Sequence[_Stand], times_s: Sequence[float]) -> list[int]:
    """After which frames another car begins: the fewest cars and misread headings that explain all."""
    turns = (0.0, np.pi)
    costs = [0.0, _MISREAD]
    came: list[tuple[tuple[int, bool], ...]] = []
    for (first, then), (begun, ended) in zip(pairwise(stands), pairwise(times_s), strict=True):
        best: list[tuple[float, int, bool]] = []
        for now in range(2):
            options = []
            for before in range(2):
                goes = _can_go(first.turned(turns[before]), then.turned(turns[now]), ended - begun)
                options.append((costs[before] + (0.0 if goes else _OTHER_CAR), before, not goes))
            cost, before, breaks = min(options)
            best.append((cost + (_MISREAD if now else 0.0), before, breaks))
        costs = [cost for cost, _, _ in best]
        came.append(tuple((before, breaks) for _, before, breaks in best))
    found = []
    state = int(costs[1] < costs[0])
    for row in range(len(came) - 1, -1, -1):
        state, breaks = came[row][state]
        if breaks:
            found.append(row)
    return found[::-1]


def _can_go(first: _Stand, then: _Stand, gap_s: float) -> bool:
    """Whether a car can go from one to the other in so many seconds."""
    way = then.rear - first.rear
    length = float(np.hypot(way[0], way[1]))
    off_m = _SLACK_M + _SIGMAS * float(np.hypot(first.sigma_m, then.sigma_m))
    if length > MOST_SPEED_M_S * gap_s + off_m:
        return False
    turn = MOST_TURNING_RAD_S * gap_s + _SLACK_RAD
    turn += _SIGMAS * float(np.hypot(first.sigma_rad, then.sigma_rad))
    if length <= 2 * off_m:
        return _between(first.heading, then.heading) <= turn
    chord = float(np.arctan2(way[1], way[0]))
    off_rad = float(np.arcsin(off_m / length))
    # the chord counts twice, and may be turned as far as its ends lie off
    turn += 2 * off_rad
    for back in (0.0, np.pi):
        if back and length - off_m > MOST_REVERSE_M_S * gap_s:
            break
        sides = wrapped(np.array([first.heading, then.heading]) - chord - back)
        if _least_turn(sides, length + off_m, off_rad) <= turn:
            return True
    return False


def _least_turn(sides: Array, length: float, off_rad: float) -> float:
    """How far a car turns at least that begins and ends turned to the sides (2,) of its chord, radians.

    Turned to one side at both ends it must also go to the other in between, to come back to the chord: so far
    as circles of the least radius need, where the chord is too short for a straight piece among them.
    """
    total = float(np.abs(sides).sum())
    one, other = np.maximum(np.abs(sides) - off_rad, 0.0).tolist()
    if sides[0] * sides[1] <= 0 or max(one, other) >= np.pi / 2:
        return total
    beyond = float(np.arccos((np.cos(one) + np.cos(other)) / 2))
    needed = LEAST_RADIUS_M * (np.sin(one) + np.sin(other) + 2 * np.sin(beyond))
    return total if length >= needed else total + 2 * beyond


def _between(one: float, other: float) -> float:
    return float(np.abs(wrapped(np.array(other - one))))


def _stand(fit: VehicleFit | None) -> _Stand | None:
    if (
        fit is None
        or fit.verdict is not FitVerdict.GOOD
        or fit.place_m is None
        or fit.heading_rad is None
        or fit.sigmas is None
    ):
        return None
    sigma_m = float(np.hypot(fit.sigmas.along_m, fit.sigmas.across_m))
    return _Stand(np.array(fit.place_m), fit.heading_rad, sigma_m, fit.sigmas.heading_rad)
