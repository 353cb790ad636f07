"""Objects are judged again: by the classifier in use or by the tests, and never against a person."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import CheckpointError, JobError
from core.jobs.mine import classify
from core.jobs.registry import create
from core.jobs.rivals import rivals
from core.records.occlusion import LabelOrigin, OcclusionLabel, OcclusionTest, Verdict
from core.records.project import QueueFilter
from core.records.runs import Purpose
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.job_rows import get_job
from core.store.project import Project
from core.store.queries import instances, queue
from core.store.queries.instance_detail import instance_detail
from tests.jobs.doing import do_job
from tests.jobs.parking import Parking
from tests.jobs.rendered_cars import add_rendered

CARS = 6


@pytest.fixture
def parking(tmp_path: Path) -> Parking:
    torch.set_num_threads(1)
    return Parking(tmp_path / "cars.amodal", frames=2)


def test_the_classifier_in_use_judges_all_but_what_people_said(
    parking: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    cars = [car.instance_id for car in add_rendered(parking, CARS)]
    beliefs = dict(zip(cars, (0.95, 0.6, 0.45, 0.05, 0.99, 0.52), strict=True))

    def believed(network: object, settings: object, samples: list[object], device: object) -> object:
        return np.array([beliefs[i] for i in cars][: len(samples)])

    monkeypatch.setattr(classify, "believed", believed)
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        set_verdict(history, [cars[4]], Verdict.OCCLUDED)
        edits = len(history.page())
    job_id = do_job(parking.path, "judge", **{"classifier.least_belief": 0.5})
    with Project.open(parking.path) as project:
        assert len(History(project, "Ann").page()) == edits
        with project.read() as connection:
            rows = {row.id: row for row in instances.by_ids(connection, cars)}
            # what nobody has looked at, the least certain first
            assert queue.page(connection, QueueFilter(verdict="none")) == [cars[i] for i in (5, 2, 1, 0, 3)]
            details = {i: instance_detail(connection, i) for i in cars}
            [tested] = [
                one for one in instances.outcomes(connection, cars[1]) if one.test is OcclusionTest.CLASSIFIER
            ]
            job = get_job(connection, job_id)
    labels = [rows[i].label for i in cars]
    whole, covered = OcclusionLabel.UNOCCLUDED, OcclusionLabel.OCCLUDED
    assert labels == [whole, whole, covered, covered, covered, whole]
    assert rows[cars[4]].label_origin is LabelOrigin.HUMAN
    assert (1 - tested.value, tested.threshold) == pytest.approx((0.6, 0.5))
    for detail in details.values():
        assert detail is not None
        assert detail.machine_origin is LabelOrigin.CLASSIFIER
        assert detail.judged_by is not None
        assert (detail.judged_by.purpose, detail.judged_by.run_id) == (Purpose.CLASSIFIER, None)
        assert detail.judged_by.weights.startswith("classifier-")
        assert detail.found_by is None
    assert job is not None
    assert job.result == {
        "unoccluded": 4,
        "occluded": 2,
        "judged by people": 1,
        "of these otherwise": 1,
    }
    # by the tests again: they say what they said before, and the person still does
    do_job(parking.path, "judge", rule="ours")
    with Project.open(parking.path) as project, project.read() as connection:
        again = {row.id: row for row in instances.by_ids(connection, cars)}
        detail = instance_detail(connection, cars[3])
    assert [again[i].label for i in cars] == [whole] * 4 + [covered, whole]
    assert detail is not None
    assert (detail.machine_origin, detail.judged_by) == (LabelOrigin.HEURISTIC, None)


def test_where_nothing_was_found_it_says_what_to_do(parking: Parking) -> None:
    with pytest.raises(JobError, match="Nothing was found in this footage yet"):
        do_job(parking.path, "judge")


def test_a_classifier_that_cannot_be_read_changes_nothing(
    parking: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    [car] = [car.instance_id for car in add_rendered(parking, 1)]

    def broken(*_: object) -> object:
        raise CheckpointError("It is damaged.", "Train again.")

    monkeypatch.setattr(classify, "classifier_of", broken)
    with pytest.raises(CheckpointError, match="damaged"):
        do_job(parking.path, "judge")
    with Project.open(parking.path) as project, project.read() as connection:
        [row] = instances.by_ids(connection, [car])
    assert row.label is None


def test_it_does_not_run_beside_one_that_mines_the_same(parking: Parking) -> None:
    with Project.open(parking.path) as project:
        ids = [create(project, kind, {}) for kind in ("mine", "judge", "judge", "keypoints")]
        with project.read() as connection:
            mine, judge, other, points = (get_job(connection, one) for one in ids)
            assert mine is not None
            assert judge is not None
            assert other is not None
            assert points is not None
            assert rivals(connection, mine, judge)
            assert rivals(connection, judge, other)
            assert not rivals(connection, judge, points)
