"""Everything that the Train workspace reads of the store, in calls that any thread may make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.pictures import decoded
from app.states.training import Pair
from core.records.recipes import RecipeSetRow, Split
from core.records.runs import MetricPoint, Purpose, RunPicture, RunRow
from core.store.project import Project
from core.store.queries import runs
from core.store.queries.label_counts import LabelCounts, label_counts
from core.store.queries.recipes import recipe_sets


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """What there is to train from.

    Attributes:
        labels: of people. sets: of composites, the newest first.
        drawn: of which purposes' synthetic data this machine has drawn: "detector", "classifier", and
            "shared_views" of hidden points.
        in_use: the run that serves each purpose, where one does.
    """

    labels: LabelCounts = field(default_factory=LabelCounts)
    sets: tuple[RecipeSetRow, ...] = ()
    drawn: frozenset[str] = frozenset()
    in_use: tuple[tuple[Purpose, RunRow], ...] = ()

    def composites(self, name: str, split: Split = Split.TRAIN) -> int:
        """How many recipes of a part a set holds; 0 where there is no such set."""
        found = next((one for one in self.sets if one.name == name), None)
        return 0 if found is None else sum(n for (_, part), n in found.counts.items() if part is split)


@dataclass(frozen=True, slots=True, eq=False)
class RunNews:
    """What is new of a run.

    Attributes:
        row: as it stands. points: its numbers from `since` on.
        since: the step from which all numbers are in `points`; -1: all of them.
    """

    row: RunRow
    points: tuple[MetricPoint, ...]
    since: int


class TrainingReads:
    """Reads one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def runs(self, purpose: Purpose | None, *, hidden: bool) -> list[RunRow]:
        """The runs that are listed, the newest first."""
        with self._project.read() as connection:
            return runs.runs(connection, purpose, hidden=hidden)

    def stock(self) -> Stock:
        """What there is to train from."""
        from core.jobs.train.drawn import SHARED_VIEWS, are_drawn

        drawn = frozenset(what for what in ("detector", "classifier", SHARED_VIEWS) if are_drawn(what))
        with self._project.read() as connection:
            used = ((purpose, runs.run_in_use(connection, purpose)) for purpose in Purpose)
            return Stock(
                label_counts(connection),
                tuple(recipe_sets(connection)),
                drawn,
                tuple((purpose, row) for purpose, row in used if row is not None),
            )

    def news(self, since: Sequence[tuple[int, int]]) -> list[RunNews]:
        """What is new of some runs.

        Args:
            since: (run id, the last step that is known; -1 for all of it).
        """
        found = []
        with self._project.read() as connection:
            for run_id, step in since:
                row = runs.run_by_id(connection, run_id)
                if row is None:
                    continue
                # a validation adds to a step that had numbers already
                points = runs.metric_points(connection, run_id, after_step=step - 1)
                found.append(RunNews(row, tuple(points), step))
        return found

    def pairs(self, run_id: int, after_step: int) -> list[Pair]:
        """The gallery of a run, decoded; only what is newer than a step."""
        with self._project.read() as connection:
            rows = runs.run_pictures(connection, run_id, after_step)
        return [_pair(row) for row in rows]

    def data_of(self, run_id: int) -> RunRow | None:
        """One run."""
        with self._project.read() as connection:
            return runs.run_by_id(connection, run_id)


def _pair(row: RunPicture) -> Pair:
    return Pair(row.place, row.step, decoded(row.truth), decoded(row.picture), row.caption)
