"""How a template's points are called and drawn: what the keypoint views know of cars, and later of people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.records.keypoints import Template

Pair = tuple[float, float]


class Side(StrEnum):
    """Which side of the object a point or a line is on; its own side, not the picture's."""

    LEFT = "left"
    RIGHT = "right"
    MIDDLE = "middle"


@dataclass(frozen=True, slots=True)
class TemplateLook:
    """What the canvas, the list and the diagram show of a template.

    The diagram is a plan: x to the object's right and y to its back, both from -1 to 1.

    Attributes:
        template: whose.
        object_name: such as "car".
        names: of the points, in the template's order.
        letters: a few letters for each, for beside a point.
        sides: of the points.
        order: in which they are placed, by index.
        flip: what each point is called with left and right exchanged.
        skeleton: pairs of points that a line joins.
        plan: where each point stands on the diagram.
        plan_lines: what the diagram shows of the object itself, as lines.
        length: height of the plan over its width.
    """

    template: Template
    object_name: str
    names: tuple[str, ...]
    letters: tuple[str, ...]
    sides: tuple[Side, ...]
    order: tuple[int, ...]
    flip: tuple[int, ...]
    skeleton: tuple[tuple[int, int], ...]
    plan: tuple[Pair, ...]
    plan_lines: tuple[tuple[Pair, ...], ...]
    length: float

    @property
    def count(self) -> int:
        """How many points there are."""
        return len(self.names)

    def side_of_line(self, line: tuple[int, int]) -> Side:
        """The side that a skeleton's line is on: that of its two ends, where they agree."""
        first, second = self.sides[line[0]], self.sides[line[1]]
        return first if first is second else Side.MIDDLE
