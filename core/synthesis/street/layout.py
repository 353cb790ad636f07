"""Where everything is on a street: lanes, kerbs, the crossing, the side street, lots, poles and trees.

Street frame: x along the main road, y to its left, z up, the road's surface at z = 0, metres. Traffic keeps
to the right, so it drives towards +x where y < 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

KERB_HEIGHT = 0.12
START, END = -70.0, 190.0
SIDE_REACH = 75.0
"""Where the main road begins and ends, and how far the side street goes to either side."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A building's ground: x0 < x1, y0 < y1, and how many storeys stand on it."""

    x0: float
    x1: float
    y0: float
    y1: float
    storeys: int
    ground_storey: float
    storey: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the ground with a heading, radians from +x to +y."""

    x: float
    y: float
    heading: float = 0.0


@dataclass(frozen=True, slots=True)
class Layout:
    """The plan of one street.

    Attributes:
        seed: it was drawn from.
        lanes: in each direction of the main road.
        lane: width of a lane.
        median: width of the strip between the directions, painted.
        parking: width of the parking lane on either side.
        pavement: width of the pavements.
        side_x: middle of the side street; side_half half its width.
        crossing: x where the pedestrians' crossing begins and ends, on the main road before the junction.
        corner: radius of the kerb at the junction.
        lots, parked, trees, lamps, signs: what stands there.
    """

    seed: int
    lanes: int
    lane: float
    median: float
    parking: float
    pavement: float
    side_x: float
    side_half: float
    crossing: tuple[float, float]
    corner: float
    lots: tuple[Lot, ...]
    parked: tuple[Spot, ...]
    trees: tuple[Spot, ...]
    lamps: tuple[Spot, ...]
    signs: tuple[Spot, ...]

    @property
    def driven_half(self) -> float:
        """From the middle of the main road to the outer edge of its lanes."""
        return self.median / 2 + self.lanes * self.lane

    @property
    def road_half(self) -> float:
        """From the middle of the main road to its kerb."""
        return self.driven_half + self.parking

    @property
    def front(self) -> float:
        """From the middle of the main road to the houses."""
        return self.road_half + self.pavement

    def lane_y(self, lane: int, direction: int) -> float:
        """y of a lane's middle: lane 0 is next to the median; direction 1 drives to +x, -1 to -x."""
        return -direction * (self.median / 2 + (lane + 0.5) * self.lane)

    def stop_x(self, direction: int) -> float:
        """x of the stop line of a direction of the main road."""
        if direction > 0:
            return self.crossing[0] - 1.5
        return self.side_x + self.side_half + 3.0

    @property
    def side_stop(self) -> float:
        """Distance of the side street's stop lines from the middle of the main road."""
        return self.road_half + 2.0


def plan_layout(seed: int) -> Layout:
    """Draws a street's plan."""
    rng = np.random.default_rng([seed, 11])
    lanes = 2
    lane = float(rng.uniform(3.1, 3.4))
    median = float(rng.uniform(0.3, 1.2))
    parking, pavement = 2.3, float(rng.uniform(3.2, 4.4))
    side_x, side_half = float(rng.uniform(44.0, 54.0)), 3.6
    crossing = (side_x - side_half - 9.0, side_x - side_half - 5.0)
    driven = median / 2 + lanes * lane
    kerb = driven + parking
    front = kerb + pavement
    corners = (side_x - side_half - pavement, side_x + side_half + pavement)
    return Layout(
        seed=seed,
        lanes=lanes,
        lane=lane,
        median=median,
        parking=parking,
        pavement=pavement,
        side_x=side_x,
        side_half=side_half,
        crossing=crossing,
        corner=4.0,
        lots=_lots(rng, front, corners),
        parked=_parking(rng, driven + parking / 2, crossing[0] - 6.0, side_x + side_half + 12.0),
        trees=_trees(rng, kerb + 0.9, crossing[0], corners[1]),
        lamps=_lamps(kerb + 0.5, corners),
        signs=_signs(rng, kerb + 0.45, crossing, corners),
    )


def _lots(rng: np.random.Generator, front: float, corners: tuple[float, float]) -> tuple[Lot, ...]:
    lots: list[Lot] = []
    for side in (-1, 1):
        for begin, end in ((START, corners[0]), (corners[1], END)):
            x = begin
            while x < end - 4.0:
                width = min(float(rng.uniform(12.0, 26.0)), end - x)
                width = end - x if end - x - width < 8.0 else width
                depth = 30.0 if width + x > end - 1 or x == begin else 14.0
                set_back = float(rng.choice([0.0, 0.0, 0.0, 1.5]))
                near, far = front + set_back, front + set_back + depth
                low, high = (near, far) if side > 0 else (-far, -near)
                storeys = int(rng.integers(2, 6))
                lots.append(Lot(x, x + width, low, high, storeys, float(rng.uniform(3.6, 4.4)), 3.1))
                x += width
                if rng.random() < 0.18 and x < end - 16:
                    x += float(rng.uniform(3.0, 8.0))
    # what closes the view at the end of the road
    lots.append(Lot(END + 15, END + 35, -60.0, -4.0, 5, 4.0, 3.1))
    lots.append(Lot(END + 25, END + 45, -2.0, 60.0, 6, 4.0, 3.1))
    return tuple(lots)


def _parking(rng: np.random.Generator, y: float, before: float, after: float) -> tuple[Spot, ...]:
    spots: list[Spot] = []
    for side in (-1, 1):
        for begin, end in ((-4.0, before), (after, after + 60.0)):
            x = begin + float(rng.uniform(0.0, 3.0))
            while x < end - 3.0:
                if rng.random() < 0.75:
                    turn = float(rng.normal(0.0, 0.015)) + (np.pi if side > 0 else 0.0)
                    spots.append(Spot(x, side * (y + float(rng.normal(0.0, 0.06))), turn))
                x += float(rng.uniform(6.1, 7.4))
    order = rng.permutation(len(spots))
    return tuple(spots[i] for i in order)


def _trees(rng: np.random.Generator, y: float, before: float, after: float) -> tuple[Spot, ...]:
    spots: list[Spot] = []
    for side in (-1, 1):
        for begin, end in ((15.0, before - 4.0), (after + 4.0, END)):
            x = begin + float(rng.uniform(0.0, 8.0))
            while x < end:
                if rng.random() < 0.8:
                    spots.append(Spot(x, side * y, float(rng.uniform(0.0, 6.28))))
                x += float(rng.uniform(10.0, 17.0))
    return tuple(spots)


def _lamps(y: float, corners: tuple[float, float]) -> tuple[Spot, ...]:
    places = [x for x in np.arange(-14.0, END, 27.0) if not corners[0] - 2 < x < corners[1] + 2]
    return tuple(Spot(float(x), side * y, -side * np.pi / 2) for x in places for side in (-1, 1))


def _signs(
    rng: np.random.Generator, y: float, crossing: tuple[float, float], corners: tuple[float, float]
) -> tuple[Spot, ...]:
    places = [13.0 + float(rng.uniform(0.0, 4.0)), crossing[0] - 4.0, corners[1] + 6.0]
    return tuple(Spot(x, side * y, np.pi if side < 0 else 0.0) for x in places for side in (-1, 1))
