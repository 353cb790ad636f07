"""What is known of people's poses before a point is placed: the walk, and how far else joints turn.

A Gaussian over the 28 degrees. Its mean and the way joints go together come from the program's own walk
(`core.shapes.body.gait`) at all phases and strides; each degree's own width and middle, set by hand, are
added, so that people who stand, carry, point or bend are not far out. No data set is behind it
(docs/decisions/0046).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.people import degrees
from core.shapes.body.gait import Gait, walking_pose

Array = NDArray[np.float64]

PHASES = 24
SWINGS = (0.0, 0.5, 0.8, 1.0, 1.2)
ARM_SWINGS = (0.0, 0.6, 1.2)
LIMIT_RAD = 0.06
"""How hard a joint's limit is: a turn so far beyond it is one standard deviation."""
UPRIGHT_RAD = 0.2
"""How far the pelvis leans against the ground's normal."""


@dataclass(frozen=True, eq=False)
class PosePrior:
    """A Gaussian over poses, and where to begin.

    Attributes:
        mean: (28,) of the degrees, radians. precision: (28, 28).
        starts: (s, 28) poses to start from.
    """

    mean: Array
    precision: Array
    starts: Array


def pose_prior() -> PosePrior:
    """The walk's, widened by hand."""
    walks = []
    for swing in SWINGS:
        for arm_swing in ARM_SWINGS:
            poses = walking_pose(np.arange(PHASES) / PHASES, Gait(swing, arm_swing))
            walks.append(degrees.degrees_of(poses))
    samples = np.concatenate(walks)
    mean = samples.mean(axis=0) + degrees.USUAL
    spread: Array = np.cov(samples.T) + np.diag(degrees.SPREAD**2)
    # the left and the right leg in front
    stride = degrees.degrees_of(walking_pose(np.array([0.0, 0.5]), Gait(0.8)))
    return PosePrior(mean, np.asarray(np.linalg.inv(spread), dtype=np.float64), stride)
