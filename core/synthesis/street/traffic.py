"""Cars that drive through a street: they follow, stop, turn, and never touch each other or a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.drivers import Driver, acceleration, draw_driver
from core.synthesis.street.footprints import any_overlap, corners
from core.synthesis.street.layout import Layout
from core.synthesis.street.routes import ON_FOOT, STEP, Route, plan_routes
from core.synthesis.street.signals import YELLOW_S, Signals

Floats = NDArray[np.float64]
Walkers = Callable[[float], Floats]

STEP_S = 0.1
WARM_UP_S = 45.0
_LOOK_AHEAD_M = 45.0
_MARGIN_M = 0.25
_TURN_SPEED = 5.2
_YELLOW_BRAKING = 3.2
_STOP_SHORT_M = 1.0
_WALKER_RADIUS_M = 0.45
_SIDE_GAP_M = 0.35
_NEAR_M = 14.0


@dataclass(frozen=True, slots=True)
class CarSize:
    """What the traffic needs to know of a car, in its own frame, metres.

    Attributes:
        extent: rear and front end along, right and left side across.
        wheelbase: between the axles.
    """

    extent: tuple[float, float, float, float]
    wheelbase: float


@dataclass(frozen=True, slots=True)
class CarMoment:
    """A car at one time.

    Attributes:
        track: its number; a car that has left and one that comes later have different ones.
        model: which of the models it is.
        x, y, heading: the car frame's place in the street, metres and radians.
        speed: m/s; braking: whether its brake lights are on.
    """

    track: int
    model: int
    x: float
    y: float
    heading: float
    speed: float
    braking: bool


@dataclass(slots=True)
class _Car:
    track: int
    model: int
    route: Route
    driver: Driver
    along: float
    speed: float
    slowing: float = 0.0


class Traffic:
    """The cars of one street, second by second."""

    def __init__(
        self,
        layout: Layout,
        sizes: Sequence[CarSize],
        count: int,
        seed: int,
        first_track: int,
        walkers: Walkers,
        signals: Signals,
    ) -> None:
        """An empty street into which `count` cars drive.

        Args:
            sizes: of the models, chosen by lot.
            first_track: number of the first car; later ones count up.
            walkers: the places (N, 2) of people on the road at a time, which cars do not drive over.
        """
        self._layout = layout
        self._sizes = sizes
        self._count = count
        self._rng = np.random.default_rng([seed, 101])
        self._walkers = walkers
        self._signals = signals
        self._routes = plan_routes(layout)
        weights = np.array([route.weight for route in self._routes])
        self._weights = weights / weights.sum()
        self._cars: list[_Car] = []
        self._next = first_track
        self._waiting = 0
        self._fill()

    def moments(self) -> list[CarMoment]:
        """All cars now."""
        return [self._moment(car) for car in self._cars]

    def step(self, time: float) -> None:
        """Moves all cars by a tenth of a second from a time on."""
        people = self._walkers(time)
        places = [self._moment(car) for car in self._cars]
        shapes = self._shapes(places, 0.0)
        plans = []
        for number, car in enumerate(self._cars):
            gap, closing = self._ahead(car, number, places, shapes, people)
            line = self._to_stop(car, time)
            if line < gap:
                gap, closing = line, car.speed
            wanted = min(car.driver.speed, self._turn_limit(car))
            plans.append(acceleration(car.driver, car.speed, wanted, gap, closing))
        for number, (car, change) in enumerate(zip(self._cars, plans, strict=True)):
            speed = max(car.speed + change * STEP_S, 0.0)
            self._advance(car, number, speed, shapes, people)
            car.slowing = 0.7 * car.slowing + 0.3 * change
        self._cars = [car for car in self._cars if car.along < car.route.length - 4.0]
        self._enter()

    def _advance(self, car: _Car, number: int, speed: float, shapes: Floats, people: Floats) -> None:
        """Moves one car, unless it would then stand too close to something."""
        before = car.along
        car.along += (car.speed + speed) / 2 * STEP_S
        now = self._moment(car)
        near = _around(shapes[:, 0], now, _NEAR_M)
        near[number] = False
        near_by = np.concatenate([shapes[near], _squares(people[_around(people, now, _NEAR_M)])])
        if len(near_by) and any_overlap(self._shapes([now], _MARGIN_M)[0], near_by):
            car.along, speed = before, 0.0
        else:
            shapes[number] = self._shapes([now], 0.0)[0]
        car.speed = speed

    def _ahead(
        self, car: _Car, number: int, places: list[CarMoment], shapes: Floats, people: Floats
    ) -> tuple[float, float]:
        """Gap to the first thing on the car's own way, metres, and how fast it closes, m/s."""
        size = self._sizes[car.model]
        first = int((car.along + size.extent[1]) / STEP) + 1
        way = car.route.points[first : first + int(_LOOK_AHEAD_M / STEP) : 2]
        if not len(way):
            return np.inf, 0.0
        here = places[number]
        half = (size.extent[3] - size.extent[2]) / 2 + _SIDE_GAP_M
        best, closing = np.inf, 0.0
        near = np.flatnonzero(_around(shapes[:, 0], here, _LOOK_AHEAD_M + 8.0))
        near = near[near != number]
        if len(near):
            outline = shapes[near]
            points = np.concatenate([outline, (outline + outline[:, [1, 2, 3, 0]]) / 2], axis=1)
            gaps = _first_within(points.reshape(-1, 2), way, half).reshape(len(near), -1).min(axis=1)
            other = int(np.argmin(gaps))
            if np.isfinite(gaps[other]):
                best = max(float(gaps[other]) - 0.5, 0.1)
                ahead = places[near[other]]
                closing = car.speed - ahead.speed * float(np.cos(ahead.heading - here.heading))
        if len(people):
            gap = float(_first_within(people, way, half + _WALKER_RADIUS_M + 0.4).min())
            if gap < best:
                best, closing = max(gap - 1.0, 0.1), car.speed
        return best, closing

    def _to_stop(self, car: _Car, time: float) -> float:
        """Distance to the stop line, where the car has to stop there; else inf."""
        nose = car.along + self._sizes[car.model].extent[1]
        left = car.route.stop - _STOP_SHORT_M - nose
        if left < -0.8:
            return np.inf
        green = self._signals.left(car.route.phase, time)
        if green > 1.5:
            return np.inf
        just_red = self._signals.left(car.route.phase, time - YELLOW_S) > 0
        too_late = car.speed**2 / (2 * _YELLOW_BRAKING) > max(left, 0.0)
        return np.inf if just_red and too_late and car.speed > 2.0 else max(left, 0.05)

    def _turn_limit(self, car: _Car) -> float:
        """The speed that the bend within the next metres allows."""
        if not car.route.turns:
            return np.inf
        steps = car.route.at(car.along + np.array([0.0, 3.0, 6.0, 9.0, 12.0]))
        ways = np.diff(steps, axis=0)
        turn = np.abs(np.diff(np.unwrap(np.arctan2(ways[:, 1], ways[:, 0])))).max()
        return _TURN_SPEED if turn > 0.12 else np.inf

    def _moment(self, car: _Car) -> CarMoment:
        half = self._sizes[car.model].wheelbase / 2
        front, rear = car.route.place(car.along + half), car.route.place(car.along - half)
        x, y = (front[0] + rear[0]) / 2, (front[1] + rear[1]) / 2
        heading = math.atan2(front[1] - rear[1], front[0] - rear[0])
        return CarMoment(car.track, car.model, x, y, heading, car.speed, car.slowing < -0.5)

    def _shapes(self, places: Sequence[CarMoment], margin: float) -> Floats:
        extents = np.array([self._sizes[place.model].extent for place in places]).reshape(-1, 4)
        x, y, heading = np.array([(place.x, place.y, place.heading) for place in places]).reshape(-1, 3).T
        return corners(x, y, heading, extents, margin)

    def _fill(self) -> None:
        """Spreads the first cars over the street."""
        for _ in range(40 * self._count):
            if len(self._cars) >= self._count:
                return
            car = self._draw()
            car.along = float(self._rng.uniform(5.0, car.route.length - 20.0))
            on_junction = 0 < car.along - car.route.stop < 35
            if not on_junction and self._is_free(car, 4.0):
                self._admit(car)

    def _enter(self) -> None:
        """Lets the next car drive in at the beginning of a route that is free."""
        if len(self._cars) >= self._count:
            return
        car = self._draw()
        car.along = 4.0
        if self._is_free(car, 7.0):
            self._admit(car)

    def _draw(self) -> _Car:
        route = self._routes[int(self._rng.choice(len(self._routes), p=self._weights))]
        driver = draw_driver(self._rng)
        return _Car(-1, int(self._rng.integers(len(self._sizes))), route, driver, 0.0, driver.speed * 0.7)

    def _admit(self, car: _Car) -> None:
        car.track = self._next
        self._next += 1
        self._cars.append(car)

    def _is_free(self, car: _Car, margin: float) -> bool:
        wide = self._shapes([self._moment(car)], margin)[0]
        return not any_overlap(wide, self._shapes([self._moment(other) for other in self._cars], 0.0))


def _around(points: Floats, here: CarMoment, reach: float) -> NDArray[np.bool_]:
    """(N,) which points lie within a square around a car."""
    return (np.abs(points[:, 0] - here.x) < reach) & (np.abs(points[:, 1] - here.y) < reach)


def _first_within(points: Floats, way: Floats, half: float) -> Floats:
    """(N,) metres along a way to the first of its points, 1 m apart, that is near each point; else inf."""
    x, y = (points[:, None, axis] - way[:, axis] for axis in (0, 1))
    inside = x * x + y * y < half * half
    first = inside.argmax(axis=1).astype(np.float64)
    first[~inside.any(axis=1)] = np.inf
    return first


def _squares(people: Floats) -> Floats:
    """(N, 4, 2) ground plans of people."""
    around = np.array([[1, -1], [1, 1], [-1, 1], [-1, -1]]) * _WALKER_RADIUS_M
    return people[:, None] + around


def may_walk(signals: Signals, time: float, needed_s: float) -> bool:
    """Whether there is time to cross the road on foot."""
    return signals.left(ON_FOOT, time) + 3.0 > needed_s and signals.left(ON_FOOT, time) > 1.0
