"""The mask head: what it is taught of boxes, worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from core.networks.amodal_rcnn.mask_head import MASK_SIDE, AmodalMaskHead, MaskLogits, mask_losses
from core.networks.losses.counted import summed

LOGIT = 2.0
RIGHT, WRONG = math.log1p(math.exp(-LOGIT)), math.log1p(math.exp(LOGIT))  # cross-entropies of one cell


def said(whole: Tensor, modal: Tensor, hidden: Tensor) -> MaskLogits:
    """Logits of 2 where a mask is, and of -2 elsewhere."""
    return MaskLogits(*(LOGIT * (2 * one.float() - 1) for one in (whole, modal, hidden)))


def scene() -> tuple[Tensor, Tensor, Tensor]:
    """Whole and modal masks (1, 40, 50), and a box of 28 x 28 pixels, each one cell."""
    whole = torch.zeros(1, 40, 50, dtype=torch.uint8)
    whole[0, 8:30, 10:36] = 1
    modal = whole.clone()
    modal[0, :, 20:] = 0
    return whole, modal, torch.tensor([[6.0, 4.0, 34.0, 32.0]])


def cells(mask: Tensor) -> Tensor:
    return mask[:, 4:32, 6:34]


def test_a_cell_of_one_pixel_is_that_pixel() -> None:
    whole, modal, box = scene()
    hidden = whole - modal
    logits = said(cells(whole), cells(modal), cells(hidden))
    losses = mask_losses(logits, [box], [torch.tensor([0])], [whole], [modal])
    assert set(losses) == {"loss_mask_whole", "loss_mask_modal", "loss_mask_hidden"}
    for loss in losses.values():
        assert loss.mean.item() == pytest.approx(RIGHT, rel=1e-5)


def test_each_wrong_cell_costs_its_share() -> None:
    whole, modal, box = scene()
    wrong = cells(whole).clone()
    wrong[0, 10, 10:17] ^= 1
    logits = said(wrong, cells(modal), cells(whole - modal))
    loss = mask_losses(logits, [box], [torch.tensor([0])], [whole], [modal])["loss_mask_whole"]
    assert loss.mean.item() == pytest.approx(RIGHT + 7 / MASK_SIDE**2 * (WRONG - RIGHT), rel=1e-5)


def test_a_cell_that_is_covered_half_is_taught_a_half() -> None:
    # cells of two pixels: the mask's edge lies in the middle of one column
    whole = torch.zeros(1, 56, 56, dtype=torch.uint8)
    whole[0, :, :21] = 1
    target = torch.zeros(1, MASK_SIDE, MASK_SIDE)
    target[0, :, :10], target[0, :, 10] = 1.0, 0.5
    box = torch.tensor([[0.0, 0.0, 56.0, 56.0]])
    logits = MaskLogits(torch.where(target > 0.4, LOGIT, -LOGIT))
    loss = mask_losses(logits, [box], [torch.tensor([0])], [whole])["loss_mask_whole"]
    # a half of either
    assert loss.mean.item() == pytest.approx((27 * RIGHT + (RIGHT + WRONG) / 2) / 28, rel=1e-5)


def test_an_object_without_a_known_mask_teaches_nothing() -> None:
    whole, modal, box = scene()
    unknown = torch.cat([torch.zeros_like(whole), whole])
    seen = torch.cat([torch.zeros_like(modal), modal])
    logits = said(*(torch.cat([1 - cells(one), cells(one)]) for one in (whole, modal, whole - modal)))
    losses = mask_losses(logits, [box.repeat(2, 1)], [torch.tensor([0, 1])], [unknown], [seen])
    for loss in losses.values():
        assert loss.mean.item() == pytest.approx(RIGHT, rel=1e-5)


def test_pictures_without_objects_cost_nothing() -> None:
    head = AmodalMaskHead(8, 1, 4)
    empty = torch.zeros(0, 40, 50, dtype=torch.uint8)
    none, nobody = torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)
    losses = mask_losses(head(torch.zeros(0, 8, 14, 14)), [none], [nobody], [empty], [empty])
    total = summed(losses)
    total.backward()
    assert total.item() == 0
    assert all(one.grad is not None for one in head.parameters())


def test_at_the_start_nothing_is_known() -> None:
    """A mean loss near log 2: no mask of a new network shouts."""
    torch.manual_seed(0)
    whole, modal, box = scene()
    losses = mask_losses(
        AmodalMaskHead(64, 4, 32)(torch.rand(1, 64, 14, 14)), [box], [torch.tensor([0])], [whole], [modal]
    )
    for loss in losses.values():
        assert loss.mean.item() == pytest.approx(math.log(2), abs=0.1)


def test_the_whole_is_told_from_what_the_hidden_parts_branch_saw() -> None:
    torch.manual_seed(0)
    head = AmodalMaskHead(8, 1, 4)
    features = torch.rand(2, 8, 14, 14)
    before = head(features)
    with torch.no_grad():
        for parameter in head.hidden_branch.parameters():
            parameter.add_(0.5)
    after = head(features)
    assert not torch.allclose(before.whole, after.whole)
    assert before.whole.shape == (2, MASK_SIDE, MASK_SIDE)
