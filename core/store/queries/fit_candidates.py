"""The cars and people that a job may fit: their keypoints, and what their fit in force was made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.fits import FitMethod
from core.records.keypoints import KeypointSet, Template
from core.records.occlusion import OcclusionLabel, Verdict
from core.store import tables
from core.store.derived import stale_fit
from core.store.keypoint_columns import from_columns

_instance, _keypoint_set, _fit, _camera = tables.instance, tables.keypoint_set, tables.fit, tables.camera
_i, _k, _f = _instance.c, _keypoint_set.c, _fit.c
_CHUNK = 500
_WITH_SETS = _instance.join(_keypoint_set, _k.id == _i.keypoint_set_id)
_WANTED = and_(_i.state == "live", _i.verdict.is_distinct_from(Verdict.REJECTED.value))
# the + keeps SQLite from taking the index of all that is live instead of a narrower one
_WANTED_PLUS = and_(
    literal_column("+instance.state") == "live", _i.verdict.is_distinct_from(Verdict.REJECTED.value)
)


@dataclass(frozen=True, slots=True)
class FitCandidate:
    """One object in one frame, as a job sees it before it fits.

    Attributes:
        instance_id, frame_id, track_id, time_s, box, category: which.
        label: the occlusion label in force.
        keypoint_set_id, keypoints: in force, or None.
        mask_id: in force, or None.
        method, shape_space, job_id: of the fit in force; None without one, or where a person made it.
        by_a_person: whether a person made or judged that fit.
        stale: whether that was made from what is no longer in force.
    """

    instance_id: int
    frame_id: int
    track_id: int | None
    time_s: float
    box: Box
    category: Category
    label: OcclusionLabel | None
    keypoint_set_id: int | None
    keypoints: KeypointSet | None
    mask_id: int | None
    method: FitMethod | None
    shape_space: str | None
    job_id: int | None
    by_a_person: bool
    stale: bool

    def has_fit(self, is_meant: Callable[[str], bool]) -> bool:
        """Whether its fit is up to date, and of the space or body meant or a person's: that stays.

        Args:
            is_meant: whether a label is that of the shape space or the body model.
        """
        of_this = self.by_a_person or (self.shape_space is not None and is_meant(self.shape_space))
        return self.method is not None and not self.stale and of_this

    def is_a(self, template: Template) -> bool:
        """Whether it is what a template is for, whatever points it has: a person, or anything else."""
        return (self.category is Category.PERSON) == (template is Template.PERSON)

    def points_of(self, template: Template) -> KeypointSet | None:
        """Its keypoints where they are a template's, and it is what that is for; else None."""
        points = self.keypoints
        return points if points is not None and points.template is template and self.is_a(template) else None


def with_keypoints(
    connection: Connection, source_id: int, template: Template, after_id: int, limit: int
) -> list[FitCandidate]:
    """A source's objects with keypoints of a template, rejected ones left out, by id, after the given one."""
    query = _query().where(_i.source_id == source_id, *_pointed(template))
    return _found(connection, query.where(_i.id > after_id).order_by(_i.id).limit(limit))


def by_ids(connection: Connection, instance_ids: Sequence[int]) -> dict[int, FitCandidate]:
    """id -> the object, rejected or not."""
    found: dict[int, FitCandidate] = {}
    for start in range(0, len(instance_ids), _CHUNK):
        query = _query().where(_i.id.in_(instance_ids[start : start + _CHUNK]))
        found |= {one.instance_id: one for one in _found(connection, query)}
    return found


def untracked(connection: Connection, source_id: int, after_id: int, limit: int) -> list[FitCandidate]:
    """A source's objects that have no track, rejected ones left out, by id, after the given one."""
    query = _query().where(_i.source_id == source_id, _i.track_id.is_(None), _WANTED)
    return _found(connection, query.where(_i.id > after_id).order_by(_i.id).limit(limit))


def of_track(connection: Connection, track_id: int) -> list[FitCandidate]:
    """Every frame of a track in order of time."""
    query = _query().where(_i.track_id == track_id, _WANTED)
    return _found(connection, query.order_by(_i.time_s, _i.id))


def frames_with(connection: Connection, source_id: int, category: Category) -> list[tuple[int, int]]:
    """The frames of a source in which objects of a category are, rejected ones left out, in order of time.

    Returns:
        id and presentation time of each.
    """
    frame = tables.frame.c
    such = select(_i.frame_id).where(_i.source_id == source_id, _i.category == category.value, _WANTED)
    query = select(frame.id, frame.pts).where(frame.id.in_(such)).order_by(frame.pts)
    return [(int(r.id), int(r.pts)) for r in connection.execute(query)]


def in_frames(connection: Connection, frame_ids: Sequence[int], category: Category) -> list[FitCandidate]:
    """The objects of a category in some frames, rejected ones left out, by id."""
    found: list[FitCandidate] = []
    for start in range(0, len(frame_ids), _CHUNK):
        chunk = frame_ids[start : start + _CHUNK]
        query = _query().where(_i.frame_id.in_(chunk), _i.category == category.value, _WANTED_PLUS)
        found += _found(connection, query.order_by(_i.id))
    return found


def tracks_with_keypoints(connection: Connection, source_id: int, template: Template) -> list[int]:
    """The tracks of a source of which at least two frames have keypoints of a template, by id."""
    query = (
        select(_i.track_id)
        .select_from(_WITH_SETS)
        .where(_i.source_id == source_id, *_pointed(template), _i.track_id.is_not(None))
        .group_by(_i.track_id)
        .having(func.count() > 1)
        .order_by(_i.track_id)
    )
    return [int(track_id) for track_id in connection.scalars(query)]


def live_tracks(connection: Connection, source_id: int) -> list[int]:
    """The tracks of a source, by id."""
    t = tables.track.c
    query = select(t.id).where(t.source_id == source_id, t.state == "live").order_by(t.id)
    return [int(track_id) for track_id in connection.scalars(query)]


def boxes_in_frames(connection: Connection, frame_ids: Sequence[int]) -> dict[int, list[tuple[int, Box]]]:
    """Of each frame, the ids and boxes of what is in it, rejected ones left out."""
    found: dict[int, list[tuple[int, Box]]] = {}
    for start in range(0, len(frame_ids), _CHUNK):
        query = select(_i.frame_id, _i.id, _i.x, _i.y, _i.w, _i.h).where(
            _i.frame_id.in_(frame_ids[start : start + _CHUNK]), _WANTED_PLUS
        )
        for r in connection.execute(query.order_by(_i.id)):
            found.setdefault(r.frame_id, []).append((r.id, Box(r.x, r.y, r.w, r.h)))
    return found


def count_with_keypoints(connection: Connection, source_id: int, template: Template) -> int:
    """How many objects of a source have keypoints of a template."""
    query = select(func.count()).select_from(_WITH_SETS).where(_i.source_id == source_id, *_pointed(template))
    return int(connection.execute(query).scalar_one())


def lacks_keypoints(connection: Connection, source_id: int, category: Category, fewest: int) -> bool:
    """Whether a source has objects of a category with fewer points than that, rejected ones left out."""
    such = select(_i.id).where(
        _i.source_id == source_id, _i.category == category.value, _i.points_placed < fewest, _WANTED
    )
    return bool(connection.execute(select(such.exists())).scalar_one())


def _pointed(template: Template) -> tuple[ColumnElement[bool], ...]:
    """SQL for having keypoints of a template, and being what it is for, in what is neither gone nor rejected.

    The + keeps SQLite from the indexes of all that is live, and from reading all the sets there are, instead
    of the index of what has keypoints.
    """
    category: ColumnElement[str] = literal_column("+instance.category")
    person = Category.PERSON.value
    return (
        _i.keypoint_set_id.is_not(None),
        literal_column("+keypoint_set.template") == template.value,
        category == person if template is Template.PERSON else category != person,
        _WANTED_PLUS,
    )


def _query() -> Select[Any]:
    return select(
        *(_i.id, _i.frame_id, _i.track_id, _i.time_s, _i.x, _i.y, _i.w, _i.h, _i.category, _i.label),
        *(_i.keypoint_set_id, _i.mask_id),
        *(_k.template, _k.points, _f.method, _f.shape_space, _f.job_id),
        (_f.annotator_id.is_not(None) | _f.review.is_not(None)).label("by_a_person"),
        stale_fit().label("stale"),
    ).select_from(
        _instance.join(_camera, _camera.c.id == _i.camera_id)
        .outerjoin(_keypoint_set, _k.id == _i.keypoint_set_id)
        .outerjoin(_fit, _f.id == _i.fit_id)
    )


def _found(connection: Connection, query: Select[Any]) -> list[FitCandidate]:
    return [
        FitCandidate(
            instance_id=r.id,
            frame_id=r.frame_id,
            track_id=r.track_id,
            time_s=r.time_s,
            box=Box(r.x, r.y, r.w, r.h),
            category=Category(r.category),
            label=None if r.label is None else OcclusionLabel(r.label),
            keypoint_set_id=r.keypoint_set_id,
            keypoints=None if r.template is None else from_columns(r.template, r.points),
            mask_id=r.mask_id,
            method=None if r.method is None else FitMethod(r.method),
            shape_space=r.shape_space,
            job_id=r.job_id,
            by_a_person=bool(r.by_a_person),
            stale=bool(r.stale),
        )
        for r in connection.execute(query)
    ]
