"""How fast the detector trains beside torchvision's own, and what each of its heads costs.

    python -m benchmarks detector_speed
    python -m benchmarks.detector_speed --clock

One picture of 640 x 360 with eight objects, forward and backward, in turns: all networks take one step,
then all the next, and the least time of the rounds counts: first a processor's, of one thread, so that a
machine that is busy otherwise does not change it much; then the clock's, of two threads, which says something
on idle cores alone.

The peer is torchvision's Faster R-CNN with a ResNet-50 and FPN, its mask head and its keypoint head, put
together from its parts. Ours beside it has the same backbone, settings and heads: boxes, one mask, places of
points. Both have the same weights where they have the same parts, and both learn from the same proposals: to
those of a network that has learned nothing yet, four near each object are added, as a network that has makes
them. Then one head after another is added, and last comes the small variant with all of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection import MaskRCNN
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.keypoint_rcnn import KeypointRCNNHeads, KeypointRCNNPredictor
from torchvision.models.detection.mask_rcnn import MaskRCNNPredictor
from torchvision.ops import MultiScaleRoIAlign

from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.settings import POINTS, AmodalRcnnSettings, MaskKind, PointKind, small
from core.networks.losses.counted import summed

HEIGHT, WIDTH = 360, 640
OBJECTS = 8
ROUNDS = 2
THREADS = 2
NEAR, AWAY = 4, 0.08
"""Proposals near each object, and how far off they are, as shares of its sides."""

LEAST_RATE = 0.95
MOST_COST = 0.40
SMALL_FASTER = 4.0


def torchvisions(classes: int) -> nn.Module:
    """Faster R-CNN with ResNet-50 and FPN, a mask head and a keypoint head for as many points as ours."""
    backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=3)
    levels = ["0", "1", "2", "3"]
    network = MaskRCNN(
        backbone,
        min_size=HEIGHT,
        max_size=WIDTH,
        mask_roi_pool=MultiScaleRoIAlign(levels, 14, 2),
        mask_predictor=MaskRCNNPredictor(256, 256, classes),
        num_classes=None,
        box_predictor=FastRCNNPredictor(1024, classes),
    )
    heads = network.roi_heads
    heads.keypoint_roi_pool = MultiScaleRoIAlign(levels, 14, 2)
    heads.keypoint_head = KeypointRCNNHeads(256, (512,) * 8)
    heads.keypoint_predictor = KeypointRCNNPredictor(512, POINTS)
    return network


def ours(masks: MaskKind, points: PointKind, **more: bool) -> AmodalRcnn:
    """With the same backbone, sizes and settings."""
    return AmodalRcnn(
        AmodalRcnnSettings(
            frozen_norms=True,
            trained_stages=3,
            min_side_px=HEIGHT,
            max_side_px=WIDTH,
            masks=masks,
            points=points,
            **more,  # type: ignore[arg-type]
        )
    )


def picture() -> tuple[Tensor, dict[str, Tensor]]:
    """Noise, and eight objects of 30 to 140 pixels with all that there is to learn of them."""
    rng = np.random.default_rng(0)
    sizes = rng.uniform(30, 140, (OBJECTS, 2))
    corners = rng.uniform(0, 1, (OBJECTS, 2)) * (np.array([WIDTH, HEIGHT]) - sizes)
    boxes = torch.from_numpy(np.concatenate([corners, corners + sizes], axis=1)).float()
    masks = torch.zeros(OBJECTS, HEIGHT, WIDTH, dtype=torch.uint8)
    for mask, (left, top, right, bottom) in zip(masks, boxes.int().tolist(), strict=True):
        mask[top:bottom, left:right] = 1
    shares = torch.from_numpy(rng.uniform(0, 1, (OBJECTS, POINTS, 2))).float()
    places = boxes[:, None, :2] + shares * (boxes[:, None, 2:] - boxes[:, None, :2])
    eye = torch.eye(3).repeat(OBJECTS, 1, 1)
    ahead = torch.tensor([0.0, 0.0, 20.0]).repeat(OBJECTS, 1)
    known = torch.ones(OBJECTS, dtype=torch.bool)
    return torch.from_numpy(rng.uniform(0, 1, (3, HEIGHT, WIDTH))).float(), {
        "boxes": boxes,
        "labels": torch.from_numpy(rng.integers(1, 3, OBJECTS)),
        "masks": masks,
        "modal_masks": masks,
        "keypoints": torch.cat([places, torch.full((OBJECTS, POINTS, 1), 2.0)], dim=2),
        "point_tags": torch.from_numpy(rng.integers(0, 4, (OBJECTS, POINTS))),
        "intrinsics": torch.tensor([[500.0, 0.0, WIDTH / 2], [0.0, 500.0, HEIGHT / 2], [0.0, 0.0, 1.0]]),
        "has_fit": known,
        "rotation": eye,
        "translation": ahead,
        "shape": torch.zeros(OBJECTS, 10),
        "has_body": known,
        "body_rotation": eye,
        "body_translation": ahead,
        "body_pose": torch.zeros(OBJECTS, 23, 3),
        "body_betas": torch.zeros(OBJECTS, 10),
    }


def step(network: nn.Module, image: Tensor, target: dict[str, Tensor]) -> None:
    """Forward and backward, by the parts that both have."""
    images, targets = network.transform([image], [target])
    features = network.backbone(images.tensors)
    proposals, losses = network.rpn(images, features, targets)
    boxes = targets[0]["boxes"].repeat(NEAR, 1)
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    near = boxes + AWAY * (2 * torch.rand(boxes.shape) - 1) * sides
    _, more = network.roi_heads(features, [torch.cat([proposals[0], near])], images.image_sizes, targets)
    summed({**losses, **more}).backward()


def step_seconds(
    networks: Mapping[str, nn.Module], clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """The least time of a step of each, in turns, after one that does not count."""
    image, target = picture()
    best = dict.fromkeys(networks, np.inf)
    for number in range(ROUNDS + 1):
        for name, network in networks.items():
            torch.manual_seed(number)
            began = clock()
            step(network.train(), image, target)
            took = clock() - began
            network.zero_grad()
            if number:
                best[name] = min(best[name], took)
    return best


def made() -> dict[str, nn.Module]:
    """The networks, with the same weights where they have the same parts."""
    torch.manual_seed(0)
    masks, points = MaskKind.WHOLE, PointKind.PLACES
    plain = ours(masks, points)
    networks: dict[str, nn.Module] = {
        "torchvision": torchvisions(len(plain.settings.categories) + 1),
        "ours": plain,
        "amodal masks": ours(MaskKind.AMODAL, points),
        "tags": ours(masks, PointKind.TAGGED),
        "vehicles": ours(masks, points, vehicles=True),
        "bodies": ours(masks, points, bodies=True),
        "bodies and discriminator": ours(masks, points, bodies=True, adversarial=True),
        "all": ours(MaskKind.AMODAL, PointKind.TAGGED, vehicles=True, bodies=True, adversarial=True),
    }
    shared = networks["torchvision"].state_dict()
    for name, network in networks.items():
        if name != "torchvision":
            network.load_state_dict(shared, strict=False)
    networks["small, all"] = AmodalRcnn(small(vehicles=True, bodies=True, adversarial=True))
    return networks


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detector_speed")
    parser.add_argument("--clock", action="store_true", help="by the clock alone")
    given = parser.parse_args(arguments)
    networks = made()
    figures: dict[str, float] = {}
    if not given.clock:
        torch.set_num_threads(1)
        print("processor time of one thread:")
        figures = told(step_seconds(networks))
    torch.set_num_threads(THREADS)
    print(f"by the clock, {THREADS} threads, load {os.getloadavg()[0]:.1f}:")
    by_clock = told(step_seconds(networks, time.perf_counter))
    return figures | {f"clock {name}": value for name, value in by_clock.items()}


def told(steps: Mapping[str, float]) -> dict[str, float]:
    """Prints the times of steps and what they say; gives all of these."""
    for name, seconds in steps.items():
        print(f"{name}: {seconds:.2f} s a step")
    rate = steps["torchvision"] / steps["ours"]
    print(f"rate beside torchvision's: {rate:.2f}, at least {LEAST_RATE}: {_verdict(rate >= LEAST_RATE)}")
    for name in ("amodal masks", "tags", "vehicles", "bodies", "bodies and discriminator"):
        print(f"cost of {name}: {steps[name] / steps['ours'] - 1:.1%}")
    cost = steps["all"] / steps["ours"] - 1
    print(f"cost of all: {cost:.1%}, at most {MOST_COST:.0%}: {_verdict(cost <= MOST_COST)}")
    faster = steps["torchvision"] / steps["small, all"]
    met = _verdict(faster >= SMALL_FASTER)
    print(f"the small variant with all: {faster:.1f} times as fast, at least {SMALL_FASTER}: {met}")
    return {**steps, "rate": rate, "cost": cost, "small_faster": faster}


def _verdict(met: bool) -> str:
    return "met" if met else "MISSED"


if __name__ == "__main__":
    main(sys.argv[1:])
