"""A node's third number from how sure a finder of points says that it is."""

from __future__ import annotations

import torch
from torch import Tensor

from core.networks.occlusion_net.settings import Confidence

_LEAST = 1e-4


def confidence_of(scores: Tensor, kind: Confidence) -> Tensor:
    """Probabilities as they are, or as log odds.

    The release takes a map's raw value, which is not told beside a point. Log odds are as unbounded, and
    grow with it.

    Args:
        scores: (..., K) 0 to 1.
    """
    if kind is Confidence.PROBABILITY:
        return scores
    return torch.logit(scores, eps=_LEAST)
