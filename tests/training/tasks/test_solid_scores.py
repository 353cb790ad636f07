"""The detector's figures in 3D, worked out by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.geometry.poses import heading_rotation, rotation_from_vector  # noqa: E402
from core.networks.amodal_rcnn.settings import POINTS  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.seen import Car3D, Person3D, SeenObject  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.shapes.space_file import default_space  # noqa: E402
from core.training.tasks.detector_scores import DetectorScores  # noqa: E402
from core.training.tasks.seen import known_objects  # noqa: E402
from core.training.tasks.solid_scores import SolidScores  # noqa: E402
from tests.networks.amodal_rcnn.pictures import tiny  # noqa: E402
from tests.training.data.samples import sample  # noqa: E402

MATRIX = np.array([[500.0, 0.0, 320.0], [0.0, 500.0, 180.0], [0.0, 0.0, 1.0]])
UPRIGHT = np.array([[0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0]])  # a car that drives away
CAR = Car3D(UPRIGHT, np.array([0.0, 1.5, 20.0]), np.zeros(10))


def seen(solid: Car3D | Person3D | None, box: Box | None = None) -> SeenObject:
    category = Category.PERSON if isinstance(solid, Person3D) else Category.CAR
    place = box or Box(10.0, 10.0, 40.0, 30.0)
    nowhere, tags = np.full((POINTS, 2), np.nan), (KeypointTag.UNLABELLED,) * POINTS
    return SeenObject(category, 1.0, place, None, None, nowhere, np.zeros(POINTS), tags, solid)


def figures(*pairs: tuple[Car3D | Person3D, Car3D | Person3D | None]) -> dict[str, float]:
    scores = SolidScores()
    for known, said in pairs:
        scores.add(seen(known), seen(said), MATRIX)
    return scores.figures()


def test_who_knows_all_is_nowhere_off() -> None:
    out = figures((CAR, CAR))
    assert out.pop("car_held") == out.pop("car_within_30deg") == 1.0
    assert out == pytest.approx(dict.fromkeys(out, 0.0))
    assert len(out) == 6


def test_a_car_four_metres_too_far() -> None:
    further = replace(CAR, translation=np.array([0.0, 1.5, 24.0]))
    out = figures((CAR, further))
    assert out["car_place_m"] == pytest.approx(4.0)
    assert out["car_add_m"] == pytest.approx(4.0)
    assert out["car_depth_share"] == pytest.approx(0.2)
    assert out["car_rotation_deg"] == pytest.approx(0.0, abs=1e-6)
    assert out["car_shape_mm"] == 0.0
    points = default_space().keypoints(np.zeros(5)) @ UPRIGHT.T
    near, far = ((points + np.array([0, 1.5, z])) @ MATRIX.T for z in (20.0, 24.0))
    off = np.linalg.norm(near[:, :2] / near[:, 2:] - far[:, :2] / far[:, 2:], axis=1).mean()
    assert out["car_reprojection_px"] == pytest.approx(off)


def test_cars_that_are_turned_and_one_that_is_not_held() -> None:
    turned = [
        replace(CAR, rotation=UPRIGHT @ heading_rotation(math.radians(by))) for by in (10.0, 29.0, 31.0)
    ]
    out = figures(*((CAR, one) for one in turned), (CAR, None))
    assert out["car_rotation_deg"] == pytest.approx(29.0)
    assert out["car_held"] == 0.75
    assert out["car_within_30deg"] == 0.5  # the one without a pose is wrong, too
    nothing = figures((CAR, None))
    assert nothing == {"car_held": 0.0, "car_within_30deg": 0.0}


def test_a_shape_is_off_by_what_its_vertices_move() -> None:
    longer = replace(CAR, shape=np.array([1.0, 0.0, 0.0, 0.0, 0.0]))
    space = default_space()
    assert space.mesh is not None
    moved = np.linalg.norm(space.mesh.directions[0] * space.sigmas[0], axis=1).mean()
    assert figures((CAR, longer))["car_shape_mm"] == pytest.approx(1000 * moved)


def person(bend: float = 0.0, turn: float = 0.0) -> Person3D:
    turns = np.stack([np.eye(3)] * 24)
    turns[18] = rotation_from_vector([0.0, bend, 0.0])  # the left elbow
    turns[0] = rotation_from_vector([math.pi, 0.0, 0.0]) @ rotation_from_vector([0.0, turn, 0.0])
    return Person3D(turns, np.array([0.0, 0.0, 10.0]), np.zeros(10))


def test_an_elbow_bent_by_a_right_angle() -> None:
    """Wrist and hand move by sqrt 2 times their distance from the elbow; 24 joints share that."""
    out = figures((person(), person(math.pi / 2)))
    joints = SolidScores().body.rest_joints()
    moved = math.sqrt(2) * sum(np.linalg.norm((joints[one] - joints[18])[[0, 2]]) for one in (20, 22)) / 24
    assert out["body_mpjpe_mm"] == pytest.approx(1000 * moved, rel=1e-6)
    assert out["body_pa_mpjpe_mm"] > 1  # no similarity straightens an arm
    assert out["body_place_m"] == 0.0


def test_somebody_who_faces_elsewhere_has_the_same_pose() -> None:
    out = figures((person(0.5), person(0.5, turn=1.0)))
    assert out["body_mpjpe_mm"] > 100
    assert out["body_pa_mpjpe_mm"] == pytest.approx(0.0, abs=1e-6)


def test_only_what_is_found_and_known_with_its_camera_counts() -> None:
    scores = DetectorScores(SolidScores())
    away = Box(100.0, 50.0, 40.0, 30.0)
    known = [seen(CAR), seen(CAR, away)]
    said = [seen(replace(CAR, translation=np.array([0.0, 1.5, 21.0])))]
    scores.add(known, said, [], (100, 200), MATRIX)
    scores.add([seen(CAR)], [seen(None)], [], (100, 200), np.zeros((3, 3)))
    scores.add([seen(None)], [seen(CAR)], [], (100, 200), MATRIX)
    out = scores.figures()
    assert out["car_held"] == 1.0
    assert out["car_place_m"] == pytest.approx(1.0)
    plain = DetectorScores()
    plain.add(known, said, [], (100, 200), MATRIX)
    assert not [name for name in plain.figures() if name.startswith(("car", "body"))]


def test_a_sample_says_what_it_knows_in_3d() -> None:
    _, target = sample()
    car, walker = known_objects(target, tiny())
    assert isinstance(car.solid, Car3D)
    assert isinstance(walker.solid, Person3D)
    assert car.solid.shape[:2].tolist() == pytest.approx([0.8, -0.5])
    assert figures((car.solid, car.solid), (walker.solid, walker.solid))["body_mpjpe_mm"] == 0.0
    turns = walker.solid.rotations
    assert turns @ turns.transpose(0, 2, 1) == pytest.approx(np.stack([np.eye(3)] * 24), abs=1e-6)
