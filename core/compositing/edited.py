"""What a person changes in a composite: layers switched off, slid along their line of sight, swapped.

A changed recipe is a recipe like any other. Where objects have their places on the ground, it stays right: none
stands in another, and what is nearer is drawn later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from core.compositing.sampling.depth_order import boxes_touch, far_to_near
from core.compositing.sampling.footprints import Footprint, are_apart
from core.errors import CompositeError
from core.records.recipes import ONE_Q16, Move, Recipe, RecipeObject, Sampler

_TOUCH_PX = 8  # feathered edges and shadows reach a little beyond masks


@dataclass(frozen=True, slots=True)
class OnGround:
    """Where an object's own place is.

    Attributes:
        footprint: on the ground, or None where its place is not known.
        box: x, y, w, h of its amodal mask, whole pixels.
        track_id: whose, or None.
    """

    footprint: Footprint | None
    box: tuple[int, int, int, int]
    track_id: int | None = None


Places = Mapping[int, OnGround]
"""Piece id -> its own place."""


def object_of(recipe: Recipe, piece_id: int) -> RecipeObject | None:
    """The layer of a piece, or None."""
    return next((one for one in recipe.objects if one.piece_id == piece_id), None)


def switched(recipe: Recipe, piece_id: int, shown: bool) -> Recipe:
    """The recipe with a layer off or on."""
    return _with(recipe, piece_id, lambda one: replace(one, shown=shown))


def all_shown(recipe: Recipe) -> Recipe:
    """The recipe with every layer on."""
    return replace(recipe, objects=tuple(replace(one, shown=True) for one in recipe.objects))


def moved(recipe: Recipe, piece_id: int, move: Move, places: Places) -> Recipe:
    """The recipe with a layer elsewhere on its line of sight, and drawn where that is in depth.

    Raises:
        CompositeError: some objects are in front of each other in a ring there.
    """
    return in_depth_order(_with(recipe, piece_id, lambda one: replace(one, move=move)), places)


def swapped(recipe: Recipe, piece_id: int, other_id: int, places: Places) -> Recipe:
    """The recipe with another piece instead of one, at its own place; raises as `moved`."""
    return in_depth_order(_with(recipe, piece_id, lambda _: RecipeObject(other_id)), places)


def in_depth_order(recipe: Recipe, places: Places) -> Recipe:
    """The recipe's objects far to near. WALT2D knows no depth: its order stays.

    Raises:
        CompositeError: some objects are in front of each other in a ring.
    """
    found = [places.get(one.piece_id) for one in recipe.objects]
    known = [index for index, place in enumerate(found) if place is not None and place.footprint is not None]
    if recipe.sampler is not Sampler.WALT3D or len(known) != len(recipe.objects):
        return recipe
    feet, boxes = [], []
    for one, place in zip(recipe.objects, found, strict=True):
        assert place is not None
        assert place.footprint is not None
        feet.append(_foot(place.footprint, one.move))
        boxes.append(moved_box(place.box, one.move))
    count = len(feet)
    touching = [
        (i, j) for i in range(count) for j in range(i + 1, count) if boxes_touch(boxes[i], boxes[j], _TOUCH_PX)
    ]
    order = far_to_near(feet, [one.piece_id for one in recipe.objects], touching)
    if order is None:
        raise CompositeError(
            "There, some objects would be in front of each other in a ring.", "Move it elsewhere."
        )
    return replace(recipe, objects=tuple(recipe.objects[index] for index in order))


def stands_in(recipe: Recipe, piece_id: int, footprint: Footprint, places: Places) -> int | None:
    """The piece of a recipe in which a footprint would stand, or None where it is free.

    Args:
        piece_id: whose footprint it is or would be instead of: it is no obstacle.
    """
    for one in recipe.objects:
        place = places.get(one.piece_id)
        if one.piece_id == piece_id or not one.shown or place is None or place.footprint is None:
            continue
        if not are_apart(footprint, _foot(place.footprint, one.move)):
            return one.piece_id
    return None


def foot_of(one: RecipeObject, places: Places) -> Footprint | None:
    """A layer's footprint where it stands now."""
    place = places.get(one.piece_id)
    return None if place is None or place.footprint is None else _foot(place.footprint, one.move)


def can_swap(recipe: Recipe, piece_id: int, candidates: Iterable[int], places: Places) -> list[int]:
    """Those of some pieces that may stand in a recipe instead of one, in the order given.

    None is in the recipe already, nor another view of an object that is; with WALT3D, each has a place where
    nothing else stands.
    """
    others = [one for one in recipe.objects if one.piece_id != piece_id]
    used = {one.piece_id for one in recipe.objects}
    found = [places[one.piece_id].track_id for one in others if one.piece_id in places]
    tracks = {track for track in found if track is not None}
    allowed = []
    for candidate in candidates:
        place = places.get(candidate)
        if place is None or candidate in used or place.track_id in tracks:
            continue
        if recipe.sampler is Sampler.WALT3D and (
            place.footprint is None or stands_in(recipe, piece_id, place.footprint, places) is not None
        ):
            continue
        allowed.append(candidate)
    return allowed


def moved_box(box: tuple[int, int, int, int], move: Move) -> tuple[int, int, int, int]:
    """Where a move takes a box of whole pixels: the whole pixels that it then reaches."""
    x, y, w, h = box
    left, right = (_moved_edge(edge, move.scale_q16, move.dx_q16) for edge in (x, x + w))
    top, bottom = (_moved_edge(edge, move.scale_q16, move.dy_q16) for edge in (y, y + h))
    left, top = left >> 17, top >> 17
    return left, top, -(-right >> 17) - left, -(-bottom >> 17) - top


def _moved_edge(edge: int, scale_q16: int, d_q16: int) -> int:
    """Where an edge between pixels goes, in halves of a pixel with 16 binary places.

    Moves are of pixel centres: the edge lies half a pixel before the centre of the pixel with its number.
    """
    return (2 * edge - 1) * scale_q16 + 2 * d_q16 + ONE_Q16


def _foot(footprint: Footprint, move: Move) -> Footprint:
    return footprint if move.reach_q16 == ONE_Q16 else footprint.scaled(move.reach_q16)


def _with(recipe: Recipe, piece_id: int, change: Callable[[RecipeObject], RecipeObject]) -> Recipe:
    objects = tuple(change(one) if one.piece_id == piece_id else one for one in recipe.objects)
    return replace(recipe, objects=objects)
