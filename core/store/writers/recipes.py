"""Writes sets of recipes that a job makes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from core.errors import JobError
from core.records.recipes import Recipe
from core.store import tables
from core.store.prepared import Prepared
from core.store.recipe_columns import to_columns

_set, _recipe = tables.recipe_set, tables.recipe


@dataclass(frozen=True, slots=True)
class MadeRecipe:
    """A recipe as a job gives it, with the hidden percentage of each object that is shown, far to near."""

    recipe: Recipe
    occlusion_percent: tuple[int, ...]


def make_set(
    connection: Connection, name: str, wanted: Sequence[int] | None, *, job_id: int | None = None
) -> int:
    """Make a set and return its id; a job that makes it twice (resumed after a crash) gets the same back.

    Args:
        connection: of a write transaction.
        name: for people; no other set has it.
        wanted: parts of ten bins of occlusion, or None.
        job_id: of the job that composes.

    Raises:
        JobError: there is a set of that name.
    """
    present = connection.execute(select(_set.c.id, _set.c.job_id).where(_set.c.name == name)).first()
    if present is not None:
        if job_id is not None and present.job_id == job_id:
            return int(present.id)
        raise JobError(f"There is already a set of composites called {name}.", "Choose another name.")
    result = connection.execute(
        insert(_set).values(
            name=name,
            wanted=None if wanted is None else list(wanted),
            job_id=job_id,
            created_at=time.time(),
        )
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def write_recipes(connection: Connection, set_id: int, made: Sequence[MadeRecipe]) -> None:
    """Add recipes to a set, in their order.

    Args:
        connection: of a write transaction; write with them the place from which to go on.
        set_id: which set.
        made: the recipes.

    Raises:
        ValueError: a recipe's numbers do not fit.
    """
    now = time.time()
    _ADD.many(
        connection,
        [
            {"set_id": set_id, **to_columns(one.recipe, one.occlusion_percent), "created_at": now}
            for one in made
        ],
    )


_ADD = Prepared(
    insert(_recipe),
    [
        *("set_id", "camera_id", "background_id", "sampler", "split", "seed", "composer_version"),
        *("objects", "ignored", "occlusion", "created_at"),
    ],
)
