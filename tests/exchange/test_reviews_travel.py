"""What annotators said goes from one project into another in their names, rejections included."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.exchange.coco import export_coco, import_coco
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import OcclusionDecision, OcclusionLabel, Verdict
from core.store import tables
from core.store.edits.verdicts import RejectReason, set_verdict
from core.store.history import History
from core.store.writers.decisions import write_decisions

CARS = [FoundInstance(Box(1 + 15.0 * n, 5, 10, 10), Category.CAR, 0.5) for n in range(4)]


@pytest.fixture
def there(make_place: Callable[[str], Any]) -> Any:
    """Another project with the same footage; nothing was found in it."""
    return make_place("there")


@pytest.fixture
def out(place: Any, tmp_path: Path) -> Path:
    """A file in which Ann and Bob judged cars: both the first, Bob last; Ann rejected the second."""
    a, b, c, _ = place.detect(place.folder_frames[0], CARS)
    with place.project.bulk() as bulk:
        bulk.run(lambda x: write_decisions(x, [OcclusionDecision(a, OcclusionLabel.UNOCCLUDED, 0.5, ())]))
        bulk.run(lambda x: write_decisions(x, [OcclusionDecision(c, OcclusionLabel.UNOCCLUDED, 0.5, ())]))
    set_verdict(place.history, [a], Verdict.UNOCCLUDED)
    set_verdict(History(place.project, "Bob"), [a], Verdict.OCCLUDED)
    set_verdict(place.history, [b], Verdict.REJECTED, RejectReason.WRONG_DETECTION)
    path = tmp_path / "out.json"
    export_coco(place.project, path, include_rejected=True)
    return path


def said(place: Any) -> set[tuple[float, str, str, str | None, float]]:
    """(x of the box, annotator, verdict, reason, when) of every review."""
    i, a, r = tables.instance.c, tables.annotator.c, tables.review.c
    query = select(i.x, a.name, r.verdict, r.reason, r.decided_at).select_from(
        tables.review.join(tables.instance).join(tables.annotator, a.id == r.annotator_id)
    )
    with place.project.read() as connection:
        return {tuple(row) for row in connection.execute(query)}


def labels(place: Any) -> dict[float, tuple[str | None, ...]]:
    """x of the box -> verdict and whose, label, its origin, the machine's label and its origin."""
    i, a = tables.instance.c, tables.annotator.c
    query = select(
        i.x, i.verdict, a.name, i.label, i.label_origin, i.machine_label, i.machine_origin
    ).select_from(tables.instance.outerjoin(tables.annotator, a.id == i.verdict_annotator_id))
    with place.project.read() as connection:
        return {row[0]: tuple(row[1:]) for row in connection.execute(query)}


def test_into_a_project_where_nobody_said_anything(place: Any, there: Any, out: Path) -> None:
    summary = import_coco(there.project, out)
    assert (summary.added, summary.labelled, summary.left_out) == (4, 3, {})
    assert said(there) == said(place)
    assert labels(there) == {
        1: ("occluded", "Bob", "occluded", "human", "unoccluded", "import"),
        16: ("rejected", "Ann", None, "human", None, None),
        31: (None, None, "unoccluded", "import", "unoccluded", "import"),
        46: (None, None, None, None, None, None),
    }
    before = said(there), labels(there)
    import_coco(there.project, out)
    assert (said(there), labels(there)) == before


def test_a_word_given_here_stays_in_force(there: Any, out: Path) -> None:
    """Also where the one in the file was given later, and where the same annotator gave another."""
    a, b, *_ = there.detect(there.folder_frames[0], CARS)
    set_verdict(there.history, [a], Verdict.UNOCCLUDED)  # by Ann
    set_verdict(History(there.project, "Cleo"), [b], Verdict.UNOCCLUDED)
    with there.project.write() as connection:
        connection.execute(tables.review.update().values(decided_at=1.0))
    import_coco(there.project, out)
    assert labels(there)[1][:3] == ("unoccluded", "Ann", "unoccluded")
    assert labels(there)[16][:3] == ("unoccluded", "Cleo", "unoccluded")
    assert {row[:3] for row in said(there)} == {
        (1, "Ann", "unoccluded"),
        (1, "Bob", "occluded"),
        (16, "Cleo", "unoccluded"),
        (16, "Ann", "rejected"),
    }


def test_without_reviews_a_label_has_no_name(there: Any, out: Path) -> None:
    summary = import_coco(there.project, out, reviews=False)
    assert summary.left_out == {"rejected by a person": 1}
    assert said(there) == set()
    assert labels(there)[1] == (None, None, "occluded", "import", "occluded", "import")


def test_one_annotator_twice_in_a_file_counts_once(there: Any, out: Path) -> None:
    data = json.loads(out.read_text())
    for row in data["annotations"]:
        row["occlusion"]["reviews"] *= 2
    out.write_text(json.dumps(data))
    import_coco(there.project, out)
    assert len(said(there)) == 3


def test_what_a_person_brought_along_can_be_undone_by_a_person(there: Any, out: Path) -> None:
    """An imported review is like one given here: another annotator's word goes over it, and off again."""
    import_coco(there.project, out)
    with there.project.read() as connection:
        second = connection.scalar(select(tables.instance.c.id).where(tables.instance.c.x == 16))
    set_verdict(there.history, [second], Verdict.OCCLUDED)
    assert labels(there)[16][:2] == ("occluded", "Ann")
    there.history.undo()
    assert labels(there)[16][:2] == ("rejected", "Ann")
