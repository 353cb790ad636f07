"""WALT's mask head: the hidden part first, then the whole with what that part's branch saw (ALGORITHMS 4.5).

Beside both, the part that is seen. Masks are the same for every class.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads
from torchvision.ops import roi_align

from core.networks.losses.counted import Counted

MASK_SIDE = 28
"""Cells of a mask's side, however large its box is."""

_LOGIT_SPREAD = 0.01
"""Of the last layers' weights at the start: torchvision's own gives one class losses of tens."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskLogits:
    """Of n boxes, (n, 28, 28) each: how much speaks for a cell of the box.

    Attributes:
        whole: being the object's, seen or not.
        modal: being the object's, and seen; None where only the whole is told.
        hidden: being the object's, and hidden; likewise.
    """

    whole: Tensor
    modal: Tensor | None = None
    hidden: Tensor | None = None


class WholeMaskHead(nn.Module):
    """Mask R-CNN's one branch, from an object's features, (n, C, 14, 14), to its whole mask."""

    def __init__(self, channels: int, convolutions: int, width: int) -> None:
        super().__init__()
        self.whole_branch = MaskRCNNHeads(channels, [width] * convolutions, 1)
        self.upsample = _upsample(width)
        self.whole_logits = _logits(width)

    def forward(self, features: Tensor) -> MaskLogits:
        whole = functional.relu(self.upsample(self.whole_branch(features)))
        return MaskLogits(self.whole_logits(whole)[:, 0])


class AmodalMaskHead(nn.Module):
    """From an object's features, (n, C, 14, 14), to its masks; the branches share their upsampling."""

    def __init__(self, channels: int, convolutions: int, width: int) -> None:
        super().__init__()
        self.hidden_branch = MaskRCNNHeads(channels, [width] * convolutions, 1)
        self.whole_branch = MaskRCNNHeads(channels + width, [width] * convolutions, 1)
        self.upsample = _upsample(width)
        self.hidden_logits = _logits(width)
        self.whole_logits = _logits(width)
        self.modal_logits = _logits(2 * width)

    def forward(self, features: Tensor) -> MaskLogits:
        of_hidden = self.hidden_branch(features)
        of_whole = self.whole_branch(torch.cat([features, of_hidden], dim=1))
        hidden = functional.relu(self.upsample(of_hidden))
        whole = functional.relu(self.upsample(of_whole))
        return MaskLogits(
            whole=self.whole_logits(whole)[:, 0],
            modal=self.modal_logits(torch.cat([whole, hidden], dim=1))[:, 0],
            hidden=self.hidden_logits(hidden)[:, 0],
        )


def mask_losses(
    logits: MaskLogits,
    boxes: list[Tensor],
    which: list[Tensor],
    whole: list[Tensor],
    modal: list[Tensor] | None = None,
) -> dict[str, Counted]:
    """The binary cross-entropy of each of the masks, all of weight 1 (ALGORITHMS 4.5); means over boxes.

    Args:
        logits: of n boxes, those of each picture together.
        boxes: for each picture (k, 4), in the pixels of its masks.
        which: for each picture (k,), which of its objects each box is of.
        whole: for each picture (m, H, W), its objects' masks. An object whose whole mask is empty has none
            that is known, and teaches nothing.
        modal: likewise, of what is seen; it may be empty. Only where the logits have it.
    """
    known = torch.cat([mask.flatten(1).amax(dim=1)[one] > 0 for mask, one in zip(whole, which, strict=True)])
    is_whole = _on_boxes(whole, boxes, which)
    losses = {"loss_mask_whole": _cross_entropy(logits.whole, is_whole, known)}
    if logits.modal is not None and logits.hidden is not None:
        assert modal is not None
        is_modal = _on_boxes(modal, boxes, which)
        losses["loss_mask_modal"] = _cross_entropy(logits.modal, is_modal, known)
        is_hidden = (is_whole - is_modal).clamp(min=0.0)
        losses["loss_mask_hidden"] = _cross_entropy(logits.hidden, is_hidden, known)
    return losses


def _on_boxes(masks: list[Tensor], boxes: list[Tensor], which: list[Tensor]) -> Tensor:
    """(n, 28, 28) the share of each cell of each box that a mask covers.

    torchvision's own targets lie half a pixel off, which is much of a small object.
    """
    rows = [torch.cat([one[:, None].to(box), box], dim=1) for one, box in zip(which, boxes, strict=True)]
    pairs = zip(masks, rows, strict=True)
    return torch.cat(
        [roi_align(mask[:, None].to(row), row, MASK_SIDE, aligned=True)[:, 0] for mask, row in pairs]
    )


def _cross_entropy(logits: Tensor, target: Tensor, known: Tensor) -> Counted:
    # in float32, also where the rest is bf16
    each = functional.binary_cross_entropy_with_logits(logits.float(), target.float(), reduction="none")
    count = known.sum()
    return Counted(each[known].sum() / (count.clamp(min=1) * MASK_SIDE**2), count)


def _upsample(width: int) -> nn.ConvTranspose2d:
    layer = nn.ConvTranspose2d(width, width, 2, 2)
    nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _logits(width: int) -> nn.Conv2d:
    layer = nn.Conv2d(width, 1, 1)
    nn.init.normal_(layer.weight, std=_LOGIT_SPREAD)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer
