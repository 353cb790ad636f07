"""Everything in a picture that has a plate or a face, and the regions that are blurred for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.compositing.privacy.heads import head_region
from core.compositing.privacy.plates import SeenFit, plate_regions
from core.compositing.privacy.regions import Region, clipped, without
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """An object that may have a plate or a face.

    Attributes:
        name: what a contact sheet calls it; the same object has the same name in every picture.
        category: what it is.
        box: around it, or the part that is seen, pixel edges.
        fit: of a car, or None.
        head_px: (n, 2) points on a person's head, pixels, or None where no body was fitted.
        only: where its pixels can be, such as the part of a pasted object that is seen; None for anywhere.
        behind: what covers it.
    """

    name: str
    category: Category
    box: Box
    fit: SeenFit | None = None
    head_px: NDArray[np.float64] | None = None
    only: MaskPatch | None = None
    behind: tuple[MaskPatch, ...] = ()


def regions_of(subject: Subject, width: int, height: int) -> tuple[Region, ...]:
    """What is blurred for an object: plates of vehicles, heads of people; those that have a pixel.

    Args:
        width, height: of the picture, pixels.
    """
    if subject.category is Category.BICYCLE:
        return ()
    found: Iterable[Region]
    if subject.category is Category.PERSON:
        found = (head_region(subject.box, width, height, subject.head_px),)
    else:
        found = plate_regions(subject.category, subject.box, width, height, subject.fit)
    seen = []
    for region in found:
        patch = region.patch if subject.only is None else clipped(region.patch, subject.only)
        patch = without(patch, subject.behind) if subject.behind else patch
        if patch.bits.any():
            seen.append(Region(region.hidden, patch))
    return tuple(seen)
