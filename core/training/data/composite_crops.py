"""Crops of rendered composites: real pixels in which all that is hidden is known."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.compositing.render import CACHE_BYTES, Composer, Composite
from core.geometry.masks import patch_area
from core.records.keypoints import Template
from core.records.recipes import ObjectLabel
from core.records.shapes import KeypointTag
from core.training.composites import CompositeSupply
from core.training.data.crops import POINTS, PackedCrop, cut_sample, packed

_LEAST_PX, _LEAST_SHORT_PX = 22.0, 8.0
_MOST_HIDDEN_PERMILLE = 900


def composite_crops(
    supply: CompositeSupply, most: int, left_out: Container[int] = ()
) -> Iterator[PackedCrop]:
    """The objects of some composites, spread evenly over all that there are.

    Args:
        supply: of recipes.
        most: composites to render.
        left_out: ids of the instances that are measured on: they cover others, and are not learned.

    Raises:
        CompositeError: something that a recipe names is missing.
    """
    composer = Composer(supply.pieces(), CACHE_BYTES)
    count = min(most, len(supply))
    for number in range(count):
        place = number * len(supply) // count
        yield from crops_of(composer.render(supply.recipe(place)), f"composite {place}", left_out)


def crops_of(composite: Composite, name: str, left_out: Container[int] = ()) -> list[PackedCrop]:
    """The objects of a composite that are large enough, and not hidden altogether.

    An object that the picture's border cuts counts as covered too: of its mask beyond the border nothing is
    known.
    """
    return [
        _crop(composite, number, one, f"{name}/{one.piece_id}")
        for number, one in enumerate(composite.labels)
        if _is_seen(one) and one.instance_id not in left_out
    ]


def _is_seen(one: ObjectLabel) -> bool:
    box = one.modal_box
    return (
        box is not None
        and box.size >= _LEAST_PX
        and min(box.w, box.h) >= _LEAST_SHORT_PX
        and one.occlusion_permille <= _MOST_HIDDEN_PERMILLE
    )


def _crop(composite: Composite, number: int, one: ObjectLabel, name: str) -> PackedCrop:
    assert one.modal_box is not None
    points, tags = _points(one)
    height, width = composite.picture.shape[:2]
    cut = min(one.modal_box.x, one.modal_box.y, width - one.modal_box.right, height - one.modal_box.bottom)
    hidden = one.occlusion_permille / 1000
    beside = [
        other.modal
        for place, other in enumerate(composite.labels)
        if place != number and patch_area(other.modal)
    ]
    sample = cut_sample(
        composite.picture,
        one.modal_box,
        one.modal,
        beside,
        points,
        tags,
        one.amodal_box.size,
        hidden if cut > 0 else max(hidden, 0.03),
        one.category,
    )
    return packed(sample, name)


def _points(one: ObjectLabel) -> tuple[NDArray[np.float64] | None, Sequence[KeypointTag]]:
    if one.keypoints is None or one.keypoints.template is not Template.CAR:
        return None, ()
    places = np.full((POINTS, 2), np.nan)
    tags = [KeypointTag.UNLABELLED] * POINTS
    for number, point in enumerate(one.keypoints.points):
        if point is not None and not point.guessed:  # a guess is no label
            places[number], tags[number] = (point.x, point.y), point.tag
    return places, tags
