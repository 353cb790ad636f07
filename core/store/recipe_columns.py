"""Recipes and footprints as compact columns of their tables, and back.

`objects` holds for each object, far to near: 4 * piece id + 2 if it is moved + 1 if it is not shown; then, of
a moved one, scale and reach as they are and dx and dy folded. `ignored` holds mask ids in ascending order,
each as the difference to the one before. Both are packed (core/store/varints.py). `occlusion` is a byte of
percent for each object that is shown. `footprint` holds x and y of each corner, four bytes each, lowest
first: 100,000 are read at a time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

from core.errors import DamagedProjectError
from core.records.recipes import Move, Recipe, RecipeObject, Sampler, Split
from core.store.varints import folded, pack, unfolded, unpack

_HIDDEN, _MOVED = 1, 2
_FLAG_BITS = 2
_CORNER_BYTES = 8
_FARTHEST_MM = 2_000_000_000
_LARGEST_ID = (1 << 63) - 1  # of SQLite

Footprint = tuple[tuple[int, int], ...]
"""Corners of an object on the ground: (x forward, y left) of the point below the camera, millimetres."""


def to_columns(recipe: Recipe, occlusion_percent: Sequence[int]) -> dict[str, Any]:
    """The columns of table recipe that a recipe fills, as SQLite holds them.

    Args:
        recipe: what the composite is made of.
        occlusion_percent: of each object that is shown, far to near.

    Raises:
        ValueError: a number does not fit, or there is not one percentage for each object that is shown: a bug
            of whoever made it.
    """
    _check_percents(recipe, occlusion_percent)
    if not 0 <= recipe.seed < 1 << 63:
        raise ValueError(f"a seed of {recipe.seed} cannot be kept")
    return {
        "camera_id": recipe.camera_id,
        "background_id": recipe.background_id,
        "sampler": recipe.sampler.value,
        "split": recipe.split.value,
        "seed": recipe.seed,
        "composer_version": recipe.composer_version,
        "objects": pack(_of_objects(recipe.objects)),
        "ignored": pack(_differences(recipe.ignored)) or None,
        "occlusion": bytes(occlusion_percent),
    }


def from_columns(row: Any) -> tuple[Recipe, tuple[int, ...]]:
    """A row of a SELECT of those columns as a recipe and the percentages.

    Raises:
        DamagedProjectError: the columns hold no recipe.
    """
    try:
        recipe = Recipe(
            camera_id=row.camera_id,
            background_id=row.background_id,
            sampler=Sampler(row.sampler),
            split=Split(row.split),
            seed=row.seed,
            composer_version=row.composer_version,
            objects=tuple(_to_objects(unpack(row.objects))),
            ignored=tuple(_sums(unpack(row.ignored or b""))),
        )
        percents = tuple(row.occlusion)
        _check_percents(recipe, percents)
    except ValueError as problem:
        raise DamagedProjectError(
            f"A recipe in the project cannot be read: {problem}.", "Compose its set again."
        ) from None
    return recipe, percents


def pieces_of(objects: bytes) -> list[int]:
    """The ids of the pieces in a column `objects`.

    Raises:
        DamagedProjectError: it holds none.
    """
    try:
        return [one.piece_id for one in _to_objects(unpack(objects))]
    except ValueError as problem:
        raise DamagedProjectError(
            f"A recipe in the project cannot be read: {problem}.", "Compose its set again."
        ) from None


def footprint_column(footprint: Footprint | None) -> bytes | None:
    """Corners as SQLite holds them.

    Raises:
        ValueError: one is 2,000 km away or more: a bug of whoever made it.
    """
    if footprint is None:
        return None
    values = [value for corner in footprint for value in corner]
    if not all(-_FARTHEST_MM <= value <= _FARTHEST_MM for value in values):
        raise ValueError("a footprint lies out of all reach")
    return struct.pack(f"<{len(values)}i", *values)


def footprint_of(column: bytes | None) -> Footprint | None:
    """The corners in a column.

    Raises:
        DamagedProjectError: it holds none.
    """
    if column is None:
        return None
    if len(column) % _CORNER_BYTES:
        raise DamagedProjectError("A footprint in the project cannot be read.", "Cut the objects out again.")
    values = struct.unpack(f"<{len(column) // 4}i", column)
    if not all(-_FARTHEST_MM <= value <= _FARTHEST_MM for value in values):
        raise DamagedProjectError("A footprint in the project cannot be read.", "Cut the objects out again.")
    return tuple(zip(values[::2], values[1::2], strict=True))


def _check_percents(recipe: Recipe, occlusion_percent: Sequence[int]) -> None:
    shown = sum(one.shown for one in recipe.objects)
    if len(occlusion_percent) != shown:
        raise ValueError(f"{len(occlusion_percent)} percentages are not those of {shown} objects")


def _of_objects(objects: Sequence[RecipeObject]) -> Iterator[int]:
    for one in objects:
        moved = not one.move.stays
        yield (one.piece_id << _FLAG_BITS) | (_MOVED if moved else 0) | (0 if one.shown else _HIDDEN)
        if moved:
            yield one.move.scale_q16
            yield one.move.reach_q16
            yield folded(one.move.dx_q16)
            yield folded(one.move.dy_q16)


def _to_objects(numbers: Sequence[int]) -> Iterator[RecipeObject]:
    place = iter(numbers)
    for head in place:
        move = Move()
        if head & _MOVED:
            said = [next(place, None) for _ in range(4)]
            scale, reach, dx, dy = said
            if scale is None or reach is None or dx is None or dy is None:
                raise ValueError("an object's move is cut off")
            move = Move(scale, unfolded(dx), unfolded(dy), reach)
        if head >> _FLAG_BITS > _LARGEST_ID:
            raise ValueError("an id is too large")
        yield RecipeObject(head >> _FLAG_BITS, not head & _HIDDEN, move)


def _differences(ids: Sequence[int]) -> Iterator[int]:
    before = 0
    for one in sorted(ids):
        yield one - before
        before = one


def _sums(differences: Sequence[int]) -> Iterator[int]:
    total = 0
    for one in differences:
        total += one
        if total > _LARGEST_ID:
            raise ValueError("an id is too large")
        yield total
