"""Where people stand: the ground that their feet see, in a camera whose ground is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.geometry.boxes import edges_from_centres
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.jobs.bodies import Bodies
from core.jobs.cut.places import Places
from core.records.fits import FitSigmas
from core.records.masks import MaskPatch
from core.shapes.body.model_file import save_body
from core.shapes.body.placed import named_body, placed_body
from core.shapes.space_file import default_space
from tests.jobs.yard import CAMERA, GROUND, HEIGHT, WIDTH, fit_at
from tests.placed_people import person_at as body_at
from tests.placed_people import stand_in

RECORD = to_record(result_of_import(ImportedCamera("made", CAMERA, None, GROUND)))


def places(scale: int = 1) -> Places:
    return Places(RECORD, WIDTH * scale, HEIGHT * scale, default_space(), 0.3)


def person_at(place: tuple[float, float], scale: int = 1) -> MaskPatch:
    """A block that is as wide as its feet, which see that place, to the pixel."""
    camera = CAMERA.resized(WIDTH * scale, HEIGHT * scale)
    x, y = edges_from_centres(camera.project(GROUND.frame().apply(np.array([*place, 0.0])))).tolist()
    bits = np.ones((40 * scale, 12 * scale), dtype=np.bool_)
    return MaskPatch(round(x - 6 * scale), round(y - 40 * scale), bits)


@pytest.mark.parametrize("place", [(12.0, 0.0), (18.0, -3.0), (25.0, 4.0)])
@pytest.mark.parametrize("scale", [1, 4])
def test_a_person_covers_a_disc_around_the_feet(place: tuple[float, float], scale: int) -> None:
    found = places(scale).of_person(person_at(place, scale))
    assert found is not None
    corners = np.array(found.corners) / 1000
    middle = corners.mean(axis=0)
    # half a pixel of rounding, along the line of sight: Z^2 / (f h) metres a pixel (ALGORITHMS, 7.2)
    pixel_m = (place[0] ** 2 + 6.0**2) / (350.0 * scale * 6.0)
    assert np.linalg.norm(middle - place) < pixel_m
    # a regular polygon around the disc, stretched by a pixel along the line of sight
    ahead = np.array(place) / np.linalg.norm(place)
    along, across = (corners - middle) @ ahead, (corners - middle) @ np.array([-ahead[1], ahead[0]])
    around = 0.3 / np.cos(np.pi / 12) + 0.002
    assert 0.3 - 0.002 < np.abs(across).max() < around
    assert 0.3 + 0.9 * pixel_m < along.max() < around + 1.2 * pixel_m
    assert along.min() == pytest.approx(-along.max(), abs=0.02)


def test_feet_above_the_horizon_stand_nowhere() -> None:
    assert places().of_person(MaskPatch(200, 0, np.ones((10, 4), dtype=np.bool_))) is None


def test_without_a_ground_nothing_has_a_place() -> None:
    bare = Places(None, WIDTH, HEIGHT, default_space(), 0.3)
    assert bare.of_person(person_at((12.0, 0.0))) is None
    assert bare.of_car(fit_at((20.0, 0.0)), default_space().label) is None


def test_a_fit_of_another_shape_space_covers_its_own_size() -> None:
    found = places().of_car(fit_at((20.0, 1.0)), "another 0123")
    assert found is not None
    corners = np.array(found.corners) / 1000
    sides = np.linalg.norm(np.diff(corners, axis=0, append=corners[:1]), axis=1)
    assert np.allclose(sorted(sides), [1.8, 1.8, 4.5, 4.5], atol=0.002)
    assert np.allclose(corners.mean(axis=0), (20.0, 1.0), atol=0.001)


def test_a_fit_that_is_unsure_of_its_distance_covers_more_of_the_ground() -> None:
    sigmas = FitSigmas(along_m=0.8, across_m=0.1, place=None, heading_rad=0.1, shape=())
    fit = fit_at((20.0, 0.0))
    sure, unsure = (places().of_car(one, "another 0123") for one in (fit, replace(fit, sigmas=sigmas)))
    assert sure is not None
    assert unsure is not None
    # straight ahead: 0.8 m nearer and farther
    nearer, farther = unsure.bounds[0] - sure.bounds[0], unsure.bounds[2] - sure.bounds[2]
    assert (nearer, farther) == (pytest.approx(-800, abs=2), pytest.approx(800, abs=2))


def test_a_fitted_person_covers_what_the_body_does() -> None:
    fit = body_at(GROUND, (14.0, 2.0), 1.1, phase=0.2)
    found = places().of_body(fit, stand_in().label)
    assert found is not None
    from_above = GROUND.frame().inverse().apply(placed_body(fit, stand_in().model).vertices)[:, :2]
    corners = np.array(found.corners) / 1000
    for angle in np.linspace(0, 2 * np.pi, 24):
        way = np.array([np.cos(angle), np.sin(angle)])
        assert (corners @ way).max() == pytest.approx((from_above @ way).max(), abs=0.001)


def test_a_fit_of_a_body_that_is_not_here_covers_its_own_size() -> None:
    fit = replace(body_at(GROUND, (20.0, 1.0), 0.5), size_m=(0.3, 0.5, 1.7))
    found = places().of_body(fit, "SMPL_NEUTRAL 0123456789ab")
    assert found is not None
    corners = np.array(found.corners) / 1000
    sides = np.linalg.norm(np.diff(corners, axis=0, append=corners[:1]), axis=1)
    assert np.allclose(sorted(sides), [0.3, 0.3, 0.5, 0.5], atol=0.002)
    assert np.allclose(corners.mean(axis=0), (20.0, 1.0), atol=0.001)
    along = corners @ np.array([np.cos(0.5), np.sin(0.5)])
    assert np.ptp(along) == pytest.approx(0.3, abs=0.002)


def test_the_jobs_own_body_is_found_by_its_label(tmp_path: Path) -> None:
    wide = replace(stand_in().model, template=stand_in().model.template * [1.5, 1.0, 1.0])
    save_body(wide, tmp_path / "wide.npz")
    label = named_body(tmp_path / "wide.npz").label
    fit = body_at(GROUND, (15.0, 0.0), 0.0)
    with_it = Places(RECORD, WIDTH, HEIGHT, default_space(), 0.3, Bodies(tmp_path / "wide.npz"))
    own, theirs = with_it.of_body(fit, stand_in().label), with_it.of_body(fit, label)
    assert own == places().of_body(fit, stand_in().label)
    assert own is not None
    assert theirs is not None
    # faces along x: it is wider along y alone
    assert theirs.bounds[3] - theirs.bounds[1] > 1.2 * (own.bounds[3] - own.bounds[1])


def test_a_person_whose_distance_is_unsure_covers_more_of_the_ground() -> None:
    sigmas = FitSigmas(along_m=0.4, across_m=0.1, place=None, heading_rad=0.1, shape=())
    fit = body_at(GROUND, (20.0, 0.0))
    sure, unsure = (places().of_body(one, stand_in().label) for one in (fit, replace(fit, sigmas=sigmas)))
    assert sure is not None
    assert unsure is not None
    nearer, farther = unsure.bounds[0] - sure.bounds[0], unsure.bounds[2] - sure.bounds[2]
    assert (nearer, farther) == (pytest.approx(-400, abs=2), pytest.approx(400, abs=2))


def test_a_person_without_a_ground_or_a_place_on_it_covers_nothing() -> None:
    fit = body_at(GROUND, (20.0, 0.0))
    assert Places(None, WIDTH, HEIGHT, default_space(), 0.3).of_body(fit, stand_in().label) is None
    assert places().of_body(replace(fit, place_m=None, heading_rad=None), stand_in().label) is None
