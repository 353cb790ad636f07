"""What a training holds to of what was trained before: where its borders lay, and what it was taught by.

Borders lie where the labels of the day put them. Were they drawn anew for a run that goes on, or for one that
begins with another's weights, it would be measured by what it has learned from.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from core.jobs.flatten import checked
from core.jobs.train.learned_sets import LearnedSets, count_for, learned_sets, unseen_recipes
from core.jobs.train.settings import TrainSettings
from core.jobs.train.sides import BY_TIME, Key, Labelled, Sides, sides_of, taught_by
from core.records.recipes import RecipeSetRow, Split
from core.records.runs import Purpose, RunRow
from core.store.project import Project
from core.store.queries.recipes import recipe_sets, set_by_name
from core.store.queries.runs import runs

BORDERS, SPLIT, MEASURED, TAUGHT_BEFORE = "borders", "split", "measured objects", "taught before"
"""Under which names a run's data keep it."""

_NAMED = re.compile(r"(?:best|last)-([0-9a-f]{16})\.safetensors")
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Past:
    """What a training holds to: of its own run so far, or of the run with whose weights it begins.

    Attributes:
        run: which.
        goes_on: whether it is the training's own run.
        borders: camera id -> its borders, as `Sides.as_json`; none: the run has not kept them.
        by_time: whether time parted its labels; else tracks alone did.
        measured: ids of the objects by which it was measured where tracks parted them; None: not kept.
        before: the sets of composites that taught the weights it begins with; None: they are of no run here.
    """

    run: RunRow
    goes_on: bool
    borders: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    by_time: bool = True
    measured: frozenset[int] | None = None
    before: tuple[RecipeSetRow, ...] | None = None

    @property
    def note(self) -> str:
        """One sentence for the log."""
        # those runs of hidden points that have kept none learned from sets alone
        if not self.borders and self.run.purpose is not Purpose.HIDDEN_POINTS:
            return (
                f"Run {self.run.id} has not kept where its borders lay: they are drawn as they would be now, "
                "and what taught it may measure it."
            )
        if self.goes_on:
            return ""
        return f"Nothing measures it that taught run {self.run.id}, with whose weights it begins."

    def told(self) -> dict[str, Any]:
        """What the training's own row keeps of it."""
        return {} if self.before is None else {TAUGHT_BEFORE: [one.name for one in self.before]}

    def made_then(self, sets: Sequence[RecipeSetRow]) -> list[RecipeSetRow]:
        """Those of some sets from which the training learns: where its run goes on, none that is newer."""
        begun = self.run.started_at if self.goes_on else None
        return [one for one in sets if begun is None or one.created_at <= begun]


def own_past(connection: Connection, run: RunRow) -> Past:
    """What a run that goes on holds to."""
    return _past(run, _named(connection, run), goes_on=True)


def past_of_start(connection: Connection, settings: TrainSettings) -> Past | None:
    """What a training holds to that begins with the weights of one of the project's runs; None: it does not.

    A run is known by its file's content, wherever that lies and whatever it is called now.
    """
    digest = None if settings.start is None else _digest(settings.start)
    if digest is None:
        return None
    for run in runs(connection, Purpose(settings.what), hidden=True):
        files = [_NAMED.fullmatch(Path(name).name) for name in (run.best, run.last) if name]
        if any(one is not None and one[1] == digest for one in files):
            taught, _, _ = sets_of_run(connection, run)
            return _past(run, tuple(taught), goes_on=False)
    return None


def sets_of_run(
    connection: Connection, run: RunRow
) -> tuple[list[RecipeSetRow], RecipeSetRow | None, list[str]]:
    """The sets that a run learned from and was measured by, as far as its row tells; and notes on the rest.

    Those that taught the weights that it began with are among the former.
    """
    taught, measuring, notes = _own_sets(connection, run)
    earlier = [one for one in _named(connection, run) or () if one.id not in {own.id for own in taught}]
    return [*taught, *earlier], measuring, notes


def sets_to_learn_from(
    connection: Connection, name: str, past: Past | None, seen: frozenset[Key] = frozenset()
) -> LearnedSets:
    """The sets of a training: those of its run where that goes on, else as `learned_sets` chooses.

    Args:
        name: of the set to learn from, or "" for the newest.
        past: what it holds to.
        seen: objects that taught the weights it begins with, beside those of sets: none of them measures it.
    """
    if past is not None and past.before is not None:
        seen = seen.union(taught_by(connection, past.before))
    if past is None or not past.goes_on or "composites" not in past.run.data:
        return learned_sets(connection, name, seen=seen)
    named = [past.run.data.get(key) for key in ("composites", "measured by composites")]
    teaching, measuring = (None if one is None else set_by_name(connection, str(one)) for one in named)
    then = learned_sets(connection, name if teaching is None else teaching.name, made_by=past.run.started_at)
    left_out: frozenset[int] = frozenset()
    if measuring is not None:
        _, left_out = unseen_recipes(connection, measuring, Split.VALIDATION, seen)
    return replace(then, teaching=teaching, measuring=measuring, left_out=left_out)


def seen_before(
    connection: Connection, project: Project, views: Sequence[Labelled], past: Past | None
) -> frozenset[Key]:
    """The objects by which what a training begins with was taught: of its sets, and of its side in time."""
    if past is None or past.before is None:
        return frozenset()
    earlier = held(sides_of(connection, project, views, past.before), past)
    return earlier.taught.union(one.key for one in earlier.teaching(views))


def held(sides: Sides, past: Past | None) -> Sides:
    """Sides with the borders that a training holds to."""
    return sides if past is None else sides.with_borders(past.borders)


def _past(run: RunRow, before: tuple[RecipeSetRow, ...] | None, *, goes_on: bool) -> Past:
    measured = run.data.get(MEASURED)
    return Past(
        run,
        goes_on,
        run.data.get(BORDERS) or {},
        str(run.data.get(SPLIT, BY_TIME)) == BY_TIME,
        None if measured is None else frozenset(map(int, measured)),
        before,
    )


def _named(connection: Connection, run: RunRow) -> tuple[RecipeSetRow, ...] | None:
    """The sets that a run's row names as those that taught what it began with; None where it names none."""
    names = run.data.get(TAUGHT_BEFORE)
    if names is None:
        return None
    found = (set_by_name(connection, str(name)) for name in names)
    return tuple(one for one in found if one is not None)


def _own_sets(
    connection: Connection, run: RunRow
) -> tuple[list[RecipeSetRow], RecipeSetRow | None, list[str]]:
    settings = checked(TrainSettings, run.settings)
    notes: list[str] = []
    if run.purpose in (Purpose.CLASSIFIER, Purpose.PRELABELLER):
        before = run.started_at or 0.0
        sets = recipe_sets(connection, hidden=True)
        taught = [one for one in sets if count_for(one, Split.TRAIN) and one.created_at <= before]
        return (taught if settings.weight_composites else []), None, notes
    if "composites" not in run.data:  # hidden points name none
        found = learned_sets(connection, settings.composites)
        notes.append(f"Run {run.id} does not name its sets of composites: the newest are taken for them.")
        return [] if found.teaching is None else [found.teaching], found.measuring, notes
    sets_found = []
    for key in ("composites", "measured by composites"):
        name = run.data.get(key)
        row = None if name is None else set_by_name(connection, str(name))
        if name is not None and row is None:
            notes.append(f"The set {name} of run {run.id} is gone: its objects cannot be told.")
        sets_found.append(row)
    return [one for one in sets_found[:1] if one is not None], sets_found[1], notes


def _digest(path: Path) -> str | None:
    """The beginning of the hash of a file, as a run's files are named by it; None where it cannot be read."""
    named = _NAMED.fullmatch(path.name)
    if named is not None:  # a file that is not what its name says is refused before it is used
        return named[1]
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()[:_DIGITS]
    except OSError:  # whoever opens it says why
        return None
