"""Masks of objects whose boxes are given: what composites teach, apart from how well objects are found.

A small network sees an object's box with what is around it, and has WALT's mask head behind it, as the
detector has. It is taught on one arm's objects, and then told the boxes of the test's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import masks_to_boxes, roi_align

from core.jobs.reproduce.arms import CATEGORIES, Arm, ArmPlan, samples_of, whole_sample
from core.jobs.reproduce.rows import row_of
from core.networks.amodal_rcnn.mask_head import MASK_SIDE, AmodalMaskHead, MaskLogits
from core.networks.amodal_rcnn.settings import PointKind, small
from core.networks.small_trunk import SmallTrunk
from core.training.composites import Target
from core.training.data.street_frames import StreetTruth
from core.training.tasks.detector_pictures import drawn
from core.training.tasks.seen import said_objects

CROP_PX, AROUND = 64, 1.6
"""Pixels of a side of what the network sees, and how many times as large as the box that is."""

_STRIDE, _POOLED = 4, 14
_BATCH, _RATE = 48, 2e-3
_TIMES, _AWAY = 2, 0.06
"""How often an object is taken, and how far its box is off at most each time, as shares of its sides."""

_LIGHT = 0.2
_GALLERY = 4
_MEAN, _SPREAD = 0.45, 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Objects as the network sees them, n of them.

    Attributes:
        crops: (n, 3, 64, 64) uint8. whole, modal: (n, 28, 28) shares of the cells of their boxes.
    """

    crops: Tensor
    whole: Tensor
    modal: Tensor


class MasksOfBoxes(nn.Module):
    """From crops, (n, 3, 64, 64) in 0 to 1, to the masks in the boxes in their middles."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = SmallTrunk(3, (16, 40), (1, 3))
        self.head = AmodalMaskHead(self.trunk.channels, 2, 48)

    def forward(self, crops: Tensor) -> MaskLogits:
        """See the class."""
        said: MaskLogits = self.head(self.pooled(crops))
        return said

    def pooled(self, crops: Tensor) -> Tensor:
        """(n, channels, 14, 14) what the trunk sees in the boxes."""
        features = self.trunk((crops - _MEAN) / _SPREAD)
        side, middle = CROP_PX / AROUND / _STRIDE, CROP_PX / _STRIDE / 2
        corners = torch.tensor([middle - side / 2] * 2 + [middle + side / 2] * 2)
        boxes = [corners[None].to(features)] * len(features)
        seen: Tensor = roi_align(features, boxes, _POOLED, sampling_ratio=2, aligned=True)
        return seen


def looks_of(samples: Any, seed: int) -> Looks:
    """All objects of an arm's pictures, each `_TIMES` times."""
    rng = torch.Generator().manual_seed(seed)
    crops: list[Tensor] = []
    whole: list[Tensor] = []
    modal: list[Tensor] = []
    for place in range(len(samples)):
        image, target = samples[place]
        boxes = target["boxes"].repeat(_TIMES, 1)
        if not len(boxes):
            continue
        boxes = nudged(boxes, rng)
        crops.append((255 * crops_of(image, boxes)).round().to(torch.uint8))
        which = torch.arange(len(target["boxes"])).repeat(_TIMES)
        for masks, out in ((target["masks"], whole), (target["modal_masks"], modal)):
            rows = torch.cat([which[:, None].float(), boxes], dim=1)
            out.append(roi_align(masks[:, None].float(), rows, MASK_SIDE, aligned=True)[:, 0])
    return Looks(torch.cat(crops), torch.cat(whole), torch.cat(modal))


def crops_of(image: Tensor, boxes: Tensor, px: int = CROP_PX, times: float = AROUND) -> Tensor:
    """(n, 3, px, px) boxes (n, 4) of a picture (3, H, W) with what is around, so many times as large."""
    middle, sides = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    around = torch.cat([middle - times / 2 * sides, middle + times / 2 * sides], dim=1)
    crops: Tensor = roi_align(image[None], [around], px, aligned=True)
    return crops


def nudged(boxes: Tensor, rng: torch.Generator) -> Tensor:
    """Boxes (n, 4) as proposals are: each edge off by up to 6 % of its side."""
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + _AWAY * (2 * torch.rand(boxes.shape, generator=rng) - 1) * sides


def boxes_around(masks: Tensor) -> Tensor:
    """(n, 4) boxes of masks (n, H, W), none empty, on pixel edges."""
    boxes: Tensor = masks_to_boxes(masks)
    return boxes + torch.tensor([0.0, 0.0, 1.0, 1.0])


def taught(looks: Looks, seed: int, steps: int) -> MasksOfBoxes:
    """A network that has learned from an arm's objects, as many of them as of any other arm's."""
    torch.manual_seed(seed)
    network = MasksOfBoxes().train()
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(looks.crops), (_BATCH,))
        crops, whole, modal = looks.crops[chosen].float() / 255, looks.whole[chosen], looks.modal[chosen]
        turned = torch.rand(_BATCH) < 0.5
        crops, whole, modal = (
            torch.where(turned.view(-1, *[1] * (one.dim() - 1)), one.flip(-1), one)
            for one in (crops, whole, modal)
        )
        crops = (crops * (1 + _LIGHT * (2 * torch.rand(_BATCH, 1, 1, 1) - 1))).clamp(0, 1)
        loss = mask_loss(network(crops), whole, modal)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def taught_head(trunk: Mapping[str, Tensor], looks: Looks, seed: int, steps: int) -> MasksOfBoxes:
    """A network whose trunk is given and learns no more: only its head learns, from what the trunk sees once.

    Args:
        trunk: the weights of `MasksOfBoxes.trunk`.
        looks: what it learns from; mirrored half of the time.
    """
    torch.manual_seed(seed)
    network = MasksOfBoxes()
    network.trunk.load_state_dict(trunk)
    network.eval().requires_grad_(False)
    seen = [_seen(network, looks, mirrored=mirrored) for mirrored in (False, True)]
    network.head.train().requires_grad_(True)
    optimiser = torch.optim.AdamW(network.head.parameters(), _RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(looks.crops), (_BATCH,))
        turned = (torch.rand(_BATCH) < 0.5).view(-1, 1, 1)
        features = torch.where(turned[..., None], seen[1][chosen], seen[0][chosen]).float()
        whole, modal = (
            torch.where(turned, one[chosen].flip(-1), one[chosen]) for one in (looks.whole, looks.modal)
        )
        loss = mask_loss(network.head(features), whole, modal)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def mask_loss(said: MaskLogits, whole: Tensor, modal: Tensor) -> Tensor:
    """Of the whole, what is seen and what is hidden, each cell's cross entropy (ALGORITHMS 4.5)."""
    assert said.modal is not None
    assert said.hidden is not None
    hidden = (whole - modal).clamp(min=0)
    pairs = ((said.whole, whole), (said.modal, modal), (said.hidden, hidden))
    losses = [functional.binary_cross_entropy_with_logits(logits, target) for logits, target in pairs]
    return torch.stack(losses).sum()


def _seen(network: MasksOfBoxes, looks: Looks, *, mirrored: bool) -> Tensor:
    """(n, channels, 14, 14) float16: what the trunk sees of each look."""
    parts = []
    with torch.inference_mode():
        for crops in looks.crops.split(4 * _BATCH):
            given = crops.float() / 255
            parts.append(network.pooled(given.flip(-1) if mirrored else given).half())
    return torch.cat(parts).clone()


def masks_found(home: Path, network: MasksOfBoxes, test: StreetTruth, *, seen_boxes: bool = False) -> Path:
    """What it says of the test's objects, as `figures.read_finds` reads it; some are drawn.

    Args:
        seen_boxes: whether it is told the boxes of what is seen, which is what a detector taught on such
            labels would find, and not those of the whole objects.
    """
    home.mkdir(parents=True, exist_ok=True)
    settings = small(categories=CATEGORIES, points=PointKind.NONE)
    rng = torch.Generator().manual_seed(1)
    rows = []
    for place in range(len(test)):
        image, target = whole_sample(test.frame(place))
        found = told_boxes(network, image, target, rng, seen_boxes=seen_boxes)
        objects = said_objects(found, settings, image.shape[-2:])
        rows.append([row_of(one, image.shape[-2:]) for one in objects])
        if place % max(1, len(test) // _GALLERY) == 0:
            pixels = np.ascontiguousarray((image.permute(1, 2, 0) * 255).round().to(torch.uint8).numpy())
            (home / f"found-{place}.jpg").write_bytes(drawn(pixels, objects))
    path = home / "found.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def told_boxes(
    network: MasksOfBoxes, image: Tensor, target: Target, rng: torch.Generator, *, seen_boxes: bool
) -> Target:
    """What the network says of a picture's objects, in the form in which `AmodalRcnn` says it."""
    boxes = nudged(boxes_around(target["modal_masks"]) if seen_boxes else target["boxes"], rng)
    if not len(boxes):
        empty = torch.zeros(0, MASK_SIDE, MASK_SIDE)
        return {
            "boxes": boxes, "labels": target["labels"], "scores": torch.zeros(0),
            "whole_masks": empty, "modal_masks": empty,
        }  # fmt: skip
    with torch.inference_mode():
        said = network(crops_of(image, boxes))
    assert said.modal is not None
    whole = said.whole.sigmoid()
    return {
        "boxes": boxes,
        "labels": target["labels"],
        "scores": (whole - 0.5).abs().mean(dim=(1, 2)) * 2,  # how sure it is of its cells
        "whole_masks": whole,
        "modal_masks": said.modal.sigmoid(),
    }


def teach_and_ask(
    folder: Path, plan: ArmPlan, arm: Arm, seed: int, steps: int, test: StreetTruth
) -> dict[str, Path]:
    """Finds of one arm and seed; of labels of what is seen also those with boxes of what is seen."""
    asked: Sequence[tuple[str, bool]] = [(f"{arm.value}, boxes given", False)]
    if arm is Arm.MODAL:
        asked = [*asked, (f"{arm.value}, boxes of what is seen", True)]
    homes = {
        name: folder / "masks" / f"{name.replace(',', '').replace(' ', '-')}-{seed}-{steps}"
        for name, _ in asked
    }
    if not all((home / "found.json").exists() for home in homes.values()):
        began = time.perf_counter()
        looks = looks_of(samples_of(folder, arm, plan), seed)
        network = taught(looks, seed, steps)
        for name, seen_boxes in asked:
            masks_found(homes[name], network, test, seen_boxes=seen_boxes)
        took = time.perf_counter() - began
        print(f"{arm.value}, seed {seed}: {len(looks.crops)} looks, {steps} steps, {took:.0f} s", flush=True)
    return {name: home / "found.json" for name, home in homes.items()}
