"""The review queue: every filter and page against a plain sort in Python, and what SQLite reads for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.occlusion import (
    LabelOrigin,
    OcclusionDecision,
    OcclusionLabel,
    OcclusionTest,
    TestOutcome,
    Verdict,
)
from core.records.project import QueueFilter
from core.store import tables
from core.store.edits.cameras import add_camera, set_utc_offset
from core.store.edits.sources import hide_source
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries import queue
from core.store.queries.frames import frames_of
from core.store.writers.decisions import write_decisions, write_thinning
from core.store.writers.detections import write_detections
from core.store.writers.sources import add_source
from core.store.writers.tracks import write_track

HOUR_S = 3600.0


@dataclass
class Known:
    """What the test knows of an instance without asking the store."""

    id: int
    camera: int
    source: int
    track: int | None
    category: Category
    score: float
    size: float
    label: OcclusionLabel | None
    margin: float | None
    reasons: set[str]
    verdict: Verdict | None
    thinned: bool
    hour: int | None


class Crowd:
    """Two cameras, three sources, 300 instances of every kind, many of the same uncertainty."""

    def __init__(self, project: Project, make_table: Any) -> None:
        rng = random.Random(7)
        self.project = project
        self.history = History(project, "Ann")
        self.cameras = [add_camera(self.history, name).rows["camera"][0] for name in ("A", "B")]
        set_utc_offset(self.history, self.cameras[1], 2 * HOUR_S)
        self.known: list[Known] = []
        layout = [
            (self.cameras[0], "a.mp4", 6.0),
            (self.cameras[0], "b.mp4", None),
            (self.cameras[1], "c.mp4", 23.0),
        ]
        self.sources = []
        with project.bulk() as bulk:
            for camera, name, utc_hour in layout:
                start = None if utc_hour is None else 1_700_006_400.0 + utc_hour * HOUR_S  # midnight UTC
                table = make_table(project.path.parent, 40, name=name, start=start)
                source = add_source(project, bulk, camera, table, [range(40)])
                self.sources.append(source)
                with project.read() as connection:
                    frames = frames_of(connection, source)
                offset = 2 if camera == self.cameras[1] else 0
                hour = None if utc_hour is None else int(utc_hour + offset) % 24
                for frame in frames[:20]:
                    bulk.run(
                        lambda c, f=frame, s=source, k=camera, h=hour: self._frame(c, f.id, k, s, h, rng)
                    )
                ids = [k.id for k in self.known if k.source == source][:7]
                track = bulk.run(
                    lambda c, s=source, i=ids, q=frames[0].sequence_id: write_track(c, s, q, i, taken=set())
                )
                for one in self.known:
                    if one.id in ids:
                        one.track = track
        for verdict in (*Verdict, None):
            chosen = rng.sample(self.known, 30)
            set_verdict(self.history, [k.id for k in chosen], verdict)
            for one in chosen:
                one.verdict = verdict
                if verdict is not None:
                    one.label = None if verdict is Verdict.REJECTED else OcclusionLabel(verdict.value)
        for one in self.known:
            if one.verdict is None and one.margin is not None:
                one.label = OcclusionLabel.OCCLUDED if one.margin < 0 else OcclusionLabel.UNOCCLUDED
            elif one.verdict is None:
                one.label = None

    def _frame(
        self, connection: Any, frame: int, camera: int, source: int, hour: int | None, rng: Any
    ) -> None:
        made = [
            FoundInstance(
                Box(60.0 * n, 5, rng.randint(5, 50), rng.randint(5, 80)),
                rng.choice(list(Category)[:3]),
                rng.randint(0, 10) / 10,
            )
            for n in range(5)
        ]
        ids = write_detections(connection, frame, made, detector="d", origin=LabelOrigin.NETWORK)
        for instance_id, one in zip(ids, made, strict=True):
            margin = rng.choice([None, *(step / 4 for step in range(-4, 5))])
            reasons = {t for t in OcclusionTest if margin is not None and margin < 0 and rng.random() < 0.4}
            if margin is not None:
                label = OcclusionLabel.OCCLUDED if margin < 0 else OcclusionLabel.UNOCCLUDED
                outcomes = tuple(
                    TestOutcome(t, 0, 0, t in reasons, -0.1 if t in reasons else 0.1, None, "")
                    for t in OcclusionTest
                )
                write_decisions(connection, [OcclusionDecision(instance_id, label, margin, outcomes)])
            thinned = rng.random() < 0.25
            write_thinning(connection, [(instance_id, thinned, thinned)])
            self.known.append(
                Known(
                    instance_id,
                    camera,
                    source,
                    None,
                    one.category,
                    one.score,
                    max(one.box.w, one.box.h),
                    None,
                    margin,
                    {t.value for t in reasons},
                    None,
                    thinned,
                    hour,
                )
            )

    def expected(self, f: QueueFilter) -> list[tuple[float, int]]:
        """The queue by a plain scan and sort."""
        found = [
            k
            for k in self.known
            if (f.camera_id is None or k.camera == f.camera_id)
            and (f.source_id is None or k.source == f.source_id)
            and (f.track_id is None or k.track == f.track_id)
            and (not f.categories or k.category in f.categories)
            and (f.label is None or k.label == f.label)
            and (f.verdict is None or (f.verdict == "none") == (k.verdict is None))
            and (f.verdict in (None, "none", "any") or k.verdict == f.verdict)
            and (f.reason is None or f.reason in k.reasons)
            and (f.min_size_px is None or k.size >= f.min_size_px)
            and (f.min_score is None or k.score >= f.min_score)
            and (f.hour is None or k.hour == f.hour)
            and (f.include_thinned or not k.thinned)
        ]
        return sorted((2.0 if k.margin is None else abs(k.margin), k.id) for k in found)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory, make_table: Any) -> Iterator[Crowd]:
    path = tmp_path_factory.mktemp("crowd") / "crowd.amodal"
    with Project.create(path) as project:
        yield Crowd(project, make_table)


def filters(crowd: Crowd) -> st.SearchStrategy[QueueFilter]:
    tracks = sorted({k.track for k in crowd.known if k.track is not None})
    return st.builds(
        QueueFilter,
        camera_id=st.sampled_from([None, None, *crowd.cameras, 99]),
        source_id=st.sampled_from([None, None, None, *crowd.sources]),
        track_id=st.sampled_from([None, None, None, None, *tracks]),
        categories=st.sampled_from([(), (), (Category.CAR,), (Category.PERSON, Category.TRUCK)]),
        label=st.sampled_from([None, None, *OcclusionLabel]),
        verdict=st.sampled_from([None, None, "none", "any", *(v.value for v in Verdict)]),
        reason=st.sampled_from([None, None, None, *(t.value for t in OcclusionTest)]),
        min_size_px=st.sampled_from([None, None, 30.0]),
        min_score=st.sampled_from([None, None, 0.5]),
        hour=st.sampled_from([None, None, None, 1, 6]),
        include_thinned=st.booleans(),
    )


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_pages_forward_and_back_are_the_sorted_queue(crowd: Crowd, data: st.DataObject) -> None:
    wanted = data.draw(filters(crowd))
    limit = data.draw(st.integers(1, 60))
    expected = crowd.expected(wanted)
    with crowd.project.read() as connection:
        forward: list[tuple[float, int]] = []
        after = None
        while page := queue.page_keys(connection, wanted, after, limit):
            assert len(page) <= limit
            forward += page
            after = page[-1]
        assert forward == expected
        back: list[tuple[float, int]] = []
        before = None
        while page := queue.page_before(connection, wanted, before, limit):
            back = [*page, *back]
            before = page[0]
        assert back == expected
        assert queue.count(connection, wanted) == len(expected)
        assert queue.count(connection, wanted, cap=limit) == min(limit, len(expected))
        assert list(queue.all_ids(connection, wanted)) == [i for _, i in expected]
        some = [k.id for k in crowd.known][:: max(1, len(crowd.known) // 40)]
        assert queue.matches(connection, wanted, some) == {i for _, i in expected} & set(some)
        if expected:
            n = data.draw(st.integers(0, len(expected) - 1))
            assert queue.position(connection, wanted, expected[n]) == n
            assert queue.key_of(connection, expected[n][1]) == expected[n]


def test_the_made_up_crowd_is_not_trivial(crowd: Crowd) -> None:
    expected = crowd.expected(QueueFilter(include_thinned=True))
    assert len(expected) == 300
    assert len({u for u, _ in expected}) == 6  # ties everywhere
    for wanted in (
        QueueFilter(hour=1),
        QueueFilter(hour=6),
        QueueFilter(reason="static"),
        QueueFilter(verdict="rejected"),
    ):
        assert 0 < len(crowd.expected(wanted)) < 200


def test_what_is_gone_or_hidden_is_not_in_the_queue(site: Any) -> None:
    a, b = site.cars(2)
    with site.project.read() as connection:
        assert queue.page(connection, QueueFilter()) == [a, b]
    with site.project.write() as connection:
        connection.execute(update(tables.instance).where(tables.instance.c.id == a).values(state="gone"))
        assert queue.page(connection, QueueFilter()) == [b]
    hide_source(site.history, site.source_id)
    for wanted in (
        QueueFilter(),
        QueueFilter(camera_id=site.camera_id),
        QueueFilter(source_id=site.source_id),
    ):
        with site.project.read() as connection:
            assert queue.page(connection, wanted) == []
            assert queue.count(connection, wanted) == 0


def test_an_edit_moves_nothing_in_the_queue(site: Any) -> None:
    ids = site.cars(5)
    with site.project.read() as connection:
        before = queue.page_keys(connection, QueueFilter())
    set_verdict(site.history, ids[:2], Verdict.REJECTED)
    with site.project.read() as connection:
        assert queue.page_keys(connection, QueueFilter()) == before
        assert queue.page(connection, QueueFilter(verdict="none")) == ids[2:]


COMMON = [
    QueueFilter(),
    QueueFilter(include_thinned=True),
    QueueFilter(verdict="none"),
    QueueFilter(verdict="any"),
    QueueFilter(verdict="rejected"),
    QueueFilter(camera_id=1),
    QueueFilter(camera_id=1, verdict="none"),
    QueueFilter(source_id=1),
    QueueFilter(source_id=1, verdict="none", label=OcclusionLabel.OCCLUDED),
    QueueFilter(label=OcclusionLabel.UNOCCLUDED),
    QueueFilter(categories=(Category.CAR, Category.PERSON), verdict="none"),
    QueueFilter(reason="static", min_size_px=20, min_score=0.4, hour=9),
    QueueFilter(camera_id=1, source_id=1, hour=9, reason="overlap"),
]


@pytest.mark.parametrize("wanted", COMMON)
@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("after", [None, (0.25, 10)])
def test_a_page_is_read_from_an_index_alone_and_never_sorted(
    crowd: Crowd, wanted: QueueFilter, forward: bool, after: tuple[float, int] | None
) -> None:
    with crowd.project.read() as connection:
        sql, parameters = queue._page_query(connection, wanted, after, 100, forward=forward)
        plan = [row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"), parameters)]
    reads = [line for line in plan if line.startswith(("SEARCH", "SCAN"))]
    assert reads
    assert all("SEARCH instance USING COVERING INDEX" in line for line in reads)
    assert not any("TEMP B-TREE" in line for line in plan)
    if after is not None:  # each read starts at the page, also among rows of the same uncertainty
        sign = ">" if forward else "<"
        assert all(f"uncertainty=? AND id{sign}?" in line or f"uncertainty{sign}?" in line for line in reads)


def test_a_page_costs_the_same_wherever_it_is(site: Any) -> None:
    """Counted in SQLite's own steps: the last page of many equal rows is as cheap as the first."""
    site.detect(
        site.frame_ids[0], [FoundInstance(Box(1.0 * n, 0, 1, 1), Category.CAR, 0.5) for n in range(3000)]
    )

    def steps(after: tuple[float, int] | None) -> int:
        count = 0

        def tick() -> int:
            nonlocal count
            count += 1
            return 0

        with site.project.read() as connection:
            raw = connection.connection.driver_connection
            queue.page_keys(connection, QueueFilter(), after, 50)
            raw.set_progress_handler(tick, 10)
            try:
                queue.page_keys(connection, QueueFilter(), after, 50)
            finally:
                raw.set_progress_handler(None, 10)
        return count

    with site.project.read() as connection:
        last = queue.page_before(connection, QueueFilter(), None, 60)[0]
    assert steps(last) < 2 * steps(None)


def test_a_filter_of_unknown_words_is_a_bug(crowd: Crowd) -> None:
    with crowd.project.read() as connection:
        for wanted in (QueueFilter(verdict="maybe' OR 1"), QueueFilter(reason="x")):
            with pytest.raises(ValueError, match="is not a valid"):
                queue.page(connection, wanted)
