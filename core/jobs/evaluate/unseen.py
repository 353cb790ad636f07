"""What of a project the training of a run never saw: by the borders in time and the tracks that it had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.errors import EvaluationError
from core.jobs.train.learned_sets import count_for
from core.jobs.train.past import BORDERS, SPLIT, sets_of_run
from core.jobs.train.sides import BY_TIME, Key, Labelled, Sides, sides_of
from core.records.recipes import RecipeSetRow, Split
from core.records.runs import RunRow
from core.store.project import Project
from core.store.queries.recipes import recipe_sets, set_by_name


@dataclass(frozen=True, slots=True)
class Parted:
    """How a project's labels are parted for a run, or for what was never trained here.

    Attributes:
        sides: with the run's own borders, where it has kept them.
        teaching: the sets of composites that taught. measuring: the one that its best weights were chosen by.
        notes: plain sentences of what is not as it should be.
        by_time: whether there is a test side at all.
    """

    sides: Sides
    teaching: tuple[RecipeSetRow, ...]
    measuring: RecipeSetRow | None
    notes: tuple[str, ...] = ()
    by_time: bool = True

    def chosen(self, views: Sequence[Labelled], side: str) -> list[Labelled]:
        """The views of a side: "test", "validation" or "all"."""
        if side == "all":
            return list(views)
        teaching = self.sides.teaching(views)
        measuring = self.sides.measuring(views, teaching)
        return measuring if side == "validation" else self.sides.testing(views, [*teaching, *measuring])

    def seen(self, views: Sequence[Labelled], side: str) -> frozenset[Key]:
        """The objects that a side must not show."""
        if side == "all":
            return frozenset()
        teaching = self.sides.teaching(views)
        taught = self.sides.taught | {one.key for one in teaching}
        if side == "validation":
            return frozenset(taught)
        measuring = self.sides.measuring(views, teaching)
        return frozenset(taught | self.sides.measured | {one.key for one in measuring})


def parted(connection: Connection, project: Project, views: Sequence[Labelled], run: RunRow | None) -> Parted:
    """How labels are parted: for a run as it was trained, else as the next training would part them.

    Args:
        connection, project: to read.
        views: every labelled view that is to be on a side.
        run: what is measured, or None.
    """
    if run is None:
        sets = [one for one in recipe_sets(connection) if count_for(one, Split.TRAIN)]
        return Parted(sides_of(connection, project, views, sets), tuple(sets), None)
    teaching, measuring, notes = sets_of_run(connection, run)
    sides = sides_of(connection, project, views, teaching, measuring)
    told = run.data.get(BORDERS)
    if told:
        sides = sides.with_borders(told)
    else:
        notes.append(
            f"Run {run.id} has not kept where its borders lay: they are drawn as they would be now, so that "
            "labels made since may have moved them."
        )
    by_time = str(run.data.get(SPLIT, BY_TIME)) == BY_TIME
    return Parted(sides, tuple(teaching), measuring, tuple(notes), by_time)


def side_of(asked: str, run: RunRow | None) -> str:
    """Which side counts: of a run what it never saw; of what was never trained here, everything."""
    return asked if asked != "auto" else ("test" if run is not None else "all")


def test_set(connection: Connection, name: str, split: Split) -> RecipeSetRow | None:
    """The set of a name, or the newest that has composites for a split.

    Raises:
        EvaluationError: there is no set of that name, or it has none for the split.
    """
    if not name:
        return next((one for one in recipe_sets(connection) if count_for(one, split)), None)
    found = set_by_name(connection, name)
    if found is None:
        raise EvaluationError(
            f"There is no set of composites called {name}.", "Name one of `amodal info`, or leave it empty."
        )
    if not count_for(found, split):
        raise EvaluationError(
            f"The set {name} has no composites for {split.value}.",
            f"Make some with `amodal compose --split {split.value}`, or name another set.",
        )
    return found
