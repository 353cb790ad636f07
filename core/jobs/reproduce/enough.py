"""Intervals are told of enough groups alone: of few they would be of those few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.evaluation.bootstrap import Estimate, Groups
from core.evaluation.drawn_anew import LEAST_GROUPS


def of_enough(one: Estimate, groups: int) -> Estimate:
    """A figure as it is told, its interval left out where too few groups have something of it.

    Args:
        groups: how many have.
    """
    told = replace(one, groups=groups)
    return told if groups >= LEAST_GROUPS else replace(told, low=None, high=None)


def groups_with(members: NDArray[np.bool_], groups: Groups) -> list[int]:
    """How many groups have objects of each row of members (k, n)."""
    return [len(np.unique(groups.place[row])) for row in members]
