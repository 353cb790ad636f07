"""Which sets of composites a training learns from and is measured by."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.jobs.train.sides import shared_objects
from core.records.recipes import RecipeSetRow, Split
from core.store.queries.recipes import recipe_sets, set_by_name


@dataclass(frozen=True, slots=True)
class LearnedSets:
    """The sets of a training.

    Attributes:
        teaching: to learn from, or None. measuring: to be measured by, or None; it may be the same.
        refused: names of sets for validation whose objects teach: nothing is measured by them.
        unknown: whether a set was named that is not there.
    """

    teaching: RecipeSetRow | None
    measuring: RecipeSetRow | None
    refused: tuple[str, ...] = ()
    unknown: bool = False

    @property
    def to_learn_from(self) -> int:
        """How many composites."""
        return 0 if self.teaching is None else count_for(self.teaching, Split.TRAIN)

    @property
    def for_validation(self) -> int:
        """How many composites."""
        return 0 if self.measuring is None else count_for(self.measuring, Split.VALIDATION)


def learned_sets(connection: Connection, name: str) -> LearnedSets:
    """The set of a name, or the newest for training; and what it may be measured by.

    That is its own part for validation, or, as a set is mostly made for one purpose, the newest set for
    validation that has no object which the other teaches.
    """
    sets = recipe_sets(connection)
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
            return LearnedSets(teaching, one, tuple(refused))
        refused.append(one.name)
    return LearnedSets(teaching, None, tuple(refused))


def count_for(one: RecipeSetRow, split: Split) -> int:
    """How many composites of a set are for a split."""
    return sum(count for (_, part), count in one.counts.items() if part is split)
