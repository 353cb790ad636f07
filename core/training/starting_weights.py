"""Weights from elsewhere to begin with: torchvision's of COCO and ImageNet, by name and shape into our parts.

Nothing is fetched here but what somebody asked for, and nothing in a file is ever run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import torch
from torch import Tensor
from torchvision.ops import FrozenBatchNorm2d

from core.errors import CheckpointError
from core.mining.detectors.classes import COCO_91, category_of
from core.mining.detectors.protocol import Progress
from core.mining.detectors.weights import WeightsFile, fetch
from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, points_of, small
from core.networks.backbones import BackboneName
from core.networks.weights_file import read_tensors
from core.records.detections import Category
from core.records.keypoints import Template
from core.training.published import PUBLISHED

_OLDER = (
    (re.compile(r"((?:inner|layer)_blocks\.\d+)\.(weight|bias)$"), r"\1.0.\2"),
    (re.compile(r"(rpn\.head\.conv)\.(weight|bias)$"), r"\1.0.0.\2"),
)
"""Names in files of torchvision before 0.14, and what they are now."""
_MASK_CONVOLUTION = re.compile(r"roi_heads\.mask_head\.mask_fcn(\d+)\.")


@dataclass(frozen=True, slots=True)
class Taken:
    """What a network got.

    Attributes:
        count, of: tensors that were taken, of how many the network has.
        parts: which, in words, such as "backbone".
        new: the parts of which nothing, or not all, was taken.
    """

    count: int
    of: int
    parts: tuple[str, ...]
    new: tuple[str, ...]

    def message(self, name: str) -> str:
        """One plain sentence about a file."""
        rest = f"; new are {_listed(self.new)}" if self.new else ""
        return f"Took {self.count} of {self.of} tensors from {name}: {_listed(self.parts)}{rest}."


def published(backbone: BackboneName) -> WeightsFile:
    """What torchvision publishes for a backbone: a detector of COCO where there is one, else of ImageNet."""
    return PUBLISHED[backbone.value]


def begin_with(
    network: AmodalRcnn, path: Path | None, *, progress: Progress | None = None, folder: Path | None = None
) -> Taken:
    """Puts weights into a new network.

    Args:
        network: its norms are frozen where its backbone has any, as these weights need it.
        path: a file of torchvision's weights, or None to fetch what is published for the backbone.
        progress: hears of the fetching. folder: where fetched files lie; by default torch's own.

    Raises:
        DetectorUnavailableError, DiskFullError: they cannot be fetched.
        CheckpointError: the file is damaged, or nothing in it fits.
        ValueError: the backbone's norms are not frozen: the caller's bug.
    """
    if path is None:
        path = fetch(published(network.settings.backbone), folder, progress)
    return take(network, read_tensors(path), path.name)


def begin_on_street(network: AmodalRcnn) -> Taken:
    """Puts the program's own weights into a new small network: taught on simulated streets, by what is seen.

    Raises:
        CheckpointError: the network is another, or the weights are missing or not whole.
    """
    if not is_for_street(network.settings):
        raise CheckpointError(
            "The program's own weights are of the small network with norms by groups.",
            "Choose the small variant, or begin with something else.",
        )
    with resources.as_file(_street_weights()) as path:
        return take(network, read_tensors(path), path.name)


def are_street_weights_here() -> bool:
    """Whether the program has come with weights of its own for the small network."""
    return _street_weights().is_file()


def _street_weights() -> Traversable:
    return resources.files("resources") / "networks" / "backbone.safetensors"


def is_for_street(settings: AmodalRcnnSettings) -> bool:
    """Whether the program's own weights are of a network's backbone, pyramid and boxes."""
    same = ("backbone", "channels", "finest_px", "anchor_px", "frozen_norms", "representation")
    theirs = small()
    return all(getattr(settings, name) == getattr(theirs, name) for name in same)


def take(network: AmodalRcnn, tensors: Mapping[str, Tensor], name: str) -> Taken:
    """Puts those of a file's tensors into a network that fit one of its own by name and shape; see above."""
    own = network.state_dict()
    frozen = any(isinstance(one, FrozenBatchNorm2d) for one in network.modules())
    if any(key.endswith("running_mean") for key in tensors) and not frozen:
        raise ValueError("weights with means of a batch need frozen norms")
    given = _renamed(tensors)
    found: dict[str, Tensor] = {}
    for key, mine in own.items():
        for source, change in _sources(key, network):
            theirs = given.get(source)
            if theirs is None:
                continue
            changed = change(theirs, mine)
            if changed is not None and changed.shape == mine.shape:
                found[key] = changed.to(mine.dtype)
                break
    if not any(key.startswith("backbone.body.") for key in found):
        raise CheckpointError(
            f"Nothing in {name} fits the backbone {network.settings.backbone.value}.",
            "Choose the backbone that the weights are of, or other weights.",
        )
    network.load_state_dict(found, strict=False)
    return _told(own, found)


Change = Callable[[Tensor, Tensor], Tensor | None]


def _sources(key: str, network: AmodalRcnn) -> Sequence[tuple[str, Change]]:
    """Under which names a tensor of ours may stand in a file, and how it becomes ours."""
    if key.startswith("backbone.body."):
        plain = key.removeprefix("backbone.body.")
        return [(key, _same), (plain, _same), (f"features.{plain}", _same)]
    if key.startswith("roi_heads.box_predictor."):
        return [(key, _by_class(network.settings.categories))]
    masks = "roi_heads.objects.masks."
    if key.startswith(masks):
        rest = key.removeprefix(masks)
        for branch in ("hidden_branch.", "whole_branch."):
            if rest.startswith(branch):
                return [(f"roi_heads.mask_head.{rest.removeprefix(branch)}", _widened)]
        if rest.startswith("upsample."):
            return [(rest.replace("upsample", "roi_heads.mask_predictor.conv5_mask"), _same)]
        if rest.startswith("whole_logits."):
            place = rest.replace("whole_logits", "roi_heads.mask_predictor.mask_fcn_logits")
            return [(place, _mean_class(network.settings.categories))]
        return []
    points = "roi_heads.objects.points."
    if key.startswith(f"{points}stack."):
        return [(key.replace(f"{points}stack.", "roi_heads.keypoint_head."), _same)]
    if key.startswith(f"{points}heat."):
        return [(key.replace(f"{points}heat.", "roi_heads.keypoint_predictor."), _of_people)]
    return [(key, _same)]


def _same(theirs: Tensor, _: Tensor) -> Tensor:
    return theirs


def _widened(theirs: Tensor, mine: Tensor) -> Tensor | None:
    """A convolution that sees more than theirs: of the rest it takes nothing at first."""
    if theirs.dim() != 4 or theirs.shape[0] != mine.shape[0] or theirs.shape[1] >= mine.shape[1]:
        return theirs
    wide = torch.zeros_like(mine)
    wide[:, : theirs.shape[1]] = theirs
    return wide


def _by_class(categories: Sequence[Category]) -> Change:
    """COCO's rows for ours: of classes, or of four numbers for each."""
    rows = [0, *(_COCO_OF[category] for category in categories)]

    def changed(theirs: Tensor, mine: Tensor) -> Tensor | None:
        each = 4 if mine.shape[0] == 4 * len(rows) else 1
        if theirs.shape[0] != each * _COCO_CLASSES or mine.shape[0] != each * len(rows):
            return None
        return theirs.unflatten(0, (_COCO_CLASSES, each))[rows].flatten(0, 1)

    return changed


def _mean_class(categories: Sequence[Category]) -> Change:
    """One mask for all classes: the mean of what COCO's say."""
    rows = [_COCO_OF[category] for category in categories]

    def changed(theirs: Tensor, _: Tensor) -> Tensor | None:
        return theirs[rows].mean(dim=0, keepdim=True) if len(theirs) == _COCO_CLASSES else None

    return changed


def _of_people(theirs: Tensor, mine: Tensor) -> Tensor | None:
    """COCO's seventeen points among ours; the car's stay as they are new."""
    axis = 1 if mine.dim() == 4 else 0
    which = points_of(Template.PERSON)
    if theirs.shape[axis] != Template.PERSON.size:
        return None
    out = mine.clone()
    if axis == 1:
        if theirs.shape[::2] != mine.shape[::2]:
            return None
        out[:, which] = theirs
    else:
        out[which] = theirs
    return out


def _renamed(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under today's names."""
    out = {}
    for name, tensor in tensors.items():
        for old, new in _OLDER:
            name = old.sub(new, name)
        name = _MASK_CONVOLUTION.sub(lambda found: f"roi_heads.mask_head.{int(found[1]) - 1}.0.", name)
        out[name] = tensor
    return out


def _told(own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> Taken:
    parts, new = [], []
    for words, start in _PARTS:
        ours = [key for key in own if key.startswith(start)]
        taken = [key for key in ours if key in found]
        if taken:
            parts.append(words)
        if len(taken) < len(ours):
            new.append(words if not taken else f"some of the {words.removeprefix('the ')}")
    return Taken(len(found), len(own), tuple(parts), tuple(new))


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


_PARTS = (
    ("the backbone", "backbone.body."),
    ("the pyramid", "backbone.fpn."),
    ("the proposals", "rpn."),
    ("the boxes", "roi_heads.box_"),
    ("the masks", "roi_heads.objects.masks."),
    ("the points", "roi_heads.objects.points."),
)
_COCO_CLASSES = 91
_COCO_OF: Mapping[Category, int] = {
    category: number for number, name in COCO_91.items() if (category := category_of(name)) is not None
}
