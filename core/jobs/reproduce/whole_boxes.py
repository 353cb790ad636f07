"""A detector's last step alone: from a rough box of what is seen of an object to the box it is said to have.

The second stage of a detector moves proposed boxes to where it has learned that objects end. Labels of what
is seen teach it to stay at what is seen, composites to go on behind what hides. Proposals are given here, so
that it is a test of that step and not of a detector: all kinds see the same ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import Conv2dNormActivation

from core.jobs.reproduce.masks import MasksOfBoxes, boxes_around, crops_of, nudged

CROP_PX, AROUND = 96, 3.0
"""Pixels of a side of what the network sees, and how many times as large as the proposal that is."""

_BATCH, _RATE = 48, 2e-3
_MOST = 6000
_AT_ONCE = 192
_MEAN, _SPREAD = 0.45, 0.25
_LINEAR_FROM = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class BoxLooks:
    """Proposals as the network sees them, n of them.

    Attributes:
        crops: (n, 3, 96, 96) uint8. moves: (n, 4) of left, top, right and bottom edge to where the object
            ends, as shares of the proposal's sides.
    """

    crops: Tensor
    moves: Tensor


class BoxesOfSeen(nn.Module):
    """From crops, (n, 3, 96, 96) in 0 to 1, to how far the edges of their middles' boxes move, (n, 4)."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = MasksOfBoxes().trunk
        self.head = nn.Sequential(
            Conv2dNormActivation(self.trunk.channels, 48, 3, stride=2),
            Conv2dNormActivation(48, 64, 3, stride=2),
            nn.Flatten(),
            nn.Linear(64 * (CROP_PX // 16) ** 2, 128),
            nn.ReLU(),
            nn.Linear(128, 4),
        )

    def forward(self, crops: Tensor) -> Tensor:
        """See the class."""
        moves: Tensor = self.head(self.features(crops))
        return moves

    def features(self, crops: Tensor) -> Tensor:
        """(n, channels, 24, 24) what the trunk sees."""
        seen: Tensor = self.trunk((crops - _MEAN) / _SPREAD)
        return seen


def box_looks_of(samples: Any, seed: int, *, whole: bool) -> BoxLooks:
    """Objects of an arm's pictures, each as it is and mirrored, at most so many that they fit into memory.

    Args:
        samples: pictures with their targets.
        whole: whether boxes of whole objects are taught; else of what is seen.
    """
    rng = torch.Generator().manual_seed(seed)
    crops: list[Tensor] = []
    moves: list[Tensor] = []
    for place in range(len(samples)):
        image, target = samples[place]
        if not len(target["boxes"]):
            continue
        seen = boxes_around(target["modal_masks"])
        wanted = target["boxes"] if whole else seen
        width = image.shape[-1]
        for picture, boxes, ends in (
            (image, seen, wanted),
            (image.flip(-1), _mirrored(seen, width), _mirrored(wanted, width)),
        ):
            proposed = nudged(boxes, rng)
            crops.append((255 * crops_of(picture, proposed, CROP_PX, AROUND)).round().to(torch.uint8))
            moves.append((ends - proposed) / _sides(proposed))
    every, all_moves = torch.cat(crops), torch.cat(moves)
    chosen = torch.randperm(len(every), generator=rng)[:_MOST]
    return BoxLooks(every[chosen], all_moves[chosen])


def taught_boxes(trunk: Mapping[str, Tensor], looks: BoxLooks, seed: int, steps: int) -> BoxesOfSeen:
    """A network whose trunk is given and learns no more: only its head learns."""
    torch.manual_seed(seed)
    network = BoxesOfSeen()
    network.trunk.load_state_dict(trunk)
    network.eval().requires_grad_(False)
    with torch.inference_mode():
        parts = [network.features(crops.float() / 255).half() for crops in looks.crops.split(_AT_ONCE)]
    features = torch.cat(parts).clone()
    network.head.train().requires_grad_(True)
    optimiser = torch.optim.AdamW(network.head.parameters(), _RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(steps):
        chosen = torch.randint(len(features), (_BATCH,))
        said = network.head(features[chosen].float())
        loss = functional.smooth_l1_loss(said, looks.moves[chosen], beta=_LINEAR_FROM)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return network.eval()


def said_boxes(network: BoxesOfSeen, image: Tensor, proposed: Tensor) -> Tensor:
    """(n, 4) where a network says that the objects of proposals (n, 4) end, within the picture."""
    if not len(proposed):
        return proposed
    with torch.inference_mode():
        moves = network(crops_of(image, proposed, CROP_PX, AROUND))
    return within(proposed + moves * _sides(proposed), image)


def within(boxes: Tensor, image: Tensor) -> Tensor:
    """Boxes (n, 4) cut to a picture, none without width or height."""
    height, width = image.shape[-2:]
    low = torch.minimum(boxes[:, :2].clamp(min=0), torch.tensor([width - 1.0, height - 1.0]))
    high = torch.minimum(boxes[:, 2:], torch.tensor([float(width), float(height)]))
    return torch.cat([low, torch.maximum(high, low + 1)], dim=1)


def _sides(boxes: Tensor) -> Tensor:
    return (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)


def _mirrored(boxes: Tensor, width: int) -> Tensor:
    left, top, right, bottom = boxes.unbind(1)
    return torch.stack([width - right, top, width - left, bottom], dim=1)
