"""What is kept of looks at cars, and which of their points are counted as right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from core.jobs.reproduce.composite_cars import car_of
from core.jobs.reproduce.hidden_points import POINT_GROUPS, read_said, right_points, write_said
from core.training.data.said_cars import SaidCar, SeenElsewhere


def a_car(seed: int) -> SaidCar:
    """Three points of each tag; every third is off by 0.2, which is more than a tenth of its size."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(-1, 1, (12, 2))
    places = points + np.where(np.arange(12) % 3 == 2, 0.2, 0.0)[:, None] * [1.0, 0.0]
    tags = np.repeat([0, 1, 2, 3], 3)
    return SaidCar(
        places,
        np.full(12, 0.5),
        tags,
        points,
        tags,
        np.ones(12, dtype=np.bool_),
        1.5,
        SeenElsewhere.nowhere(),
    )


def test_points_are_counted_by_what_hides_them() -> None:
    cars = [a_car(0), a_car(1)]
    right, count = right_points([one.places for one in cars], cars)
    by_group = dict(zip(POINT_GROUPS, zip(right[:, 0], count[:, 0], strict=True), strict=True))
    assert by_group == {
        "all points": (8, 12),
        "visible": (2, 3),
        "self-occluded": (2, 3),
        "occluded by others": (2, 3),
        "hidden": (4, 6),
    }
    exact, _ = right_points([one.points for one in cars], cars)
    assert np.array_equal(exact, count)


def test_looks_are_kept_whole(tmp_path: Path) -> None:
    cars = [a_car(2), a_car(3)]
    write_said(tmp_path / "said.npz", cars)
    again = read_said(tmp_path / "said.npz")
    assert len(again) == 2
    for one, other in zip(cars, again, strict=True):
        assert one.size == other.size
        for name in ("places", "scores", "said_tags", "points", "tags", "labelled"):
            assert np.array_equal(getattr(one, name), getattr(other, name))
    assert not again[0].elsewhere.seen.any()


def test_views_of_one_car_in_composites_are_drawn_together() -> None:
    names = ("composite 71/0/12", "composite 71/5/12", "composite 71/5/3", "composite 72/5/12")
    cars = [car_of(name) for name in names]
    assert cars[0] == cars[1]
    assert len(set(cars)) == 3
