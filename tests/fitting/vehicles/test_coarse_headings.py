"""Headings by motion: as sure as places allow, and no surer where a car turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from core.fitting.vehicles.coarse_headings import (
    LEAST_RAD,
    LEAST_WAY,
    PLACE_M,
    Headings,
    headings_of,
)
from core.fitting.vehicles.motion import wrapped

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    time_s: float
    track: int | None = 1


def headings(times: Array, places: Array, jumps_m: Array | None = None) -> Headings:
    ready = np.ones(len(times), dtype=np.bool_)
    return headings_of([Seen(float(time)) for time in times], places, ready, jumps_m)


def arc(turning: float, speed: float = 8.0) -> tuple[Array, Array, Array]:
    """Times, headings and places of a car that turns steadily."""
    times = 0.2 * np.arange(12)
    turned = 0.3 + turning * times
    if turning == 0:
        places = speed * times[:, None] * [np.cos(0.3), np.sin(0.3)]
    else:
        places = speed / turning * np.stack([np.sin(turned), -np.cos(turned)], axis=1)
    return times, turned, places + np.array([20.0, 0.0])


@pytest.mark.parametrize("turning", [-0.6, -0.2, 0.0, 0.2, 0.6])
def test_a_turning_car_is_known_as_well_as_is_said(turning: float) -> None:
    times, turned, places = arc(turning)
    found = headings(times, places)
    assert found.known.all()
    assert found.moving.all()
    assert (np.abs(wrapped(found.heading - turned)) < 2 * found.sigma_rad).all()
    if turning == 0:
        # a car that drives 8 m/s straight on for 1.2 s at least, with places known to PLACE_M
        assert (found.sigma_rad <= np.hypot(LEAST_RAD, PLACE_M / (8 * 1.2)) + 1e-6).all()


def test_places_that_jump_are_no_way() -> None:
    times = 0.2 * np.arange(8)
    places = np.where(np.arange(8)[:, None] < 4, [60.0, 0.0], [62.5, 0.0])
    assert headings(times, places).known.all()
    # what jumps so far along the line of sight has gone nowhere
    along = np.tile([2.0, 0.3], (8, 1))
    assert not headings(times, places, along).known.any()
    # across it such a way would still be one
    beside = np.stack([np.full(8, 60.0), places[:, 0] - 60.0], axis=1)
    assert headings(times, beside, along).known.all()


def test_a_way_that_is_short_for_its_jumps_says_little_of_the_heading() -> None:
    times, _, places = arc(0.0)
    jumps = np.tile([1.0, 1.0], (12, 1))
    sure, unsure = headings(times, places), headings(times, places, jumps)
    # the part of it that the way tells grows as the jumps do
    more = (unsure.sigma_rad**2 - LEAST_RAD**2) / (sure.sigma_rad**2 - LEAST_RAD**2)
    np.testing.assert_allclose(more, (1.0 / PLACE_M) ** 2, rtol=1e-6)
    # 2.2 s at 8 m/s are 17.6 m: less than that many jumps are no way
    assert not headings(times, places, 17.7 / LEAST_WAY * jumps).known.any()


def test_a_car_that_stands_keeps_its_heading_and_does_not_move() -> None:
    times = 0.4 * np.arange(14)
    gone = np.minimum(np.arange(14) * 3.2, 12.8)
    places = np.stack([20.0 + gone, np.zeros(14)], axis=1)
    found = headings(times, places)
    assert found.known.all()
    assert np.abs(found.heading).max() < 1e-6
    assert found.moving[0]
    assert not found.moving[-1]
