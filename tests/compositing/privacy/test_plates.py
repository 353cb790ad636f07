"""Where plates can be: true plates of cars at any pose lie in the regions, and bad fits count for nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.compositing.privacy.plates import SeenFit, plate_regions
from core.compositing.privacy.regions import Hidden
from core.compositing.privacy.subjects import Subject, regions_of
from core.geometry.cameras import pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.masks import patch_area, patch_to_full
from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitMethod, FitSigmas, FitVerdict, VehicleFit
from core.records.masks import MaskPatch
from core.shapes.space_file import default_space

WIDTH, HEIGHT = 1920, 1080
CAMERA = pinhole(WIDTH, HEIGHT, 1400.0)
GROUND = GroundPlane(np.array([0.0, -np.cos(np.deg2rad(15)), -np.sin(np.deg2rad(15))]), 6.0)
SPACE = default_space()
SIGMAS = FitSigmas(0.3, 0.1, (0.09, 0.0, 0.01), 0.05, (0.3,) * 10)


def fit_at(place: tuple[float, float], heading: float, shape: tuple[float, ...] = (0.0,) * 10) -> VehicleFit:
    pose = pose_on_ground(GROUND, place, heading)
    return VehicleFit(
        method=FitMethod.COARSE,
        verdict=FitVerdict.GOOD,
        reason="",
        rotation=tuple(pose.rotation.ravel().tolist()),
        translation=tuple(pose.translation.tolist()),  # type: ignore[arg-type]
        place_m=place,
        heading_rad=heading,
        shape=shape,
        size_m=(4.4, 1.8, 1.5),
        rms_px=0.0,
        sigma_px=2.0,
        residuals_px=(None,) * 12,
        outliers=(),
        used=0,
        swapped=False,
        sigmas=SIGMAS,
    )


def box_of(fit: VehicleFit) -> Box:
    rotation = np.reshape(fit.rotation, (3, 3))
    pixels = (
        CAMERA.project(SPACE.vertices(np.array(fit.shape)) @ rotation.T + np.array(fit.translation)) + 0.5
    )
    (left, top), (right, bottom) = pixels.min(axis=0), pixels.max(axis=0)
    return Box(left, top, right - left, bottom - top)


def plate_pixels(fit: VehicleFit) -> np.ndarray:
    """(n, 2) the pixels of the car's plates whose faces are turned to the camera, as the mesh has them."""
    assert SPACE.mesh is not None
    rotation = np.reshape(fit.rotation, (3, 3))
    placed = SPACE.vertices(np.array(fit.shape)) @ rotation.T + np.array(fit.translation)
    faces = placed[SPACE.mesh.faces[SPACE.mesh.parts["plate"]]]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    seen = (normals * faces.mean(axis=1)).sum(axis=1) < 0
    return CAMERA.project(faces[seen]).reshape(-1, 2)


places = st.tuples(st.floats(12, 60), st.floats(-6, 6))
headings = st.floats(-np.pi, np.pi)
shapes = st.lists(st.floats(-2, 2), min_size=10, max_size=10).map(tuple)


@given(places, headings, shapes, st.floats(-2, 2), st.floats(-2, 2), st.floats(-2, 2))
@settings(deadline=None)
def test_plates_are_covered_wherever_the_doubt_lets_the_car_be(
    place: tuple[float, float],
    heading: float,
    shape: tuple[float, ...],
    along: float,
    across: float,
    turn: float,
) -> None:
    true = fit_at(place, heading, shape)
    away = np.array(place) / np.linalg.norm(place)
    aside = np.array([-away[1], away[0]])
    wrong = np.array(place) + along * SIGMAS.along_m * away + across * SIGMAS.across_m * aside
    found = fit_at((float(wrong[0]), float(wrong[1])), heading + turn * SIGMAS.heading_rad, shape)
    regions = plate_regions(Category.CAR, box_of(true), WIDTH, HEIGHT, SeenFit(found, CAMERA, SPACE))
    covered = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for region in regions:
        covered |= patch_to_full(region.patch, HEIGHT, WIDTH)
    pixels = np.rint(plate_pixels(true)).astype(int)
    inside = ((pixels >= 0) & (pixels < [WIDTH, HEIGHT])).all(axis=1)
    assume(inside.any())
    assert covered[pixels[inside, 1], pixels[inside, 0]].all()


@pytest.mark.parametrize(
    ("heading", "expected"),
    [(np.pi, [Hidden.FRONT_PLATE]), (0.0, [Hidden.BACK_PLATE])],
)
def test_only_ends_that_face_the_camera_are_blurred(heading: float, expected: list[Hidden]) -> None:
    fit = fit_at((20.0, 0.0), heading)
    regions = plate_regions(Category.CAR, box_of(fit), WIDTH, HEIGHT, SeenFit(fit, CAMERA, SPACE))
    assert [region.hidden for region in regions] == expected


def test_a_good_fit_leaves_most_of_the_car_to_be_seen() -> None:
    fit = replace(fit_at((20.0, 0.0), 2.6), sigmas=FitSigmas(0.05, 0.02, None, 0.01, (0.1,) * 10))
    box = box_of(fit)
    by_fit = plate_regions(Category.CAR, box, WIDTH, HEIGHT, SeenFit(fit, CAMERA, SPACE))
    by_box = plate_regions(Category.CAR, box, WIDTH, HEIGHT)
    assert sum(patch_area(region.patch) for region in by_fit) < 0.4 * patch_area(by_box[0].patch)


GOOD = fit_at((20.0, 0.0), 2.6)


@pytest.mark.parametrize(
    "fit",
    [
        replace(GOOD, verdict=FitVerdict.AMBIGUOUS),
        replace(GOOD, sigmas=None),
        replace(GOOD, sigmas=replace(SIGMAS, along_m=5.0)),
        replace(GOOD, sigmas=replace(SIGMAS, heading_rad=float("nan"))),
        fit_at((30.0, 5.0), 2.6),  # of another car
        replace(GOOD, translation=(0.0, 0.0, -5.0)),  # behind the camera
    ],
)
def test_a_fit_that_says_too_little_gives_way_to_the_box(fit: VehicleFit) -> None:
    box = box_of(GOOD)
    (region,) = plate_regions(Category.CAR, box, WIDTH, HEIGHT, SeenFit(fit, CAMERA, SPACE))
    assert region.hidden is Hidden.PLATES
    covered = patch_to_full(region.patch, HEIGHT, WIDTH)
    pixels = np.rint(plate_pixels(GOOD)).astype(int)
    assert covered[pixels[:, 1], pixels[:, 0]].all()


def test_a_space_without_a_mesh_covers_plates_as_well() -> None:
    fit = fit_at((20.0, 0.0), 2.6)
    bare = replace(SPACE, mesh=None)
    regions = plate_regions(Category.CAR, box_of(fit), WIDTH, HEIGHT, SeenFit(fit, CAMERA, bare))
    covered = np.zeros((HEIGHT, WIDTH), dtype=bool)
    for region in regions:
        assert region.hidden is not Hidden.PLATES
        covered |= patch_to_full(region.patch, HEIGHT, WIDTH)
    pixels = np.rint(plate_pixels(fit)).astype(int)
    assert covered[pixels[:, 1], pixels[:, 0]].all()


def test_a_pasted_object_is_blurred_only_where_it_is_seen() -> None:
    box = Box(100, 100, 80, 40)
    only = MaskPatch(100, 100, np.ones((40, 30), dtype=bool))
    cover = MaskPatch(100, 130, np.ones((10, 80), dtype=bool))
    subject = Subject("car 1", Category.CAR, box, only=only, behind=(cover,))
    (region,) = regions_of(subject, WIDTH, HEIGHT)
    assert (region.patch.x, region.patch.y, *region.patch.bits.shape) == (100, 110, 20, 30)
    hidden = replace(subject, only=MaskPatch(500, 500, np.ones((3, 3), dtype=bool)))
    assert regions_of(hidden, WIDTH, HEIGHT) == ()


def test_bicycles_have_no_plates() -> None:
    assert regions_of(Subject("bicycle 1", Category.BICYCLE, Box(0, 0, 9, 9)), WIDTH, HEIGHT) == ()
