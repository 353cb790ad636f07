"""Which labels teach and which are measured by: split by time and track, as the project's composites are.

A border in time parts a camera's footage for all that is learned from it. Frames, crops and composites lie on
one side of it, those within the guard time on none. An object that is seen on both sides teaches, and nothing
is measured by it. What is for the test is left for that.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from core.compositing.sampling.splits import Borders, Lifetime, SplitSettings, borders_of
from core.errors import SettingsError
from core.jobs.clock import CameraClock, camera_clock
from core.jobs.compose.draw import split_settings
from core.jobs.composite_settings import ComposeSettings
from core.jobs.flatten import checked
from core.records.recipes import RecipeSetRow, Split
from core.store import job_rows
from core.store.project import Project
from core.store.queries.cameras import list_cameras
from core.store.queries.pieces import PieceLife, piece_lives, stock_lives
from core.store.queries.recipes import pieces_in

Key = tuple[str, int]
"""One physical object: its track, or itself where it is on none."""

BY_TIME = "by time and track"
"""How a run's data say that borders in time parted its labels."""

_SHARES = (7, 2, 1)  # of labelled moments: there are fewer of them than of what is cut out
_SHORTEST = 20  # times the guard time that labelled footage must last, or the guard is that much shorter


def key_of(instance_id: int, track_id: int | None) -> Key:
    """Of which object an instance is a view."""
    return ("object", instance_id) if track_id is None else ("track", track_id)


@dataclass(frozen=True, slots=True)
class Labelled:
    """A view that people have labelled.

    Attributes:
        instance_id, key: which, and of what.
        camera_id, moment_s: where and when, on the camera's clock.
    """

    instance_id: int
    key: Key
    camera_id: int
    moment_s: float


@dataclass(frozen=True, slots=True)
class Sides:
    """Where the borders lie, and what composites have taken already.

    Attributes:
        borders: camera id -> its borders; none of one at which nothing is known yet, whose side is open.
        taught_until: camera id -> until when composites that teach show something.
        measured_from: camera id -> from when composites that are measured by show something.
        taught, measured: the objects in either.
    """

    borders: Mapping[int, Borders]
    taught_until: Mapping[int, float] = field(default_factory=dict)
    measured_from: Mapping[int, float] = field(default_factory=dict)
    taught: frozenset[Key] = frozenset()
    measured: frozenset[Key] = frozenset()

    def of_moment(self, camera_id: int, moment_s: float) -> Split | None:
        """The side of a moment; None where it is too near to the other side, or to what shows it."""
        borders = self.borders.get(camera_id)
        if borders is None:
            return None
        side = borders.split_of(moment_s, moment_s)
        guard = borders.guard_s
        if side is Split.TRAIN and moment_s >= self.measured_from.get(camera_id, math.inf) - guard:
            return None
        later = side in (Split.VALIDATION, Split.TEST)
        if later and moment_s <= self.taught_until.get(camera_id, -math.inf) + guard:
            return None
        return side

    def teaching(self, views: Iterable[Labelled]) -> list[Labelled]:
        """Those of some views that teach."""
        return [
            one
            for one in views
            if one.key not in self.measured and self.of_moment(one.camera_id, one.moment_s) is Split.TRAIN
        ]

    def measuring(self, views: Iterable[Labelled], teaching: Iterable[Labelled]) -> list[Labelled]:
        """Those of some views that are measured by: of no object that teaches."""
        taught = self.taught | {one.key for one in teaching}
        return [
            one
            for one in views
            if one.key not in taught and self.of_moment(one.camera_id, one.moment_s) is Split.VALIDATION
        ]

    def testing(self, views: Iterable[Labelled], seen: Iterable[Labelled]) -> list[Labelled]:
        """Those of some views that no training sees: of no object that teaches or is measured by."""
        known = self.taught | self.measured | {one.key for one in seen}
        return [
            one
            for one in views
            if one.key not in known and self.of_moment(one.camera_id, one.moment_s) is Split.TEST
        ]

    def as_json(self) -> dict[str, list[Any]]:
        """The borders for a run's row: camera id -> the two moments and the guard time."""
        return {
            str(camera_id): [*(_plain(one) for one in (own.first_s, own.second_s)), own.guard_s]
            for camera_id, own in sorted(self.borders.items())
        }

    def with_borders(self, told: Mapping[str, Sequence[Any]]) -> Sides:
        """The same with the borders that a run's row tells, where it tells any of a camera."""
        kept = {
            int(camera_id): Borders(_moment(first), _moment(second), float(guard))
            for camera_id, (first, second, guard) in told.items()
        }
        return replace(self, borders={**self.borders, **kept})


def _plain(moment_s: float) -> float | str:
    return moment_s if math.isfinite(moment_s) else ("never" if moment_s > 0 else "always")


def _moment(told: float | str) -> float:
    return {"never": math.inf, "always": -math.inf}[told] if isinstance(told, str) else float(told)


def clocks(connection: Connection, project: Project) -> dict[int, CameraClock]:
    """camera id -> its clock."""
    return {row.id: camera_clock(connection, project, row.id) for row in list_cameras(connection)}


def sides_of(
    connection: Connection,
    project: Project,
    labelled: Sequence[Labelled],
    teaching: Sequence[RecipeSetRow] = (),
    measuring: RecipeSetRow | None = None,
) -> Sides:
    """The sides of a project.

    Where composites are learned from, the borders are theirs: of what is cut out, by the shares of their set.
    At cameras without, they are those of the labelled moments.

    Args:
        connection, project: to read.
        labelled: every view that is to be on a side.
        teaching: sets of composites that teach, the newest first. measuring: one that is measured by.
    """
    known = clocks(connection, project)
    shares = _shares(connection, teaching)
    moments: dict[int, set[float]] = {}
    for one in labelled:
        moments.setdefault(one.camera_id, set()).add(one.moment_s)
    borders = {}
    for camera_id in known:
        lives = _stock(connection, camera_id, known[camera_id]) if teaching else []
        if lives:
            borders[camera_id] = borders_of(lives, shares)
        elif camera_id in moments:
            borders[camera_id] = _of_moments(sorted(moments[camera_id]), shares)
    taught = [
        life
        for one in teaching
        for life in piece_lives(connection, sorted(pieces_in(connection, one.id, Split.TRAIN)))
    ]
    measured = (
        []
        if measuring is None
        else list(piece_lives(connection, sorted(pieces_in(connection, measuring.id, Split.VALIDATION))))
    )
    until: dict[int, float] = {}
    since: dict[int, float] = {}
    # what stands in a background lives through all of it, and is ignored where composites are measured by
    for life in (one for one in taught if not one.standing):
        span = _span(life, known[life.camera_id])
        if span is not None:
            until[life.camera_id] = max(until.get(life.camera_id, -math.inf), span[1])
    for life in (one for one in measured if not one.standing):
        span = _span(life, known[life.camera_id])
        if span is not None:
            since[life.camera_id] = min(since.get(life.camera_id, math.inf), span[0])
    return Sides(
        borders,
        until,
        since,
        frozenset(key_of(one.instance_id, one.track_id) for one in taught),
        frozenset(key_of(one.instance_id, one.track_id) for one in measured if not one.standing),
    )


def shared_objects(connection: Connection, teaching: RecipeSetRow, measuring: RecipeSetRow) -> int:
    """How many objects are in what a set teaches and in what another is measured by.

    What stands in the background teaches in the one, and is ignored in the other.
    """
    found = []
    for one, split in ((teaching, Split.TRAIN), (measuring, Split.VALIDATION)):
        lives = piece_lives(connection, sorted(pieces_in(connection, one.id, split)))
        found.append({key_of(life.instance_id, life.track_id) for life in lives if not life.standing})
    return len(found[0] & found[1])


def taught_by(connection: Connection, sets: Iterable[RecipeSetRow]) -> frozenset[Key]:
    """The objects in what some sets teach."""
    return frozenset(
        key_of(life.instance_id, life.track_id)
        for one in sets
        for life in piece_lives(connection, sorted(pieces_in(connection, one.id, Split.TRAIN)))
    )


def _shares(connection: Connection, sets: Sequence[RecipeSetRow]) -> SplitSettings:
    """How the newest of some sets that a job made was split; without any, as labels alone are."""
    for one in sets:
        row = None if one.job_id is None else job_rows.get_job(connection, one.job_id)
        if row is not None:
            try:
                return split_settings(checked(ComposeSettings, row.settings))
            except SettingsError:  # of another version of this program
                continue
    return SplitSettings(_SHARES)


def _stock(connection: Connection, camera_id: int, clock: CameraClock) -> list[Lifetime]:
    """When the objects that are cut out are seen, as `core.jobs.compose.stock` splits them."""
    lives: dict[Key, tuple[float, float]] = {}
    for life in stock_lives(connection, camera_id):
        if life.standing:
            continue
        span = _span(life, clock)
        if span is not None:
            key = key_of(life.instance_id, life.track_id)
            before = lives.get(key, span)
            lives[key] = min(before[0], span[0]), max(before[1], span[1])
    return [Lifetime(number, *lives[key]) for number, key in enumerate(sorted(lives))]


def _span(life: PieceLife, clock: CameraClock) -> tuple[float, float] | None:
    """From when to when an object is seen, on its camera's clock; None where its source was hidden since."""
    if life.source_id not in clock.begins:
        return None
    moment = clock.moment(life.source_id, life.time_s, life.captured_at)
    if life.track_s is None:
        return moment, moment
    begun = moment - life.time_s
    return begun + life.track_s[0], begun + life.track_s[1]


def _of_moments(moments: Sequence[float], shares: SplitSettings) -> Borders:
    """Borders between labelled moments; footage that is short is guarded for a shorter time."""
    if len(moments) < 2:  # one moment has but one side
        return Borders(math.inf, math.inf, shares.guard_s)
    guard = min(shares.guard_s, (moments[-1] - moments[0]) / _SHORTEST)
    lives = [Lifetime(number, moment, moment) for number, moment in enumerate(moments)]
    return borders_of(lives, SplitSettings(shares.shares, guard))
