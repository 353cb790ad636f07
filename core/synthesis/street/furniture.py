"""What stands on the pavements: lamp posts, signs, traffic lights, bollards, bins, shelters; and trees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.layout import KERB_HEIGHT, Layout, Spot
from core.synthesis.street.signals import lamp_code
from core.synthesis.street.soup import Material, Soup

Points = NDArray[np.float64]

_CASE = np.array([0.16, 0.16, 0.0])
_STEEL = (0.17, 0.18, 0.18)
_DARK = (0.035, 0.037, 0.04)
_BARK = (0.085, 0.07, 0.058)
_SIGN_COLOURS = ((0.02, 0.07, 0.30), (0.50, 0.50, 0.48), (0.36, 0.03, 0.03), (0.02, 0.07, 0.30))


def add_lamp(soup: Soup, spot: Spot) -> None:
    """A lamp post of eight metres whose arm reaches over the road."""
    soup.begin("lamp post")
    foot = np.array([spot.x, spot.y, KERB_HEIGHT])
    reach = np.array([np.cos(spot.heading), np.sin(spot.heading), 0.0])
    neck, head = foot + _up(7.6), foot + reach * 2.0 + _up(8.2)
    soup.tube(foot, foot + _up(1.1), (0.11, 0.11), Material.METAL, _STEEL)
    soup.tube(foot, neck, (0.085, 0.06), Material.METAL, _STEEL)
    soup.tube(neck, head, (0.05, 0.04), Material.METAL, _STEEL)
    half = np.array([0.35, 0.35, 0.07])
    soup.box(head - half, head + half, Material.METAL, (0.35, 0.35, 0.35))


def add_sign(soup: Soup, spot: Spot, rng: np.random.Generator) -> None:
    """A post with one or two plates that face the traffic."""
    soup.begin("sign")
    foot = np.array([spot.x, spot.y, KERB_HEIGHT])
    soup.tube(foot, foot + _up(2.9), (0.035, 0.035), Material.METAL, (0.30, 0.31, 0.31))
    across = np.array([-np.sin(spot.heading), np.cos(spot.heading), 0.0])
    out = np.array([np.cos(spot.heading), np.sin(spot.heading), 0.0]) * 0.05
    low = 2.2
    for _ in range(int(rng.integers(1, 3))):
        half, tall = 0.33, 0.62
        for toward, look in ((1, _SIGN_COLOURS[rng.integers(len(_SIGN_COLOURS))]), (-1, (0.30, 0.31, 0.31))):
            base = foot + out * toward + _up(low)
            plate = [
                base - across * half,
                base + across * half,
                base + across * half + _up(tall),
                base - across * half + _up(tall),
            ]
            soup.quads([plate], Material.SIGN, look)
        low -= 0.7


def add_signal(soup: Soup, x: float, y: float, reach: float, facing: float, phase: int) -> None:
    """A traffic light on a post, and a second one on an arm that reaches along y over the road.

    Args:
        reach: length of the arm along y, signed; 0 for none.
        facing: direction that the lamps look in, radians.
        phase: whom it speaks to (see `routes`).
    """
    soup.begin("traffic light")
    foot = np.array([x, y, KERB_HEIGHT])
    top = foot + _up(5.6 if reach else 3.2)
    soup.tube(foot, top, (0.085, 0.07), Material.METAL, _STEEL)
    places = [foot + _up(2.3)]
    if reach:
        soup.tube(top, top + np.array([0.0, reach, 0.25]), (0.06, 0.045), Material.METAL, _STEEL)
        places.append(top + np.array([0.0, reach * 0.93, -0.5]))
    ahead = np.array([np.cos(facing), np.sin(facing), 0.0])
    for place in places:
        middle = place + ahead * 0.18
        soup.box(middle - _CASE, middle + _CASE + _up(0.92), Material.METAL, _DARK)
        across = np.array([-ahead[1], ahead[0], 0.0]) * 0.1
        for lamp, colour in enumerate(((0.008, 0.03, 0.02), (0.035, 0.025, 0.008), (0.04, 0.01, 0.008))):
            at = middle + ahead * 0.165 + _up(0.08 + 0.29 * lamp)
            soup.quads(
                [[at - across, at + across, at + across + _up(0.2), at - across + _up(0.2)]],
                Material.LAMP,
                colour,
                lamp_code(phase, lamp),
            )


def add_small_things(soup: Soup, layout: Layout, rng: np.random.Generator) -> None:
    """Bollards at the corners, bins, an advertising pillar, planters and a bus shelter."""
    soup.begin("bollards")
    for along in (-1, 1):
        for across in (-1, 1):
            x0 = layout.side_x + along * (layout.side_half + layout.corner + 0.6)
            for step in range(5):
                foot = np.array([x0 + along * 1.5 * step, across * (layout.road_half + 0.45), KERB_HEIGHT])
                soup.tube(foot, foot + _up(0.95), (0.055, 0.055), Material.METAL, _DARK)
    soup.begin("street furniture")
    for side in (-1, 1):
        for x in (9.0 + 5 * rng.random(), 27.0 + 5 * rng.random(), 78.0 + 9 * rng.random()):
            y = side * (layout.front - 0.7)
            tall, half = float(rng.uniform(0.5, 1.4)), float(rng.uniform(0.25, 0.5))
            tint = ((0.06, 0.10, 0.07), (0.20, 0.19, 0.17), (0.09, 0.085, 0.08))[rng.integers(3)]
            soup.box(
                (x - half, y - half, KERB_HEIGHT),
                (x + half, y + half, KERB_HEIGHT + tall),
                Material.METAL,
                tint,
            )
    x, y = layout.side_x + layout.side_half + 18.0, layout.road_half + 1.7
    soup.tube((x, -y, KERB_HEIGHT), (x, -y, 3.2), (0.65, 0.65), Material.SIGN, (0.40, 0.35, 0.28))


def add_tree(soup: Soup, spot: Spot, rng: np.random.Generator, *, leaves: int) -> None:
    """A tree with a trunk, branches, and leaves in clusters at their ends."""
    soup.begin("tree")
    foot = np.array([spot.x, spot.y, KERB_HEIGHT])
    tall = float(rng.uniform(2.3, 3.2))
    lean = np.array([rng.normal(0, 0.06), rng.normal(0, 0.06), 1.0])
    fork = foot + lean * tall
    girth = float(rng.uniform(0.11, 0.18))
    soup.tube(foot - _up(0.05), fork, (girth * 1.15, girth * 0.8), Material.BARK, _BARK)
    ends = []
    for branch in range(9):
        turn = spot.heading + branch * 2.4 + rng.normal(0, 0.3)
        rise = float(rng.uniform(0.55, 1.35))
        away = np.array([np.cos(turn) * np.cos(rise), np.sin(turn) * np.cos(rise), np.sin(rise)])
        elbow = fork + away * rng.uniform(1.2, 2.0)
        soup.tube(fork, elbow, (girth * 0.5, girth * 0.28), Material.BARK, _BARK)
        for _ in range(3):
            bent = away + rng.normal(0, 0.45, 3)
            end = elbow + bent / np.linalg.norm(bent) * rng.uniform(0.8, 1.7)
            soup.tube(elbow, end, (girth * 0.26, girth * 0.06), Material.BARK, _BARK)
            ends.append(end)
    if not leaves:
        _twigs(soup, np.array(ends), rng)
        return
    around = np.array(ends)[rng.integers(len(ends), size=leaves)]
    spread = rng.normal(0, 1, (leaves, 3))
    spread *= (rng.random((leaves, 1)) ** 0.5) / np.linalg.norm(spread, axis=1, keepdims=True)
    middle = around + spread * [0.95, 0.95, 0.75]
    one, two = rng.normal(0, 1, (2, leaves, 3))
    one /= np.linalg.norm(one, axis=1, keepdims=True)
    two = np.cross(one, two)
    two /= np.linalg.norm(two, axis=1, keepdims=True)
    one, two = one * rng.uniform(0.045, 0.10, (leaves, 1)), two * rng.uniform(0.03, 0.07, (leaves, 1))
    tint = np.array(((0.045, 0.062, 0.022), (0.035, 0.055, 0.022), (0.07, 0.066, 0.022))[rng.integers(3)])
    tints = tint * rng.uniform(0.6, 1.4, (leaves, 1))
    soup.quads(
        np.stack([middle - one, middle + two, middle + one, middle - two], axis=1), Material.LEAF, tints
    )


def _twigs(soup: Soup, ends: Points, rng: np.random.Generator) -> None:
    """Bare twigs, as flat slivers."""
    count = 14 * len(ends)
    start = ends[np.arange(count) % len(ends)]
    way = rng.normal(0, 1, (count, 3)) + _up(0.5)
    way *= rng.uniform(0.4, 1.2, (count, 1)) / np.linalg.norm(way, axis=1, keepdims=True)
    side = np.cross(way, [0.3, 0.8, 0.1])
    side *= 0.014 / np.linalg.norm(side, axis=1, keepdims=True)
    soup.quads(
        np.stack([start - side, start + side, start + way + side * 0.4, start + way - side * 0.4], axis=1),
        Material.BARK,
        _BARK,
    )


def _up(height: float) -> Points:
    """(3,) so far upwards."""
    return np.array([0.0, 0.0, height])
