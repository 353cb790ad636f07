"""Which way cars head, from how their tracks move on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.motion import smooth_velocity

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

WIDTH_S = 0.6
# places by outlines jump by about this much from frame to frame
PLACE_M = 0.3
# a car that went less than this within the window stands, as far as can be told
LEAST_WAY_M = 1.5
LEAST_RAD = 0.05


class Timed(Protocol):
    """What has a time and a track."""

    @property
    def time_s(self) -> float:
        """Seconds."""
        ...

    @property
    def track(self) -> int | None:
        """Number of the physical car."""
        ...


@dataclass(frozen=True, eq=False)
class Headings:
    """What motion says.

    Attributes:
        heading, sigma_rad: (n,) radians on the ground; any number where it is not known.
        known: (n,) whether motion says anything.
    """

    heading: Array
    sigma_rad: Array
    known: Bits


def headings_of(sightings: Sequence[Timed], places: Array, ready: Bits) -> Headings:
    """Headings of all sightings.

    A car that stands keeps the heading that it had when it last moved, or has when it next does.

    Args:
        sightings: with time and track.
        places: (n, 2) on the ground, metres. ready: (n,) which of them count.
    """
    count = len(sightings)
    heading, sigma, known = np.zeros(count), np.ones(count), np.zeros(count, dtype=np.bool_)
    tracks: dict[int, list[int]] = {}
    for row, one in enumerate(sightings):
        if one.track is not None and ready[row]:
            tracks.setdefault(one.track, []).append(row)
    for rows in tracks.values():
        if len(rows) < 2:
            continue
        order = np.array(sorted(rows, key=lambda row: sightings[row].time_s))
        times = np.array([sightings[row].time_s for row in order.tolist()])
        distinct = np.concatenate([[True], np.diff(times) > 0])
        order, times = order[distinct], times[distinct]
        if len(order) < 2:
            continue
        velocity = smooth_velocity(times, places[order], times, WIDTH_S)
        way = np.linalg.norm(velocity, axis=1) * _span(times)
        moving = way > LEAST_WAY_M
        if not moving.any():
            continue
        nearest = np.abs(times[:, None] - times[moving][None]).argmin(axis=1)
        source = np.flatnonzero(moving)[nearest]
        heading[order] = np.arctan2(velocity[source, 1], velocity[source, 0])
        sigma[order] = np.hypot(LEAST_RAD, PLACE_M / way[source])
        known[order] = True
    return Headings(heading, sigma, known)


def _span(times: Array) -> Array:
    """(n,) seconds that the window around each time covers of the track."""
    return np.asarray(np.minimum(times[-1], times + 2 * WIDTH_S) - np.maximum(times[0], times - 2 * WIDTH_S))
