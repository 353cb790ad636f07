"""How many labels there are to train from: what people said that is in force."""

from __future__ import annotations

from typing import Any

from core.records.detections import Category
from core.records.occlusion import LabelOrigin, Verdict
from core.store.edits.keypoints import save_keypoints
from core.store.edits.verdicts import set_verdict
from core.store.queries.label_counts import LabelCounts, label_counts
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from tests.store.doing import decide, decision, found
from tests.store.doing_cars import points


def counts(site: Any) -> LabelCounts:
    with site.project.read() as connection:
        return label_counts(connection)


def test_only_what_people_judged_counts(site: Any) -> None:
    one, two, three, four = site.cars(4)
    other = site.one_car(frame=3)
    decide(site, decision(one, 0.5), decision(two, -0.5), decision(three, 0.5))
    assert counts(site) == LabelCounts()
    set_verdict(site.history, [one, other], Verdict.UNOCCLUDED)
    set_verdict(site.history, [two], Verdict.OCCLUDED)
    set_verdict(site.history, [four], Verdict.REJECTED)
    assert counts(site) == LabelCounts(frames=2, unoccluded=2, occluded=1)
    site.history.undo()
    site.history.undo()
    assert counts(site) == LabelCounts(frames=2, unoccluded=2)


def test_a_machines_points_are_no_labels_until_a_person_touches_them(site: Any) -> None:
    car, other = site.cars(2)
    [person] = site.detect(site.frame_ids[5], [found(category=Category.PERSON)])
    with site.project.bulk() as bulk:
        bulk.run(
            lambda c: write_keypoints(
                c, [FoundKeypoints(other, points((1.0, 2.0)))], origin=LabelOrigin.NETWORK
            )
        )
    assert counts(site) == LabelCounts()
    save_keypoints(site.history, car, points((1.0, 2.0), (3.0, 4.0), (5.0, 6.0)), "Place")
    save_keypoints(site.history, other, points((1.0, 2.0), (3.0, 4.0)), "Correct")
    assert counts(site) == LabelCounts(cars=2, points=5)
    assert person  # people without points are none
