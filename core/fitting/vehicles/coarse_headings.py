"""Which way cars head, from how their tracks move on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.motion import bent_velocity, smooth_velocity, wrapped

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

WIDTH_S = 0.6
# places by outlines jump by about this much from frame to frame, far ones by more
PLACE_M = 0.3
# a car that went less than so many jumps within the window stands, as far as can be told
LEAST_WAY = 5.0
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
        moving: (n,) whether it does so at that moment; else it is kept from another.
    """

    heading: Array
    sigma_rad: Array
    known: Bits
    moving: Bits


def headings_of(
    sightings: Sequence[Timed], places: Array, ready: Bits, jumps_m: Array | None = None
) -> Headings:
    """Headings of all sightings.

    A car that stands keeps the heading that it had when it last moved, or has when it next does. Where a
    straight way and a bent one through the places head differently, the car may be turning: it is known as
    well as they agree.

    Args:
        sightings: with time and track.
        places: (n, 2) on the ground, metres. ready: (n,) which of them count.
        jumps_m: (n, 2) how far places jump along the line of sight and across it; None for PLACE_M.
    """
    if jumps_m is None:
        jumps_m = np.full((len(sightings), 2), PLACE_M)
    count = len(sightings)
    heading, sigma, known = np.zeros(count), np.ones(count), np.zeros(count, dtype=np.bool_)
    driving = np.zeros(count, dtype=np.bool_)
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
        ahead, aside = _jumps(velocity, places[order], jumps_m[order])
        way = np.linalg.norm(velocity, axis=1) * _span(times)
        moving = way > LEAST_WAY * ahead
        if not moving.any():
            continue
        straight = np.arctan2(velocity[:, 1], velocity[:, 0])
        unsure = np.hypot(LEAST_RAD, aside / np.maximum(way, 1e-9))
        if len(order) > 2:
            bent = bent_velocity(times, places[order], times, WIDTH_S)
            unsure = np.hypot(unsure, wrapped(np.arctan2(bent[:, 1], bent[:, 0]) - straight))
        nearest = np.abs(times[:, None] - times[moving][None]).argmin(axis=1)
        source = np.flatnonzero(moving)[nearest]
        heading[order], sigma[order] = straight[source], unsure[source]
        known[order], driving[order] = True, moving
    return Headings(heading, sigma, known, driving)


def _jumps(velocity: Array, places: Array, jumps_m: Array) -> tuple[Array, Array]:
    """(n,) how far places jump in the direction in which each car goes, and across it, metres."""
    sight = places / np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
    way = velocity / np.maximum(np.linalg.norm(velocity, axis=1, keepdims=True), 1e-9)
    away = (way * sight).sum(axis=1)
    beside = way[:, 1] * sight[:, 0] - way[:, 0] * sight[:, 1]
    along, across = jumps_m[:, 0], jumps_m[:, 1]
    return np.hypot(away * along, beside * across), np.hypot(beside * along, away * across)


def _span(times: Array) -> Array:
    """(n,) seconds that the window around each time covers of the track."""
    return np.asarray(np.minimum(times[-1], times + 2 * WIDTH_S) - np.maximum(times[0], times - 2 * WIDTH_S))
