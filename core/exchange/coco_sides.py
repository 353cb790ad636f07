"""Whether left is left in another tool's keypoints: told by how a car's wheels lie in the picture.

From above, the right front, left front, left back and right back wheel go round against the clock, and a
camera above the wheels sees them so from wherever it looks: the sign of the area between them tells, without
a calibration. So do any three of them. How surely it tells follows from how large the area is against what
misplaced points make of it, so that small and flat cars count for little, and many of them for something.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.records.boxes import Box
from core.records.keypoints import KeypointSet
from core.records.shapes import KeypointTag

LARGEST = 200
"""So many cars are asked, the largest ones: what is common to many small ones shall not outvote them."""

_ROUND = (0, 1, 3, 2)  # right front, left front, left back, right back wheel
# people place the points of real cars two to four times as far off as 1 % of the car, and guess hidden ones
_SIGMA_PX, _SIGMA_SHARE, _HIDDEN_TIMES = 1.0, 0.02, 3.0
_WRONG_CAR = 0.05  # of a file that is right, so many cars have their sides exchanged all the same
_SURE = math.log(1000)  # odds


@dataclass(frozen=True, slots=True)
class SideCheck:
    """What a file's cars say of its left and right.

    Attributes:
        own: cars whose points stand there as this program wrote them: their left is the driver's.
        others: all other cars with keypoints.
        asked: of those, the largest that show three wheels or more.
        against: of these, those whose wheels go round the wrong way.
        log_odds: natural logarithm of the odds that left and right are right, as they were taken.
    """

    own: int = 0
    others: int = 0
    asked: int = 0
    against: int = 0
    log_odds: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether nothing is left to doubt: there are no others, or their odds are 1,000 to 1 either way."""
        return not self.others or abs(self.log_odds) >= _SURE

    @property
    def wrong(self) -> bool:
        """Whether left and right are surely exchanged."""
        return self.others > 0 and self.log_odds <= -_SURE

    @property
    def confidence_percent(self) -> float:
        """How likely the likelier of the two is, 50 to 99.9."""
        return min(99.9, 100 / (1 + math.exp(-abs(self.log_odds))))


def check_sides(own: int, others: Iterable[tuple[KeypointSet, Box]]) -> SideCheck:
    """What cars say of left and right together.

    Args:
        own: how many more there are that need no check.
        others: cars with keypoints as they were taken, and their boxes.
    """
    cars = list(others)
    told = [(box.size, odds) for keypoints, box in cars if (odds := side_odds(keypoints, box)) is not None]
    told.sort(key=lambda one: -one[0])
    asked = [odds for _, odds in told[:LARGEST]]
    return SideCheck(own, len(cars), len(asked), sum(odds < 0 for odds in asked), math.fsum(asked))


def side_odds(keypoints: KeypointSet, box: Box) -> float | None:
    """How surely one car's left and right are right: logarithm of the odds, negative where they are wrong.

    None where fewer than three wheels are placed in the picture. One car says no more than that it is one of
    the few that are wrong in every file.
    """
    sharp = max(_SIGMA_PX, _SIGMA_SHARE * box.size)
    wheels: list[tuple[float, float]] = []
    variances: list[float] = []
    for place in _ROUND:
        wheel = keypoints.points[place]
        if wheel is None or wheel.tag is KeypointTag.TRUNCATED:
            continue
        wheels.append((wheel.x, wheel.y))
        times = 1.0 if wheel.tag is KeypointTag.VISIBLE else _HIDDEN_TIMES
        variances.append((times * sharp) ** 2)
    if len(wheels) < 3:
        return None
    area, sigma = _area(wheels, variances)
    wrong = 0.5 * math.erfc(area / (sigma * math.sqrt(2)))
    share = 1 - 2 * _WRONG_CAR
    return math.log((_WRONG_CAR + share * (1 - wrong)) / (_WRONG_CAR + share * wrong))


def _area(corners: Sequence[tuple[float, float]], variances: Sequence[float]) -> tuple[float, float]:
    """The area of a polygon, positive where it goes round against the clock as one sees it, and its sigma."""
    count = len(corners)
    area = variance = 0.0
    for i, corner in enumerate(corners):
        before, after = corners[i - 1], corners[(i + 1) % count]
        # y points down, so that against the clock is negative by the usual formula
        area -= 0.5 * corner[0] * (after[1] - before[1])
        variance += 0.25 * variances[i] * math.dist(before, after) ** 2
    # three or four corners in one place have no area, whatever the noise
    return area, math.sqrt(variance) or 1.0
