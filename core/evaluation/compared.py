"""One picture compared with its truth: which object was found how well, missed, or said where nothing is.

Rules, the same for networks and for files: the surest finds choose first; a find belongs to the object of its
category with the most overlap of boxes, from one half on; what is left may be found as something else; what
lies in a region to be ignored is neither right nor wrong. Pixels on edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.evaluation.point_tally import PointTally, tag_words, tally_points
from core.evaluation.poses import place_errors, rotation_errors
from core.geometry.boxes import centres_from_edges, cover_matrix, iou_matrix, to_array
from core.geometry.masks import patch_area, patch_iou, patch_to_rle, window
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import ObjectResult, ObjectSaid, Outcome, Pose3D
from core.records.keypoints import Template
from core.records.masks import MaskPatch, Rle
from core.records.seen import Car3D, SeenObject, points_of
from core.records.shapes import KeypointTag

MATCHED = 0.5
"""Intersection over union of boxes, from which two objects are the same."""

_WITHIN = 0.5  # a find with so much of it in a region that is ignored is not counted


@dataclass(frozen=True, slots=True, eq=False)
class TrueThing:
    """One object of a picture as it is, and what else is known of it.

    Attributes:
        seen: where and what.
        instance_id, place: as `ObjectResult` has them.
        occlusion: hidden share, 0 to 1; distance_m: from the camera. None: not known.
        track: which physical object it is a view of, or None.
    """

    seen: SeenObject
    instance_id: int | None = None
    place: int | None = None
    occlusion: float | None = None
    distance_m: float | None = None
    track: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class TruePicture:
    """All that is known of a picture.

    Attributes:
        width, height: pixels. hour: local, or None.
        things: its objects. ignored: boxes in which anything may be found or not.
    """

    width: int
    height: int
    things: Sequence[TrueThing]
    ignored: Sequence[Box] = ()
    hour: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PictureToMeasure:
    """A picture with its truth and all that was said of it."""

    truth: TruePicture
    said: Sequence[SeenObject]


class MaskCodes:
    """The run-length codes of masks, each made once: of pictures that are held while they are counted."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[MaskPatch, Rle]] = {}

    def of(self, patch: MaskPatch, height: int, width: int) -> Rle:
        """The code of a mask in a picture."""
        known = self._known.get(id(patch))
        if known is None or known[0] is not patch:
            known = self._known[id(patch)] = patch, patch_to_rle(patch, height, width)
        return known[1]


@dataclass(slots=True)
class ComparedObject:
    """A result with what is drawn of it and what its figures are counted from."""

    result: ObjectResult
    said: ObjectSaid
    points: PointTally | None = None


@dataclass(slots=True)
class ComparedPicture:
    """All objects of a picture.

    Attributes:
        objects: true ones in their order, then finds where nothing is, the surest first.
        finds: (score, place of the object in `objects` that it found, or None) of all that counts, however
            unsure, for curves over the score.
    """

    objects: list[ComparedObject] = field(default_factory=list)
    finds: list[tuple[float, int | None]] = field(default_factory=list)


def matches(known: Sequence[SeenObject], said: Sequence[SeenObject]) -> dict[int, int]:
    """Which known object (key) is which said one: the surest choose first, of the same category."""
    return _matched(known, said, range(len(known)), range(len(said)), alike=True)


def counting(truth: TruePicture, said: Sequence[SeenObject]) -> list[SeenObject]:
    """The finds of a picture that count: without those that found nothing and lie in an ignored region."""
    if not truth.ignored:
        return list(said)
    found = set(matches([thing.seen for thing in truth.things], said).values())
    overlooked = _ignored(said, truth.ignored)
    return [one for place, one in enumerate(said) if place in found or not overlooked[place]]


def compare(
    truth: TruePicture,
    said: Sequence[SeenObject],
    first: int,
    picture: int,
    shown_score: float,
    codes: MaskCodes | None = None,
    *,
    masked: bool = True,
) -> ComparedPicture:
    """Compares what was said of a picture with what is so.

    Args:
        truth: of the picture.
        said: finds, in any order.
        first: number of its first object.
        picture: place of the picture.
        shown_score: finds where nothing is, from this score on, are objects of the result.
        codes: of masks, where they are asked for again.
        masked: whether masks of whole objects are said at all, be it of other pictures: where not, nothing
            is told of hidden parts, of misses neither.
    """
    codes = codes or MaskCodes()
    known = [thing.seen for thing in truth.things]
    found = matches(known, said)
    taken = set(found.values())
    rest = [place for place in range(len(said)) if place not in taken and said[place].score >= shown_score]
    others = _matched(known, said, [row for row in range(len(known)) if row not in found], rest, alike=False)
    place_of = {place: row for row, place in found.items()}
    as_other = set(others.values())
    overlooked = _ignored(said, truth.ignored)
    out = ComparedPicture()
    for row, thing in enumerate(truth.things):
        match = said[found[row]] if row in found else None
        other = said[others[row]] if row in others else None
        out.objects.append(_object(thing, match, other, first + row, picture, truth, codes, masked=masked))
    for place in sorted(range(len(said)), key=lambda one: (-said[one].score, one)):
        one = said[place]
        if place not in place_of and overlooked[place]:
            continue
        out.finds.append((one.score, place_of.get(place)))
        if place not in place_of and place not in as_other and one.score >= shown_score:
            out.objects.append(_extra(one, first + len(out.objects), picture, truth, codes))
    return out


def hidden_iou(known: SeenObject, said: SeenObject | None) -> float | None:
    """IoU of the hidden part: the whole masks, both without what is seen of the object in truth.

    So nobody is asked which part is seen, and what says whole masks alone can be measured. An object of which
    nothing was said has 0; None where nothing is hidden, or a mask is not known.
    """
    if known.whole is None or known.modal is None:
        return None
    truth = _hidden(known.whole, known.modal)
    if not patch_area(truth):
        return None
    if said is None:
        return 0.0
    return None if said.whole is None else patch_iou(truth, _hidden(said.whole, known.modal))


def _matched(
    known: Sequence[SeenObject],
    said: Sequence[SeenObject],
    rows: Sequence[int],
    places: Sequence[int],
    *,
    alike: bool,
) -> dict[int, int]:
    """Object -> find, the surest first; of the same category, or of another."""
    overlaps = iou_matrix(to_array(one.box for one in known), to_array(one.box for one in said))
    found: dict[int, int] = {}
    for place in sorted(places, key=lambda one: -said[one].score):
        free = [
            row for row in rows if row not in found and (known[row].category is said[place].category) is alike
        ]
        best = max(free, key=lambda row: float(overlaps[row, place]), default=None)
        if best is not None and overlaps[best, place] >= MATCHED:
            found[best] = place
    return found


def _ignored(said: Sequence[SeenObject], regions: Sequence[Box]) -> list[bool]:
    if not regions or not said:
        return [False] * len(said)
    shares = cover_matrix(to_array(one.box for one in said), to_array(regions))
    return [max(row) >= _WITHIN for row in shares.tolist()]


def _object(
    thing: TrueThing,
    match: SeenObject | None,
    other: SeenObject | None,
    number: int,
    picture: int,
    truth: TruePicture,
    codes: MaskCodes,
    *,
    masked: bool,
) -> ComparedObject:
    known, one = thing.seen, match if match is not None else other
    box_iou = None if one is None else float(iou_matrix(to_array([known.box]), to_array([one.box]))[0, 0])
    mask_iou = None
    if one is not None and known.whole is not None and one.whole is not None:
        mask_iou = patch_iou(known.whole, one.whole)
    tally = _points(known, match)
    turned, away = _apart(known, match)
    good = 0.0 if match is None else (box_iou if mask_iou is None else mask_iou)
    assert good is not None
    outcome = Outcome.FOUND if match is not None else Outcome.MISSED if other is None else Outcome.WRONG
    result = ObjectResult(
        number=number,
        picture=picture,
        instance_id=thing.instance_id,
        place=thing.place,
        category=known.category,
        said=None if one is None else one.category,
        outcome=outcome,
        badness=min(max(1.0 - good, 0.0), 1.0),
        score=None if one is None else one.score,
        box=known.box,
        occlusion=thing.occlusion,
        distance_m=thing.distance_m,
        hour=truth.hour,
        box_iou=box_iou,
        mask_iou=mask_iou,
        hidden_iou=hidden_iou(known, match) if masked else None,
        rotation_rad=turned,
        place_m=away,
        **tag_words(tally),
    )
    return ComparedObject(result, _said(known, one, truth, codes), tally)


def _extra(
    one: SeenObject, number: int, picture: int, truth: TruePicture, codes: MaskCodes
) -> ComparedObject:
    result = ObjectResult(
        number=number,
        picture=picture,
        instance_id=None,
        place=None,
        category=one.category,
        said=one.category,
        outcome=Outcome.EXTRA,
        badness=min(max(one.score, 0.0), 1.0),
        score=one.score,
        box=one.box,
        hour=truth.hour,
    )
    return ComparedObject(result, _said(None, one, truth, codes))


def _points(known: SeenObject, match: SeenObject | None) -> PointTally | None:
    template = Template.of(known.category)
    if template is None:
        return None
    own = points_of(template)
    tags = known.tags[own]
    if all(tag is KeypointTag.UNLABELLED for tag in tags):
        return None
    nowhere = np.full((template.size, 2), np.nan)
    nothing = (KeypointTag.UNLABELLED,) * template.size
    return tally_points(
        nowhere if match is None else match.places[own],
        known.places[own],
        nothing if match is None else match.tags[own],
        tags,
        known.box,
        template,
        None if known.whole is None else patch_area(known.whole),
    )


def _apart(known: SeenObject, match: SeenObject | None) -> tuple[float | None, float | None]:
    """How far a car is turned, and how far away it is, radians and metres."""
    if match is None or not isinstance(known.solid, Car3D) or not isinstance(match.solid, Car3D):
        return None, None
    turned = rotation_errors(match.solid.rotation[None], known.solid.rotation[None])
    away = place_errors(match.solid.translation[None], known.solid.translation[None])
    return float(turned[0]), float(away[0])


def _said(
    known: SeenObject | None, one: SeenObject | None, truth: TruePicture, codes: MaskCodes
) -> ObjectSaid:
    def code(patch: MaskPatch | None) -> Rle | None:
        return None if patch is None else codes.of(patch, truth.height, truth.width)

    return ObjectSaid(
        box=None if one is None else one.box,
        whole=None if one is None else code(one.whole),
        modal=None if one is None else code(one.modal),
        true_whole=None if known is None else code(known.whole),
        true_modal=None if known is None else code(known.modal),
        points=() if one is None else _listed(one, one.category),
        true_points=() if known is None else _listed(known, known.category),
        car=None if one is None else _pose(one),
        true_car=None if known is None else _pose(known),
    )


def _listed(one: SeenObject, category: Category) -> tuple[tuple[float, float, KeypointTag] | None, ...]:
    template = Template.of(category)
    if template is None:
        return ()
    own = points_of(template)
    pixels = centres_from_edges(one.places[own]).tolist()
    listed = tuple(
        (x, y, tag) if math.isfinite(x) and math.isfinite(y) else None
        for (x, y), tag in zip(pixels, one.tags[own], strict=True)
    )
    return listed if any(listed) else ()


def _pose(one: SeenObject) -> Pose3D | None:
    if not isinstance(one.solid, Car3D):
        return None
    solid = one.solid
    return Pose3D(
        tuple(float(value) for value in solid.rotation.ravel()),
        tuple(float(value) for value in solid.translation),
        tuple(float(value) for value in solid.shape),
    )


def _hidden(whole: MaskPatch, modal: MaskPatch) -> MaskPatch:
    """What of a whole mask is not seen."""
    height, width = whole.bits.shape
    return MaskPatch(whole.x, whole.y, whole.bits & ~window(modal, whole.x, whole.y, width, height))
