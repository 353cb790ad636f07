"""Fits of a drawn car and what is told of them: right where enough is known, and nothing said where not."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest

from core.evaluation.bootstrap import Estimate
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.masks import full_to_patch, patch_box, patch_to_rle
from core.jobs.reproduce.fit_tables import FittedObjects, fit_claims, fit_figures, fitted_objects
from core.jobs.reproduce.fits import OF_CARS, Fitted, Way
from core.jobs.reproduce.placed import PlacedObject, PlacedView
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.shapes.body.placed import named_body
from core.shapes.space_file import default_space
from core.training.data.street_frames import KnownFrame, KnownObject

WIDTH, HEIGHT = 1280, 720


def a_car(seen: int) -> tuple[PlacedView, KnownFrame]:
    """A car 20 m away, turned by a third, of whose points only the first few are not hidden by another."""
    space, camera = default_space(), pinhole(WIDTH, HEIGHT, 1000.0)
    down = math.radians(15)
    plane = GroundPlane(np.array([0.0, -math.cos(down), -math.sin(down)]), 6.0)
    pose, shape = pose_on_ground(plane, (19.0, 1.0), 1.0), np.zeros(space.components)
    hull = cv2.convexHull(camera.project(pose.apply(space.proxy_vertices(shape))).astype(np.float32))
    bits = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    cv2.fillConvexPoly(bits, hull.round().astype(np.int32), 1)
    mask = full_to_patch(bits)
    box, rle = patch_box(mask), patch_to_rle(mask, HEIGHT, WIDTH)
    tags = [KeypointTag.VISIBLE] * seen + [KeypointTag.OTHER_OCCLUDED] * (12 - seen)
    points = camera.project(pose.apply(space.keypoints(shape)))
    car = PlacedObject(
        Category.CAR, 4, 0.5, box, box, pose.rotation, pose.translation, shape, points, tuple(tags), None
    )
    known = KnownObject(Category.CAR, rle, rle, box, 0.5, 4)
    return PlacedView(camera, plane, ((car,),)), KnownFrame(np.zeros((8, 8, 3), np.uint8), (known,))


def rows_of(seen: int) -> list[dict[str, Any]]:
    view, frame = a_car(seen)
    return Fitted(view, default_space(), named_body(), (1, 2)).rows([frame])


def test_guessed_points_hold_a_car_of_which_two_points_are_seen() -> None:
    [row] = rows_of(seen=2)
    assert row["ways"][Way.SEEN] is None  # two points hold nothing on a ground
    assert row["ways"][Way.ALL]["turn"] < 0.05
    assert row["ways"][Way.ALL]["place"] < 0.5
    assert row["ways"][Way.GUIDED]["place"] < 0.5  # nor do they alone, but with an outline


def test_a_car_that_is_seen_is_fitted_by_each_way_the_same_again() -> None:
    [row] = rows_of(seen=12)
    assert set(row["ways"]) == set(OF_CARS)
    for way in (Way.SEEN, Way.ALL, Way.GUIDED):
        assert row["ways"][way]["turn"] < 0.05
        assert row["ways"][way]["add"] < 0.5
    assert rows_of(seen=12) == [row]


def said(turn: float | None, hidden: float, track: int) -> dict[str, Any]:
    errors = None if turn is None else {"verdict": "good", "turn": turn, "place": turn, "add": turn}
    ways = {way.value: errors for way in Way} | {Way.SEEN.value: None}
    return {"category": "car", "track": track, "hidden": hidden, "ways": ways}


def some() -> FittedObjects:
    rows = [said(0.1, 0.0, 0), said(0.3, 0.3, 0), said(None, 0.5, 2), said(2.0, 0.95, 3)]
    [cars, people] = fitted_objects([rows])
    assert not people.rows
    return cars


def value(one: Estimate) -> float:
    assert one.value is not None
    return one.value


def test_what_nothing_is_said_of_is_wrong_and_infinitely_far_off() -> None:
    found = fit_figures(some(), Way.ALL, draws=10)
    every, fine, turn = found.groups["all"][:3]
    assert (value(every), value(fine)) == (0.5, 0.25)
    assert value(turn) == pytest.approx(1.15)  # of 0.1, 0.3, 2 and nothing said
    assert found.silent == 0.25
    silent = fit_figures(some(), Way.SEEN, draws=10)
    assert value(silent.groups["all"][0]) == 0.0
    assert math.isinf(value(silent.groups["all"][2]))


def test_objects_stand_where_so_much_of_them_is_hidden() -> None:
    assert some().counts() == [1, 0, 0, 1, 0, 1, 0, 0, 0, 1]
    found = fit_figures(some(), Way.ALL, draws=10)
    assert found.tenths[3][0].value == 1.0
    assert found.tenths[1][0].value is None
    assert found.tenths[3][0].low is None  # of one car
    assert value(found.groups["L1"][0]) == 1.0  # 20 to 40 %
    assert value(found.groups["L2"][0]) == 0.0


def test_one_car_in_many_pictures_is_drawn_as_one() -> None:
    cameras = [[said(turn, 0.6, 7)] * 20 for turn in (0.1, 2.0) * 3]
    [cars, _] = fitted_objects(cameras)
    assert cars.tracks.count == 6  # of one number in each of six cameras
    [share, *_] = fit_figures(cars, Way.ALL, draws=200).groups["all"]
    assert value(share) == 0.5
    assert share.low is not None
    assert share.high is not None
    assert share.low < 0.25 < 0.75 < share.high  # 120 pictures would lie within 0.41 to 0.59


def test_a_way_that_says_more_of_hidden_cars_is_said_to() -> None:
    rows = [said(0.1, 0.6, track) for track in range(30)]
    [cars, _] = fitted_objects([rows])
    guessed, *_ = fit_claims(cars, draws=50)
    assert guessed.verdict == "holds: the intervals do not overlap"


def test_tenths_have_intervals_where_there_are_enough_tracks() -> None:
    cars = [said(2.0 * (track % 2), 0.55, track) for track in range(6)] + [said(0.1, 0.75, 9)]
    [objects, _] = fitted_objects([cars])
    tenths = fit_figures(objects, Way.ALL, draws=200).tenths
    of_six, of_one = tenths[5][0], tenths[7][0]
    assert value(of_six) == 0.5
    assert of_six.low is not None
    assert of_six.low < 0.5
    assert (value(of_one), of_one.low, of_one.groups) == (1.0, None, 1)
