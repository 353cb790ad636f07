"""The whole detector with all its heads learns a picture by heart: from pixels to things in space."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torchvision.ops import box_iou

from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.backbones import BackboneName
from core.networks.losses.counted import summed
from core.networks.rotations import rotation_from_vector
from tests.networks.amodal_rcnn.pictures import tiny
from tests.networks.amodal_rcnn.solid_picture import solid_picture

STEPS = 90
RATE = 3e-3


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_it_tells_cars_and_people_in_space_from_pixels() -> None:
    """What is drawn of the picture is drawn by its own number, the same at each step."""
    torch.manual_seed(0)
    image, target = solid_picture()
    network = AmodalRcnn(tiny(backbone=BackboneName.MOBILENET, vehicles=True, bodies=True, body_width=32))
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=STEPS)
    for _ in range(STEPS):
        loss = summed(network([image], [target]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        [found] = network.eval()([image], [{"intrinsics": target["intrinsics"]}])
    overlaps, nearest = box_iou(target["boxes"], found["boxes"]).max(dim=1)
    assert overlaps.min() > 0.8
    assert sorted(nearest.tolist()) == [0, 1, 2]
    assert torch.equal(found["labels"][nearest], target["labels"])
    cars, person = nearest[:2], nearest[2]
    assert found["car_held"][cars].all()
    shape = target["shape"][:2, :5]
    assert (found["car_shape"][cars] - shape).abs().mean() < shape.abs().mean() / 2  # than the mean car's
    turned = (found["car_rotation"][cars].mT @ target["rotation"][:2]).diagonal(dim1=1, dim2=2).sum(dim=1)
    assert (((turned - 1) / 2).clamp(-1, 1).acos() < 0.1).all()
    off = (found["car_translation"][cars] - target["translation"][:2]).norm(dim=1)
    assert (off < 0.05 * target["translation"][:2].norm(dim=1)).all()
    assert (found["body_translation"][person] - target["body_translation"][2]).norm() < 0.3
    assert (found["body_rotations"][person, 0] - target["body_rotation"][2]).norm() < 0.2
    joints = rotation_from_vector(target["body_pose"][2:])[0]
    assert (found["body_rotations"][person, 1:] - joints).norm(dim=(1, 2)).mean() < 0.3
