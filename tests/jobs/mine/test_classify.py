"""Mining by the occlusion classifier: its labels, its order in the queue, and what people have said."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from core.records.occlusion import LabelOrigin, OcclusionTest, Verdict
from core.records.project import QueueFilter
from core.store import tables
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries import queue
from core.store.queries.instances import outcomes
from tests.jobs.doing import do_job

I = tables.instance.c  # noqa: E741


def test_labels_are_the_networks_and_a_persons_stays(project_path: Path) -> None:
    do_job(project_path, "mine", detector="motion", rule="ours", end_s=2.0)
    with Project.open(project_path) as project:
        with project.read() as connection:
            [first] = connection.execute(
                select(I.id, I.label).where(I.state == "live", I.thinned.is_(False)).limit(1)
            )
        said = Verdict.OCCLUDED if first.label == "unoccluded" else Verdict.UNOCCLUDED
        set_verdict(History(project, "Ann"), [first.id], said)
    do_job(project_path, "mine", detector="motion", rule="classifier", end_s=2.0)
    with Project.open(project_path) as project, project.read() as connection:
        rows = connection.execute(
            select(I.id, I.label, I.label_origin, I.machine_origin, I.margin).where(I.state == "live")
        ).all()
        assert rows
        assert {row.machine_origin for row in rows} == {LabelOrigin.CLASSIFIER.value}
        [kept] = [row for row in rows if row.id == first.id]
        assert (kept.label, kept.label_origin) == (said.value, LabelOrigin.HUMAN.value)
        assert all(-1 <= row.margin <= 1 for row in rows)
        for row in rows:
            found = {one.test: one for one in outcomes(connection, row.id)}
            assert set(found) == {OcclusionTest.CLASSIFIER, OcclusionTest.BORDER}
            if row.id != first.id:
                assert (row.label == "occluded") == any(one.occluded for one in found.values())
        ids = queue.page(connection, QueueFilter(), limit=1000)
        margins = {row.id: abs(row.margin) for row in rows}
        asked = [margins[i] for i in ids]
        assert asked == sorted(asked)
        by_network = queue.page(connection, QueueFilter(reason=OcclusionTest.CLASSIFIER.value), limit=1000)
    said_so = {row.id for row in rows if row.id in by_network}
    assert said_so == set(by_network)
