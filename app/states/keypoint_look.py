"""How a template's points are called and drawn: what the keypoint views know of cars and of people."""

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

    The diagram's x goes to the right and its y down, both from -1 to 1. A car is seen from above with its
    front upwards, and the diagram turns as the car does; a person is seen from the front, and the diagram is
    mirrored where the person's back is seen.

    Attributes:
        template: whose.
        object_name, objects_name: such as "car" and "cars".
        names: of the points, in the template's order.
        letters: a few letters for each, for where there is no room for names.
        sides: of the points.
        order: in which they are placed and listed, by index.
        flip: what each point is called with left and right exchanged.
        skeleton: pairs of points that a line joins.
        plan: where each point stands on the diagram.
        plan_lines: what the diagram shows of the object itself, as lines.
        side_marks: where the diagram says L and R.
        views: from where the diagram is seen, in words: as it is, and mirrored.
        length: height of the plan over its width.
        from_above: whether the diagram is a plan that turns; else it is a figure that is mirrored.
        hollow_left: whether lines of the left are drawn hollow, so that sides are told without colours.
    """

    template: Template
    object_name: str
    objects_name: str
    names: tuple[str, ...]
    letters: tuple[str, ...]
    sides: tuple[Side, ...]
    order: tuple[int, ...]
    flip: tuple[int, ...]
    skeleton: tuple[tuple[int, int], ...]
    plan: tuple[Pair, ...]
    plan_lines: tuple[tuple[Pair, ...], ...]
    side_marks: tuple[Pair, Pair]
    views: tuple[str, str]
    length: float
    from_above: bool
    hollow_left: bool

    @property
    def count(self) -> int:
        """How many points there are."""
        return len(self.names)

    def side_of_line(self, line: tuple[int, int]) -> Side:
        """The side that a skeleton's line is on: that of its two ends, where they agree."""
        first, second = self.sides[line[0]], self.sides[line[1]]
        return first if first is second else Side.MIDDLE
