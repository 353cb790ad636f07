"""Which of the things that stand on the ground hides which: an order to draw them in, farthest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot


@dataclass(frozen=True, slots=True)
class Footprint:
    """The part of the ground that a thing stands over, an upright rectangle in the street's frame, metres."""

    x0: float
    x1: float
    y0: float
    y1: float

    @property
    def distance(self) -> float:
        """From the camera, above the origin, to the middle."""
        return hypot((self.x0 + self.x1) / 2.0, (self.y0 + self.y1) / 2.0)


def hides(a: Footprint, b: Footprint) -> bool:
    """Whether a can hide b from a camera above the origin.

    A line that parts the two has the camera on one side: what stands on that side is in front. Where
    two lines part them and disagree, neither can hide the other.
    """
    in_front = behind = False
    for low_a, high_a, low_b, high_b in ((a.x0, a.x1, b.x0, b.x1), (a.y0, a.y1, b.y0, b.y1)):
        if high_a <= low_b:  # a lies below the line
            in_front |= high_a >= 0.0
            behind |= low_b <= 0.0
        elif high_b <= low_a:
            in_front |= low_a <= 0.0
            behind |= high_b >= 0.0
    return in_front and not behind


def far_to_near(footprints: Sequence[Footprint]) -> list[int]:
    """Indices in an order in which nothing is drawn after what hides it; by distance where it is free."""
    waiting = sorted(range(len(footprints)), key=lambda i: -footprints[i].distance)
    order: list[int] = []
    while waiting:
        # in a ring of things that hide each other, the farthest goes first
        chosen = next(
            (i for i in waiting if not any(j != i and hides(footprints[i], footprints[j]) for j in waiting)),
            waiting[0],
        )
        waiting.remove(chosen)
        order.append(chosen)
    return order
