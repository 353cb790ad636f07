"""Sets of recipes, their recipes paged by key, and how hidden the objects in them are."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, func, select

from core.records.recipes import Recipe, RecipeRow, RecipeSetRow, Sampler, Split
from core.store import tables
from core.store.queries.pieces import stale_pieces
from core.store.recipe_columns import from_columns, pieces_of

_set, _recipe, _annotator = tables.recipe_set, tables.recipe, tables.annotator
_s, _r = _set.c, _recipe.c
_CHUNK = 500

BINS = 10
"""Of ten percent each; the last holds the 100 too (ALGORITHMS 4.6 has the same)."""


def recipe_sets(connection: Connection, *, hidden: bool = False) -> list[RecipeSetRow]:
    """The sets, the newest first; with hidden=True those too that a person took off the lists."""
    query = select(_set).order_by(_s.id.desc())
    if not hidden:
        query = query.where(_s.hidden.is_(False))
    return _with_counts(connection, connection.execute(query).all())


def recipe_set(connection: Connection, set_id: int) -> RecipeSetRow | None:
    """One set, or None."""
    found = _with_counts(connection, connection.execute(select(_set).where(_s.id == set_id)).all())
    return found[0] if found else None


def set_by_name(connection: Connection, name: str) -> RecipeSetRow | None:
    """The set of that name, hidden or not, or None."""
    set_id = connection.scalar(select(_s.id).where(_s.name == name))
    return None if set_id is None else recipe_set(connection, int(set_id))


def recipe_ids(
    connection: Connection,
    set_id: int,
    *,
    split: Split | None = None,
    camera_id: int | None = None,
    edited: bool | None = None,
) -> array[int]:
    """Ids of a set's recipes in the order they were made, eight bytes each.

    Args:
        connection: to read with.
        set_id: which set.
        split, camera_id: only of these.
        edited: True for those alone that a person made from another, False for the others.
    """
    query = select(_r.id).where(*_only(set_id, split, camera_id, edited)).order_by(_r.id)
    return array("q", connection.scalars(query))


def recipe_page(
    connection: Connection,
    set_id: int,
    after_id: int = 0,
    limit: int = 100,
    *,
    split: Split | None = None,
    camera_id: int | None = None,
    edited: bool | None = None,
) -> list[RecipeRow]:
    """The next recipes of a set after an id, in the order they were made; see `recipe_ids`."""
    query = _rows().where(*_only(set_id, split, camera_id, edited), _r.id > after_id)
    return _records(connection, query.order_by(_r.id).limit(limit))


def recipe_page_before(
    connection: Connection,
    set_id: int,
    before_id: int | None = None,
    limit: int = 100,
    *,
    split: Split | None = None,
    camera_id: int | None = None,
    edited: bool | None = None,
) -> list[RecipeRow]:
    """The page that ends just before an id, in the set's order; the last page of all for None."""
    query = _rows().where(*_only(set_id, split, camera_id, edited))
    if before_id is not None:
        query = query.where(_r.id < before_id)
    return _records(connection, query.order_by(_r.id.desc()).limit(limit))[::-1]


def recipes_by_ids(connection: Connection, ids: Sequence[int]) -> list[RecipeRow]:
    """Recipes in the order asked for; ids that are not there are left out."""
    found: dict[int, RecipeRow] = {}
    for start in range(0, len(ids), _CHUNK):
        query = _rows().where(_r.id.in_(ids[start : start + _CHUNK]))
        found.update((row.id, row) for row in _records(connection, query))
    return [found[i] for i in ids if i in found]


def recipe_by_id(connection: Connection, recipe_id: int) -> RecipeRow | None:
    """One recipe, or None."""
    return next(iter(recipes_by_ids(connection, [recipe_id])), None)


def recipe_alone(connection: Connection, recipe_id: int) -> Recipe | None:
    """A recipe without what is known of its row, or None: for whoever renders thousands."""
    row = connection.execute(select(_recipe).where(_r.id == recipe_id)).first()
    return None if row is None else from_columns(row)[0]


def occlusion_histogram(
    connection: Connection, set_id: int, *, split: Split | None = None, camera_id: int | None = None
) -> tuple[int, ...]:
    """How many objects of a set are hidden so far: `BINS` bins of ten percent. Nothing is rendered."""
    query = select(_r.occlusion).where(*_only(set_id, split, camera_id, None))
    counts = np.zeros(256, np.int64)
    for part in connection.scalars(query).partitions(10_000):
        counts += np.bincount(np.frombuffer(b"".join(part), np.uint8), minlength=256)
    bins = np.minimum(np.arange(256) // (100 // BINS), BINS - 1)
    return tuple(int(n) for n in np.bincount(bins, weights=counts, minlength=BINS))


def pieces_in(connection: Connection, set_id: int, split: Split) -> set[int]:
    """The ids of all pieces in the recipes of a set for a split."""
    found: set[int] = set()
    query = select(_r.objects).where(*_only(set_id, split, None, None))
    for objects in connection.execution_options(yield_per=1000).scalars(query):
        found.update(pieces_of(objects))
    return found


def on_both_sides(connection: Connection, set_id: int) -> dict[str, int]:
    """How many objects of a set are also in other sets, for another split: name of that set -> how many.

    Objects of one track are one. WALT2D's splits are its own, and hidden sets do not count. What stands in a
    background is an object of training alone, and ignored elsewhere.
    """
    if len(set(connection.scalars(select(_r.split).distinct()))) < 2:
        return {}
    own: dict[str, set[int]] = {}
    others: dict[tuple[str, str], set[int]] = {}
    query = (
        select(_r.set_id, _s.name, _r.split, _r.objects)
        .join(_set, _s.id == _r.set_id)
        .where(_r.sampler == Sampler.WALT3D.value, (_s.id == set_id) | _s.hidden.is_(False))
        .order_by(_r.id)
    )
    for of_set, name, split, objects in connection.execution_options(yield_per=1000).execute(query):
        into = own.setdefault(split, set()) if of_set == set_id else others.setdefault((name, split), set())
        into.update(pieces_of(objects))
    things = _things(connection, sorted(set().union(*own.values(), *others.values())))
    found: dict[str, set[int]] = {}
    for (name, split), pieces in others.items():
        there = {things[i] for i in pieces if i in things}
        for other, used in own.items():
            if other != split:
                found.setdefault(name, set()).update(there & {things[i] for i in used if i in things})
    return {name: len(shared) for name, shared in found.items() if shared}


def _things(connection: Connection, piece_ids: Sequence[int]) -> dict[int, int]:
    """Piece -> its track or, negative, its instance where it is in none."""
    found: dict[int, int] = {}
    for start in range(0, len(piece_ids), _CHUNK):
        query = (
            select(tables.piece.c.id, tables.instance.c.id, tables.instance.c.track_id)
            .join(tables.instance, tables.instance.c.id == tables.piece.c.instance_id)
            .where(tables.piece.c.id.in_(piece_ids[start : start + _CHUNK]))
        )
        for piece_id, instance_id, track_id in connection.execute(query):
            found[piece_id] = -instance_id if track_id is None else track_id
    return found


def _with_counts(connection: Connection, rows: Sequence[Any]) -> list[RecipeSetRow]:
    counts: dict[int, dict[tuple[int, Split], int]] = {}
    edited: dict[int, int] = {}
    query = (
        select(_r.set_id, _r.camera_id, _r.split, func.count(), func.count(_r.edited_from))
        .where(_r.set_id.in_([row.id for row in rows]))
        .group_by(_r.set_id, _r.camera_id, _r.split)
    )
    for set_id, camera_id, split, total, changed in connection.execute(query):
        counts.setdefault(set_id, {})[camera_id, Split(split)] = total
        edited[set_id] = edited.get(set_id, 0) + changed
    return [
        RecipeSetRow(
            id=row.id,
            name=row.name,
            wanted=None if row.wanted is None else tuple(row.wanted),
            counts=counts.get(row.id, {}),
            edited=edited.get(row.id, 0),
            job_id=row.job_id,
            hidden=bool(row.hidden),
            created_at=row.created_at,
        )
        for row in rows
    ]


def _only(
    set_id: int, split: Split | None, camera_id: int | None, edited: bool | None
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_r.set_id == set_id]
    if split is not None:
        conditions.append(_r.split == split.value)
    if camera_id is not None:
        conditions.append(_r.camera_id == camera_id)
    if edited is not None:
        conditions.append(_r.edited_from.is_not(None) if edited else _r.edited_from.is_(None))
    return conditions


def _rows() -> Select[Any]:
    return select(_recipe, _s.name, _annotator.c.name.label("annotator")).select_from(
        _recipe.join(_set, _s.id == _r.set_id).outerjoin(_annotator, _annotator.c.id == _r.annotator_id)
    )


def _records(connection: Connection, query: Select[Any]) -> list[RecipeRow]:
    rows = [(row, *from_columns(row)) for row in connection.execute(query)]
    used = sorted({one.piece_id for _, recipe, _ in rows for one in recipe.objects})
    stale = stale_pieces(connection, used)
    return [
        RecipeRow(
            id=row.id,
            recipe=recipe,
            name=row.name,
            occlusion_percent=percent,
            edited_from=row.edited_from,
            annotator=row.annotator,
            stale=any(one.piece_id in stale for one in recipe.objects),
            created_at=row.created_at,
        )
        for row, recipe, percent in rows
    ]
