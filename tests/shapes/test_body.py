"""The stand-in body: SMPL's skinning against a plain loop, its file, its shapes, and its walk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm

from core.errors import BodyModelError
from core.geometry.visibility import first_surface, ray_mesh
from core.shapes.body.clothing import REGIONS, clothing_regions
from core.shapes.body.coco import SKIN_M, coco_keypoints, face_points
from core.shapes.body.gait import Gait, cycle_length_m, on_ground, walking_pose
from core.shapes.body.model import BodyModel, upright
from core.shapes.body.model_file import load_body, save_body, stand_in_body
from core.shapes.body.rotations import axis_angles, matrices
from core.shapes.body.skeleton import PARENTS, Joint, twin
from core.shapes.body.stand_in import build_stand_in
from core.shapes.meshes import is_watertight, signed_volume
from core.shapes.person_keypoints import NAMES

vectors = st.tuples(*[st.floats(-1.7, 1.7)] * 3)


@pytest.fixture(scope="module")
def body():
    return stand_in_body()


@given(vectors)
def test_rotations_are_matrix_exponentials_and_come_back(vector):
    x, y, z = vector
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turn = matrices(vector)
    np.testing.assert_allclose(turn, expm(cross), atol=1e-12)
    np.testing.assert_allclose(axis_angles(turn), vector, atol=1e-7)


def test_tiny_rotations_lose_nothing():
    np.testing.assert_allclose(axis_angles(matrices([1e-9, 0, 0])), [1e-9, 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(matrices(np.zeros((2, 3, 3))), np.broadcast_to(np.eye(3), (2, 3, 3, 3)))


def skinned_by_loop(model, pose, betas):
    """SMPL's recipe, vertex by vertex with 4 by 4 matrices."""
    shaped = model.template + model.shape_directions[..., : len(betas)] @ betas
    joints = model.joint_regressor @ shaped
    turns = [expm(np.cross(np.eye(3), angles)) for angles in pose]
    if model.pose_directions is not None:
        shaped = shaped + model.pose_directions @ np.concatenate([(t - np.eye(3)).ravel() for t in turns[1:]])
    world = []
    for joint, parent in enumerate(model.parents):
        local = np.eye(4)
        local[:3, :3] = turns[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if parent >= 0 else 0)
        world.append(world[parent] @ local if parent >= 0 else local)
    moved = np.array([matrix[:3, 3] for matrix in world])
    relative = []
    for joint, matrix in enumerate(world):
        away = np.eye(4)
        away[:3, 3] = -joints[joint]
        relative.append(matrix @ away)
    blend = np.einsum("vj,jab->vab", model.weights, np.array(relative))
    return np.einsum("vab,vb->va", blend, np.c_[shaped, np.ones(len(shaped))])[:, :3], moved


@pytest.mark.parametrize("with_pose_directions", [False, True])
def test_posing_is_smpls_recipe(body, with_pose_directions):
    rng = np.random.default_rng(2)
    model = body
    if with_pose_directions:
        model = BodyModel(
            body.template, body.faces, body.shape_directions,
            rng.normal(size=(len(body.template), 3, 207)) * 0.01,
            body.joint_regressor, body.parents, body.weights,
        )  # fmt: skip
    pose, betas = rng.normal(size=(24, 3)) * 0.5, rng.normal(size=10)
    place = np.array([1.0, 2, 3])
    posed = model.posed(pose, betas, place)
    vertices, joints = skinned_by_loop(model, pose, betas)
    np.testing.assert_allclose(posed.vertices, vertices + place, atol=1e-9)
    np.testing.assert_allclose(posed.joints, joints + place, atol=1e-9)


def test_a_body_with_face_and_hands_is_posed_the_same_way():
    rng = np.random.default_rng(4)
    count, joints = 40, 55
    whole = BodyModel(
        rng.normal(size=(count, 3)), rng.integers(0, count, (30, 3)), rng.normal(size=(count, 3, 16)) * 0.1,
        rng.normal(size=(count, 3, 9 * (joints - 1))) * 0.01, rng.dirichlet(np.ones(count), joints),
        np.array([-1, *(rng.integers(0, joint) for joint in range(1, joints))]),
        rng.dirichlet(np.ones(joints), count),
    )  # fmt: skip
    split = replace(
        whole,
        shape_directions=whole.shape_directions[..., :10],
        expression_directions=whole.shape_directions[..., 10:],
    )
    pose, numbers = rng.normal(size=(joints, 3)) * 0.5, rng.normal(size=16)
    posed = split.posed(pose, numbers[:10], expression=numbers[10:])
    vertices, places = skinned_by_loop(whole, pose, numbers)
    np.testing.assert_allclose(posed.vertices, vertices, atol=1e-9)
    np.testing.assert_allclose(posed.joints, places, atol=1e-9)


def test_batches_are_single_bodies(body):
    rng = np.random.default_rng(3)
    poses, betas = rng.normal(size=(2, 3, 24, 3)) * 0.3, rng.normal(size=(2, 3, 10))
    places = rng.normal(size=(2, 3, 3))
    together = body.posed(poses, betas, places)
    assert together.vertices.shape == (2, 3, len(body.template), 3)
    for i in range(2):
        for k in range(3):
            alone = body.posed(poses[i, k], betas[i, k], places[i, k])
            np.testing.assert_allclose(together.vertices[i, k], alone.vertices, atol=1e-12)
            np.testing.assert_allclose(together.joints[i, k], alone.joints, atol=1e-12)
    shared = body.posed(poses, betas[0, 0])
    np.testing.assert_allclose(shared.vertices[1, 2], body.posed(poses[1, 2], betas[0, 0]).vertices)


def test_rest_pose_is_the_template_and_a_bent_elbow_moves_only_the_forearm(body):
    rest = body.posed(np.zeros((24, 3)))
    np.testing.assert_allclose(rest.vertices, body.template, atol=1e-12)
    pose = np.zeros((24, 3))
    pose[Joint.LEFT_ELBOW, 1] = -1.2
    bent = body.posed(pose)
    moved = np.linalg.norm(bent.vertices - rest.vertices, axis=1) > 1e-6
    forearm = body.weights[:, [Joint.LEFT_ELBOW, Joint.LEFT_WRIST, Joint.LEFT_HAND]].sum(axis=1) > 0
    assert (moved <= forearm).all()
    assert moved.sum() > 200
    # the hand keeps its distance from the elbow and comes forward
    elbow = rest.joints[Joint.LEFT_ELBOW]
    for joint in (Joint.LEFT_WRIST, Joint.LEFT_HAND):
        before, after = rest.joints[joint] - elbow, bent.joints[joint] - elbow
        assert np.linalg.norm(after) == pytest.approx(np.linalg.norm(before))
        assert after[2] > before[2] + 0.15


def test_body_is_a_closed_grown_up_of_ordinary_size(body):
    assert is_watertight(body.faces)
    # a person has nearly the density of water
    assert 0.055 < signed_volume(body.template, body.faces) < 0.085
    assert 1.65 < np.ptp(body.template[:, 1]) < 1.80
    np.testing.assert_allclose(body.weights.sum(axis=1), 1, atol=1e-6)
    assert ((body.weights > 0).sum(axis=1) <= 4).all()
    np.testing.assert_allclose(body.joint_regressor.sum(axis=1), 1, atol=1e-5)
    joints = body.rest_joints()
    assert joints[Joint.LEFT_HAND, 0] > 0.7
    assert joints[Joint.LEFT_FOOT, 2] > joints[Joint.LEFT_ANKLE, 2] + 0.08
    for joint in Joint:
        np.testing.assert_allclose(joints[twin(joint)], joints[joint] * [-1, 1, 1], atol=1e-4)
    # joints lie inside the flesh: some skin on all sides of each
    for place in joints[[Joint.LEFT_KNEE, Joint.RIGHT_ELBOW, Joint.SPINE2, Joint.HEAD]]:
        near = body.template[np.linalg.norm(body.template - place, axis=1) < 0.16] - place
        assert (near.max(axis=0) > 0.02).all()
        assert (near.min(axis=0) < -0.02).all()


def test_shapes_are_people(body):
    rng = np.random.default_rng(9)
    heights = []
    for _ in range(60):
        betas = np.clip(rng.normal(size=10), -2, 2)
        shape = body.shaped(betas)
        heights.append(np.ptp(shape[:, 1]))
        assert 0.03 < signed_volume(shape, body.faces) < 0.13
        # joints follow the shape: knees stay between hip and ankle
        joints = body.rest_joints(betas)
        heights_of_leg = joints[[Joint.LEFT_HIP, Joint.LEFT_KNEE, Joint.LEFT_ANKLE], 1]
        assert (np.diff(heights_of_leg) < -0.3).all()
    assert 1.45 < min(heights) < max(heights) < 2.1
    assert 0.05 < np.std(heights) < 0.11
    with pytest.raises(ValueError, match="betas"):
        body.shaped(np.zeros(11))
    with pytest.raises(ValueError, match="24, 3"):
        body.posed(np.zeros((23, 3)))


def test_one_command_rebuilds_the_body(body):
    again = build_stand_in()
    np.testing.assert_array_equal(body.faces, again.faces)
    for name in ("template", "shape_directions", "joint_regressor", "weights"):
        np.testing.assert_allclose(getattr(body, name), getattr(again, name), atol=1e-5)


def test_file_has_smpls_keys_and_comes_back_the_same(body, tmp_path):
    path = tmp_path / "body.npz"
    save_body(body, path)
    with np.load(path, allow_pickle=False) as file:
        count = len(body.template)
        assert {key: file[key].shape for key in file.files} == {
            "v_template": (count, 3),
            "f": (len(body.faces), 3),
            "shapedirs": (count, 3, 10),
            "posedirs": (count, 3, 207),
            "J_regressor": (24, count),
            "kintree_table": (2, 24),
            "weights": (count, 24),
        }
        assert file["kintree_table"][0, 0] == 2**32 - 1
    again = load_body(path)
    np.testing.assert_array_equal(again.template, body.template)
    np.testing.assert_array_equal(again.parents, PARENTS)
    assert again.pose_directions is None


@pytest.mark.parametrize(
    "changes",
    [
        {"v_template": None},
        {"v_template": np.zeros((10, 3))},
        {"v_template": np.zeros((4276, 3), dtype=int)},
        {"f": np.full((10, 3), 10**6)},
        {"f": np.zeros((10, 3))},
        {"f": np.full((10, 3), -1)},
        {"shapedirs": np.zeros((3, 3, 10))},
        {"posedirs": np.zeros((4276, 3, 206))},
        {"J_regressor": np.full((24, 5), 0.2)},
        {"weights": np.ones((4276, 24))},
        {"kintree_table": np.stack([np.arange(24), np.arange(24)])},
        {"kintree_table": np.zeros((24, 2), dtype=int)},
        {"weights": np.array([{"a": 1}], dtype=object)},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_files_of_another_form_are_refused(body, tmp_path, changes):
    path = tmp_path / "body.npz"
    save_body(body, path)
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files} | changes
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(BodyModelError) as caught:
        load_body(path)
    assert "SMPL" in caught.value.way_out


def test_missing_and_damaged_files_are_refused(tmp_path):
    path = tmp_path / "body.npz"
    with pytest.raises(BodyModelError):
        load_body(path)
    path.write_bytes(b"PK\x03\x04 no zip")
    with pytest.raises(BodyModelError):
        load_body(path)


def test_feet_on_the_ground_do_not_slide(body):
    stride = cycle_length_m(body)
    assert 1.2 < stride < 1.7
    phases = np.linspace(0, 1, 80, endpoint=False)
    walk = on_ground(body.posed(walking_pose(phases)))
    np.testing.assert_allclose(walk.vertices[..., 1].min(axis=1), 0, atol=1e-9)
    # the left foot alone carries the body from when the right toe leaves to before its heel returns
    stance = (phases > 0.095) & (phases < 0.45)
    ankle = walk.joints[:, Joint.LEFT_ANKLE]
    drift = ankle[:, 2] + stride * phases
    assert np.ptp(drift[stance]) < 0.10
    foot = body.weights[:, [Joint.LEFT_ANKLE, Joint.LEFT_FOOT]].sum(axis=1) > 0.5
    assert walk.vertices[stance][:, foot, 1].min(axis=1).max() < 0.03
    # and the right one half a cycle later
    right = walk.joints[:, Joint.RIGHT_ANKLE]
    np.testing.assert_allclose(right[:, 2], np.roll(ankle[:, 2], 40), atol=0.03)
    # heads bob, but not more than heads do
    assert np.ptp(walk.joints[:, Joint.HEAD, 1]) < 0.10
    # hands go against legs
    assert np.corrcoef(walk.joints[:, Joint.LEFT_WRIST, 2], ankle[:, 2])[0, 1] < -0.8


def test_standing_is_no_walk(body):
    assert cycle_length_m(body, gait=Gait(swing=0)) == pytest.approx(0, abs=1e-9)
    standing = walking_pose(np.array([0.0, 0.3]), Gait(swing=0))
    np.testing.assert_allclose(standing[0], standing[1], atol=1e-12)
    hands = body.posed(standing[0]).joints[[Joint.LEFT_HAND, Joint.RIGHT_HAND]]
    assert (hands[:, 1] < 0.1).all()


def test_every_face_is_dressed(body):
    regions = clothing_regions(body)
    assert tuple(regions) == REGIONS
    assert sorted(np.concatenate(list(regions.values())).tolist()) == list(range(len(body.faces)))
    centres = {name: body.template[body.faces[faces]].mean(axis=(0, 1)) for name, faces in regions.items()}
    heights = [centres[name][1] for name in ("hair", "shirt", "trousers", "shoes")]
    assert (np.diff(heights) < -0.2).all()


def test_coco_points_are_on_the_right_side_of_the_face(body):
    face = face_points(body)
    points = coco_keypoints(body.posed(np.zeros((24, 3))), face)
    named = dict(zip(NAMES, points, strict=True))
    for name, place in named.items():
        if name.startswith("left"):
            assert place[0] > 0.02
        elif name.startswith("right"):
            assert place[0] < -0.02
    assert abs(named["nose"][0]) < 0.015
    assert named["nose"][2] > named["left eye"][2] > named["left ear"][2]
    assert named["left eye"][1] > named["nose"][1]
    np.testing.assert_allclose(named["right hip"], body.rest_joints()[Joint.RIGHT_HIP], atol=1e-9)


def test_a_keypoint_s_skin_is_the_nearest_before_it_and_never_the_other_side(body):
    """Flesh hides no joint from the front or the back, in stout people either; a trunk hides the far hip."""
    for girth in (-1.5, 0.0, 1.5):
        posed = body.posed(np.zeros((24, 3)), [0, girth])
        points = coco_keypoints(posed, face_points(body))
        for way in (np.array([0, 0, 3.0]), np.array([0, 0, -3.0])):
            for place in range(5, 17):
                first = first_surface(ray_mesh(posed.vertices - points[place] - way, body.faces), [-way])
                assert 0 < 3 * (1 - first[0]) < SKIN_M[place] - 0.02, NAMES[place]
        # from the left the right hip is behind the whole trunk
        way = np.array([3.0, 0, 0])
        [first] = first_surface(ray_mesh(posed.vertices - points[12] - way, body.faces), [-way])
        assert 3 * (1 - first) > SKIN_M[12]


def test_upright_turns_a_body_as_cars_are(body):
    head, foot, left_hand = upright(body.rest_joints()[[Joint.HEAD, Joint.LEFT_FOOT, Joint.LEFT_HAND]])
    assert head[2] > foot[2]
    assert foot[0] > 0.05
    assert left_hand[1] > 0.7
    assert np.linalg.det(upright(np.eye(3))) == pytest.approx(1)


@settings(max_examples=10, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1.2))
def test_a_walker_never_turns_inside_out(phase, swing):
    body = stand_in_body()
    posed = body.posed(walking_pose(phase, Gait(swing=swing)))
    assert signed_volume(posed.vertices, body.faces) == pytest.approx(
        signed_volume(body.template, body.faces), rel=0.12
    )
