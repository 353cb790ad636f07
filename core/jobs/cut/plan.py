"""What a job cuts out of a source: which objects, what is there already, and what each one needs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from core.geometry.boxes import to_array
from core.jobs.composite_settings import CutSettings
from core.media.background_samples import hour_of_day
from core.mining.standing import way_of
from core.mining.thinning import thin_views
from core.records.fits import FitMethod, FitReview, FitVerdict
from core.records.occlusion import Observation, OcclusionLabel
from core.records.project import BackgroundRow, CameraRow, SourceRow
from core.store.queries import cut_candidates
from core.store.queries.backgrounds import background_for, list_backgrounds
from core.store.queries.cut_candidates import CutCandidate, PresentPiece, TrackBox

_PARKED_WAY = 1.0
"""A track that goes less far in all, in sizes of its object, is of something that stands there for good."""


@dataclass(frozen=True, slots=True)
class CutPlan:
    """A source's part of the job.

    Attributes:
        to_cut: objects whose pixels are needed, in order of their frames.
        to_renew: objects whose cut-out stays, but not what describes it.
        still: ids of those of both that stand still: the background may show them.
        ready: how many objects are cut out and up to date.
    """

    to_cut: tuple[CutCandidate, ...]
    to_renew: tuple[CutCandidate, ...]
    still: frozenset[int]
    ready: int


def plan_cuts(connection: Connection, camera: CameraRow, source: SourceRow, settings: CutSettings) -> CutPlan:
    """What there is to do for a source.

    What moves is cut in each frame in which it is unoccluded and does not repeat another view. Of what stands
    still, for a while or for good, one view is compared with the background: the one that shows it best. What
    stands there for good has no other.

    What was cut before there was a background, or by one of another hour than there is now, is cut again
    while its footage is there: without one, nobody can tell what stands in it.
    """
    tracks = _still_tracks(connection, source.id)
    moving = cut_candidates.moving_candidates(
        connection,
        source.id,
        min_size_px=settings.min_size_px,
        min_score=settings.min_score,
        include_thinned=settings.include_thinned,
        reviewed_only=settings.reviewed_only,
    )
    repeats = frozenset() if settings.include_thinned else tracks.repeats
    moving = [one for one in moving if one.track_id not in tracks.parked and one.instance_id not in repeats]
    standing: list[CutCandidate] = []
    if settings.standing:
        best = [
            cut_candidates.best_of(connection, views, coarse=settings.coarse)
            for views in tracks.still.values()
        ]
        ids = {one for one in best if one is not None}
        ids.update(cut_candidates.untracked_still(connection, source.id))
        standing = cut_candidates.candidates_by_ids(connection, sorted(ids))
    still = frozenset(one.instance_id for one in standing)
    wanted = [*(one for one in moving if one.instance_id not in still), *standing]
    wanted.sort(key=lambda one: (one.pts, one.instance_id))
    grounds = _Grounds(connection, camera, source)
    to_cut, to_renew, ready = [], [], 0
    for one in wanted:
        piece = one.piece
        again = settings.redo or (piece is not None and source.found and grounds.has_better(one, piece))
        if again or piece is None or piece.mask_id != one.mask_id:
            to_cut.append(one)
        elif is_up_to_date(one, settings) and _stands_as_before(one, still):
            ready += 1
        else:
            to_renew.append(one)
    return CutPlan(tuple(to_cut), tuple(to_renew), still, ready)


def carries_fit(one: CutCandidate, settings: CutSettings) -> bool:
    """Whether an object's fit is good enough to label with.

    It says so itself or a person does, nobody rejected it, and what it was made from is in force.
    """
    if one.fit_id is None or one.stale_fit or one.review is FitReview.REJECTED:
        return False
    if one.review is FitReview.ACCEPTED:
        return True
    return one.verdict is FitVerdict.GOOD and (settings.coarse or one.method is not FitMethod.COARSE)


def is_up_to_date(one: CutCandidate, settings: CutSettings) -> bool:
    """Whether the piece that an object has is what would be made now."""
    piece = one.piece
    return piece is not None and (
        (piece.category, piece.keypoint_set_id, piece.fit_id, piece.calibration_id, piece.carries_fit)
        == (one.category, one.keypoint_set_id, one.fit_id, one.calibration_id, carries_fit(one, settings))
        # what stands there is labelled only while nothing hides it
        and not (piece.standing and piece.has_footprint and one.label is not OcclusionLabel.UNOCCLUDED)
    )


def _stands_as_before(one: CutCandidate, still: frozenset[int]) -> bool:
    """Whether a piece that stands in the background does so still, or was never labelled there."""
    piece = one.piece
    return piece is None or one.instance_id in still or not (piece.standing and piece.has_footprint)


class _Grounds:
    """The backgrounds that a source's objects may be cut by."""

    def __init__(self, connection: Connection, camera: CameraRow, source: SourceRow) -> None:
        self._utc_offset_s = camera.utc_offset_s
        rows = list_backgrounds(connection, camera.id, newest=False)
        self._hours = {row.id: row.hour for row in rows}
        # what `SourceCut` would take; of another size it takes none
        self._chosen: dict[int | None, BackgroundRow | None] = {
            hour: background_for(connection, camera.id, hour) for hour in (None, *range(24))
        }
        self._size = source.width, source.height

    def has_better(self, one: CutCandidate, piece: PresentPiece) -> bool:
        """Whether an object would now be cut by a background, or by that of another hour than before."""
        hour = None if one.captured_at is None else hour_of_day(one.captured_at, self._utc_offset_s)
        chosen = self._chosen[hour]
        if chosen is None or (chosen.width, chosen.height) != self._size:
            return False
        return piece.background_id is None or self._hours.get(piece.background_id, chosen.hour) != chosen.hour


@dataclass(frozen=True, slots=True)
class _Still:
    """The tracks of a source that stand still.

    Attributes:
        still: track -> the ids of its objects that stand still.
        parked: tracks that never go anywhere.
        repeats: objects for which another of the same view stands, where no mining has looked.
    """

    still: dict[int, tuple[int, ...]]
    parked: frozenset[int]
    repeats: frozenset[int]


def _still_tracks(connection: Connection, source_id: int) -> _Still:
    """As mining says, or by the same rule where it never looked, such as at an import."""
    still: dict[int, tuple[int, ...]] = {}
    parked: set[int] = set()
    repeats: set[int] = set()
    unjudged = frozenset(cut_candidates.unjudged_tracks(connection, source_id))
    for track_id in sorted({*cut_candidates.flagged_still_tracks(connection, source_id), *unjudged}):
        rows = cut_candidates.boxes_of_track(connection, track_id)
        stands = {row.instance_id for row in rows if row.stationary}
        if track_id in unjudged:
            found = thin_views([_observation(track_id, n, row) for n, row in enumerate(rows)])
            repeats.update(found.representative)
            stands |= found.stationary
        if 2 * len(stands) > len(rows):
            still[track_id] = tuple(sorted(stands))
            if way_of(to_array(row.box for row in rows)) < _PARKED_WAY:
                parked.add(track_id)
    return _Still(still, frozenset(parked), frozenset(repeats))


def _observation(track_id: int, number: int, row: TrackBox) -> Observation:
    return Observation(row.instance_id, number, row.time_s, track_id, row.box, row.category, row.score, None)
