"""Shares of what hides what, on squares whose overlaps can be counted by hand."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from core.records.boxes import Box
from core.records.detections import Category
from core.synthesis.depth_order import Footprint
from core.synthesis.layers import Layer, LayerBrush, lay_over
from core.synthesis.occlusion_truth import Placed, frame_truth
from core.synthesis.truth import Cover, CoverKind

SOMEWHERE = Footprint(-1.0, 1.0, 9.0, 11.0)


def square(x: int, y: int, w: int, h: int) -> Layer:
    return Layer(x, y, np.full((h, w, 3), 200, dtype=np.uint8), np.full((h, w), 255, dtype=np.uint8))


def test_each_hidden_pixel_counts_for_what_is_seen_there() -> None:
    car = Placed(square(2, 2, 10, 10), SOMEWHERE, CoverKind.CAR, 1, Category.CAR)
    person = Placed(square(8, 2, 4, 10), SOMEWHERE, CoverKind.PERSON, 2, Category.PERSON)
    post = Placed(square(10, 0, 1, 20), SOMEWHERE, CoverKind.STATIC)
    truth = frame_truth([car, person, post], 0, 0.0, 20, 20)
    hidden_car, hidden_person = truth.objects
    # the person covers columns 8-11 of the car; the post, in front of both, takes column 10
    assert hidden_car.occlusion == 0.4
    assert hidden_car.covers == (Cover(CoverKind.PERSON, 2, 0.3), Cover(CoverKind.STATIC, None, 0.1))
    assert hidden_car.box == Box(2.0, 2.0, 6.0, 10.0)
    assert hidden_car.amodal_box == Box(2.0, 2.0, 10.0, 10.0)
    assert hidden_person.occlusion == 0.25
    assert hidden_person.covers == (Cover(CoverKind.STATIC, None, 0.25),)


def test_what_lies_beyond_the_border_is_hidden_by_it() -> None:
    car = Placed(square(-3, 4, 10, 6), SOMEWHERE, CoverKind.CAR, 1, Category.CAR)
    truth = frame_truth([car], 0, 0.0, 20, 20).objects[0]
    assert truth.covers == (Cover(CoverKind.BORDER, None, 0.3),)
    assert truth.amodal_box == Box(-3.0, 4.0, 10.0, 6.0)
    assert truth.box == Box(0.0, 4.0, 7.0, 6.0)


def test_a_wholly_hidden_object_stays_in_the_truth_and_one_outside_does_not() -> None:
    hidden = Placed(square(5, 5, 3, 3), SOMEWHERE, CoverKind.PERSON, 1, Category.PERSON)
    outside = Placed(square(40, 5, 3, 3), SOMEWHERE, CoverKind.PERSON, 2, Category.PERSON)
    van = Placed(square(4, 4, 8, 8), SOMEWHERE, CoverKind.CAR, 3, Category.CAR)
    truth = frame_truth([hidden, outside, van], 0, 0.0, 20, 20)
    assert [found.track_id for found in truth.objects] == [1, 3]
    assert truth.objects[0].occlusion == 1.0
    assert truth.objects[0].box is None


def test_a_polygon_covers_the_pixels_whose_area_it_takes() -> None:
    brush = LayerBrush(np.array([2.0, 3.0]), np.array([7.0, 8.0]))
    # from the left edge of pixel 3 to the middle of pixel 6, and from row 4 to row 6
    brush.polygon(np.array([[2.5, 3.5], [6.0, 3.5], [6.0, 6.5], [2.5, 6.5]]), (90.0, 90.0, 90.0))
    layer = brush.finish()
    coverage = np.zeros((12, 12), dtype=np.float64)
    h, w = layer.coverage.shape
    coverage[layer.y : layer.y + h, layer.x : layer.x + w] = layer.coverage / 255.0
    assert (coverage[4:7, 3:6] == 1.0).all()
    assert np.abs(coverage[4:7, 6] - 0.5).max() <= 0.2  # three samples across a pixel
    assert coverage.sum() < 3.0 * 3.5 * 1.4


def test_laying_over_mixes_by_coverage() -> None:
    frame = np.full((4, 4, 3), 100, dtype=np.uint8)
    half = Layer(
        1, 1, np.full((2, 2, 3), 100, dtype=np.uint8), np.full((2, 2), 128, dtype=np.uint8)
    )  # 200 at half coverage, already multiplied
    lay_over(frame, half)
    assert_array_equal(frame[1:3, 1:3], np.full((2, 2, 3), 150, dtype=np.uint8))
    assert_array_equal(frame[0], np.full((4, 3), 100, dtype=np.uint8))
