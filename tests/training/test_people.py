"""People as torch is given them: points and bodies beside the cars', whose numbers stay as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.geometry.boxes import centres_from_edges
from core.jobs.compose.supply import StoredComposites
from core.records.detections import Category
from core.records.fits import BodyFit
from core.records.occlusion import LabelOrigin
from core.records.recipes import ObjectLabel
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.model import PosedBody
from core.store.project import Project
from core.store.queries.pieces import pieces_by_ids
from tests.jobs.doing import do_job
from tests.jobs.yard import CAMERA, CARS, GROUND, Yard
from tests.jobs.yard_people import PEOPLE
from tests.placed_people import stand_in

torch = pytest.importorskip("torch")

from core.training.composites import (  # noqa: E402
    BODY_JOINTS,
    LABELS,
    TAGS,
    CompositeDataset,
    sample_of,
)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """A yard with thirty composites of cars and fitted people."""
    yard = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal", CARS, PEOPLE)
    yard.place_points()
    yard.fit_people()
    do_job(yard.path, "cut", edge_percent=0)
    do_job(yard.path, "compose", count=30, name="Mine", least=3, most=6, validation_percent=0, test_percent=0)
    return yard


@pytest.fixture(scope="module")
def data(yard: Yard) -> CompositeDataset:
    return CompositeDataset(StoredComposites(yard.path, "Mine"))


def people_and_cars(data: CompositeDataset, index: int) -> tuple[list[int], list[int]]:
    """The rows of each."""
    labels = data[index][1]["labels"].tolist()
    people = [row for row, label in enumerate(labels) if label == LABELS[Category.PERSON]]
    return people, [row for row in range(len(labels)) if row not in people]


def test_a_persons_points_and_body_are_of_one_person(data: CompositeDataset) -> None:
    body, seen = stand_in(), 0
    for index in range(len(data)):
        target = data[index][1]
        n = len(target["labels"])
        assert tuple(target["person_keypoints"].shape) == (n, 17, 3)
        assert tuple(target["body_pose"].shape) == (n, BODY_JOINTS, 3)
        people, cars = people_and_cars(data, index)
        assert target["has_body"].tolist() == [row in people for row in range(n)]
        assert target["has_fit"].tolist() == [row in cars for row in range(n)]
        for row in people:
            seen += 1
            # posed by what the tensors say, and by nothing else
            pose = np.concatenate([np.zeros((1, 3)), target["body_pose"][row].double().numpy()])
            posed = body.model.posed(pose, target["body_betas"][row].double().numpy())
            turn, place = (
                target[f"body_{name}"][row].double().numpy() for name in ("rotation", "translation")
            )
            points = coco_keypoints(PosedBody(posed.vertices, posed.joints), body.face)
            pixels = CAMERA.project((points - posed.joints[0]) @ turn.T + place)
            told = target["person_keypoints"][row, :, :2].double().numpy()
            np.testing.assert_allclose(centres_from_edges(told), pixels, atol=0.01)
    assert seen > 5


def test_each_has_the_points_of_its_own_template_alone(data: CompositeDataset) -> None:
    unlabelled = len(TAGS) - 1
    for index in range(len(data)):
        target = data[index][1]
        people, cars = people_and_cars(data, index)
        assert not target["keypoints"].any()
        assert target["keypoint_tags"].eq(unlabelled).all()
        assert not target["person_keypoints"][cars].any()
        assert target["person_keypoint_tags"][cars].eq(unlabelled).all()
        assert target["person_keypoint_hiders"][cars].eq(-1).all()
        assert target["person_keypoint_tags"][people].ne(unlabelled).all()


def test_a_guessed_point_teaches_nothing(data: CompositeDataset) -> None:
    index = next(i for i in range(len(data)) if people_and_cars(data, i)[0])
    row = people_and_cars(data, index)[0][0]
    composite = data.composite(index)
    keypoints = composite.labels[row].keypoints
    assert keypoints is not None
    assert keypoints.points[0] is not None
    guess = replace(keypoints.points[0], origin=LabelOrigin.HEURISTIC)
    label = replace(
        composite.labels[row], keypoints=replace(keypoints, points=(guess, *keypoints.points[1:]))
    )
    labels = (*composite.labels[:row], label, *composite.labels[row + 1 :])
    _, target = sample_of(replace(composite, labels=labels), index)
    _, as_it_was = data[index]
    assert as_it_was["person_keypoint_tags"][row, 0] != len(TAGS) - 1
    assert target["person_keypoint_tags"][row, 0] == len(TAGS) - 1
    assert not target["person_keypoints"][row, 0].any()
    assert target["person_keypoint_tags"][row, 1:].equal(as_it_was["person_keypoint_tags"][row, 1:])


def test_points_of_people_behind_something_say_what_hides_them(data: CompositeDataset) -> None:
    told = 0
    for index in range(len(data)):
        target = data[index][1]
        for row in people_and_cars(data, index)[0]:
            for number, hider in enumerate(target["person_keypoint_hiders"][row].tolist()):
                tag = TAGS[target["person_keypoint_tags"][row, number]]
                if hider < 0:
                    continue
                told += 1
                assert tag.value == "other_occluded"
                assert target["depth_rank"][hider] < target["depth_rank"][row]
                x, y = centres_from_edges(target["person_keypoints"][row, number, :2].double().numpy())
                assert target["masks"][hider, round(y), round(x)] == 1
    assert told > 0


def test_a_fit_of_smplx_gives_the_joints_that_it_shares_with_smpl(data: CompositeDataset) -> None:
    composite = data.composite(0)
    label = next(one for one in composite.labels if isinstance(one.fit, BodyFit))
    assert isinstance(label.fit, BodyFit)
    pose = tuple(np.arange(54 * 3) / 100)
    other: ObjectLabel = replace(label, hidden_by=(), fit=replace(label.fit, pose=pose))
    target = sample_of(replace(composite, labels=(other,)), 0)[1]
    # 21 joints of the trunk and limbs; jaw and eyes are no hands
    assert target["body_pose"][0, :21].flatten().tolist() == pytest.approx(pose[:63])
    assert not target["body_pose"][0, 21:].any()


def test_the_ground_comes_with_a_piece(yard: Yard, data: CompositeDataset) -> None:
    ids = [one.piece_id for index in range(len(data)) for one in data.composite(index).labels]
    with Project.open(yard.path) as project, project.read() as connection:
        found = pieces_by_ids(connection, sorted(set(ids)))
    assert all(piece.up == pytest.approx(tuple(GROUND.normal)) for piece in found.values())
