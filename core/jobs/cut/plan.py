"""What a job cuts out of a source: which objects, what is there already, and what each one needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from core.geometry.boxes import to_array
from core.jobs.composite_settings import CutSettings
from core.mining.thinning import stationary_boxes
from core.mining.thinning_settings import ThinningSettings
from core.records.fits import FitMethod, FitReview, FitVerdict
from core.records.occlusion import OcclusionLabel
from core.store.queries import cut_candidates
from core.store.queries.cut_candidates import CutCandidate

_STILL = ThinningSettings()


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


def plan_cuts(connection: Connection, source_id: int, settings: CutSettings) -> CutPlan:
    """What there is to do for a source.

    What moves is cut in each frame in which it is unoccluded and does not repeat another view. Of what stands
    still there is one: the object of its track that shows it best.
    """
    tracks = _still_tracks(connection, source_id)
    moving = cut_candidates.moving_candidates(
        connection,
        source_id,
        tracks,
        min_size_px=settings.min_size_px,
        min_score=settings.min_score,
        include_thinned=settings.include_thinned,
        reviewed_only=settings.reviewed_only,
    )
    standing: list[CutCandidate] = []
    if settings.standing:
        best = [cut_candidates.best_of_track(connection, one, coarse=settings.coarse) for one in tracks]
        ids = {one for one in best if one is not None}
        ids.update(cut_candidates.untracked_still(connection, source_id))
        standing = [
            one
            for one in cut_candidates.candidates_by_ids(connection, sorted(ids))
            if one.box.size >= settings.min_size_px
        ]
    still = frozenset(one.instance_id for one in standing)
    wanted = [*(one for one in moving if one.instance_id not in still), *standing]
    wanted.sort(key=lambda one: (one.pts, one.instance_id))
    to_cut, to_renew, ready = [], [], 0
    for one in wanted:
        piece = one.piece
        if piece is None or piece.mask_id != one.mask_id or settings.redo:
            to_cut.append(one)
        elif is_up_to_date(one, settings) and (one.instance_id in still or not piece.standing):
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


def _still_tracks(connection: Connection, source_id: int) -> Sequence[int]:
    """The tracks that stand still: as mining says, or by the same rule where it never looked."""
    still = set(cut_candidates.flagged_still_tracks(connection, source_id))
    for track_id in cut_candidates.unjudged_tracks(connection, source_id):
        if track_id in still:
            continue
        rows = cut_candidates.boxes_of_track(connection, track_id)
        flags = stationary_boxes(
            to_array(row.box for row in rows),
            np.array([row.time_s for row in rows]),
            _STILL.stationary_iou,
            _STILL.stationary_gap_s,
        )
        if 2 * int(flags.sum()) > len(rows):
            still.add(track_id)
    return sorted(still)
