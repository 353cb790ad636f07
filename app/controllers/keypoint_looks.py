"""How each template looks: a car's twelve points from above, a person's seventeen from the front.

Left and right are the driver's own, and the person's.
"""

from __future__ import annotations

from app.states.keypoint_look import Pair, Side, TemplateLook
from core.records.detections import Category
from core.records.keypoints import Template
from core.shapes import person_keypoints as person
from core.shapes.keypoints import COUNT, FLIP, LEFT, NAMES, SKELETON
from core.shapes.person_keypoints import PersonKeypoint as P

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


# a person who faces us, in halves of the figure's width and height, each for the person's own left
_PERSON_PLACES: dict[P, tuple[float, float]] = {
    P.NOSE: (0.0, -0.65),
    P.LEFT_EYE: (0.15, -0.80),
    P.LEFT_EAR: (0.34, -0.70),
    P.LEFT_SHOULDER: (0.38, -0.36),
    P.LEFT_ELBOW: (0.60, -0.04),
    P.LEFT_WRIST: (0.74, 0.28),
    P.LEFT_HIP: (0.21, 0.20),
    P.LEFT_KNEE: (0.25, 0.58),
    P.LEFT_ANKLE: (0.28, 0.93),
}
_HALF_HEAD = ((0.0, -1.0), (0.18, -0.97), (0.30, -0.87), (0.34, -0.70), (0.27, -0.54), (0.12, -0.45))
_HALF_BODY = (
    (0.1, -0.45), (0.32, -0.43), (0.47, -0.38), (0.56, -0.25), (0.70, -0.06), (0.84, 0.28), (0.80, 0.36),
    (0.70, 0.36), (0.63, 0.27), (0.50, 0.02), (0.37, -0.17), (0.33, 0.02), (0.34, 0.20), (0.36, 0.58),
    (0.38, 0.92), (0.42, 1.0), (0.17, 1.0), (0.16, 0.58), (0.04, 0.28), (0.0, 0.27),
)  # fmt: skip
PERSON_ORDER: tuple[int, ...] = (
    *(P.RIGHT_SHOULDER, P.RIGHT_ELBOW, P.RIGHT_WRIST, P.RIGHT_HIP, P.RIGHT_KNEE, P.RIGHT_ANKLE),
    *(P.LEFT_ANKLE, P.LEFT_KNEE, P.LEFT_HIP, P.LEFT_WRIST, P.LEFT_ELBOW, P.LEFT_SHOULDER),
    *(P.LEFT_EAR, P.LEFT_EYE, P.NOSE, P.RIGHT_EYE, P.RIGHT_EAR),
)
"""Once around the body: down its right, up its left, and across the face, which a fit knows by then."""


def look_of(category: Category) -> TemplateLook:
    """What an object of a category is annotated with; what nobody annotates looks like a car."""
    return LOOKS[Template.of(category) or Template.CAR]


def _letters(name: str) -> str:
    """ "right front roof corner" -> "RFR"."""
    short = {"headlight": "H", "taillight": "T", "corner": "", "eye": "Ey", "ear": "Ea", "elbow": "El"}
    return "".join(short.get(word, word[:1].upper()) for word in name.split())


def _car() -> TemplateLook:
    # the template goes right, left, right, left, down the car's kinds of points
    plan: list[Pair] = [(x if index % 2 == 0 else -x, y) for x, y in _PLACES for index in (0, 1)]
    return TemplateLook(
        template=Template.CAR,
        object_name="car",
        objects_name="cars",
        names=NAMES,
        letters=tuple(_letters(name) for name in NAMES),
        sides=tuple(Side.LEFT if index in LEFT else Side.RIGHT for index in range(COUNT)),
        order=tuple(range(COUNT)),
        flip=FLIP,
        skeleton=SKELETON,
        plan=tuple(plan),
        plan_lines=(_BODY, _WINDSCREEN, _ROOF, _REAR_WINDOW),
        side_marks=((-0.3, 0.16), (0.3, 0.16)),
        views=("from above", "from above"),
        length=1.9,
        from_above=True,
        hollow_left=False,
    )


def _person() -> TemplateLook:
    sides = tuple(
        Side.LEFT if index in person.LEFT else Side.RIGHT if index in person.RIGHT else Side.MIDDLE
        for index in range(person.COUNT)
    )
    return TemplateLook(
        template=Template.PERSON,
        object_name="person",
        objects_name="people",
        names=person.NAMES,
        letters=tuple(_letters(name) for name in person.NAMES),
        sides=sides,
        order=tuple(int(index) for index in PERSON_ORDER),
        flip=person.FLIP,
        skeleton=person.SKELETON,
        plan=tuple(_on_figure(index, side) for index, side in enumerate(sides)),
        plan_lines=(_whole(_HALF_BODY), _whole(_HALF_HEAD)),
        side_marks=((0.9, -0.2), (-0.9, -0.2)),
        views=("facing you", "from behind"),
        length=1.25,
        from_above=False,
        hollow_left=True,
    )


def _on_figure(index: int, side: Side) -> Pair:
    """Who faces us has the left at our right."""
    x, y = _PERSON_PLACES[P(index if side is not Side.RIGHT else person.FLIP[index])]
    return (-x if side is Side.RIGHT else x), y


def _whole(half: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """A line from the figure's middle to its middle, closed by its mirror image."""
    return (*half, *((-x, y) for x, y in reversed(half)), half[0])


LOOKS: dict[Template, TemplateLook] = {Template.CAR: _car(), Template.PERSON: _person()}
