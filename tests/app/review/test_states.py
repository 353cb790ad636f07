"""The Review workspace's plain data."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.states.review_filter import FilterState, is_narrowed
from app.states.review_marks import LabelMark, MarkShape, label_mark
from app.states.review_queue import QueueIds, row_runs
from app.states.review_timeline import time_text
from core.records.occlusion import LabelOrigin, OcclusionLabel, Verdict
from core.records.project import QueueFilter

keys = st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 2.0]), st.integers(1, 60))


@given(st.sets(keys, min_size=1), st.lists(st.tuples(st.booleans(), keys), max_size=40), st.integers(1, 7))
def test_the_queues_ids_stay_in_order_whatever_comes_and_goes(
    first: set[tuple[float, int]], changes: list[tuple[bool, tuple[float, int]]], page: int
) -> None:
    model = {instance_id: uncertainty for uncertainty, instance_id in sorted(first)}
    ids = QueueIds()
    start = sorted((uncertainty, instance_id) for instance_id, uncertainty in model.items())
    for at in range(0, len(start), page):
        ids.extend(start[at : at + page])
    for add, (uncertainty, instance_id) in changes:
        row = ids.row_of(instance_id)
        if add and instance_id not in model:
            ids.insert(ids.place_for(uncertainty, instance_id), uncertainty, instance_id)
            model[instance_id] = uncertainty
        elif not add and row is not None:
            ids.remove(row, row)
            del model[instance_id]
    expected = sorted((uncertainty, instance_id) for instance_id, uncertainty in model.items())
    assert [ids.id_at(row) for row in range(len(ids))] == [instance_id for _, instance_id in expected]
    assert ids.last_key() == (expected[-1] if expected else None)
    wanted = [instance_id for _, instance_id in expected[::2]]
    assert ids.rows_of([*wanted, 10_000]) == list(range(0, len(expected), 2))
    assert ids.rows_of([10_000]) == []


@given(st.sets(st.integers(0, 50)))
def test_runs_of_rows_cover_them_once_from_the_end(rows: set[int]) -> None:
    runs = row_runs(rows)
    assert [row for first, last in reversed(runs) for row in range(first, last + 1)] == sorted(rows)
    assert all(later > last + 1 for (later, _), (_, last) in pairwise(runs))


@pytest.mark.parametrize(
    ("label", "verdict", "origin", "mark"),
    [
        (OcclusionLabel.OCCLUDED, None, LabelOrigin.HEURISTIC, LabelMark(MarkShape.OCCLUDED, False)),
        (OcclusionLabel.OCCLUDED, Verdict.OCCLUDED, LabelOrigin.HUMAN, LabelMark(MarkShape.OCCLUDED, True)),
        (None, Verdict.REJECTED, LabelOrigin.HUMAN, LabelMark(MarkShape.REJECTED, True)),
        (None, None, None, LabelMark(MarkShape.UNKNOWN, False)),
        (OcclusionLabel.UNOCCLUDED, Verdict.OCCLUDED, None, LabelMark(MarkShape.OCCLUDED, True)),
    ],
)
def test_a_persons_word_wins_over_the_machines(
    label: OcclusionLabel | None, verdict: Verdict | None, origin: LabelOrigin | None, mark: LabelMark
) -> None:
    assert label_mark(label, verdict, origin) == mark


@pytest.mark.parametrize(
    ("time_s", "text"),
    [(0.0, "0:00.00"), (12.4, "0:12.40"), (59.999, "1:00.00"), (3723.05, "1:02:03.05")],
)
def test_times_are_written_as_a_clock(time_s: float, text: str) -> None:
    assert time_text(time_s) == text


def test_a_count_says_whether_it_is_the_whole() -> None:
    assert FilterState(shown=12_403).count_text == "12,403, counting…"
    assert FilterState(shown=200, total=12_403).count_text == "12,403 instances"
    assert FilterState(shown=1, total=1).count_text == "1 instance"


def test_only_what_goes_beyond_the_queue_itself_narrows_it() -> None:
    assert not is_narrowed(QueueFilter(verdict="none"))
    assert is_narrowed(QueueFilter(verdict="none", min_score=0.5))
    assert is_narrowed(QueueFilter())


def test_a_million_ids_take_sixteen_megabytes_and_are_found_at_once() -> None:
    ids = QueueIds()
    order = np.random.default_rng(7).permutation(1_000_000) + 1
    for at in range(0, len(order), 50_000):
        ids.extend([((at + n) / 1e6, int(i)) for n, i in enumerate(order[at : at + 50_000])])
    assert len(ids) == 1_000_000
    assert ids.row_of(int(order[654_321])) == 654_321
    assert ids.rows_of([int(i) for i in order[::200_000]]) == list(range(0, 1_000_000, 200_000))
