"""What never leaves its place, and what does."""

from __future__ import annotations

import numpy as np
import pytest

from core.mining.standing import way_of


def _boxes(x: np.ndarray, size: np.ndarray | float = 20.0) -> np.ndarray:
    sides = np.broadcast_to(size, x.shape)
    return np.stack([x - sides / 2, np.zeros_like(x), sides, sides], axis=1)


def test_a_drive_past_is_as_long_as_it_is() -> None:
    assert way_of(_boxes(np.linspace(0, 200, 101))) == pytest.approx(10, rel=0.05)


def test_a_wavering_outline_goes_nowhere() -> None:
    chance = np.random.default_rng(4)
    assert way_of(_boxes(chance.normal(50, 3, 300), chance.normal(20, 1.5, 300))) < 0.5


def test_what_comes_straight_at_the_camera_grows() -> None:
    assert way_of(_boxes(np.full(60, 80.0), np.linspace(20, 60, 60))) > 0.7


def test_a_track_of_one_view_goes_nowhere() -> None:
    assert way_of(_boxes(np.array([10.0]))) == 0
