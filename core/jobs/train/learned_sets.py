"""Which sets of composites a training learns from and is measured by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.jobs.train.sides import Key, key_of, shared_objects
from core.records.recipes import RecipeSetRow, Split
from core.store.queries.pieces import piece_lives
from core.store.queries.recipes import recipe_alone, recipe_ids, recipe_sets, set_by_name


@dataclass(frozen=True, slots=True)
class LearnedSets:
    """The sets of a training.

    Attributes:
        teaching: to learn from, or None. measuring: to be measured by, or None; it may be the same.
        refused: names of sets for validation whose objects teach: nothing is measured by them.
        unknown: whether a set was named that is not there.
        left_out: ids of the composites for validation that show what taught the weights it begins with.
    """

    teaching: RecipeSetRow | None
    measuring: RecipeSetRow | None
    refused: tuple[str, ...] = ()
    unknown: bool = False
    left_out: frozenset[int] = frozenset()

    @property
    def to_learn_from(self) -> int:
        """How many composites."""
        return 0 if self.teaching is None else count_for(self.teaching, Split.TRAIN)

    @property
    def for_validation(self) -> int:
        """How many composites."""
        return (
            0 if self.measuring is None else count_for(self.measuring, Split.VALIDATION) - len(self.left_out)
        )


def learned_sets(
    connection: Connection,
    name: str,
    *,
    seen: frozenset[Key] = frozenset(),
    made_by: float | None = None,
) -> LearnedSets:
    """The set of a name, or the newest for training; and what it may be measured by.

    That is its own part for validation, or, as a set is mostly made for one purpose, the newest set for
    validation that has no object which the other teaches.

    Args:
        seen: objects that taught before: composites that show them measure nothing.
        made_by: when the newest that counts was made, seconds UTC epoch; None: now.
    """
    sets = [one for one in recipe_sets(connection) if made_by is None or one.created_at <= made_by]
    named = set_by_name(connection, name) if name else None
    if name and named is None:
        return LearnedSets(None, None, unknown=True)
    candidates = [named] if named is not None else sets
    teaching = next((one for one in candidates if count_for(one, Split.TRAIN)), None)
    first = [] if teaching is None else [teaching]
    ordered = [*first, *(one for one in sets if one.id not in {own.id for own in first})]
    refused: list[str] = []
    for one in ordered:
        if not count_for(one, Split.VALIDATION):
            continue
        if teaching is None or not shared_objects(connection, teaching, one):
            kept, left_out = unseen_recipes(connection, one, Split.VALIDATION, seen)
            if kept:
                return LearnedSets(teaching, one, tuple(refused), left_out=left_out)
        refused.append(one.name)
    return LearnedSets(teaching, None, tuple(refused))


def unseen_recipes(
    connection: Connection, recipes: RecipeSetRow, split: Split, seen: frozenset[Key]
) -> tuple[list[int], frozenset[int]]:
    """The ids of a set's recipes in which no object was seen, and those of the others.

    What stands in a background is ignored where composites are measured by, and does not count.
    """
    ids = list(recipe_ids(connection, recipes.id, split=split))
    if not seen:
        return ids, frozenset()
    rows = {one: recipe_alone(connection, one) for one in ids}
    pieces = sorted({part.piece_id for row in rows.values() if row is not None for part in row.objects})
    known = {
        life.id
        for life in piece_lives(connection, pieces)
        if not life.standing and key_of(life.instance_id, life.track_id) in seen
    }
    kept = [
        one
        for one, row in rows.items()
        if row is not None and not any(part.shown and part.piece_id in known for part in row.objects)
    ]
    return kept, frozenset(ids) - frozenset(kept)


def count_for(one: RecipeSetRow, split: Split) -> int:
    """How many composites of a set are for a split."""
    return sum(count for (_, part), count in one.counts.items() if part is split)
