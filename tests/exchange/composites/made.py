"""Composites drawn by hand for the tests of their exports: three objects, one hidden, one ignored."""

from __future__ import annotations

import numpy as np

from core.exchange.composites.composite import CompositeSet, ExportedComposite
from core.geometry.masks import empty_patch, full_to_patch, patch_area, patch_box
from core.records.boxes import Box
from core.records.cameras import CalibrationMethod, CalibrationRecord
from core.records.detections import Category
from core.records.fits import FitMethod, FitVerdict, VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.recipes import (
    COMPOSER_VERSION,
    ObjectLabel,
    Recipe,
    RecipeObject,
    RecipeRow,
    Sampler,
    Split,
)
from core.records.shapes import KeypointTag

WIDTH, HEIGHT = 40, 30

FIT = VehicleFit(
    method=FitMethod.GROUND,
    verdict=FitVerdict.GOOD,
    reason="",
    rotation=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0),
    translation=(1.0, 2.0, 20.0),
    place_m=(20.0, 1.0),
    heading_rad=0.5,
    shape=(0.1, float("nan")),
    size_m=(4.4, 1.8, 1.5),
    rms_px=1.5,
    sigma_px=2.0,
    residuals_px=(None,) * 12,
    outliers=(),
    used=8,
    swapped=False,
    sigmas=None,
)
CALIBRATION = CalibrationRecord(
    CalibrationMethod.RECTANGLE,
    WIDTH,
    HEIGHT,
    (50.0, 0, 20.0, 0, 50.0, 15.0, 0, 0, 1.0),
    (),
    (0, -1, 0),
    5.0,
    1,
    None,
)


def rectangle(x: int, y: int, w: int, h: int) -> np.ndarray:
    bits = np.zeros((HEIGHT, WIDTH), dtype=bool)
    bits[y : y + h, x : x + w] = True
    return bits


FAR, MIDDLE, NEAR = rectangle(5, 5, 10, 10), rectangle(20, 5, 4, 4), rectangle(10, 0, 20, 20)


def points() -> KeypointSet:
    placed: list[PlacedPoint | None] = [None] * 12
    placed[0] = PlacedPoint(6.0, 6.0, KeypointTag.VISIBLE)
    placed[1] = PlacedPoint(12.0, 6.0, KeypointTag.OTHER_OCCLUDED, hider=33)
    placed[2] = PlacedPoint(-5.0, 6.0, KeypointTag.TRUNCATED)
    return KeypointSet(Template.CAR, tuple(placed))


def person_points() -> KeypointSet:
    placed: list[PlacedPoint | None] = [None] * 17
    placed[0] = PlacedPoint(21.0, 6.0, KeypointTag.OTHER_OCCLUDED, hider=33)
    placed[16] = PlacedPoint(22.0, 8.0, KeypointTag.SELF_OCCLUDED)
    return KeypointSet(Template.PERSON, tuple(placed))


def label(
    piece: int, category: Category, amodal: np.ndarray, nearer: list[tuple[int, np.ndarray]], rank: int
) -> ObjectLabel:
    seen = amodal.copy()
    hidden = []
    for index, other in nearer:  # nearest first
        shared = int((seen & other).sum())
        if shared:
            hidden.append((index, shared))
        seen &= ~other
    whole, part = full_to_patch(amodal), full_to_patch(seen) if seen.any() else empty_patch()
    lost = patch_area(whole) - patch_area(part)
    box: Box | None = patch_box(part) if seen.any() else None
    return ObjectLabel(
        piece_id=piece,
        instance_id=10 * piece + 3,
        category=category,
        depth_rank=rank,
        amodal=whole,
        modal=part,
        amodal_box=patch_box(whole),
        modal_box=box,
        occlusion_permille=round(1000 * lost / patch_area(whole)),
        hidden_by=tuple(hidden),
        keypoints={1: points(), 2: person_points()}.get(piece),
        fit=FIT if piece == 1 else None,
    )


def labels() -> tuple[ObjectLabel, ...]:
    """A car of which a half is seen, a person behind the nearest car, and that car."""
    return (
        label(1, Category.CAR, FAR, [(2, NEAR)], 2),
        label(2, Category.PERSON, MIDDLE, [(2, NEAR)], 1),
        label(3, Category.CAR, NEAR, [], 0),
    )


def picture(recipe_id: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), [recipe_id, 20, 30], dtype=np.uint8)


def composite(recipe_id: int, drawn: list[int] | None = None) -> ExportedComposite:
    """One; the ids of those that are rendered are noted in a list."""
    objects = tuple(RecipeObject(one.piece_id) for one in labels())
    recipe = Recipe(1, 5, Sampler.WALT3D, Split.TRAIN, 7, COMPOSER_VERSION, objects, (9,))

    def render() -> np.ndarray:
        if drawn is not None:
            drawn.append(recipe_id)
        return picture(recipe_id)

    return ExportedComposite(
        row=RecipeRow(recipe_id, recipe, "first", (50, 100, 0), None, None, False, 0.0),
        camera="Gate",
        hour=14,
        width=WIDTH,
        height=HEIGHT,
        labels=labels(),
        ignored=((Category.CAR, MaskPatch(0, 25, np.ones((3, 6), dtype=bool))),),
        calibrations=(4, None, None),
        shape_spaces=("cars 0123", None, None),
        made_of=f"recipe {recipe_id}",
        picture=render,
    )


WHOLE = CompositeSet("uuid", "first", True, lambda: {4: CALIBRATION})
