"""Changes by chance: in a mirror left is right, and what happens to a picture happens to all known of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from core.evaluation.keypoints import TAGS  # noqa: E402
from core.geometry.ground_plane import pose_on_ground  # noqa: E402
from core.geometry.poses import Pose  # noqa: E402
from core.geometry.visibility import hidden_behind, ray_mesh  # noqa: E402
from core.networks.amodal_rcnn.settings import points_of  # noqa: E402
from core.records.keypoints import Template  # noqa: E402
from core.records.shapes import KeypointTag  # noqa: E402
from core.shapes.body.rotations import matrices  # noqa: E402
from core.shapes.body.skeleton import twin  # noqa: E402
from core.shapes.keypoints import FLIP, Keypoint  # noqa: E402
from core.shapes.person_keypoints import PersonKeypoint  # noqa: E402
from core.shapes.space import CarShapeSpace  # noqa: E402
from core.shapes.space_file import default_space  # noqa: E402
from core.training.data.augment import Augment, in_light, mirrored, zoomed  # noqa: E402
from tests.training.data.samples import (  # noqa: E402
    BETA,
    GROUND,
    HEIGHT,
    WIDTH,
    car_points,
    joints,
    project_by_camera,
    sample,
)

CAR, PERSON = points_of(Template.CAR), points_of(Template.PERSON)


def test_the_sample_is_right() -> None:
    _, target = sample()
    assert torch.allclose(car_points(target, 0).double(), project_by_camera(BETA), atol=1e-3)


def test_a_mirror_twice_is_none() -> None:
    image, target = sample()
    again, twice = mirrored(*mirrored(image, target))
    assert torch.equal(again, image)
    for name, values in target.items():
        assert torch.allclose(twice[name].float(), values.float(), atol=1e-4), name


def test_a_mirror_exchanges_left_and_right() -> None:
    image, target = sample()
    turned, out = mirrored(image, target)
    assert torch.equal(turned[:, :, 0], image[:, :, -1])
    car, person = out["keypoints"][0, CAR], out["keypoints"][1, PERSON]
    before = target["keypoints"][0, CAR]
    right, left = Keypoint["RIGHT_HEADLIGHT"], Keypoint["LEFT_HEADLIGHT"]
    assert car[right, :2].tolist() == pytest.approx([WIDTH - before[left, 0].item(), before[left, 1].item()])
    tags = out["point_tags"][0, CAR], target["point_tags"][0, CAR]
    assert tags[0][right] == tags[1][left]
    nose, ear = PersonKeypoint.NOSE, PersonKeypoint.LEFT_EAR
    people = target["keypoints"][1, PERSON]
    assert person[nose, 0].item() == pytest.approx(WIDTH - people[nose, 0].item())
    assert person[ear, 0].item() == pytest.approx(WIDTH - people[PersonKeypoint.RIGHT_EAR, 0].item())
    # a mask lies at the other side of its box
    for row in range(2):
        column = torch.nonzero(out["masks"][row])[:, 1]
        assert column.float().mean() + 0.5 > out["boxes"][row, ::2].mean()
    assert out["ignored_boxes"].tolist() == [[WIDTH - 25.0, 10.0, WIDTH - 5.0, 40.0]]


def test_a_mirrored_fit_is_where_its_mirrored_points_are() -> None:
    """Pose, shape and camera of the mirrored picture project to the mirrored pixels."""
    _, out = mirrored(*sample())
    assert torch.allclose(car_points(out, 0), out["keypoints"][0, CAR, :2], atol=2e-3)
    assert torch.linalg.det(out["rotation"][0]).item() == pytest.approx(1.0, abs=1e-5)


def test_a_mirrored_body_is_where_its_mirrored_joints_are() -> None:
    image, target = sample()
    _, out = mirrored(image, target)
    before, after = joints(target, 1), joints(out, 1)
    order = [twin(joint) for joint in range(24)]
    expected = before[order].clone()
    expected[:, 0] = WIDTH - expected[:, 0]
    assert (after - expected).abs().max() < 0.3  # the stand-in's two sides differ by millimetres


@pytest.mark.parametrize(("scale", "start"), [(1.4, (-30.0, -20.0)), (0.8, (11.0, 7.5))])
def test_what_is_zoomed_stays_together(scale: float, start: tuple[float, float]) -> None:
    image, target = sample()
    _, out = zoomed(image, target, scale, start)
    assert torch.allclose(car_points(out, 0), out["keypoints"][0, CAR, :2], atol=2e-3)
    corners = torch.tensor(start).repeat(2)
    limits = torch.tensor([WIDTH, HEIGHT, WIDTH, HEIGHT])
    expected = (target["boxes"] * scale + corners).clamp(min=0).minimum(limits)
    assert torch.allclose(out["boxes"], expected)
    for row in range(2):
        ys, xs = torch.nonzero(out["masks"][row], as_tuple=True)
        left, top, _, bottom = out["boxes"][row].tolist()
        assert xs.min() == pytest.approx(left, abs=2)
        assert ys.min() == pytest.approx(top, abs=2)
        assert ys.max() + 1 == pytest.approx(bottom, abs=2)


def test_a_pixel_goes_where_it_should() -> None:
    image, target = sample()
    image = torch.zeros_like(image)
    image[:, 40, 60] = 1.0
    drawn, _ = zoomed(image, target, 3.0, (-90.0, -60.0))
    # its middle (60.5, 40.5) goes to (91.5, 61.5): the middle of pixel (91, 61)
    assert torch.argmax(drawn[0]).item() == 61 * WIDTH + 91


def test_what_leaves_the_picture_is_truncated_or_ignored() -> None:
    image, target = sample()
    # all of the car but its left edge is to the right of the picture
    push = WIDTH - target["boxes"][0, 0].item() - 4.0
    _, out = zoomed(image, target, 1.0, (push, 0.0))
    assert 1 not in out["labels"].tolist()
    assert [WIDTH - 4.0, WIDTH] in out["ignored_boxes"][:, ::2].tolist()
    # a fifth of the person's height is above it
    up = target["boxes"][1, 1].item() + 0.2 * (target["boxes"][1, 3] - target["boxes"][1, 1]).item()
    _, out = zoomed(image, target, 1.0, (0.0, -up))
    row = out["labels"].tolist().index(2)
    above = target["keypoints"][1, PERSON, 1] < up
    assert above.any()
    assert not above.all()
    told = out["point_tags"][row, PERSON]
    assert (told[above] == TAGS.index(KeypointTag.TRUNCATED)).all()
    assert (out["keypoints"][row, PERSON, 2][above] == 0).all()
    assert torch.equal(told[~above], target["point_tags"][1, PERSON][~above])


def test_light_changes_no_place() -> None:
    image = torch.full((3, 2, 2), 0.5)
    image[:, 0, 0] = torch.tensor([0.2, 0.4, 0.6])
    same = in_light(image, 1.0, 1.0, 1.0, torch.ones(3))
    assert torch.allclose(same, image, atol=1e-6)
    assert torch.allclose(in_light(image, 1.5, 1.0, 1.0, torch.ones(3)), 1.5 * image, atol=1e-6)
    grey = in_light(image, 1.0, 1.0, 0.0, torch.ones(3))
    assert torch.allclose(grey[0], grey[2])
    assert grey[0, 0, 0].item() == pytest.approx(0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.6, rel=1e-5)


def test_chance_is_torchs() -> None:
    """The same seed changes alike, another one otherwise: what the loop's resuming rests on."""
    augment = Augment()

    def changed(seed: int) -> torch.Tensor:
        torch.manual_seed(seed)
        return augment(sample())[0]

    assert torch.equal(changed(1), changed(1))
    assert not torch.equal(changed(1), changed(2))


def test_whatever_chance_does_points_stay_on_their_car() -> None:
    augment = Augment()
    for seed in range(30):
        torch.manual_seed(seed)
        image, out = augment(sample())
        assert image.shape == (3, HEIGHT, WIDTH)
        assert 0 <= image.min() <= image.max() <= 1
        for row in torch.nonzero(out["has_fit"])[:, 0].tolist():
            assert torch.allclose(car_points(out, row), out["keypoints"][row, CAR, :2], atol=5e-3)
        sides = out["boxes"][:, 2:] - out["boxes"][:, :2]
        assert (sides > 0).all()


ANGLES = st.floats(-3.0, 3.0)
NUMBERS = st.integers(0, 2**32 - 1)


@given(
    seed=NUMBERS,
    axis=st.tuples(ANGLES, ANGLES, ANGLES),
    place=st.tuples(st.floats(-4, 4), st.floats(-2, 2), st.floats(6, 40)),
    focal=st.floats(80, 400),
    middle=st.tuples(st.floats(40, 160), st.floats(20, 100)),
)
@settings(max_examples=15)
def test_whatever_the_pose_and_the_camera_a_mirror_is_the_mirrored_scene(
    seed: int,
    axis: tuple[float, float, float],
    place: tuple[float, float, float],
    focal: float,
    middle: tuple[float, float],
) -> None:
    """Points with their tags, pose and shape of cars, bodies, and the camera: all of one mirrored picture."""
    rng = np.random.default_rng(seed)
    image, target = sample()
    target["rotation"][0] = torch.from_numpy(matrices(np.array(axis)))
    target["translation"][0] = torch.tensor(place)
    target["body_rotation"][1] = torch.from_numpy(matrices(np.array(axis[::-1])))
    target["body_translation"][1] = torch.tensor(place)
    target["body_pose"][1] = torch.from_numpy(rng.normal(0.0, 0.4, (23, 3)))
    target["shape"][0, :5] = torch.from_numpy(rng.normal(size=5))
    target["intrinsics"] = torch.tensor([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1]])
    tags = torch.from_numpy(rng.integers(-1, 4, (2, len(target["point_tags"][0]))))
    target["keypoints"][0, CAR, :2] = car_points(target, 0)
    target["point_tags"] = tags
    target["keypoints"][..., 2] = torch.tensor([2.0, 1.0, 1.0, 0.0, 0.0])[tags]
    _, out = mirrored(image, target)
    # the mirrored fit's points are the mirrored points, of the other side
    scale = 1 + out["keypoints"][0, CAR, :2].abs().max()
    assert torch.allclose(car_points(out, 0) / scale, out["keypoints"][0, CAR, :2] / scale, atol=2e-4)
    for template, points in ((Keypoint, CAR), (PersonKeypoint, PERSON)):
        names = [one.name for one in template]
        others = [
            names.index(name.replace("LEFT", "*").replace("RIGHT", "LEFT").replace("*", "RIGHT"))
            for name in names
        ]
        was, now = target["keypoints"][:, points], out["keypoints"][:, points]
        assert torch.equal(out["point_tags"][:, points], tags[:, points][:, others])
        assert torch.equal(now[..., 2], was[:, others, 2])
        assert torch.allclose(now[..., 0], WIDTH - was[:, others, 0], atol=1e-3)
        assert torch.equal(now[..., 1], was[:, others, 1])
    for name in ("rotation", "body_rotation"):
        row = int(name == "body_rotation")
        assert torch.linalg.det(out[name][row]).item() == pytest.approx(1.0, abs=1e-4)
    before, after = joints(target, 1), joints(out, 1)
    expected = before[[twin(joint) for joint in range(24)]].clone()
    expected[:, 0] = WIDTH - expected[:, 0]
    # the stand-in's two sides differ by millimetres
    assert (after - expected).abs().max() < 0.012 * focal / (place[2] - 1.5)
    again, twice = mirrored(*mirrored(image, target))
    assert torch.equal(again, image)
    for name, values in target.items():
        assert torch.allclose(twice[name].float(), values.float(), atol=1e-3), name


@given(seed=NUMBERS, heading=st.floats(-3.14, 3.14), aside=st.floats(-3, 3))
@settings(max_examples=8)
def test_what_a_car_hides_of_itself_is_hidden_in_the_mirror(seed: int, heading: float, aside: float) -> None:
    """What rays tell of a car is, mirrored, what they tell of the mirrored car: so its tags change sides."""
    space = default_space()
    beta = np.random.default_rng(seed).normal(size=5) * 0.5
    pose = pose_on_ground(GROUND, (11.0, aside), heading)
    image, target = sample()
    target["rotation"][0] = torch.from_numpy(pose.rotation)
    target["translation"][0] = torch.from_numpy(pose.translation)
    _, out = mirrored(image, target)
    turned = Pose(out["rotation"][0].double().numpy(), out["translation"][0].double().numpy())
    own, sure = _hidden(space, beta, pose)
    mirror, also = _hidden(space, beta, turned)
    told = sure[list(FLIP)] & also
    assert told.sum() >= 6
    assert mirror[told].tolist() == own[list(FLIP)][told].tolist()


def _hidden(space: CarShapeSpace, beta: np.ndarray, pose: Pose) -> tuple[np.ndarray, np.ndarray]:
    """Which of a car's points it hides itself, and whether that is so with less and more tolerance too."""
    car = space.car_mesh(beta)
    mesh = ray_mesh(pose.apply(car.vertices), car.faces)
    points = pose.apply(space.keypoints(beta))
    near, usual, far = (hidden_behind(mesh, points, tolerance) for tolerance in (0.02, 0.05, 0.1))
    return usual, near == far
