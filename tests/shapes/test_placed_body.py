"""Bodies where their fits put them, and their names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import BodyModelError
from core.shapes.body.labels import is_same_body
from core.shapes.body.model_file import body_digest, save_body
from core.shapes.body.placed import named_body, placed_body, pose_of
from core.shapes.body.rotations import matrices
from core.shapes.person_keypoints import FLIP, NAMES, SKELETON
from tests.store.doing_cars import body_fit_of


def test_a_placed_body_is_the_body_posed_with_its_root_turned_and_its_pelvis_put_there() -> None:
    body = named_body().model
    rng = np.random.default_rng(5)
    root, pose, betas = rng.normal(0, 0.8, 3), rng.normal(0, 0.4, (23, 3)), rng.normal(0, 1, 10)
    place = np.array([1.0, -0.5, 9.0])
    fit = body_fit_of(
        rotation=tuple(matrices(root).ravel()),
        translation=tuple(place),
        pose=tuple(pose.ravel()),
        shape=tuple(betas),
    )
    whole = body.posed(np.concatenate([root[None], pose]), betas, place - body.rest_joints(betas)[0])
    found = placed_body(fit, body)
    np.testing.assert_allclose(found.vertices, whole.vertices, atol=1e-12)
    np.testing.assert_allclose(found.joints, whole.joints, atol=1e-12)
    np.testing.assert_allclose(found.joints[0], place, atol=1e-12)


def test_a_fit_of_another_skeleton_is_no_fit_of_this_body() -> None:
    with pytest.raises(ValueError, match="24 joints"):
        pose_of(replace(body_fit_of(), pose=(0.0,) * 162), named_body().model)


def test_a_body_is_named_by_its_file_and_told_by_its_numbers(tmp_path: Path) -> None:
    own = named_body()
    assert own.name == "stand-in"
    path = tmp_path / "SMPL_NEUTRAL.npz"
    save_body(own.model, path)
    same = named_body(path)
    assert (same.name, same.label.split()[1]) == ("SMPL_NEUTRAL", own.label.split()[1])
    assert same.is_meant_by(own.label)
    save_body(replace(own.model, template=own.model.template * 1.01), path)
    assert not same.is_meant_by(named_body(path).label)
    assert named_body(path).label != same.label


def test_a_body_is_told_by_all_that_moves_it() -> None:
    """Else fits of the one would be taken for the other's, whose joints and skin go elsewhere."""
    model = named_body().model
    one = np.eye(len(model.template))[0]
    others = [
        replace(model, joint_regressor=model.joint_regressor + 1e-5 * (one - np.roll(one, 1))),
        replace(model, weights=np.roll(model.weights, 1, axis=1)),
        replace(model, parents=np.array([-1] + [0] * 23, dtype=np.int32)),
        replace(model, pose_directions=np.full((len(model.template), 3, 207), 1e-4)),
        replace(model, faces=model.faces[:-1]),
    ]
    labels = [f"same {body_digest(body)}" for body in (model, *others)]
    assert len(set(labels)) == 6
    assert not any(is_same_body(labels[0], label) for label in labels[1:])


def test_fits_under_the_label_of_before_are_still_of_the_programs_own_body() -> None:
    """Projects have it in their rows; it had no hash but the skin's."""
    own = named_body()
    assert own.is_meant_by("stand-in 1c92190fc198")
    assert own.label.startswith("stand-in 1c92190fc198-")
    assert not own.is_meant_by("stand-in 1c92190fc199")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a 0123-4567", "b 0123-4567", True),
        ("a 0123-4567", "a 0123-4568", False),
        ("a 0123-4567", "a 0124-4567", False),
        ("a 0123", "a b 0123-4567", True),
        ("a 0123-4567", "a", False),
        ("a 0123-4567", "", False),
        ("", "", False),
    ],
)
def test_labels_are_of_one_body_by_the_hashes_that_both_have(one: str, other: str, same: bool) -> None:
    assert is_same_body(one, other) is same
    assert is_same_body(other, one) is same


def test_the_same_skin_on_another_skeleton_is_another_body() -> None:
    """Else a fit of the one would be posed by the other, whose joints are others."""
    model = named_body().model
    fingers = np.zeros((len(model.template), 31))
    more = replace(
        model,
        parents=np.array([*model.parents, *[20] * 31], dtype=np.int32),
        weights=np.concatenate([model.weights, fingers], axis=1),
        joint_regressor=np.concatenate([model.joint_regressor, fingers.T]),
    )
    assert body_digest(more) != body_digest(model)


@pytest.mark.parametrize(("joints", "part"), [([15], "the head"), ([7, 10], "the left foot")])
def test_a_body_without_head_or_foot_is_refused(tmp_path: Path, joints: list[int], part: str) -> None:
    """All that moves with those joints moves with their parent: the file is of the right form."""
    model = named_body().model
    weights = model.weights.copy()
    weights[:, 0] += weights[:, joints].sum(axis=1)
    weights[:, joints] = 0.0
    path = tmp_path / "part.npz"
    save_body(replace(model, weights=weights), path)
    with pytest.raises(BodyModelError, match=f"no skin moves with {part}"):
        named_body(path)


def test_left_and_right_are_exchanged_by_the_flip_and_by_nothing_else() -> None:
    sides = {"left": "right", "right": "left"}
    for point, other in enumerate(FLIP):
        words = [sides.get(word, word) for word in NAMES[point].split()]
        assert NAMES[other] == " ".join(words)
    assert {tuple(sorted((FLIP[a], FLIP[b]))) for a, b in SKELETON} == {tuple(sorted(e)) for e in SKELETON}
