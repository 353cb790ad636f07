"""What people said of a project's objects, as crops to learn from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, func, select

from core.jobs.train.drawn import NOT_DRAWN, crops_folder, weight_of_drawn
from core.jobs.train.learned_sets import count_for
from core.jobs.train.mixing import Part, mixed_facts, mixed_words
from core.jobs.train.past import BORDERS, MEASURED, SPLIT, Past, held
from core.jobs.train.settings import TrainSettings
from core.jobs.train.sides import BY_TIME, Key, Labelled, Sides, clocks, key_of, sides_of
from core.records.detections import Category
from core.records.occlusion import LabelOrigin, Verdict
from core.records.recipes import RecipeSetRow, Split
from core.store import tables
from core.store.project import Project
from core.store.queries.recipes import recipe_sets

if TYPE_CHECKING:
    from core.training.data.crops import Crops, PackedCrop

    Kept = Callable[[Sequence[PackedCrop]], list[PackedCrop]]

_i, _k = tables.instance.c, tables.keypoint_set.c
_joined = tables.instance.join(tables.source, tables.source.c.id == _i.source_id)
_THERE = (_i.state == "live", tables.source.c.state == "live")
_VALIDATED = 5  # of every so many tracks one is measured by, where time does not part them
_LEAST_MEASURED = 3  # of each kind, that time may part them
_CHUNK = 200
_MOST_COMPOSITES = 1000  # are rendered for their objects
_TOLD = {Verdict.UNOCCLUDED.value: 0.0, Verdict.OCCLUDED.value: 1.0}


@dataclass(frozen=True, slots=True)
class LabelledObject:
    """An object that people have labelled.

    Attributes:
        instance_id, category: which and what.
        verdict: a person's, or None.
        view: of which object, where and when.
    """

    instance_id: int
    category: Category
    verdict: str | None
    view: Labelled


def count_verdicts(project: Project) -> dict[Verdict, int]:
    """How many objects people have called unoccluded and occluded."""
    query = select(_i.verdict, func.count()).select_from(_joined)
    query = query.where(_i.verdict.in_(list(_TOLD)), *_THERE)
    with project.read() as connection:
        rows = connection.execute(query.group_by(_i.verdict)).all()
    return {Verdict(verdict): int(count) for verdict, count in rows}


def count_points(project: Project) -> int:
    """How many cars have keypoints that people placed or imported."""
    with project.read() as connection:
        return int(connection.scalar(_with_points(select(func.count())).where(*_THERE)) or 0)


def classifier_crops(
    project: Project, settings: TrainSettings | None = None, past: Past | None = None
) -> Crops:
    """Every object that a person called unoccluded or occluded, and what else it is to learn from."""
    from core.training.tasks.classifier import sure_ones

    query = _with_verdicts()
    chosen = settings or TrainSettings(what="classifier")
    return _crops(project, query, chosen, "objects that people have judged", sure_ones, past, points=False)


def prelabeller_crops(
    project: Project, settings: TrainSettings | None = None, past: Past | None = None
) -> Crops:
    """Every car with keypoints by a person, and what else it is to learn from."""
    from core.training.tasks.prelabeller import cars_with_points

    chosen = settings or TrainSettings(what="prelabeller")
    query = _with_points(_columns()).where(*_THERE)
    return _crops(
        project, query, chosen, "cars with keypoints by people", cars_with_points, past, points=True
    )


def labelled_objects(
    connection: Connection, project: Project, *, points: bool = False
) -> list[LabelledObject]:
    """Every object that a person called unoccluded or occluded, or every car with people's keypoints."""
    query = _with_points(_columns()).where(*_THERE) if points else _with_verdicts()
    return _found(connection, project, query)


def opened_crops(
    connection: Connection, rows: Sequence[LabelledObject], *, points: bool = False
) -> Iterator[tuple[LabelledObject, PackedCrop]]:
    """The crops of some labelled objects, with their keypoints where those are asked for."""
    for start in range(0, len(rows), _CHUNK):
        yield from _opened(connection, rows[start : start + _CHUNK], points)


def _with_verdicts() -> Select[Any]:
    return _columns().select_from(_joined).where(_i.verdict.in_(list(_TOLD)), *_THERE)


def _found(connection: Connection, project: Project, query: Select[Any]) -> list[LabelledObject]:
    known = clocks(connection, project)
    return [
        LabelledObject(
            int(row.id),
            Category(row.category),
            row.verdict,
            Labelled(
                int(row.id),
                key_of(int(row.id), row.track_id),
                row.camera_id,
                known[row.camera_id].moment(row.source_id, row.time_s, row.captured_at),
            ),
        )
        for row in connection.execute(query.order_by(_i.id))
    ]


def _columns() -> Select[Any]:
    return select(
        *(_i.id, _i.track_id, _i.category, _i.verdict),
        *(_i.camera_id, _i.source_id, _i.time_s, _i.captured_at),
    )


def _with_points(columns: Select[Any]) -> Select[Any]:
    people = [LabelOrigin.HUMAN.value, LabelOrigin.IMPORT.value]
    return columns.select_from(_joined.join(tables.keypoint_set, _k.id == _i.keypoint_set_id)).where(
        _i.category == Category.CAR.value, _k.origin.in_(people)
    )


def _crops(
    project: Project,
    query: Select[Any],
    settings: TrainSettings,
    what: str,
    kept: Kept,
    past: Past | None,
    *,
    points: bool,
) -> Crops:
    """Labelled objects on their sides, and beside them composites' and drawn ones.

    Args:
        query: of the labelled objects. what: they are, in the plural.
        kept: those of some crops that can be learned from.
        past: what the training holds to, or None.
    """
    from core.training.data.crops import CropPart, Crops

    with project.read() as connection:
        sets = [one for one in recipe_sets(connection) if count_for(one, Split.TRAIN)]
        sets = sets if settings.weight_composites else []
        sets = sets if past is None else past.made_then(sets)
        earlier = () if past is None or past.before is None else past.before
        rows = _found(connection, project, query)
        sides = held(sides_of(connection, project, [row.view for row in rows], [*sets, *earlier]), past)
        chosen = _sides(rows, sides, past, by_verdict=not points)
        training: list[PackedCrop] = []
        validation: list[PackedCrop] = []
        for row, crop in opened_crops(connection, rows, points=points):
            if row.instance_id in chosen.measuring:
                validation.append(crop)
            elif row.instance_id in chosen.teaching:
                training.append(crop)
        measured = {row.view.key for row in rows if row.instance_id in chosen.measuring}
    weight = weight_of_drawn(settings.what, settings.weight_synthetic)
    found = (
        (what, kept(training), settings.weight_reviewed, ""),
        (
            "objects of composites",
            kept(_of_composites(project, sets, measured)),
            settings.weight_composites,
            "",
        ),
        (
            "simulated crops",
            kept(_drawn()) if weight else [],
            weight,
            "" if settings.weight_synthetic == 0 else NOT_DRAWN,
        ),
    )
    parts = [Part(name, len(crops), share, missing) for name, crops, share, missing in found]
    about = {
        "project": project.path.name,
        "mixed": mixed_words(parts),
        "data": mixed_facts(parts),
        "labelled": len(rows),
        SPLIT: chosen.how,
        BORDERS: sides.as_json(),
        **({} if chosen.how == BY_TIME else {MEASURED: sorted(chosen.measuring)}),
        **({} if past is None else past.told()),
        "on no side": len(rows) - len(chosen.teaching) - len(chosen.measuring),
    }
    counted = [CropPart(crops, share) for _, crops, share, _ in found]
    every = [crop for one in counted if one.weight for crop in one.crops]
    return Crops(every, validation, about, counted)


@dataclass(frozen=True, slots=True)
class _Sorted:
    """Ids of the objects that teach and that are measured by, and how they were parted."""

    teaching: frozenset[int]
    measuring: frozenset[int]
    how: str


def _sides(rows: Sequence[LabelledObject], sides: Sides, past: Past | None, *, by_verdict: bool) -> _Sorted:
    """By time and track; by track alone, where the labels are of too short a time to be parted by it.

    Args:
        past: by which of the two is decided where it has kept its borders, or None.
        by_verdict: whether each verdict must be on both sides.
    """
    teaching = sides.teaching([row.view for row in rows])
    measuring = sides.measuring([row.view for row in rows], teaching)
    one, other = (frozenset(view.instance_id for view in part) for part in (teaching, measuring))
    kinds: dict[str | None, list[int]] = {}
    for row in rows:
        kinds.setdefault(row.verdict if by_verdict else None, []).append(row.instance_id)
    enough = all(
        len(other.intersection(ids)) >= _LEAST_MEASURED and bool(one.intersection(ids))
        for ids in kinds.values()
    )
    enough = enough and 2 * len(one) >= len(rows)
    if past is not None and past.borders:
        enough = past.by_time
    if enough:
        return _Sorted(one, other, BY_TIME)
    if past is None or past.measured is None:
        measured = _measured(rows)
    else:
        measured = {row.view.key for row in rows if row.instance_id in past.measured}
    other = frozenset(row.instance_id for row in rows if row.view.key in measured)
    rest = frozenset(row.instance_id for row in rows) - other
    words = f"by track, measured by one of {_VALIDATED}: there are too few moments to part the labels by time"
    return _Sorted(rest, other, words)


def _drawn() -> list[PackedCrop]:
    from core.training.data.crops import read_crops
    from core.training.data.synthetic_crops import kinds_of

    return read_crops(crops_folder(), kinds_of("train"))


def _of_composites(project: Project, sets: Sequence[RecipeSetRow], measured: set[Key]) -> list[PackedCrop]:
    """Objects of some sets of composites for training, but for those that are measured by."""
    from core.jobs.compose.supply import StoredComposites
    from core.training.data.composite_crops import composite_crops

    with project.read() as connection:
        left_out = _views_of(connection, measured) if sets else set()
    found: list[PackedCrop] = []
    for one in sets:
        stored = StoredComposites(project.path, one.name, Split.TRAIN)
        found += composite_crops(stored, max(_MOST_COMPOSITES // len(sets), 1), left_out)
    return found


def _views_of(connection: Connection, objects: set[Key]) -> set[int]:
    """The ids of all instances of some objects."""
    tracks = sorted(number for kind, number in objects if kind == "track")
    found = {number for kind, number in objects if kind == "object"}
    for start in range(0, len(tracks), _CHUNK):
        found.update(connection.scalars(select(_i.id).where(_i.track_id.in_(tracks[start : start + _CHUNK]))))
    return found


def _measured(rows: Sequence[LabelledObject]) -> set[Key]:
    """The objects that are measured on: of each kind every so many-th, and all views of one together."""
    chosen: set[Key] = set()
    for verdict in {row.verdict for row in rows}:
        chosen.update(sorted({row.view.key for row in rows if row.verdict == verdict})[::_VALIDATED])
    return chosen


def _opened(
    connection: Connection, rows: Sequence[LabelledObject], points: bool
) -> list[tuple[LabelledObject, PackedCrop]]:
    from core.jobs.keypoint_views import views_of
    from core.jobs.view_samples import UNKNOWN, sample_of
    from core.store.queries.keypoint_candidates import with_crops
    from core.store.queries.keypoints import keypoints_in_force
    from core.training.data.crops import packed

    by_id = {row.instance_id: row for row in rows}
    ids = list(by_id)
    placed = keypoints_in_force(connection, ids) if points else {}
    found = []
    for view in views_of(connection, with_crops(connection, ids), Category.CAR):
        row = by_id[view.instance_id]
        own = placed.get(view.instance_id)
        sample = sample_of(
            view,
            row.category,
            None if own is None else own.keypoints,
            _TOLD.get(row.verdict or "", UNKNOWN),
        )
        found.append((row, packed(sample, f"object {view.instance_id}")))
    return found
