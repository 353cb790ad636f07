"""Single cars: only the car itself hides its points, and it is whole in the picture's depth and mask."""

from __future__ import annotations

import numpy as np
import pytest

from core.geometry.masks import patch_to_full
from core.records.shapes import KeypointTag
from core.synthesis.street.car_renders import CarRenders
from core.synthesis.street.truth import CoverKind

SIZE = 96


@pytest.fixture(scope="module")
def renders():
    """A dozen pictures."""
    made = CarRenders(seed=4, size=SIZE, models=5)
    return [made.render(index) for index in range(12)]


def test_any_picture_can_be_made_alone(renders):
    again = CarRenders(seed=4, size=SIZE, models=5).render(7)
    np.testing.assert_array_equal(again.picture, renders[7].picture)
    np.testing.assert_array_equal(again.car.points.pixels, renders[7].car.points.pixels)


def test_only_the_car_hides_itself(renders):
    tags = [tag for render in renders for tag in render.car.points.tags]
    assert KeypointTag.OTHER_OCCLUDED not in tags
    assert tags.count(KeypointTag.SELF_OCCLUDED) > 20
    assert tags.count(KeypointTag.VISIBLE) > 20
    for render in renders:
        assert {cover.kind for cover in render.car.covers} <= {CoverKind.BORDER}
        np.testing.assert_array_equal(render.car.modal.bits, render.car.amodal.bits)


def test_from_behind_the_front_is_hidden(renders):
    """The headlights of a car that drives away are never seen, nor the taillights of one that comes."""
    for render in renders:
        forward = render.car.pose.rotation[:, 0]
        towards = render.car.pose.translation / np.linalg.norm(render.car.pose.translation)
        if abs(forward @ towards) > 0.8:
            far_lights = (4, 5) if forward @ towards > 0 else (6, 7)
            assert all(render.car.points.tags[place] is not KeypointTag.VISIBLE for place in far_lights)


def test_the_car_stands_on_the_ground_and_fills_its_mask(renders):
    for render in renders:
        ground = render.ground
        assert ground.normal @ render.car.pose.translation + ground.height == pytest.approx(0, abs=1e-9)
        mask = patch_to_full(render.car.modal, SIZE, SIZE)
        assert 0.05 < mask.mean() < 0.8
        depth = render.depth[mask]
        assert np.abs(depth - render.car.pose.translation[2]).max() < 4.0


def test_cars_are_seen_from_all_around(renders):
    turns = [np.arctan2(render.car.pose.rotation[2, 0], render.car.pose.rotation[0, 0]) for render in renders]
    assert len({int(np.floor(turn / (np.pi / 2))) for turn in turns}) == 4


def test_sizes_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="32"):
        CarRenders(size=8)
