"""ApolloCar3D's real cars: poses from their annotated points, against the poses that came with them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks._apollo_cars import read_real_cars
from benchmarks.apollo import FAR_RAD, outcome
from core.fitting.vehicles.convention import learn_convention
from core.shapes.space_file import default_space


@pytest.mark.real_data
def test_real_cars_of_six_points_are_turned_and_placed_right(real_data):
    """The issue's limits: 99 % within 30 degrees, 2.5 degrees, and 3.7 % of the distance."""
    camera, cars, _ = read_real_cars(real_data / "car_models")
    habit = learn_convention(camera, None, default_space(), [car.evidence for car in cars if car.points >= 5])
    found = outcome(camera, default_space(), [car for car in cars if car.points >= 6], habit)
    assert len(found.off) == 279
    assert (found.turn_rad < FAR_RAD).mean() >= 0.99
    assert np.median(found.turn_rad) <= np.deg2rad(2.5)
    assert np.median(found.off) <= 0.037
