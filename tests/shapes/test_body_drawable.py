"""Levels of detail of a body: on the body's own vertices in any pose, closed to the eye, dressed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.shapes.body.drawable import BodyLevel, body_levels
from core.shapes.body.gait import walking_pose
from core.shapes.body.model import BodyModel
from core.shapes.body.model_file import stand_in_body
from core.shapes.body.skeleton import Joint
from core.shapes.drawable import Material


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return stand_in_body()


@pytest.fixture(scope="module")
def levels(body: BodyModel) -> tuple[BodyLevel, ...]:
    return body_levels(body)


def test_the_finest_level_is_the_mesh_and_each_next_one_is_much_lighter(
    body: BodyModel, levels: tuple[BodyLevel, ...]
) -> None:
    counts = [len(level.faces) for level in levels]
    assert counts[0] == len(body.faces)
    assert counts[0] > 5 * counts[1] > 15 * counts[2]
    finest = levels[0]
    drawn = finest.vertex_ids[finest.corners][finest.faces]
    assert np.array_equal(drawn, body.faces)


def test_in_any_pose_a_level_stands_on_the_bodys_own_vertices(
    body: BodyModel, levels: tuple[BodyLevel, ...]
) -> None:
    posed = body.posed(walking_pose(0.3), [0.5, -1.0, 0.5]).vertices
    for level in levels:
        baked = level.bake(posed)
        assert np.allclose(baked[:, :3], posed[level.vertex_ids[level.corners]], atol=1e-6)
        # as tall and as wide as the body itself, to a hand's breadth at the coarsest
        assert np.ptp(baked[:, :3], axis=0) == pytest.approx(np.ptp(posed, axis=0), abs=0.09)


def test_normals_are_of_unit_length_and_turn_with_the_faces(
    body: BodyModel, levels: tuple[BodyLevel, ...]
) -> None:
    posed = body.posed(walking_pose(0.7)).vertices
    baked = levels[0].bake(posed)
    assert np.allclose(np.linalg.norm(baked[:, 3:], axis=1), 1.0, atol=1e-5)
    corners = baked[levels[0].faces]
    across = np.cross(corners[:, 1, :3] - corners[:, 0, :3], corners[:, 2, :3] - corners[:, 0, :3])
    along = np.einsum("fi,fci->fc", across, corners[:, :, 3:])
    assert (along > 0).mean() > 0.99


def test_left_and_right_leg_never_grow_together(body: BodyModel, levels: tuple[BodyLevel, ...]) -> None:
    """A coarse face from one leg to the other would be torn wide by every stride."""
    sides = {
        side: [Joint[f"{side}_{end}"] for end in ("KNEE", "ANKLE", "FOOT")] for side in ("LEFT", "RIGHT")
    }
    legs = [body.weights[:, joints].sum(axis=1) > 0.5 for joints in sides.values()]
    for level in levels:
        left, right = (leg[level.vertex_ids][level.vertex_faces].any(axis=1) for leg in legs)
        assert left.any()
        assert not (left & right).any()


def test_clothes_lie_where_they_are_worn(body: BodyModel, levels: tuple[BodyLevel, ...]) -> None:
    for level in levels:
        places = body.template[level.vertex_ids[level.corners]]
        shirt = (level.materials >= Material.CLOTHES) & (level.materials < Material.CLOTHES + 50)
        trousers = level.materials >= Material.CLOTHES + 50
        worn = (level.materials == Material.HAIR, shirt, trousers, level.materials == Material.DARK)
        heights = [places[part, 1].mean() for part in worn]
        assert heights == sorted(heights, reverse=True)
        # the belt lies between the lowest ribs and the hips, and is level
        hips, chest = body.rest_joints()[[Joint.LEFT_HIP, Joint.SPINE2], 1]
        torso = np.abs(places[:, 0]) < 0.15
        assert hips < places[trousers & torso, 1].max() < chest
        assert places[shirt & torso, 1].min() > hips


def test_fingers_and_face_of_a_body_of_smplxs_form_are_skin(body: BodyModel) -> None:
    """SMPL-X has a jaw, eyes and fingers where SMPL has its two hands."""
    extra = 55 - len(body.parents)
    weights = np.concatenate([body.weights, np.zeros((len(body.weights), extra))], axis=1)
    tips = body.weights[:, Joint.LEFT_HAND] > 0.5
    weights[tips] = 0.0
    weights[tips, 40] = 1.0
    parents = np.concatenate([body.parents, np.full(extra, 20, dtype=np.int32)])
    regressor = np.concatenate([body.joint_regressor, np.repeat(body.joint_regressor[20:21], extra, axis=0)])
    other = replace(body, weights=weights, parents=parents, joint_regressor=regressor)
    finest = body_levels(other)[0]
    of_tips = tips[finest.vertex_ids[finest.corners]]
    assert (finest.materials[of_tips] == Material.SKIN).all()
