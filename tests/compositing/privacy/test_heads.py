"""Where heads can be: the top of a person's box, or the points that a body gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.compositing.privacy.heads import SeenBody, head_pixels, head_region
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.geometry.masks import patch_box, patch_to_full
from core.records.boxes import Box
from core.records.fits import BodyFit, FitSigmas, FitVerdict
from core.shapes.body.placed import placed_body
from core.shapes.body.skeleton import Joint
from tests.placed_people import outline_of, person_at, stand_in

CAMERA = Camera(640, 480, np.array([[700.0, 0, 320], [0, 700, 240], [0, 0, 1]]))
GROUND = GroundPlane(np.array([0.0, -np.cos(0.3), -np.sin(0.3)]), 5.0)
SURE = FitSigmas(0.05, 0.02, (0.0025, 0.0, 0.0004), 0.05, (0.3,) * 10)


def covered(box: Box, head_px: np.ndarray | None = None) -> np.ndarray:
    return patch_to_full(head_region(box, 300, 300, head_px).patch, 300, 300)


def test_the_head_of_one_who_stands_is_covered_and_the_legs_are_not() -> None:
    # 7.5 heads high, and the head 0.13 of the height wide, in the middle of the top
    drawn = covered(Box(100, 50, 40, 120))
    assert drawn[50:67, 112:128].all()
    assert not drawn[110:, :].any()


def test_of_one_who_sits_more_is_covered() -> None:
    assert covered(Box(100, 50, 100, 100))[50:110, 100:200].all()


@pytest.mark.parametrize("size", [(300, 20), (20, 300), (3, 3)])
def test_no_shape_of_box_leads_out_of_the_picture(size: tuple[int, int]) -> None:
    assert covered(Box(290, 290, *size)).any()


def test_points_of_a_body_go_before_the_box() -> None:
    head = np.array([[150.0, 200.0], [160.0, 200.0], [155.0, 212.0]])
    drawn = covered(Box(100, 50, 40, 120), head)
    assert drawn[200:212, 152:158].all()
    assert not drawn[:180].any()


def test_points_that_are_no_numbers_do_not_count() -> None:
    assert covered(Box(100, 50, 40, 120), np.full((3, 2), np.nan))[52, 120]


def seen_body(**more: Any) -> SeenBody:
    """Somebody 10 m away, of whom the fit is sure."""
    fit = person_at(GROUND, (10.0, 1.0), 2.0, phase=0.2, sigmas=SURE)
    fit = replace(fit, **{"pose_sigmas_rad": (0.05,) * 23, **more})
    return SeenBody(fit, CAMERA, GROUND.normal, stand_in().model)


def box_of(fit: BodyFit) -> Box:
    box = patch_box(outline_of(fit, CAMERA))
    assert box is not None
    return box


def skull_of(fit: BodyFit) -> np.ndarray:
    """(n, 2) pixels of a ball of 11 cm, half a head, around the middle of the skull."""
    joints = placed_body(fit, stand_in().model).joints
    middle = joints[Joint.HEAD] + 0.08 * (joints[Joint.HEAD] - joints[Joint.NECK]) / np.linalg.norm(
        joints[Joint.HEAD] - joints[Joint.NECK]
    )
    turns = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack([np.cos(turns), np.sin(turns), np.zeros(40)], axis=1)
    return np.asarray(np.round(CAMERA.project(middle + 0.11 * ring)).astype(int))


def test_a_fits_head_is_covered_and_less_else_than_by_the_box() -> None:
    seen = seen_body()
    box = box_of(seen.fit)
    by_fit, by_box = (head_region(box, 640, 480, px).patch for px in (head_pixels(seen, box), None))
    drawn = patch_to_full(by_fit, 480, 640)
    assert all(drawn[y, x] for x, y in skull_of(seen.fit))
    assert drawn.sum() < 0.7 * patch_to_full(by_box, 480, 640).sum()


def test_a_head_that_is_bowed_to_the_side_is_covered_where_it_is() -> None:
    """Somebody who leans far over: the head is at the side of the box, and not at its top."""
    pose = np.reshape(seen_body().fit.pose, (-1, 3)).copy()
    pose[[Joint.SPINE1 - 1, Joint.SPINE2 - 1, Joint.SPINE3 - 1], 2] = 0.6
    pose[[Joint.LEFT_SHOULDER - 1, Joint.RIGHT_SHOULDER - 1], 2] = 0.0
    seen = seen_body(pose=tuple(pose.ravel().tolist()))
    box = box_of(seen.fit)
    drawn = patch_to_full(head_region(box, 640, 480, head_pixels(seen, box)).patch, 480, 640)
    assert all(drawn[y, x] for x, y in skull_of(seen.fit))


def test_a_face_that_is_seen_holds_the_head_whatever_the_distance_is() -> None:
    far = {"sigmas": replace(SURE, along_m=0.3)}
    box = box_of(seen_body().fit)
    shown, unseen = (
        head_pixels(seen_body(**far, residuals_px=residuals), box)
        for residuals in ((1.0, *(None,) * 16), (None,) * 17)
    )
    assert shown is not None
    assert unseen is not None
    assert np.ptp(shown, axis=0).prod() < np.ptp(unseen, axis=0).prod()
    # a point that the fit leaves out holds nothing
    out = head_pixels(seen_body(**far, residuals_px=(9.0, *(None,) * 16), outliers=(0,)), box)
    assert out is not None
    assert np.allclose(out, unseen)


def test_the_less_sure_a_fit_is_the_more_is_covered() -> None:
    sure = seen_body()
    box = box_of(sure.fit)
    unsure = seen_body(sigmas=replace(SURE, across_m=0.2))
    nodding = seen_body(pose_sigmas_rad=(0.15,) * 23)
    areas = [
        patch_to_full(head_region(box, 640, 480, head_pixels(one, box)).patch, 480, 640).sum()
        for one in (sure, nodding, unsure)
    ]
    assert areas == sorted(areas)
    assert areas[0] < areas[1] < areas[2]


@pytest.mark.parametrize(
    "more",
    [
        {"verdict": FitVerdict.AMBIGUOUS},
        {"sigmas": None},
        {"pose_sigmas_rad": None},
        {"sigmas": replace(SURE, across_m=0.5)},
        {"sigmas": replace(SURE, along_m=1.0), "residuals_px": (None,) * 17},
        {"sigmas": replace(SURE, along_m=float("inf")), "residuals_px": (None,) * 17},
        {"pose_sigmas_rad": (0.6,) * 23},
        {"translation": (0.0, 0.0, -5.0)},
    ],
)
def test_a_fit_that_cannot_be_gone_by_counts_for_nothing(more: dict[str, Any]) -> None:
    assert head_pixels(seen_body(**more), box_of(seen_body().fit)) is None


def test_a_fit_of_somebody_else_counts_for_nothing() -> None:
    box = box_of(seen_body().fit)
    assert head_pixels(seen_body(), replace(box, x=box.x + box.w)) is None
    # half of a group in one box
    assert head_pixels(seen_body(), replace(box, w=2.5 * box.w)) is None
