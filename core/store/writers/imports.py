"""Writes what another tool says of a frame. It goes before a machine's word and after a person's here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, literal, select, update

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import LabelOrigin, OcclusionLabel, Verdict
from core.store import tables
from core.store.annotators import annotator_id
from core.store.derived import label_in_force, origin_in_force
from core.store.writers.detections import add_instances, present_rows, renew_instance
from core.store.writers.matching import MATCH_IOU, intersection_over_union, match_boxes, same_kind

_instance, _review = tables.instance, tables.review


@dataclass(frozen=True, slots=True)
class ImportedReview:
    """What an annotator said, as another project or a copy of this one exported it."""

    annotator: str
    verdict: Verdict
    reason: str | None
    decided_at: float


@dataclass(frozen=True, slots=True)
class ImportedInstance:
    """One object of an imported file.

    Attributes:
        found: box, category, score and mask.
        label: the occlusion label in the file, or None.
        known_id: the instance's id, where this same project wrote the file; else None.
        reviews: what annotators said of it.
        same_project: whether this same project, or a copy of it, wrote the file: then the last word of all
            annotators is in force, else a person's word here stays in force.
    """

    found: FoundInstance
    label: OcclusionLabel | None = None
    known_id: int | None = None
    reviews: tuple[ImportedReview, ...] = ()
    same_project: bool = False


@dataclass(frozen=True, slots=True)
class ImportedFrame:
    """What became of a frame's objects: the id of each, how many are new, how many got a label."""

    ids: tuple[int, ...]
    added: int
    labelled: int


def write_imported(
    connection: Connection, frame_id: int, items: Sequence[ImportedInstance], *, job_id: int | None = None
) -> ImportedFrame:
    """Write a frame's imported objects; written twice, it changes nothing more.

    An object that is there already (by id where this project wrote the file, else by box) keeps its id.
    What a machine found gives way to the file; what a person touched stays. Objects that are not in the
    file are left alone.

    Args:
        connection: of a write transaction.
        frame_id: which frame.
        items: every object of the frame in the file.
        job_id: of the job that imports.
    """
    old = present_rows(connection, [frame_id]).get(frame_id, [])
    matched = _match(old, items)
    fresh = [(frame_id, one.found) for index, one in enumerate(items) if index not in matched]
    new_ids = iter(add_instances(connection, fresh, "import", LabelOrigin.IMPORT, job_id))
    ids = []
    for index, one in enumerate(items):
        if index not in matched:
            ids.append(next(new_ids))
            continue
        row = old[matched[index]]
        replace = not row.touched and row.origin != LabelOrigin.HUMAN
        renew_instance(connection, row, one.found, "import", LabelOrigin.IMPORT, job_id, replace=replace)
        ids.append(int(row.id))
    labelled = sum(_label(connection, instance_id, one) for instance_id, one in zip(ids, items, strict=True))
    return ImportedFrame(tuple(ids), len(fresh), labelled)


def _match(old: Sequence[Any], items: Sequence[ImportedInstance]) -> dict[int, int]:
    boxes = [(Box(row.x, row.y, row.w, row.h), Category(row.category)) for row in old]
    by_id = {int(row.id): place for place, row in enumerate(old)}
    matched: dict[int, int] = {}
    for index, one in enumerate(items):
        place = by_id.get(one.known_id) if one.known_id is not None else None
        if place is None or place in matched.values():
            continue
        box, category = boxes[place]
        if same_kind(category, one.found.category) and (
            intersection_over_union(box, one.found.box) >= MATCH_IOU
        ):
            matched[index] = place
    left_old = [place for place in range(len(old)) if place not in matched.values()]
    left_new = [index for index in range(len(items)) if index not in matched]
    pairs = match_boxes(
        [boxes[place] for place in left_old],
        [(items[index].found.box, items[index].found.category) for index in left_new],
    )
    return matched | {left_new[new]: left_old[before] for new, before in pairs.items()}


def _label(connection: Connection, instance_id: int, one: ImportedInstance) -> bool:
    reviewed = _add_reviews(connection, instance_id, one) if one.reviews else False
    if one.label is None or one.known_id == instance_id:
        return reviewed
    connection.execute(
        update(_instance)
        .where(_instance.c.id == instance_id)
        .values(
            machine_label=one.label.value,
            machine_origin=LabelOrigin.IMPORT.value,
            label=label_in_force(literal(one.label.value)),
            label_origin=origin_in_force(literal(LabelOrigin.IMPORT.value)),
        )
    )
    return True


def _add_reviews(connection: Connection, instance_id: int, one: ImportedInstance) -> bool:
    """Add what annotators said elsewhere, where they said nothing here."""
    r = _review.c
    here = set(connection.scalars(select(r.annotator_id).where(r.instance_id == instance_id)))
    anyone = bool(here)
    added = False
    for review in one.reviews:
        who = annotator_id(connection, review.annotator)
        if who not in here:
            connection.execute(
                insert(_review).values(
                    instance_id=instance_id,
                    annotator_id=who,
                    verdict=review.verdict.value,
                    reason=review.reason,
                    decided_at=review.decided_at,
                )
            )
            here.add(who)
            here.add(who)
            added = True
    if added and (one.same_project or not anyone):
        _put_last_in_force(connection, instance_id)
    return added


def _put_last_in_force(connection: Connection, instance_id: int) -> None:
    r = _review.c
    last = connection.execute(
        select(r.verdict, r.annotator_id, r.decided_at)
        .where(r.instance_id == instance_id)
        .order_by(r.decided_at.desc(), r.id.desc())
        .limit(1)
    ).one()
    label = None if last.verdict == Verdict.REJECTED else last.verdict
    connection.execute(
        update(_instance)
        .where(_instance.c.id == instance_id)
        .values(
            verdict=last.verdict,
            verdict_annotator_id=last.annotator_id,
            verdict_at=last.decided_at,
            label=label,
            label_origin=LabelOrigin.HUMAN.value,
        )
    )
