"""The heads for cars and people in 3D: each learns a few objects by heart, and of the unknown nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import Tensor

from core.geometry.cameras import Camera
from core.geometry.distortion import padded
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.networks.amodal_rcnn.body_head import BodyHead, People
from core.networks.amodal_rcnn.lenses import Lenses
from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.point_head import PointLogits
from core.networks.amodal_rcnn.settings import POINTS, points_of
from core.networks.amodal_rcnn.vehicle_head import VehicleHead, Vehicles, car_losses
from core.networks.backbones import BackboneName
from core.networks.losses.counted import summed
from core.networks.losses.vehicles import VehicleLossWeights
from core.networks.rotations import rotation_from_vector
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.seen import Car3D, Person3D, SeenObject
from core.records.shapes import KeypointTag
from core.shapes.body.coco import COCO_JOINTS
from core.shapes.body.model_file import stand_in_body
from core.shapes.body.rotations import axis_angles, matrices
from core.shapes.space_file import default_space
from core.training.tasks.solid_scores import SolidScores
from tests.networks.amodal_rcnn.pictures import picture, tiny

CAMERA = Camera(640, 360, np.array([[500.0, 0, 320.0], [0, 500.0, 180.0], [0, 0, 1]]))
MATRIX = torch.from_numpy(np.array(CAMERA.matrix)).float()
GROUND = GroundPlane(np.array([0.0, -np.cos(0.3), -np.sin(0.3)]), 6.0)
CAR = points_of(Template.CAR)
CHANNELS = 8
SIDE = 56
STEPS = 220
OF_THE_JUDGE = ("loss_judge", "loss_body_adversarial")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def cars(count: int = 3) -> tuple[dict[str, Tensor], Tensor]:
    """What is known of cars, and boxes around them; here pixels need no edges."""
    rng = np.random.default_rng(0)
    beta = rng.normal(0.0, 0.8, (count, 5))
    poses = [
        pose_on_ground(GROUND, (rng.uniform(12, 18), rng.uniform(-3, 3)), heading)
        for heading in (0.6, 2.2, -1.0)[:count]
    ]
    points = default_space().keypoints(beta)
    seen = np.stack([CAMERA.project(pose.apply(one)) for pose, one in zip(poses, points, strict=True)])
    keypoints, tags = torch.zeros(count, POINTS, 3), torch.full((count, POINTS), -1)
    keypoints[:, CAR, :2], keypoints[:, CAR, 2] = torch.from_numpy(seen).float(), 2.0
    tags[:, CAR] = 0
    places = keypoints[:, CAR, :2]
    boxes = torch.cat([places.amin(dim=1) - 4, places.amax(dim=1) + 4], dim=1)
    shape = torch.zeros(count, 10)
    shape[:, :5] = torch.from_numpy(beta)
    return {
        "keypoints": keypoints,
        "point_tags": tags,
        "has_fit": torch.ones(count, dtype=torch.bool),
        "shape": shape,
        "rotation": torch.from_numpy(np.stack([pose.rotation for pose in poses])).float(),
        "translation": torch.from_numpy(np.stack([pose.translation for pose in poses])).float(),
    }, boxes


def seen_by(count: int, distortion: Tensor | None = None) -> Lenses:
    """The camera for so many objects."""
    bends = None if distortion is None else distortion.expand(count, -1)
    return Lenses(MATRIX.expand(count, 3, 3), bends)


def heat_at(places: Tensor, boxes: Tensor, spread: float = 1.0) -> Tensor:
    """(n, 29, 56, 56) logits of a round heap at each place (n, 12, 2)."""
    cells = (places - boxes[:, None, :2]) / (boxes[:, None, 2:] - boxes[:, None, :2]) * SIDE - 0.5
    at = torch.arange(SIDE, dtype=torch.float32)
    off_x = (at - cells[..., 0, None])[:, :, None, :]
    off_y = (at - cells[..., 1, None])[:, :, :, None]
    heat = torch.zeros(len(places), POINTS, SIDE, SIDE)
    heat[:, CAR] = -(off_x.square() + off_y.square()) / (2 * spread**2)
    return heat


def test_true_heat_maps_and_shape_give_the_true_pose() -> None:
    target, boxes = cars()
    head = VehicleHead(CHANNELS)
    # a head that knows the shapes
    head.shape = torch.nn.Sequential(torch.nn.Flatten())
    features = target["shape"][:, :5]
    points = PointLogits(heat_at(target["keypoints"][:, CAR, :2], boxes), None)
    said = head(features, points, boxes, seen_by(3))
    assert said.held.all()
    assert (said.rotation - target["rotation"]).abs().max() < 0.01
    assert ((said.translation - target["translation"]).norm(dim=1) < 0.1).all()
    assert (said.projected - target["keypoints"][:, CAR, :2]).norm(dim=2).max() < 0.5


BENDS = (-0.35, 0.12, 0.002, -0.003)


def test_a_lens_that_bends_is_seen_through() -> None:
    """Heat maps where the lens puts the points; as if it did not bend, poses are several times as wrong."""
    target, _ = cars()
    lens = Camera(CAMERA.width, CAMERA.height, np.array(CAMERA.matrix), BENDS)
    points = default_space().keypoints(target["shape"][:, :5].numpy())
    moved = torch.from_numpy(points).float() @ target["rotation"].mT + target["translation"][:, None]
    moved = moved + torch.tensor([[[5.0, 1.5, 0.0]], [[-5.0, -1.5, 0.0]], [[5.0, -1.5, 0.0]]])
    target["translation"] = target["translation"] + torch.tensor(
        [[5.0, 1.5, 0.0], [-5.0, -1.5, 0.0], [5.0, -1.5, 0.0]]
    )
    places = torch.from_numpy(lens.project(moved.double().numpy())).float()
    assert places.isfinite().all()
    boxes = torch.cat([places.amin(dim=1) - 4, places.amax(dim=1) + 4], dim=1)
    head = VehicleHead(CHANNELS)
    head.shape = torch.nn.Sequential(torch.nn.Flatten())
    heat = PointLogits(heat_at(places, boxes), None)
    said = head(target["shape"][:, :5], heat, boxes, seen_by(3, coefficients(BENDS)))
    assert said.held.all()
    off = (said.translation - target["translation"]).norm(dim=1)
    assert (said.rotation - target["rotation"]).abs().max() < 0.02
    assert (off < 0.15).all()
    assert (said.projected - places).norm(dim=2).max() < 0.5
    blind = head(target["shape"][:, :5], heat, boxes, seen_by(3))
    assert ((blind.translation - target["translation"]).norm(dim=1) > 3 * off).all()


def test_a_body_is_placed_through_the_lens() -> None:
    """At the picture's edge: joints come out in the same box, the body further aside than straight."""
    torch.manual_seed(0)
    head = BodyHead(CHANNELS, 16)
    boxes, features = torch.tensor([[560.0, 60.0, 610.0, 190.0]]), torch.rand(1, CHANNELS, 14, 14)
    bent = head(features, boxes, seen_by(1, coefficients(BENDS)))
    straight = head(features, boxes, seen_by(1))
    assert bent.places[0, 0].tolist() == pytest.approx(straight.places[0, 0].tolist(), abs=3.0)
    ray, flat = ((one.translation[0, 0] / one.translation[0, 2]).item() for one in (bent, straight))
    true = Camera(CAMERA.width, CAMERA.height, np.array(CAMERA.matrix), BENDS)
    wanted = true.unproject(np.array([585.0, 125.0]))[0] - CAMERA.unproject(np.array([585.0, 125.0]))[0]
    assert ray - flat == pytest.approx(wanted, rel=0.1)


def coefficients(distortion: tuple[float, ...]) -> Tensor:
    return torch.from_numpy(padded(distortion)).float()


def test_points_that_are_unsure_or_truncated_hardly_count() -> None:
    """Two wrong heat maps, one wide and one said to be cut off, leave the pose where it was."""
    target, boxes = cars()
    head = VehicleHead(CHANNELS)
    head.shape = torch.nn.Sequential(torch.nn.Flatten())
    heat = heat_at(target["keypoints"][:, CAR, :2], boxes)
    heat[:, 2] = 0.0
    heat[:, 5] = heat_at(boxes[:, None, :2].expand(-1, 12, -1) + 6, boxes)[:, 0]
    tags = torch.zeros(3, POINTS, 4)
    tags[:, :, 0] = 9.0
    tags[:, 5, 3] = 30.0
    said = head(target["shape"][:, :5], PointLogits(heat, tags), boxes, seen_by(3))
    assert (said.rotation - target["rotation"]).abs().max() < 0.03


def told_of(said: Vehicles, target: dict[str, Tensor]) -> dict[str, float]:
    """What a validation would say of cars that are all found."""
    scores = SolidScores()
    for row in range(len(said.held)):
        known = Car3D(*(target[name][row].double().numpy() for name in ("rotation", "translation", "shape")))
        told = (said.rotation, said.translation, said.shape)
        solid = Car3D(*(one[row].detach().double().numpy() for one in told))
        scores.add(found(known), found(solid if said.held[row] else None), MATRIX.numpy())
    return scores.figures()


def found(solid: Car3D | Person3D | None) -> SeenObject:
    """An object with nothing but what it is in 3D."""
    nowhere, tags = np.full((POINTS, 2), np.nan), (KeypointTag.UNLABELLED,) * POINTS
    box = Box(0.0, 0.0, 9.0, 9.0)
    return SeenObject(Category.CAR, 1.0, box, None, None, nowhere, np.zeros(POINTS), tags, solid)


def test_the_vehicle_head_learns_cars_by_heart() -> None:
    """Shape from features, and pose through heat maps that only equation 1 moves."""
    torch.manual_seed(0)
    target, boxes = cars()
    head = VehicleHead(CHANNELS)
    features = torch.rand(3, CHANNELS, 14, 14)
    off = 0.06 * torch.randn(3, 12, 2) * (boxes[:, 2:] - boxes[:, :2])[:, None]
    heat = heat_at(target["keypoints"][:, CAR, :2] + off, boxes, 2.0).requires_grad_()
    optimiser = torch.optim.Adam([{"params": head.parameters(), "lr": 5e-3}, {"params": [heat], "lr": 0.3}])
    costs, figures = [], []
    for step in range(50):
        said = head(features, PointLogits(heat, None), boxes, seen_by(3))
        if step in (0, 49):
            figures.append(told_of(said, target))
        losses = car_losses(said, target, boxes, VehicleLossWeights())
        loss = summed(losses)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        costs.append(loss.item())
    assert costs[-1] < 0.02 * costs[0], (costs[0], costs[-1])
    assert (said.shape - target["shape"][:, :5]).abs().max() < 0.15
    turned = (said.rotation.mT @ target["rotation"]).diagonal(dim1=1, dim2=2).sum(dim=1)
    assert (((turned - 1) / 2).clamp(-1, 1).acos() < 0.03).all()
    first, last = figures[0], figures[-1]
    assert last["car_held"] == last["car_within_30deg"] == 1.0
    assert last["car_rotation_deg"] < min(1.5, first["car_rotation_deg"] / 3)
    assert last["car_add_m"] < first["car_add_m"] / 3
    assert last["car_depth_share"] < 0.02
    assert last["car_shape_mm"] < first["car_shape_mm"] / 5
    assert last["car_reprojection_px"] < first["car_reprojection_px"] / 3


def people(count: int = 2) -> tuple[dict[str, Tensor], Tensor]:
    """What is known of people, and boxes around them."""
    torch.manual_seed(3)
    head = BodyHead(CHANNELS, 16)
    facing = torch.from_numpy(matrices(np.array([[2.8, 0.2, 0.1], [2.9, -0.3, 0.2]])))[:count].float()
    target = {
        "keypoints": torch.zeros(count, POINTS, 3),
        "point_tags": torch.full((count, POINTS), -1),
        "has_body": torch.ones(count, dtype=torch.bool),
        "body_rotation": facing,
        "body_translation": torch.tensor([[1.0, 0.5, 9.0], [-2.0, 0.8, 12.0]])[:count],
        "body_pose": 0.3 * torch.randn(count, 23, 3),
        "body_betas": 0.5 * torch.randn(count, 10),
    }
    places = true_places(head, target)
    return target, torch.cat([places.amin(dim=1) - 3, places.amax(dim=1) + 3], dim=1)


def true_places(head: BodyHead, target: dict[str, Tensor]) -> Tensor:
    """(n, 24, 2) by numpy's body and camera."""
    places = []
    for row in range(len(target["has_body"])):
        root = axis_angles(target["body_rotation"][row].double().numpy())
        pose = np.concatenate([root[None], target["body_pose"][row].double().numpy()])
        joints = stand_in_body().posed(pose, target["body_betas"][row].numpy()).joints
        places.append(CAMERA.project(joints - joints[0] + target["body_translation"][row].numpy()))
    return torch.from_numpy(np.stack(places)).float()


def test_the_bones_move_as_the_whole_body_does() -> None:
    head = BodyHead(CHANNELS, 16)
    target, _ = people()
    rotations = torch.cat(
        [target["body_rotation"][:, None], rotation_from_vector(target["body_pose"])], dim=1
    )
    joints = head.joints(rotations, target["body_betas"]) + target["body_translation"][:, None]
    seen = (joints @ MATRIX.mT)[..., :2] / joints[..., 2:]
    assert (seen - true_places(head, target)).abs().max() < 0.05


def test_at_first_somebody_stands_upright_in_the_box() -> None:
    torch.manual_seed(0)
    head = BodyHead(CHANNELS, 16)
    boxes = torch.tensor([[100.0, 100.0, 160.0, 260.0]])
    said = head(torch.rand(1, CHANNELS, 14, 14), boxes, seen_by(1))
    # the pelvis in the middle, the head above it, a body 160 px / 0.9 high
    assert said.places[0, 0].tolist() == pytest.approx([130.0, 180.0], abs=3)
    top, bottom = said.places[0, :, 1].min(), said.places[0, :, 1].max()
    assert said.places[0, 15, 1] < said.places[0, 0, 1] < said.places[0, 10, 1]
    assert 80 < bottom - top < 180


def told_of_people(said: People, target: dict[str, Tensor]) -> dict[str, float]:
    """Likewise of people."""
    scores = SolidScores()
    turns = rotation_from_vector(target["body_pose"])
    true = torch.cat([target["body_rotation"][:, None], turns], dim=1), target["body_translation"]
    told = said.rotations, said.translation, said.betas
    for row in range(len(said.betas)):
        known = Person3D(*(one[row].double().numpy() for one in (*true, target["body_betas"])))
        solid = Person3D(*(one[row].detach().double().numpy() for one in told))
        scores.add(found(known), found(solid), MATRIX.numpy())
    return scores.figures()


def test_the_body_head_and_its_discriminator_learn_people_by_heart() -> None:
    """What is real here is how these people stand, so that neither is in the other's way."""
    torch.manual_seed(0)
    target, boxes = people()
    head = BodyHead(CHANNELS, 32, adversarial=True)
    assert head.judge is not None
    head.real_poses(rotation_from_vector(target["body_pose"]))
    features, lenses = torch.rand(2, CHANNELS, 14, 14), seen_by(2)
    optimiser = torch.optim.Adam(head.parameters(), lr=5e-3, fused=True)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    costs, figures, told = [], [], {}
    for step in range(STEPS):
        said = head(features, boxes, lenses)
        losses = head.losses(said, target, boxes, lenses)
        optimiser.zero_grad()
        summed(losses).backward()
        optimiser.step()
        rate.step()
        told = {name: loss.mean.item() for name, loss in losses.items()}
        costs.append(sum(cost for name, cost in told.items() if name not in OF_THE_JUDGE))
        if step in (0, STEPS - 1):
            figures.append(told_of_people(said, target))
    assert costs[-1] < 0.02 * costs[0], (costs[0], costs[-1])
    assert figures[1]["body_mpjpe_mm"] < min(40.0, figures[0]["body_mpjpe_mm"] / 4)
    assert figures[1]["body_pa_mpjpe_mm"] < figures[0]["body_pa_mpjpe_mm"] / 2
    assert figures[1]["body_place_m"] < 0.5
    assert (said.places - true_places(head, target)).norm(dim=2).max() < 2.0
    assert ((said.translation - target["body_translation"]).norm(dim=1) < 0.5).all()
    # a judge that says a half of everything loses a quarter twice for each part
    assert told["loss_judge"] < head.judge.parts / 2


def test_keypoints_teach_where_there_is_no_fit() -> None:
    """The joints that have a place are pulled there, and nothing else is told."""
    target, boxes = people(1)
    head = BodyHead(CHANNELS, 16)
    target["has_body"] = torch.zeros(1, dtype=torch.bool)
    said = head(torch.rand(1, CHANNELS, 14, 14), boxes, seen_by(1))
    nothing = head.losses(said, target, boxes, seen_by(1))
    assert all(loss.mean == 0 for loss in nothing.values())
    people_row = points_of(Template.PERSON)
    target["keypoints"][0, people_row.start + 5, :] = torch.tensor([100.0, 50.0, 2.0])
    side = (boxes[0, 2:] - boxes[0, :2]).max()
    left_shoulder = said.places[0, COCO_JOINTS[0]]
    losses = head.losses(said, target, boxes, seen_by(1))
    off = (left_shoulder - torch.tensor([100.0, 50.0])).abs().sum() / side
    assert losses["loss_body_keypoints_2d"].mean.item() == pytest.approx(48 * 0.01 * off.item(), rel=1e-4)
    assert losses["loss_body_keypoints_3d"].mean == 0


def test_the_discriminator_and_the_head_teach_themselves_alone() -> None:
    torch.manual_seed(0)
    target, boxes = people()
    head = BodyHead(CHANNELS, 16, adversarial=True)
    said = head(torch.rand(2, CHANNELS, 14, 14), boxes, seen_by(2))
    losses = head.losses(said, target, boxes, seen_by(2))
    assert head.judge is not None
    losses["loss_judge"].mean.backward(retain_graph=True)
    assert all(one.grad is None for one in head.decoder.parameters())
    assert all(one.grad is not None for one in head.judge.parameters())
    head.judge.zero_grad()
    losses["loss_body_adversarial"].mean.backward()
    assert all(one.grad is None for one in head.judge.parameters())
    assert any(one.grad is not None and one.grad.any() for one in head.decoder.parameters())
    assert not [name for name in head.state_dict() if name.startswith(("real", "skeleton"))]


def whole() -> AmodalRcnn:
    torch.manual_seed(0)
    return AmodalRcnn(
        tiny(backbone=BackboneName.MOBILENET, vehicles=True, bodies=True, body_width=16, adversarial=True)
    )


def without_3d(target: dict[str, Tensor]) -> dict[str, Tensor]:
    count = len(target["labels"])
    return target | {
        "has_fit": torch.zeros(count, dtype=torch.bool),
        "shape": torch.zeros(count, 10),
        "rotation": torch.zeros(count, 3, 3),
        "translation": torch.zeros(count, 3),
        "has_body": torch.zeros(count, dtype=torch.bool),
        "body_rotation": torch.zeros(count, 3, 3),
        "body_translation": torch.zeros(count, 3),
        "body_pose": torch.zeros(count, 23, 3),
        "body_betas": torch.zeros(count, 10),
        "intrinsics": torch.zeros(3, 3),
    }


@pytest.mark.parametrize("camera", [torch.zeros(3, 3), torch.diag(torch.tensor([90.0, 90.0, 1.0]))])
def test_where_nothing_is_known_nothing_is_lost(camera: Tensor) -> None:
    image, target = picture()
    network = whole()
    losses = network([image], [without_3d(target) | {"intrinsics": camera}])
    summed(losses).backward()
    known = bool(camera.any())
    for name, loss in losses.items():
        assert loss.mean.isfinite(), name
        if name.startswith("loss_car") and "reprojection" not in name:
            assert loss.mean == 0
        if name.startswith("loss_body") and not (known and name in SAID_BY_POINTS):
            assert loss.mean == 0, name
    assert all(one.grad is None or one.grad.isfinite().all() for one in network.parameters())


SAID_BY_POINTS = ("loss_body_keypoints_2d", "loss_body_adversarial")


def test_3d_is_told_where_the_camera_is_known() -> None:
    image, _ = picture()
    network = whole().eval()
    network.roi_heads.score_thresh = 0.0
    camera = torch.tensor([[90.0, 0.0, 48.0], [0.0, 90.0, 32.0], [0.0, 0.0, 1.0]])
    with torch.no_grad():
        [blind] = network([image])
        [found] = network([image], [{"intrinsics": camera}])
    assert len(found["boxes"])
    people_found = found["labels"] == 2
    assert torch.equal(found["body_held"], people_found)
    assert not blind["body_held"].any()
    assert not blind["car_held"].any()
    assert (found["body_translation"][people_found][:, 2] > 0).all()
    assert found["car_shape"].shape == (len(found["boxes"]), 5)
    assert torch.equal(found["boxes"], blind["boxes"])


def test_half_precision_does_not_reach_geometry() -> None:
    """In bf16 all losses are numbers, and so are their gradients; PnP and bodies stay in float32."""
    image, target = picture()
    network = whole()
    camera = torch.tensor([[90.0, 0.0, 48.0], [0.0, 90.0, 32.0], [0.0, 0.0, 1.0]])
    fitted = without_3d(target) | {"intrinsics": camera}
    fitted["has_fit"], fitted["rotation"] = target["labels"] == 1, torch.eye(3).expand(3, 3, 3)
    fitted["has_body"], fitted["body_rotation"] = target["labels"] == 2, torch.eye(3).expand(3, 3, 3)
    fitted["translation"] = fitted["body_translation"] = torch.tensor([0.5, 0.5, 9.0]).expand(3, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        losses = network([image], [fitted])
    summed(losses).backward()
    assert losses["loss_car_shape"].mean.item() == pytest.approx(
        0.0, abs=0.01
    )  # the mean car, as it is taught
    assert losses["loss_body_keypoints_3d"].mean > 0
    assert all(loss.mean.isfinite() for loss in losses.values())
    assert all(one.grad is None or one.grad.isfinite().all() for one in network.parameters())
