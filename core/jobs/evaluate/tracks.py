"""Evaluates tracks of another program's file, MOT's text, by the project's own tracks.

Those were made by mining: what is told is agreement with them, as far as people have not corrected them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from core.errors import EvaluationError
from core.evaluation.compared import ComparedObject, TruePicture, TrueThing, compare, matches
from core.evaluation.drawn_anew import Drawn
from core.evaluation.sliced import Counted, figure, found_figures
from core.evaluation.tracking import TracksInFrame, count_sequence, tracking_estimates, without_ignored
from core.exchange.benchmarks.mot_text import MotKind, parse_mot
from core.exchange.benchmarks.texts import read_text
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import Outcomes
from core.jobs.evaluate.places import FramePlace, distances_of, frames_by_ids, grounds_of
from core.jobs.evaluate.settings import EvaluateSettings
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import PictureRow
from core.records.occlusion import Verdict
from core.records.seen import POINTS, SeenObject
from core.records.shapes import KeypointTag
from core.records.slices import ALL
from core.store import tables
from core.store.queries.frames import frames_of
from core.store.queries.sources import list_sources

_i = tables.instance.c
_MOST_DRAWS = 200


@dataclass(frozen=True, slots=True)
class _Said:
    frame: int
    track: int
    box: Box
    score: float


@dataclass(frozen=True, slots=True)
class _There:
    instance_id: int
    track_id: int | None
    category: Category
    box: Box


def evaluate_tracks(context: JobContext, settings: EvaluateSettings, path: Path) -> Outcomes:
    """MOTA, IDF1 and HOTA over the footage that the file is of, and how each box came out.

    Frames are counted from 1 in the order of time, over all of the footage. Only frames in which the project
    has an object are compared: others were not mined. The file names no categories: a line finds whatever it
    lies on. What is on no track of the project may be found or not.

    Raises:
        ExchangeError: it is no such file, or a line does not fit; it says which.
        EvaluationError: there is no such footage, or nothing was followed in it.
    """
    with context.project.read() as connection:
        source_id, name = _source(connection, context, settings)
        order = [(row.id, row.sequence_id) for row in frames_of(connection, source_id)]
        there = _there(connection, source_id)
        grounds = grounds_of(connection)
        frames = frames_by_ids(connection, sorted(there), grounds)
        boxes = {one.instance_id: one.box for own in there.values() for one in own}
        far = distances_of(connection, boxes, grounds)
    if not any(one.track_id is not None for own in there.values() for one in own):
        raise EvaluationError(f"Nothing was followed in {name} yet.", "Mine it first.")
    said = _read(path, len(order))
    of_frame: dict[int, list[_Said]] = {}
    for one in said:
        of_frame.setdefault(order[one.frame - 1][0], []).append(one)
    compared = [(frame_id, sequence) for frame_id, sequence in order if frame_id in frames]
    named = _named([(there[frame_id], of_frame.get(frame_id, [])) for frame_id, _ in compared])
    objects: list[ComparedObject] = []
    sequences: dict[int, list[tuple[TracksInFrame, TracksInFrame]]] = {}
    pictures: list[PictureRow] = []
    for place, (frame_id, sequence) in enumerate(compared):
        context.check_stop()
        context.progress(0.8 * place / len(compared), f"Comparing frame {place + 1:,} of {len(compared):,}")
        own, told = there[frame_id], of_frame.get(frame_id, [])
        truth = _picture(frames[frame_id], own, far)
        pictures.append(frames[frame_id].row(place))
        finds = [_seen(one.box, one.score, kind) for one, kind in zip(told, named[place], strict=True)]
        objects += compare(truth, finds, len(objects), place, settings.shown_score).objects
        sequences.setdefault(sequence, []).append(_tracks(own, told))
    tracked = [count_sequence(*zip(*own, strict=True)) for own in sequences.values()]
    scores = tracking_estimates(tracked, settings.seed, min(settings.draws, _MOST_DRAWS))
    counted = Counted(tuple(figure(name, ALL, one) for name, one in scores.items()))
    results = [one.result for one in objects]
    drawn = Drawn([one.picture for one in results], len(pictures), settings.seed, settings.draws)
    counted += Counted(tuple(found_figures(results, drawn)))
    digest = hashlib.sha256(repr([(f, there[f]) for f, _ in compared]).encode()).hexdigest()[:32]
    outside = sum(order[one.frame - 1][0] not in frames for one in said)
    data: dict[str, Any] = {
        "footage": name,
        "truth": "the project's own tracks, as mining followed them",
        "categories": "those of the project's objects: the file names none",
        "pictures": len(compared),
        "objects": sum(one.track_id is not None for own in there.values() for one in own),
        "lines of the file": len(said),
        "of these in frames that were not mined": outside,
        "intervals": f"{settings.draws:,} draws of frames; of tracking of {len(sequences):,} sequences"
        if settings.draws
        else "none",
    }
    return Outcomes(pictures, objects, counted, digest, data)


def _source(connection: Connection, context: JobContext, settings: EvaluateSettings) -> tuple[int, str]:
    every = list_sources(connection, context.project, counted=False)
    chosen = [one for one in every if settings.source in (None, one.id)]
    if len(chosen) == 1:
        return chosen[0].id, chosen[0].name
    if settings.source is not None or not every:
        raise EvaluationError(f"There is no footage {settings.source}.", "Name one of `amodal info`.")
    raise EvaluationError(
        f"The project has {len(every)} pieces of footage, and the file does not say of which it is.",
        "Name one with --source.",
    )


def _there(connection: Connection, source_id: int) -> dict[int, list[_There]]:
    """frame id -> its objects; those that a person rejected are none."""
    query = (
        select(_i.id, _i.frame_id, _i.track_id, _i.category, _i.x, _i.y, _i.w, _i.h)
        .where(_i.source_id == source_id, _i.state == "live")
        .where(_i.verdict.is_(None) | (_i.verdict != Verdict.REJECTED.value))
        .order_by(_i.frame_id, _i.id)
    )
    found: dict[int, list[_There]] = {}
    for row in connection.execute(query):
        one = _There(row.id, row.track_id, Category(row.category), Box(row.x, row.y, row.w, row.h))
        found.setdefault(row.frame_id, []).append(one)
    return found


def _read(path: Path, frames: int) -> list[_Said]:
    """The lines of a file of MOT's text; a score that is negative says nothing."""
    read = parse_mot(read_text(path), path.name, MotKind.RESULTS, frames)
    scores = np.where(read.scores < 0, 1.0, np.minimum(read.scores, 1.0)).tolist()
    rows = zip(read.frames.tolist(), read.ids.tolist(), read.boxes.tolist(), scores, strict=True)
    return [_Said(frame, track, Box(*box), score) for frame, track, box, score in rows]


def _named(frames: Sequence[tuple[Sequence[_There], Sequence[_Said]]]) -> list[list[Category]]:
    """What each line of each frame is: what it lies on, else what most of its track, or of all, lies on."""
    every = Counter(one.category for own, _ in frames for one in own if one.track_id is not None)
    [(commonest, _)] = every.most_common(1)
    of_track: dict[int, Counter[Category]] = {}
    found: list[dict[int, Category]] = []
    for own, told in frames:
        things = [one for one in own if one.track_id is not None]
        # all are of one category, so that each line finds whatever it lies on
        known = [_seen(one.box, 1.0, commonest) for one in things]
        said = [_seen(one.box, one.score, commonest) for one in told]
        found.append({place: things[row].category for row, place in matches(known, said).items()})
        for place, category in found[-1].items():
            of_track.setdefault(told[place].track, Counter())[category] += 1
    most = {track: counts.most_common(1)[0][0] for track, counts in of_track.items()}
    return [
        [one.get(place, most.get(line.track, commonest)) for place, line in enumerate(told)]
        for one, (_, told) in zip(found, frames, strict=True)
    ]


def _picture(frame: FramePlace, own: Sequence[_There], far: dict[int, float | None]) -> TruePicture:
    things = [
        TrueThing(
            _seen(one.box, 1.0, one.category),
            instance_id=one.instance_id,
            distance_m=far[one.instance_id],
            track=one.track_id,
        )
        for one in own
        if one.track_id is not None
    ]
    ignored = [one.box for one in own if one.track_id is None]
    return TruePicture(frame.width, frame.height, things, ignored, frame.hour)


def _seen(box: Box, score: float, category: Category) -> SeenObject:
    return SeenObject(
        category,
        score,
        box,
        None,
        None,
        np.full((POINTS, 2), np.nan),
        np.zeros(POINTS),
        (KeypointTag.UNLABELLED,) * POINTS,
    )


def _tracks(own: Sequence[_There], told: Sequence[_Said]) -> tuple[TracksInFrame, TracksInFrame]:
    """A frame's truth and finds, without what is on no track and the finds of that."""
    truth = TracksInFrame(
        np.array([-n - 1 if one.track_id is None else one.track_id for n, one in enumerate(own)], np.int64),
        _rows([one.box for one in own]),
    )
    found = TracksInFrame(
        np.array([one.track for one in told], dtype=np.int64), _rows([one.box for one in told])
    )
    ignored = np.array([one.track_id is None for one in own], dtype=np.bool_)
    return without_ignored(truth, ignored, found)


def _rows(boxes: Sequence[Box]) -> Any:
    return np.array([(one.x, one.y, one.w, one.h) for one in boxes], dtype=np.float64).reshape(-1, 4)
