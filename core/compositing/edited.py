"""What a person changes in a composite: layers switched off, slid along their line of sight, swapped.

A changed recipe is a recipe like any other. Where objects have their places on the ground, it stays right:
none stands in another, and what is nearer is drawn later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.compositing.sampling.arrangement import TOUCH_PX
from core.compositing.sampling.depth_order import boxes_touch, far_to_near
from core.compositing.sampling.footprints import Footprint, are_apart
from core.errors import CompositeError
from core.records.recipes import ONE_Q16, Move, Recipe, RecipeObject, Sampler


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


def switched(recipe: Recipe, index: int, shown: bool) -> Recipe:
    """The recipe with a layer off or on.

    Args:
        index: the layer's in the recipe, 0 for the farthest; here and below.
    """
    return _with(recipe, index, replace(recipe.objects[index], shown=shown))


def all_shown(recipe: Recipe) -> Recipe:
    """The recipe with every layer on."""
    return replace(recipe, objects=tuple(replace(one, shown=True) for one in recipe.objects))


def moved(recipe: Recipe, index: int, move: Move, places: Places) -> tuple[Recipe, int]:
    """The recipe with a layer elsewhere on its line of sight, drawn where that is in depth.

    Returns:
        the recipe, and the layer's place in it.

    Raises:
        CompositeError: some objects are in front of each other in a ring there.
    """
    return in_depth_order(_with(recipe, index, replace(recipe.objects[index], move=move)), index, places)


def swapped(recipe: Recipe, index: int, piece_id: int, places: Places) -> tuple[Recipe, int]:
    """The recipe with another piece instead of one, at its own place; returns and raises as `moved`."""
    return in_depth_order(_with(recipe, index, RecipeObject(piece_id)), index, places)


def in_depth_order(recipe: Recipe, index: int, places: Places) -> tuple[Recipe, int]:
    """The recipe's objects far to near. WALT2D knows no depth: its order stays.

    Returns:
        the recipe, and the new place of the layer that was at the index.

    Raises:
        CompositeError: some objects are in front of each other in a ring.
    """
    feet = [foot_of(one, places) for one in recipe.objects]
    known = [foot for foot in feet if foot is not None]
    if recipe.sampler is not Sampler.WALT3D or len(known) != len(feet):
        return recipe, index
    boxes = [moved_box(places[one.piece_id].box, one.move) for one in recipe.objects]
    count = len(known)
    touching = [
        (i, j) for i in range(count) for j in range(i + 1, count) if boxes_touch(boxes[i], boxes[j], TOUCH_PX)
    ]
    order = far_to_near(known, [one.piece_id for one in recipe.objects], touching)
    if order is None:
        raise CompositeError(
            "There, some objects would be in front of each other in a ring.", "Move it elsewhere."
        )
    return replace(recipe, objects=tuple(recipe.objects[place] for place in order)), order.index(index)


def stands_in(recipe: Recipe, index: int, footprint: Footprint, places: Places) -> int | None:
    """The layer in which a footprint would stand, or None where it is free; always free with WALT2D.

    Args:
        index: of the layer whose footprint it is or would be: it is no obstacle.
    """
    if recipe.sampler is not Sampler.WALT3D:
        return None
    for other, one in enumerate(recipe.objects):
        foot = foot_of(one, places) if one.shown and other != index else None
        if foot is not None and not are_apart(footprint, foot):
            return other
    return None


def foot_of(one: RecipeObject, places: Places) -> Footprint | None:
    """A layer's footprint where it stands now; None where its place is not known."""
    place = places.get(one.piece_id)
    if place is None or place.footprint is None or one.move.reach_q16 == ONE_Q16:
        return None if place is None else place.footprint
    return place.footprint.scaled(one.move.reach_q16)


def can_swap(recipe: Recipe, index: int, candidates: Iterable[int], places: Places) -> list[int]:
    """Those of some pieces that may stand in a recipe instead of one, in the order given.

    None is in the recipe already, nor another view of an object that is; with WALT3D, each has a place where
    nothing else stands.
    """
    used = {one.piece_id for one in recipe.objects}
    others = (one for other, one in enumerate(recipe.objects) if other != index)
    tracks = {places[one.piece_id].track_id for one in others if one.piece_id in places} - {None}
    allowed = []
    for candidate in candidates:
        place = places.get(candidate)
        if place is None or candidate in used or place.track_id in tracks:
            continue
        foot = place.footprint
        if recipe.sampler is Sampler.WALT3D and (
            foot is None or stands_in(recipe, index, foot, places) is not None
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


def _with(recipe: Recipe, index: int, changed: RecipeObject) -> Recipe:
    return replace(recipe, objects=(*recipe.objects[:index], changed, *recipe.objects[index + 1 :]))
