"""People who walk along the pavements and, when it is green, over the crossing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.layout import KERB_HEIGHT, Layout
from core.synthesis.street.signals import Signals, round_s
from core.synthesis.street.traffic import may_walk

Floats = NDArray[np.float64]

_CROSSING_LANES = 4


@dataclass(frozen=True, slots=True)
class Walker:
    """One person and where he or she goes.

    Attributes:
        track: number.
        model: which of the bodies it is.
        speed: m/s.
        start: second at which the person sets out, negative for before the clip.
        way: (N, 2) points of the way, from pavement to pavement.
        phase: of the stride at the start, 0 to 1.
        crosses: whether the way leads over the crossing.
    """

    track: int
    model: int
    speed: float
    start: float
    way: tuple[tuple[float, float], ...]
    phase: float
    crosses: bool


@dataclass(frozen=True, slots=True)
class WalkMoment:
    """A person at one time: place on the ground, metres; heading, radians; metres walked; whether walking."""

    track: int
    model: int
    x: float
    y: float
    z: float
    heading: float
    walked: float
    moving: bool


def plan_walkers(
    layout: Layout, count: int, bodies: int, seconds: float, seed: int, first_track: int, signals: Signals
) -> tuple[Walker, ...]:
    """About `count` people at any time, over the whole clip. On the crossing they keep to lanes."""
    rng = np.random.default_rng([seed, 113])
    walkers: list[Walker] = []
    begin = -40.0
    if not bodies:
        return ()
    for place in range(count):
        time = begin + float(rng.uniform(0, 25))
        crosses = place % 3 == 0
        while time < seconds:
            speed = float(rng.uniform(1.15, 1.6))
            if crosses:
                way, start = (
                    _crossing_way(layout, rng, place // 3),
                    _green_start(layout, rng, time, speed, signals),
                )
            else:
                way, start = _pavement_way(layout, rng, place), time
            walkers.append(
                Walker(
                    first_track + len(walkers), int(rng.integers(bodies)), speed, start, way,
                    float(rng.random()), crosses,
                )
            )  # fmt: skip
            time = start + _length(way) / speed + float(rng.uniform(1, 6))
    return tuple(walkers)


def moment(walker: Walker, layout: Layout, time: float) -> WalkMoment | None:
    """Where a person is at a time, or None before setting out and after arriving."""
    way = np.array(walker.way)
    walked = (time - walker.start) * walker.speed
    steps = np.hypot(*np.diff(way, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    if not 0 <= walked < along[-1]:
        return None
    x, y = (float(np.interp(walked, along, way[:, axis])) for axis in (0, 1))
    ahead, back = min(walked + 0.4, along[-1]), max(walked - 0.4, 0.0)
    dx, dy = (float(np.interp(ahead, along, c) - np.interp(back, along, c)) for c in way.T)
    # down from the kerb within half a step
    z = KERB_HEIGHT * float(np.clip((abs(y) - layout.road_half + 0.15) / 0.3, 0, 1))
    return WalkMoment(
        walker.track, walker.model, x, y, z, float(np.arctan2(dy, dx)), walked + walker.phase * 1.4, True
    )


def on_road(walkers: tuple[Walker, ...], layout: Layout, time: float) -> Floats:
    """(N, 2) places of the people who are on the road, or about to step on it."""
    found = []
    for walker in walkers:
        if walker.crosses:
            now = moment(walker, layout, time)
            if now is not None and abs(now.y) < layout.road_half + 0.6:
                found.append((now.x, now.y))
    return np.array(found).reshape(-1, 2)


def _length(way: tuple[tuple[float, float], ...]) -> float:
    return float(np.hypot(*np.diff(np.array(way), axis=0).T).sum())


def _pavement_way(layout: Layout, rng: np.random.Generator, place: int) -> tuple[tuple[float, float], ...]:
    """Along a pavement towards the junction and around the corner, or the other way."""
    side = 1.0 if place % 2 else -1.0
    inside = float(rng.uniform(1.4, layout.pavement - 0.9))
    beyond = rng.random() < 0.35
    sign = 1.0 if beyond else -1.0
    corner_x = layout.side_x + sign * (layout.side_half + inside)
    far_x = layout.side_x + 75.0 if beyond else float(rng.uniform(6.0, 14.0))
    y = side * (layout.road_half + inside)
    way = [(far_x, y), (corner_x + sign * 1.0, y), (corner_x, y + side * 1.0), (corner_x, side * 45.0)]
    points = way if rng.random() < 0.5 else way[::-1]
    return tuple(points)


def _crossing_way(layout: Layout, rng: np.random.Generator, lane: int) -> tuple[tuple[float, float], ...]:
    """Over the crossing, in one of four lanes, those to either side keeping apart."""
    first, last = layout.crossing
    width = (last - first) / _CROSSING_LANES
    x = first + (lane % _CROSSING_LANES + 0.5) * width
    side = 1.0 if lane % 2 else -1.0
    edge = layout.road_half
    away = x - float(rng.uniform(14.0, 24.0))
    return (
        (away, side * (edge + 1.8)),
        (x - 1.0, side * (edge + 1.5)),
        (x, side * (edge + 0.6)),
        (x, -side * (edge + 0.6)),
        (x - 1.0, -side * (edge + 1.5)),
        (away, -side * (edge + 1.8)),
    )


def _green_start(
    layout: Layout, rng: np.random.Generator, earliest: float, speed: float, signals: Signals
) -> float:
    """A time to set out so that the crossing is green on arrival and stays so long enough."""
    before = 20.0 / speed
    needed = 2 * (layout.road_half + 0.6) / speed
    time = earliest + float(rng.uniform(0, 2))
    for _ in range(int(2 * round_s() / 0.25)):
        arrives = time + before
        if may_walk(signals, arrives, min(needed, 10.0)):
            return time + float(rng.uniform(0.0, 1.0))
        time += 0.25
    return earliest
