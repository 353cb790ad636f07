"""Writes what the occlusion tests found, and which views are thinned. A person's label stays in force."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Boolean, Connection, Float, Text, bindparam, case, delete, insert, update

from core.records.occlusion import LabelOrigin, OcclusionDecision
from core.store import tables
from core.store.derived import label_in_force, origin_in_force, uncertainty_of
from core.store.prepared import Prepared
from core.store.queries.queue import REASON_BITS

_instance, _test = tables.instance, tables.occlusion_test
_CHUNK = 500


def write_decisions(
    connection: Connection,
    decisions: Sequence[OcclusionDecision],
    *,
    origin: LabelOrigin = LabelOrigin.HEURISTIC,
    job_id: int | None = None,
) -> None:
    """Make decisions the machine's labels of their instances, with the outcome of every test.

    A label that was imported stays (the tests and the margin are written all the same), and the label in
    force is a person's where there is one. Written twice, it changes nothing more.

    Args:
        connection: of a write transaction; use `BulkWriter.each` for many.
        decisions: one for each instance.
        origin: what decided.
        job_id: of the job that decides.
    """
    _FORGET_TESTS.many(connection, [{"instance": decision.instance_id} for decision in decisions])
    _ADD_TEST.many(
        connection,
        [
            {
                "instance_id": decision.instance_id,
                "test": outcome.test.value,
                "value": outcome.value,
                "threshold": outcome.threshold,
                "occluded": outcome.occluded,
                "margin": outcome.margin,
                "by_instance_id": outcome.by,
                "detail": outcome.detail,
                "job_id": job_id,
            }
            for decision in decisions
            for outcome in decision.outcomes
        ],
    )
    _DECIDE.many(connection, [_parameters(decision, origin) for decision in decisions])


def write_thinning(connection: Connection, flags: Sequence[tuple[int, bool, bool]]) -> None:
    """Set (instance id, stationary, thinned) of instances; use `BulkWriter.each` for many."""
    _THIN.many(
        connection,
        [
            {"instance": instance_id, "is_stationary": stationary, "is_thinned": thinned}
            for instance_id, stationary, thinned in flags
        ],
    )


def mark_stationary_tracks(connection: Connection, track_ids: Iterable[int], stationary: bool = True) -> None:
    """Say of tracks whether they stand still."""
    ids = list(track_ids)
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        connection.execute(
            update(tables.track).where(tables.track.c.id.in_(chunk)).values(stationary=stationary)
        )


def _decision_update() -> Any:
    i = _instance.c
    imported = i.machine_origin == LabelOrigin.IMPORT.value
    label = case((imported, i.machine_label), else_=bindparam("new_label", type_=Text))
    origin = case((imported, i.machine_origin), else_=bindparam("new_origin", type_=Text))
    margin = bindparam("new_margin", type_=Float)
    return (
        update(_instance)
        .where(i.id == bindparam("instance"))
        .values(
            machine_label=label,
            machine_origin=origin,
            margin=margin,
            reasons=bindparam("new_reasons"),
            uncertainty=uncertainty_of(margin),
            label=label_in_force(label),
            label_origin=origin_in_force(origin),
        )
    )


def _parameters(decision: OcclusionDecision, origin: LabelOrigin) -> dict[str, Any]:
    reasons = 0
    for outcome in decision.outcomes:
        if outcome.occluded:
            reasons |= REASON_BITS[outcome.test]
    return {
        "instance": decision.instance_id,
        "new_label": decision.label.value,
        "new_origin": origin.value,
        "new_margin": decision.margin,
        "new_reasons": reasons,
    }


def _thinning_update() -> Any:
    i = _instance.c
    stationary, thinned = bindparam("is_stationary", type_=Boolean), bindparam("is_thinned", type_=Boolean)
    return (
        update(_instance)
        .where(i.id == bindparam("instance"))
        .where((i.stationary != stationary) | (i.thinned != thinned))
        .values(stationary=stationary, thinned=thinned)
    )


_FORGET_TESTS = Prepared(delete(_test).where(_test.c.instance_id == bindparam("instance")))
_ADD_TEST = Prepared(
    insert(_test),
    [
        *("instance_id", "test", "value", "threshold", "occluded", "margin"),
        *("by_instance_id", "detail", "job_id"),
    ],
)
_DECIDE = Prepared(_decision_update())
_THIN = Prepared(_thinning_update())
