"""COCO's keypoints: ours as other tools read them, and theirs as ours.

COCO has x, y, v for each point, on the same axes as its boxes: the middle of the top left pixel is
(0.5, 0.5). v is 2 for a visible point, 1 for a hidden one, 0 for one that is not labelled, which a point
outside the picture is for COCO too. All that we know of a point stands beside that, under "amodal".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.geometry.boxes import centres_from_edges, edges_from_centres
from core.records.detections import Category
from core.records.keypoints import KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.shapes import KeypointTag
from core.shapes import keypoints as car
from core.shapes import person_keypoints as person
from core.store.keypoint_columns import point_entries

PointOrder = tuple[int | None, ...]
"""For each point of a template, its place among those of a file; None where the file has no such point."""

BY_NUMBER: PointOrder = ()
"""The order of a category that names no points: what they are follows from how many they are."""

_SAME_PX = 0.01  # other tools round
_VISIBLE, _HIDDEN = 2, 1
_NUMBERED: Mapping[Template, Mapping[int, PointOrder]] = {
    Template.CAR: {12: tuple(range(12)), 14: (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12)},
    Template.PERSON: {17: tuple(range(17))},
}
"""A car's: ours, and CarFusion's without the exhaust (8) and the centre (13), as Occlusion-Net uses them. A
person's are COCO's."""

_TAGS = [tag.value for tag in KeypointTag if tag is not KeypointTag.UNLABELLED]
_ORIGINS = [origin.value for origin in LabelOrigin]
_WORDS = {
    "right_front_headlight": "right_headlight",
    "left_front_headlight": "left_headlight",
    "right_back_headlight": "right_taillight",
    "left_back_headlight": "left_taillight",
    "right_front_light": "right_headlight",
    "left_front_light": "left_headlight",
    "right_back_trunk": "right_taillight",
    "left_back_trunk": "left_taillight",
    "right_front_top": "right_front_roof_corner",
    "left_front_top": "left_front_roof_corner",
    "right_back_top": "right_back_roof_corner",
    "left_back_top": "left_back_roof_corner",
    "upper_right_windshield": "right_front_roof_corner",
    "upper_left_windshield": "left_front_roof_corner",
    "upper_right_rearwindow": "right_back_roof_corner",
    "upper_left_rearwindow": "left_back_roof_corner",
}
"""CarFusion's and PASCAL3D+'s names for ours."""
_NAMES = {Template.CAR: car.NAMES, Template.PERSON: person.COCO_NAMES}
_SKELETONS = {Template.CAR: car.SKELETON, Template.PERSON: person.SKELETON}


@dataclass(frozen=True, slots=True)
class CocoKeypoints:
    """One object's keypoints as a file has them.

    Attributes:
        keypoints: a point's hider is the id of an annotation of the file.
        annotator: the person who placed them, where a file of ours says so; else None.
        own: whether they stand there as this program wrote them, whose left is the driver's.
        hidden: places of the points of which the file says that they are hidden, but not by what.
    """

    keypoints: KeypointSet
    annotator: str | None
    own: bool
    hidden: frozenset[int] = frozenset()


def template_of(category: Category) -> Template:
    """Whose points a category of COCO has: a person's, or a car's, which other vehicles may have too."""
    return Template.of(category) or Template.CAR


def template_words(template: Template) -> dict[str, Any]:
    """The names of a template's points and its skeleton, as a category of COCO has them."""
    return {
        "keypoints": list(_NAMES[template]),
        "skeleton": [[first + 1, second + 1] for first, second in _SKELETONS[template]],
    }


def no_points(template: Template) -> dict[str, Any]:
    """What COCO says of an object without keypoints in a category that has some."""
    return {"keypoints": [0] * (3 * template.size), "num_keypoints": 0}


def plain_points(keypoints: KeypointSet) -> dict[str, Any]:
    """The members "keypoints" and "num_keypoints" of an annotation.

    COCO has no word for a guess: such a point is as one that nobody has placed.
    """
    flat: list[float] = []
    for point in keypoints.points:
        if point is None or point.tag is KeypointTag.TRUNCATED or point.guessed:
            flat += [0, 0, 0]
        else:
            x, y = edges_from_centres((point.x, point.y)).tolist()
            flat += [x, y, _VISIBLE if point.tag is KeypointTag.VISIBLE else _HIDDEN]
    return {"keypoints": flat, "num_keypoints": sum(v > 0 for v in flat[2::3])}


def whole_points(row: KeypointRow) -> dict[str, Any]:
    """All that we know of an object's keypoints; pixels here have their first centre at (0, 0)."""
    return {
        "template": row.keypoints.template.value,
        "origin": row.origin.value,
        "annotator": row.annotator,
        "points": point_entries(row.keypoints),
    }


def point_order(names: Any, template: Template = Template.CAR) -> PointOrder | None:
    """Where a template's points are among those that a category names.

    Args:
        names: the category's "keypoints", or None.

    Returns:
        The order; BY_NUMBER where it names none; None where none of them is the template's.

    Raises:
        ValueError: the names are no list of words.
    """
    if names is None:
        return BY_NUMBER
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("they are no list of names")
    words = [_word(name) for name in names]
    ours = [_word(name) for name in _NAMES[template]]
    order = tuple(words.index(word) if word in words else None for word in ours)
    return None if all(place is None for place in order) else order


def keypoints_of(
    row: Mapping[str, Any],
    order: PointOrder | None,
    width: int,
    height: int,
    *,
    template: Template = Template.CAR,
    with_people: bool,
    mirrored: bool,
) -> CocoKeypoints | None:
    """An annotation's keypoints, or None where it has none of its template's.

    A hidden point of another tool counts as hidden by something else, for COCO does not say what hides it;
    `hidden` says which these are.

    Args:
        row: the annotation.
        order: of its category.
        width, height: of the picture, pixels.
        template: of its category.
        with_people: whether to take along who placed them.
        mirrored: whether the file calls left what is a driver's right; that never holds for what stands there
            as this program wrote it, nor for people, whose left is their own.

    Raises:
        ValueError: they are no list of x, y, v.
    """
    flat = row.get("keypoints")
    if flat is None or order is None:
        return None
    if not isinstance(flat, list) or len(flat) % 3 or not all(map(_is_number, flat)):
        raise ValueError("they are no list of x, y, v")
    count = len(flat) // 3
    if order == BY_NUMBER:
        order = _NUMBERED[template].get(count, ())
        if not order:
            return None
    if any(place is not None and place >= count for place in order):
        raise ValueError(f"{count} points are fewer than its category has")
    plain = [None if place is None else flat[3 * place : 3 * place + 3] for place in order]
    said = _object(_object(row.get("amodal")).get("keypoints"))
    known = said.get("points")
    entries = known if isinstance(known, list) and len(known) == template.size else [None] * template.size
    whole = [_whole_point(entry) for entry in entries]
    own = False
    if template is Template.CAR:
        turned = [plain[place] for place in car.FLIP]
        kept, kept_turned = _count_kept(whole, plain), _count_kept(whole, turned)
        own = kept > kept_turned
        if mirrored and not own:
            plain = turned
            if not kept_turned:
                said, whole = {}, [None] * template.size
    points = tuple(_point(one, ours, width, height) for one, ours in zip(plain, whole, strict=True))
    if all(point is None for point in points) and not said:
        return None
    name = said.get("annotator") if with_people and said.get("origin") == LabelOrigin.HUMAN else None
    annotator = name.strip() or None if isinstance(name, str) else None
    hidden = frozenset(
        place
        for place, point in enumerate(points)
        if point is not None and point is not whole[place] and point.tag is KeypointTag.OTHER_OCCLUDED
    )
    return CocoKeypoints(KeypointSet(template, points), annotator, own, hidden)


def _count_kept(whole: Sequence[PlacedPoint | None], plain: Sequence[Sequence[float] | None]) -> int:
    """How many points that COCO can say are where this program wrote them."""
    return sum(
        ours is not None and one is not None and one[2] != 0 and _agrees(ours, *one)
        for ours, one in zip(whole, plain, strict=True)
    )


def _point(
    plain: Sequence[float] | None, whole: PlacedPoint | None, width: int, height: int
) -> PlacedPoint | None:
    """A point by what COCO says; where what we knew of it still agrees, by that."""
    if plain is None:
        return None
    x, y, v = plain
    if whole is not None and _agrees(whole, x, y, v):
        return whole
    if v not in (_VISIBLE, _HIDDEN):
        return None
    x, y = centres_from_edges((x, y)).tolist()
    inside = -0.5 <= x <= width - 0.5 and -0.5 <= y <= height - 0.5
    if not inside:
        tag = KeypointTag.TRUNCATED
    else:
        tag = KeypointTag.VISIBLE if v == _VISIBLE else KeypointTag.OTHER_OCCLUDED
    return PlacedPoint(x, y, tag, LabelOrigin.IMPORT)


def _agrees(whole: PlacedPoint, x: float, y: float, v: float) -> bool:
    """Whether another tool has left a point as we wrote it."""
    if whole.tag is KeypointTag.TRUNCATED or whole.guessed:
        return v == 0
    wanted = _VISIBLE if whole.tag is KeypointTag.VISIBLE else _HIDDEN
    there = edges_from_centres((whole.x, whole.y)).tolist()
    return v == wanted and math.dist(there, (x, y)) <= _SAME_PX


def _whole_point(entry: Any) -> PlacedPoint | None:
    if not isinstance(entry, list) or not 4 <= len(entry) <= 6:
        return None
    x, y, tag, origin = entry[:4]
    score = entry[4] if len(entry) > 4 else 1.0
    hider = entry[5] if len(entry) > 5 else None
    if not all(_is_number(value) for value in (x, y, score)) or not 0 <= score <= 1:
        return None
    if tag not in _TAGS or origin not in _ORIGINS:
        return None
    if hider is not None and (isinstance(hider, bool) or not isinstance(hider, int)):
        hider = None
    return PlacedPoint(float(x), float(y), KeypointTag(tag), LabelOrigin(origin), float(score), hider)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and abs(value) < 1e9


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(name: str) -> str:
    word = "_".join(name.replace("_", " ").replace("-", " ").lower().split())
    return _WORDS.get(word, word)
