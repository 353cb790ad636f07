"""Fits taken along a track by boxes: the car stays the same and lands where it went."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.fitting.vehicles.carry import carried, settled
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fill import fill_between, fill_track
from core.fitting.vehicles.fit_mesh import fit_keypoints, fit_proxy
from core.fitting.vehicles.fitter import VehicleFitter
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.records.boxes import Box
from core.records.fits import FitMethod, VehicleFit
from core.shapes.space_file import default_space

# the reference camera (DESIGN): 1920 x 1080, f = 1,400 px, 6 m high, 15 degrees down
DOWN = np.deg2rad(15.0)
CAMERA = Camera(1920, 1080, np.array([[1400.0, 0, 959.5], [0, 1400.0, 539.5], [0, 0, 1]]))
PLANE = GroundPlane(np.array([0.0, -np.cos(DOWN), -np.sin(DOWN)]), 6.0)
SPACE = default_space()
ON_GROUND = VehicleFitter(CAMERA, PLANE, SPACE)
FREE = VehicleFitter(CAMERA, None, SPACE)


def fit_at(fitter: VehicleFitter, x: float, y: float, heading: float) -> VehicleFit:
    """What a fit says of a car whose points are seen without noise."""
    return fitter.fit(seen_at(x, y, heading))


def seen_at(x: float, y: float, heading: float) -> KeypointEvidence:
    pose = pose_on_ground(PLANE, (x, y), heading)
    pixels = CAMERA.project(pose.apply(SPACE.keypoints(np.zeros(5))))
    return KeypointEvidence(pixels, np.full(12, 1.0))


def box_of(fit: VehicleFit) -> Box:
    pixels = CAMERA.project(fit_proxy(fit, SPACE).vertices)
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return Box(left + 0.5, top + 0.5, right - left, bottom - top)


@given(st.floats(15, 45), st.floats(-4, 4), st.floats(-3.1, 3.1), st.floats(1.0, 6.0))
def test_a_car_that_drives_straight_on_lands_where_it_is(
    x: float, y: float, heading: float, way: float
) -> None:
    then = fit_at(ON_GROUND, x, y, heading)
    now = fit_at(ON_GROUND, x + way * np.cos(heading), y + way * np.sin(heading), heading)
    if now.place_m is None or not 13 < now.place_m[0] < 52:
        return
    found = carried(ON_GROUND, then, box_of(then), box_of(now))
    assert found is not None
    assert found.place_m is not None
    # boxes without noise leave only what a turned outline does to its box's middle
    assert np.linalg.norm(np.subtract(found.place_m, now.place_m)) < 0.1
    assert abs((found.heading_rad - heading + np.pi) % (2 * np.pi) - np.pi) < 0.03  # type: ignore[operator]
    assert found.shape == then.shape
    assert found.method is FitMethod.TRACK
    assert found.used == 0


def test_what_lies_beside_the_car_in_its_box_lies_beside_it_later_too() -> None:
    then, now = fit_at(ON_GROUND, 20.0, 1.0, 3.0), fit_at(ON_GROUND, 17.0, 1.4, 3.0)

    def with_shadow(box: Box) -> Box:
        return Box(box.x, box.y, 1.25 * box.w, 1.1 * box.h)

    found = carried(ON_GROUND, then, with_shadow(box_of(then)), with_shadow(box_of(now)))
    assert found is not None
    assert found.place_m is not None
    assert now.place_m is not None
    assert np.linalg.norm(np.subtract(found.place_m, now.place_m)) < 0.15


def test_without_a_ground_the_car_comes_nearer_as_its_box_grows() -> None:
    then, now = fit_at(FREE, 24.0, 0.5, 3.1), fit_at(FREE, 20.0, 0.5, 3.1)
    found = carried(FREE, then, box_of(then), box_of(now))
    assert found is not None
    assert found.rotation == then.rotation
    # a car that comes straight on shows itself a little more from above: a few per cent of its distance
    assert np.linalg.norm(np.subtract(found.translation, now.translation)) < 0.05 * 20.0


def test_a_box_of_nothing_leads_nowhere() -> None:
    fit = fit_at(ON_GROUND, 20.0, 0.0, 0.0)
    assert carried(ON_GROUND, fit, box_of(fit), Box(10.0, 10.0, 0.0, 5.0)) is None


def test_one_point_moves_the_whole_car_and_leaves_its_heading() -> None:
    fit = fit_at(ON_GROUND, 20.0, 0.0, 0.4)
    pixels = CAMERA.project(fit_keypoints(fit, SPACE))
    place, sigma = np.full((12, 2), np.nan), np.full(12, np.inf)
    place[6], sigma[6] = pixels[6] + [14.0, 5.0], 1.0
    found = settled(ON_GROUND, fit, KeypointEvidence(place, sigma))
    assert CAMERA.project(fit_keypoints(found, SPACE))[6] == pytest.approx(place[6], abs=0.05)
    assert found.heading_rad == pytest.approx(fit.heading_rad)
    assert found.residuals_px[6] == pytest.approx(0.0, abs=0.05)
    assert found.used == 1


def test_without_a_point_nothing_settles() -> None:
    fit = fit_at(ON_GROUND, 20.0, 0.0, 0.4)
    nothing = KeypointEvidence(np.full((12, 2), np.nan), np.full(12, np.inf))
    assert settled(ON_GROUND, fit, nothing) is fit


def test_views_between_two_fits_lie_between_them() -> None:
    places = [(20.0 - 1.5 * step, 1.0 + 0.1 * step) for step in range(5)]
    heading = float(np.arctan2(0.1, -1.5))
    truth = [fit_at(ON_GROUND, x, y, heading) for x, y in places]
    boxes = [box_of(fit) for fit in truth]
    given_fits = [None, truth[1], None, truth[3], None]
    filled = fill_between(ON_GROUND, given_fits, boxes, [0.0, 0.2, 0.4, 0.6, 0.8])
    assert [fit is None for fit in filled] == [True, False, False, False, True]
    assert filled[1] is truth[1]
    middle = filled[2]
    assert middle is not None
    assert middle.place_m is not None
    assert np.linalg.norm(np.subtract(middle.place_m, places[2])) < 0.1


def test_nothing_is_filled_in_between_two_cars() -> None:
    """A tracker went over to another car, 38 m farther on and in the next lane but one."""
    places = [(20.0, 0.0), (20.4, 0.0), (20.8, 0.0), (58.0, 6.0), (58.4, 6.0), (58.8, 6.0)]
    truth = [fit_at(ON_GROUND, x, y, 0.0) for x, y in places]
    evidences: list[KeypointEvidence | None] = [seen_at(x, y, 0.0) for x, y in places]
    boxes, times = [box_of(fit) for fit in truth], [0.05 * n for n in range(6)]
    evidences[1] = evidences[4] = None
    own, filled = fill_track(ON_GROUND, evidences, boxes, times)
    assert [fit is not None for fit in own] == [True, False, True, True, False, True]
    assert all(fit is not None for fit in filled)
    # a view without points that lies between the two is neither's
    evidences[2] = None
    own, filled = fill_track(ON_GROUND, evidences, boxes, times)
    assert [fit is not None for fit in filled] == [True, False, False, True, True, True]
