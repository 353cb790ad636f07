"""Who moves along the synthetic street, and where each is at any moment; drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.synthesis import street_plan as plan
from core.synthesis.car_bodies import STYLES, CarStyle
from core.synthesis.draw_car import CarPose
from core.synthesis.layers import Color
from core.synthesis.walkers import Outfit, WalkerPose

_PAINTS: tuple[Color, ...] = (
    (176.0, 36.0, 40.0), (40.0, 74.0, 132.0), (202.0, 204.0, 206.0), (24.0, 25.0, 30.0),
    (176.0, 184.0, 190.0), (214.0, 172.0, 62.0), (26.0, 104.0, 72.0), (196.0, 192.0, 180.0),
    (136.0, 26.0, 60.0), (96.0, 136.0, 172.0), (188.0, 92.0, 44.0), (30.0, 44.0, 66.0),
)  # fmt: skip
_TOPS: tuple[Color, ...] = (
    (190.0, 60.0, 54.0), (58.0, 92.0, 150.0), (222.0, 214.0, 200.0), (66.0, 70.0, 78.0),
    (206.0, 166.0, 70.0), (92.0, 130.0, 94.0), (150.0, 96.0, 136.0), (236.0, 236.0, 232.0),
)  # fmt: skip
_TROUSERS: tuple[Color, ...] = (
    (44.0, 54.0, 82.0), (38.0, 38.0, 42.0), (124.0, 108.0, 84.0), (92.0, 96.0, 104.0),
    (70.0, 60.0, 56.0),
)  # fmt: skip
_SKINS: tuple[Color, ...] = (
    (224.0, 184.0, 156.0), (198.0, 150.0, 116.0), (142.0, 98.0, 72.0), (94.0, 64.0, 48.0),
)  # fmt: skip
_HAIRS: tuple[Color, ...] = (
    (40.0, 32.0, 28.0), (92.0, 66.0, 44.0), (168.0, 132.0, 84.0), (150.0, 150.0, 148.0),
)  # fmt: skip

# where the lanes enter and leave the view, along the street
_STREET_BEGIN_M = -16.0
_STREET_END_M = 95.0
_GAP_M = (4.0, 34.0)
_WALK_BEGIN_M, _WALK_END_M = -6.0, 48.0


@dataclass(frozen=True, slots=True)
class Driver:
    """A car that keeps its place in the flow of its lane.

    Attributes:
        style, paint: how it looks.
        lane_y: the middle of its lane.
        heading: 1 along the street's X, -1 against it.
        offset_m: how far behind the lane's first car it drives.
        sway_m, sway_phase: how it drifts about its place in the lane.
    """

    style: CarStyle
    paint: Color
    lane_y: float
    heading: int
    offset_m: float
    sway_m: float
    sway_phase: float


@dataclass(frozen=True, slots=True)
class Parked:
    """A car that stands in a parking bay."""

    style: CarStyle
    paint: Color
    x: float
    heading: int


@dataclass(frozen=True, slots=True)
class Walker:
    """A person who walks along a pavement at one speed."""

    outfit: Outfit
    y: float
    start_x: float
    heading: int
    speed_m_s: float
    phase_m: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """Everyone on the street; times in seconds from the clip's start."""

    drivers: tuple[Driver, ...]
    parked: tuple[Parked, ...]
    walkers: tuple[Walker, ...]

    def driver_pose(self, driver: Driver, time_s: float) -> CarPose:
        """Where a car is."""
        along = _flow_m(driver.heading, time_s) - driver.offset_m
        along += 0.35 * np.sin(0.7 * time_s + driver.sway_phase)
        x = _STREET_BEGIN_M + along if driver.heading > 0 else _STREET_END_M - along
        y = driver.lane_y + driver.sway_m * np.sin(0.45 * time_s + driver.sway_phase)
        return CarPose(float(x), float(y), driver.heading, float(along))

    @staticmethod
    def parked_pose(parked: Parked) -> CarPose:
        """Where a parked car stands."""
        return CarPose(parked.x, plan.BAY_LANE_Y, parked.heading, 0.4 * parked.x)

    @staticmethod
    def walker_pose(walker: Walker, time_s: float) -> WalkerPose:
        """Where a person is."""
        walked = walker.speed_m_s * time_s
        return WalkerPose(
            walker.start_x + walker.heading * walked, walker.y, walker.heading, walked + walker.phase_m
        )


def plan_traffic(seconds: float, seed: int) -> Traffic:
    """Everyone who comes by during a clip of this length."""
    rng = np.random.default_rng([seed, 11])
    drivers = [*_lane(plan.NEAR_LANE_Y, 1, seconds, rng), *_lane(plan.FAR_LANE_Y, -1, seconds, rng)]
    paints = rng.permutation(len(_PAINTS))
    parked = [
        Parked(STYLES[int(rng.integers(4))], _PAINTS[paint], x + float(rng.uniform(-0.3, 0.3)), -1)
        for x, paint in zip(plan.PARKED_X, paints, strict=False)
    ]
    return Traffic(tuple(drivers), tuple(parked), tuple(_walkers(seconds, rng)))


def _flow_m(heading: int, time_s: float) -> float:
    """How far a lane's flow has come, metres: about 8 m/s, now slower and now faster."""
    speed, swell, pace, phase = (8.2, 5.0, 0.42, 0.0) if heading > 0 else (9.0, 6.0, 0.36, 1.7)
    # at the start the street is already full of cars
    head_start = _STREET_END_M - _STREET_BEGIN_M
    return head_start + speed * time_s + swell * float(np.sin(pace * time_s + phase) - np.sin(phase))


def _lane(lane_y: float, heading: int, seconds: float, rng: np.random.Generator) -> list[Driver]:
    drivers: list[Driver] = []
    paints = rng.permutation(len(_PAINTS))
    place = 4.0
    while place < _flow_m(heading, seconds):
        style = STYLES[int(rng.integers(len(STYLES)))]
        drivers.append(
            Driver(
                style=style,
                paint=_PAINTS[paints[len(drivers) % len(paints)]],
                lane_y=lane_y,
                heading=heading,
                offset_m=place,
                sway_m=float(rng.uniform(0.0, 0.12)),
                sway_phase=float(rng.uniform(0.0, 2.0 * np.pi)),
            )
        )
        # short gaps make cars of one lane hide each other, long ones leave them free
        gap = _GAP_M[0] + (_GAP_M[1] - _GAP_M[0]) * float(rng.random()) ** 1.3
        place += max(style.length, 5.1) + 1.0 + gap
    return drivers


def _walkers(seconds: float, rng: np.random.Generator) -> list[Walker]:
    walkers: list[Walker] = []
    sides = ((plan.NEAR_WALK_Y, plan.NEAR_WALK_Y, 14.0), (*plan.FAR_WALK_Y, 9.0))
    for low, high, spacing in sides:
        for heading in (1, -1):
            place = float(rng.uniform(0.0, spacing))
            while place < (_WALK_END_M - _WALK_BEGIN_M) + 1.5 * seconds:
                from_end = place - 1.5 * seconds
                start = _WALK_BEGIN_M + from_end if heading > 0 else _WALK_END_M - from_end
                walkers.append(
                    Walker(
                        outfit=_outfit(rng),
                        # each direction keeps to its own half of the pavement
                        y=float(rng.uniform(low, high)) - 0.35 * heading * (low == high),
                        start_x=start,
                        heading=heading,
                        speed_m_s=1.35 if low == high else float(rng.uniform(1.15, 1.55)),
                        phase_m=float(rng.uniform(0.0, 1.45)),
                    )
                )
                place += spacing * float(rng.uniform(0.6, 2.2))
    return walkers


def _outfit(rng: np.random.Generator) -> Outfit:
    bag = _pick(_TOPS, rng) if rng.random() < 0.4 else None
    return Outfit(
        height_m=float(rng.uniform(1.56, 1.88)),
        skin=_pick(_SKINS, rng),
        hair=_pick(_HAIRS, rng),
        top=_pick(_TOPS, rng),
        trousers=_pick(_TROUSERS, rng),
        shoes=(46.0, 42.0, 40.0),
        bag=bag,
    )


def _pick(colors: tuple[Color, ...], rng: np.random.Generator) -> Color:
    return colors[int(rng.integers(len(colors)))]
