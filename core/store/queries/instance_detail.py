"""What the store knows of one instance beyond its row: both labels, its mask, all verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.records.masks import Rle
from core.records.occlusion import LabelOrigin, OcclusionLabel, OcclusionTest, Verdict
from core.records.runs import ModelUsed, Purpose
from core.store import tables
from core.store.queries.runs import model_of_job

_instance, _mask, _review, _annotator = tables.instance, tables.mask, tables.review, tables.annotator
_test, _whole = tables.occlusion_test, tables.whole_mask
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """What one annotator said of an instance, with the reason of a rejection."""

    annotator: str
    verdict: Verdict
    reason: str | None
    decided_at: float


@dataclass(frozen=True, slots=True)
class InstanceDetail:
    """One instance's provenance.

    Attributes:
        detector: what found it.
        live: False where mining no longer finds it.
        machine_label, machine_origin: what the machine says, whatever a person said.
        mask_version, mask_area, mask_origin: of the mask in force; None where it has only a box.
            The area is in square pixels.
        verdicts: of every annotator, the newest first.
        find_margin: 0 to 1, how far its score is above the least that its detector keeps; None where the
            score says nothing of how sure the find is.
        found_by, judged_by: the model that found it, and the one that the test of the classifier's went by;
            None where no model of the project or of the program did.
        whole: the mask of its whole extent as that model says, or None.
    """

    detector: str
    live: bool
    machine_label: OcclusionLabel | None
    machine_origin: LabelOrigin | None
    mask_version: int | None
    mask_area: int | None
    mask_origin: str | None
    verdicts: tuple[VerdictRow, ...]
    find_margin: float | None = None
    found_by: ModelUsed | None = None
    judged_by: ModelUsed | None = None
    whole: Rle | None = None


def instance_detail(connection: Connection, instance_id: int) -> InstanceDetail | None:
    """The provenance of an instance, or None where there is no such instance."""
    i, m, w = _instance.c, _mask.c, _whole.c
    row = connection.execute(
        select(
            i.detector,
            i.state,
            i.machine_label,
            i.machine_origin,
            i.find_margin,
            i.job_id,
            w.height,
            w.width,
            w.counts,
            m.version,
            m.area,
            m.origin.label("mask_origin"),
        )
        .select_from(_instance.outerjoin(_mask, m.id == i.mask_id).outerjoin(_whole, w.instance_id == i.id))
        .where(i.id == instance_id)
    ).first()
    if row is None:
        return None
    t = _test.c
    judging = connection.scalar(
        select(t.job_id).where(t.instance_id == instance_id, t.test == OcclusionTest.CLASSIFIER.value)
    )
    r = _review.c
    said = connection.execute(
        select(_annotator.c.name, r.verdict, r.reason, r.decided_at)
        .join(_annotator, _annotator.c.id == r.annotator_id)
        .where(r.instance_id == instance_id)
        .order_by(r.decided_at.desc(), r.id.desc())
    )
    return InstanceDetail(
        detector=row.detector,
        live=row.state == "live",
        machine_label=OcclusionLabel(row.machine_label) if row.machine_label else None,
        machine_origin=LabelOrigin(row.machine_origin) if row.machine_origin else None,
        mask_version=row.version,
        mask_area=row.area,
        mask_origin=row.mask_origin,
        verdicts=tuple(VerdictRow(name, Verdict(verdict), reason, at) for name, verdict, reason, at in said),
        find_margin=row.find_margin,
        found_by=model_of_job(connection, row.job_id, Purpose.DETECTOR),
        judged_by=model_of_job(connection, judging, Purpose.CLASSIFIER),
        whole=None if row.counts is None else Rle(row.height, row.width, row.counts),
    )


def decisive_tests(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[OcclusionTest, str]]:
    """id -> the test that calls it occluded most clearly, with its detail; passed instances are left out."""
    found: dict[int, tuple[OcclusionTest, str]] = {}
    t = _test.c
    for start in range(0, len(ids), _CHUNK):
        query = (
            select(t.instance_id, t.test, t.detail)
            .where(t.instance_id.in_(ids[start : start + _CHUNK]), t.occluded)
            .order_by(t.instance_id, t.margin, t.test)
        )
        for instance_id, test, detail in connection.execute(query):
            found.setdefault(int(instance_id), (OcclusionTest(test), str(detail)))
    return found
