"""Means that know what they are over, so that those of a batch's parts come to that of the whole batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A mean, and over how much it is one.

    Attributes:
        mean: scalar; 0, with a gradient of zeros, where the count is 0.
        count: not negative, without gradient: how many points or boxes, or the sum of weights.
    """

    mean: Tensor
    count: Tensor | float

    def times(self, weight: float) -> Counted:
        """The mean times a weight, over as much."""
        return Counted(weight * self.mean, self.count)


Loss = Tensor | Counted
"""A part of a batch's loss: a mean over what it counts, or a plain one over the batch's samples."""


def mean_over(values: Tensor, which: Tensor) -> Counted:
    """The mean of those values that are meant.

    Args:
        values, which: of one shape; which is bool. What stands at the others reaches neither sum nor
            gradient.
    """
    count = which.sum()
    return Counted(torch.where(which, values, 0.0).sum() / count.clamp(min=1), count)


def mean_of(loss: Loss) -> Tensor:
    """A loss as it is for this batch alone."""
    return loss.mean if isinstance(loss, Counted) else loss


def summed(losses: Mapping[str, Loss]) -> Tensor:
    """The whole loss of a batch that is taken at once."""
    return torch.stack([mean_of(one).float() for one in losses.values()]).sum()
