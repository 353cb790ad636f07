"""An object of a picture as it is, or as it is said to be: whole, seen, its points, and in 3D."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag

TEMPLATES: tuple[Template, ...] = (Template.CAR, Template.PERSON)
"""The keypoints of an object stand in one row after another: a car's 12, then a person's 17."""

POINTS = sum(template.size for template in TEMPLATES)


def points_of(template: Template) -> slice:
    """Where a template's points stand in that row."""
    before = TEMPLATES[: TEMPLATES.index(template)]
    start = sum(one.size for one in before)
    return slice(start, start + template.size)


@dataclass(frozen=True, slots=True, eq=False)
class Car3D:
    """A car in 3D.

    Attributes:
        rotation: (3, 3), translation: (3,) metres: from the car's frame to the camera's.
        shape: (k,) coefficients of the default shape space.
    """

    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]
    shape: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Person3D:
    """A person in 3D.

    Attributes:
        rotations: (24, 3, 3) of SMPL's joints against their parents, the root's to the camera's frame.
        translation: (3,) of the pelvis joint in the camera's frame, metres.
        betas: (10,).
    """

    rotations: NDArray[np.float64]
    translation: NDArray[np.float64]
    betas: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SeenObject:
    """One object, as it is or as it is said to be.

    Attributes:
        category, score: what, and how sure; 1 for what is known.
        box: the whole extent.
        whole, modal: masks, None where there are none or nothing of it.
        places: (29, 2) of both templates' points, pixels on pixel edges; NaN where there is none.
        sure: (29,) of the places, 0 to 1.
        tags: of the points, UNLABELLED where there is none.
        solid: what it is in 3D; None where that is not known or told.
    """

    category: Category
    score: float
    box: Box
    whole: MaskPatch | None
    modal: MaskPatch | None
    places: NDArray[np.float64]
    sure: NDArray[np.float64]
    tags: tuple[KeypointTag, ...]
    solid: Car3D | Person3D | None = None
