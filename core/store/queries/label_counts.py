"""How many labels there are to train from: what people said, and what is described well enough."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from core.records.detections import Category
from core.records.occlusion import LabelOrigin
from core.store import tables

_instance, _points = tables.instance, tables.keypoint_set
_i, _k = _instance.c, _points.c


@dataclass(frozen=True, slots=True)
class LabelCounts:
    """What a project has to learn from, but for composites.

    Attributes:
        frames: that hold at least one object that a person judged.
        unoccluded, occluded: objects that a person called so.
        cars, people: objects with keypoints that a person placed or corrected.
        points: how many points those have together.
    """

    frames: int = 0
    unoccluded: int = 0
    occluded: int = 0
    cars: int = 0
    people: int = 0
    points: int = 0


def label_counts(connection: Connection) -> LabelCounts:
    """The labels of people that are in force; objects that are gone do not count."""
    # over thinned ones too, in words that let the queue's index answer
    judged = (_i.state == "live", _i.thinned.in_((False, True)), _i.verdict.is_not(None))
    found = connection.execute(select(_i.verdict, func.count()).where(*judged).group_by(_i.verdict))
    verdicts = {row.verdict: int(row[1]) for row in found}
    frames = connection.scalar(select(func.count(_i.frame_id.distinct())).where(*judged))
    placed = {
        category: (count, points)
        for category, count, points in connection.execute(
            select(_i.category, func.count(), func.sum(_k.placed))
            .select_from(_instance.join(_points, _k.id == _i.keypoint_set_id))
            .where(_i.state == "live", _i.keypoint_set_id.is_not(None), _k.origin == LabelOrigin.HUMAN.value)
            .group_by(_i.category)
        )
    }
    people = placed.get(Category.PERSON.value, (0, 0))
    vehicles = [found for category, found in placed.items() if category != Category.PERSON.value]
    return LabelCounts(
        frames=int(frames or 0),
        unoccluded=verdicts.get("unoccluded", 0),
        occluded=verdicts.get("occluded", 0),
        cars=sum(count for count, _ in vehicles),
        people=people[0],
        points=sum(int(points) for _, points in (*vehicles, people)),
    )
