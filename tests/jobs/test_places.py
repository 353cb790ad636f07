"""Where people stand: the ground that their feet see, in a camera whose ground is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.geometry.boxes import edges_from_centres
from core.geometry.calibration.files.imported import ImportedCamera, result_of_import
from core.geometry.calibration.result import to_record
from core.jobs.cut.places import Places
from core.records.fits import FitSigmas
from core.records.masks import MaskPatch
from core.shapes.space_file import default_space
from tests.jobs.yard import CAMERA, GROUND, HEIGHT, WIDTH, fit_at

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
