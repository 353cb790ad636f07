"""Evaluates two annotators by each other: their verdicts, and where they placed a car's keypoints."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from core.errors import EvaluationError
from core.evaluation.agreement import PointAgreement, agreement_figures, point_agreement
from core.evaluation.compared import ComparedObject
from core.evaluation.drawn_anew import Drawn
from core.evaluation.label_figures import KINDS, label_detail, label_figures
from core.evaluation.point_tally import tag_words
from core.evaluation.sliced import Counted
from core.evaluation.truth_digest import TruthDigest
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import Outcomes
from core.jobs.evaluate.labels import object_result, places_of
from core.jobs.evaluate.settings import EvaluateSettings
from core.jobs.train.sides import key_of
from core.records.evaluations import ObjectSaid, Outcome
from core.records.keypoints import KeypointSet
from core.records.shapes import KeypointTag
from core.store import tables
from core.store.annotators import find_annotator
from core.store.keypoint_columns import from_columns

_v, _k = tables.review.c, tables.keypoint_set.c
_KIND = {kind.value: number for number, kind in enumerate(KINDS)}


def evaluate_agreement(context: JobContext, settings: EvaluateSettings) -> Outcomes:
    """How far the second annotator agrees with the first.

    Verdicts are compared where both gave one of two kinds; keypoints where each wrote a version, the last of
    each. A version begins with the points that were there, so that a point which the second left as it was
    counts as agreed: the figures of points are an upper bound.

    Raises:
        EvaluationError: there is no such annotator, or the two have no object in common.
    """
    with context.project.read() as connection:
        one, other = (_annotator(connection, name) for name in (settings.first, settings.second))
        verdicts, unlike = _verdicts(connection, one, other)
        points = _points(connection, one, other)
        if not verdicts and not points:
            raise EvaluationError(
                f"{settings.first} and {settings.second} have no object in common.",
                "Let both review some of the same objects.",
            )
        ids = sorted(set(verdicts) | set(points))
        places = places_of(connection, ids)
    groups = [key_of(row, places.rows[row].track_id) for row in ids]
    names = {key: number for number, key in enumerate(dict.fromkeys(groups))}
    objects: list[ComparedObject] = []
    pairs: list[PointAgreement | None] = []
    for number, row in enumerate(ids):
        pair = None
        said = ObjectSaid()
        if row in points:
            truth, told = points[row]
            box = places.rows[row].box
            pair = point_agreement(
                _pixels(truth), _pixels(told), _tags(truth), _tags(told), box, truth.template
            )
            said = ObjectSaid(points=_listed(told), true_points=_listed(truth))
        pairs.append(pair)
        tally = None if pair is None else pair.tally
        words: dict[str, Any] = dict(tag_words(tally))
        right = row not in verdicts or verdicts[row][0] == verdicts[row][1]
        placed = words.get("points_placed", 0)
        bad = 1.0 if not right else 1.0 - words["points_right"] / placed if placed else 0.0
        objects.append(
            ComparedObject(
                object_result(
                    places,
                    row,
                    number,
                    outcome=Outcome.RIGHT if right else Outcome.WRONG,
                    badness=bad,
                    score=None,
                    detail=label_detail(*verdicts[row]) if row in verdicts else "",
                    **words,
                ),
                said,
                tally,
            )
        )
    counted = _counted(objects, pairs, ids, verdicts, [names[key] for key in groups], len(names), settings)
    digest = TruthDigest()
    for row in ids:
        digest.words(row, places.rows[row].category, verdicts[row][0] if row in verdicts else None)
        digest.box(places.rows[row].box)
        if row in points:
            digest.words(*_tags(points[row][0]))
            digest.numbers(_pixels(points[row][0]))
    data = {
        "objects": len(ids),
        "with both verdicts": len(verdicts),
        "rejected by one or both": unlike,
        "with both keypoints": len(points),
        "points": "those that the second left where they were count as agreed",
        "intervals": f"{settings.draws:,} draws of {len(names):,} tracks" if settings.draws else "none",
    }
    rows = [places.frames[frame].row(place) for frame, place in places.places.items()]
    return Outcomes(rows, objects, counted, digest.key, data)


def _counted(
    objects: list[ComparedObject],
    pairs: list[PointAgreement | None],
    ids: list[int],
    verdicts: dict[int, tuple[int, int]],
    groups: list[int],
    count: int,
    settings: EvaluateSettings,
) -> Counted:
    counted = Counted(())
    judged = [number for number, row in enumerate(ids) if row in verdicts]
    if judged:
        drawn = Drawn([groups[number] for number in judged], count, settings.seed, settings.draws)
        said = [verdicts[ids[number]] for number in judged]
        results = [objects[number].result for number in judged]
        counted += label_figures(results, [pair[0] for pair in said], [pair[1] for pair in said], None, drawn)
    if any(pairs):
        results = [one.result for one in objects]
        counted += agreement_figures(results, pairs, groups, count, settings.seed, settings.draws)
    return counted


def _annotator(connection: Connection, name: str) -> int:
    found = find_annotator(connection, name)
    if found is None:
        raise EvaluationError(f"Nobody called {name} has edited this project.", "Check the name.")
    return found


def _verdicts(connection: Connection, one: int, other: int) -> tuple[dict[int, tuple[int, int]], int]:
    """instance id -> both kinds, and how many both have judged of which one at least was rejected."""
    said: dict[int, dict[int, str]] = {}
    query = select(_v.instance_id, _v.annotator_id, _v.verdict).where(_v.annotator_id.in_([one, other]))
    for row in connection.execute(query):
        said.setdefault(int(row.instance_id), {})[int(row.annotator_id)] = row.verdict
    both = {row: (own[one], own[other]) for row, own in said.items() if len(own) == 2}
    kinds = {
        row: (_KIND[first], _KIND[second])
        for row, (first, second) in both.items()
        if first in _KIND and second in _KIND
    }
    return kinds, len(both) - len(kinds)


def _points(connection: Connection, one: int, other: int) -> dict[int, tuple[KeypointSet, KeypointSet]]:
    """instance id -> the last version of each, where both wrote one of the same kind of object."""
    last: dict[int, dict[int, KeypointSet]] = {}
    query = (
        select(_k.instance_id, _k.annotator_id, _k.template, _k.points)
        .where(_k.annotator_id.in_([one, other]))
        .order_by(_k.instance_id, _k.version)
    )
    for row in connection.execute(query):
        last.setdefault(int(row.instance_id), {})[int(row.annotator_id)] = from_columns(
            row.template, row.points
        )
    return {
        row: (own[one], own[other])
        for row, own in last.items()
        if len(own) == 2 and own[one].template is own[other].template
    }


def _pixels(keypoints: KeypointSet) -> Any:
    return np.array(
        [(np.nan, np.nan) if p is None else (p.x, p.y) for p in keypoints.points], dtype=np.float64
    )


def _tags(keypoints: KeypointSet) -> tuple[KeypointTag, ...]:
    return tuple(KeypointTag.UNLABELLED if p is None else p.tag for p in keypoints.points)


def _listed(keypoints: KeypointSet) -> tuple[tuple[float, float, KeypointTag] | None, ...]:
    return tuple(None if p is None else (p.x, p.y, p.tag) for p in keypoints.points)
