"""How each template looks: the car's twelve points as seen from above, in the driver's own left and right."""

from __future__ import annotations

from app.states.keypoint_look import Pair, Side, TemplateLook
from core.records.keypoints import Template
from core.shapes.keypoints import COUNT, FLIP, LEFT, NAMES, SKELETON

# right and back of the middle, in halves of the car's width and length
_WHEEL_X, _LIGHT_X, _ROOF_X = 0.98, 0.72, 0.58
_PLACES: tuple[tuple[float, float], ...] = (
    (_WHEEL_X, -0.6),  # front wheels
    (_WHEEL_X, 0.6),  # back wheels
    (_LIGHT_X, -0.95),  # headlights
    (_LIGHT_X, 0.95),  # taillights
    (_ROOF_X, -0.16),  # front roof corners
    (_ROOF_X, 0.46),  # back roof corners
)
_BODY = (
    (-0.5, -1.0), (0.5, -1.0), (0.84, -0.92), (0.92, -0.7), (0.92, 0.76), (0.84, 0.94), (0.5, 1.0),
    (-0.5, 1.0), (-0.84, 0.94), (-0.92, 0.76), (-0.92, -0.7), (-0.84, -0.92), (-0.5, -1.0),
)  # fmt: skip
_WINDSCREEN = (
    (-0.8, -0.4), (-0.4, -0.46), (0.4, -0.46), (0.8, -0.4), (0.58, -0.16), (-0.58, -0.16), (-0.8, -0.4),
)  # fmt: skip
_ROOF = ((-0.58, -0.16), (-0.58, 0.46), (0.58, 0.46), (0.58, -0.16))
_REAR_WINDOW = ((-0.58, 0.46), (-0.74, 0.68), (0.74, 0.68), (0.58, 0.46))


def _letters(name: str) -> str:
    """ "right front roof corner" -> "RFR"."""
    short = {"headlight": "H", "taillight": "T", "corner": ""}
    return "".join(short.get(word, word[:1].upper()) for word in name.split())


def _car() -> TemplateLook:
    # the template goes right, left, right, left, down the car's kinds of points
    plan: list[Pair] = [(x if index % 2 == 0 else -x, y) for x, y in _PLACES for index in (0, 1)]
    return TemplateLook(
        template=Template.CAR,
        object_name="car",
        names=NAMES,
        letters=tuple(_letters(name) for name in NAMES),
        sides=tuple(Side.LEFT if index in LEFT else Side.RIGHT for index in range(COUNT)),
        order=tuple(range(COUNT)),
        flip=FLIP,
        skeleton=SKELETON,
        plan=tuple(plan),
        plan_lines=(_BODY, _WINDSCREEN, _ROOF, _REAR_WINDOW),
        length=1.9,
    )


LOOKS: dict[Template, TemplateLook] = {Template.CAR: _car()}
