"""The timeline shows pauses as pauses: what was not filmed is not drawn, nor stretched over."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.controllers.review_reads import TIMELINE_BINS, StoreReads
from app.states.review_timeline import TimelineBucket, TimelineState
from app.theme import current_theme
from app.views.review.timeline import Timeline
from core.records.boxes import Box
from core.records.detections import Category
from core.records.media import FrameStamp, SourceKind, SourceTable
from core.records.occlusion import LabelOrigin
from core.store.edits.cameras import add_camera
from core.store.history import History
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.writers.detections import FoundInstance, write_detections
from core.store.writers.sources import add_source

HOUR_S = 3600.0
BURST = 5  # frames, a tenth of a second apart
BURSTS = 3  # one an hour


@pytest.fixture
def bursts(tmp_path: Path) -> Iterator[tuple[Project, int]]:
    """A project with three bursts of half a second, an hour apart, and one car in every frame."""
    times = [HOUR_S * hour + 0.1 * n for hour in range(BURSTS) for n in range(BURST)]
    stamps = tuple(
        FrameStamp(round(1000 * at), at, None, n.to_bytes(16, "big"), True) for n, at in enumerate(times)
    )
    table = SourceTable(
        SourceKind.VIDEO, tmp_path / "b.mkv", 320, 180, Fraction(1, 1000), b"b" * 16, 1, stamps
    )
    found = FoundInstance(Box(20.0, 20.0, 60.0, 30.0), Category.CAR, 0.9, None, None, None)
    with Project.create(tmp_path / "bursts.amodal") as project:
        camera_id = add_camera(History(project, "Ann"), "Gate").rows["camera"][0]
        with project.bulk() as bulk:
            parts = [range(BURST * hour, BURST * (hour + 1)) for hour in range(BURSTS)]
            source_id = add_source(project, bulk, camera_id, table, parts)
            with project.read() as connection:
                rows = frames_of(connection, source_id)
            for row in rows:
                bulk.run(
                    lambda c, row=row: write_detections(
                        c, row.id, [found], detector="motion", origin=LabelOrigin.HEURISTIC
                    )
                )
        yield project, source_id


def test_a_short_burst_fills_no_hour(bursts: tuple[Project, int]) -> None:
    project, source_id = bursts
    marks = StoreReads(project).timeline(source_id)
    assert marks is not None
    # 7200.4 s in slices of 60.0 s: the middle burst lies across the border of two
    assert len(marks.buckets) == TIMELINE_BINS
    filled = {n: one.instances for n, one in enumerate(marks.buckets) if one.instances}
    assert list(filled) == [0, 59, 60, 119]
    assert (filled[0], filled[59] + filled[60], filled[119]) == (BURST, BURST, BURST)
    assert [pytest.approx(one) for one in marks.stretches] == [
        (HOUR_S * hour, HOUR_S * hour + 0.1 * (BURST - 1)) for hour in range(BURSTS)
    ]


def test_pauses_are_told_from_an_empty_street(qtbot: QtBot) -> None:
    """Of ten seconds, the first four and the last two were filmed; two objects are in the fourth."""
    buckets = [TimelineBucket()] * 10
    buckets[3] = TimelineBucket(2, 1, 0)
    view = Timeline()
    qtbot.addWidget(view)
    view.resize(424, view.sizeHint().height())
    view.show_state(TimelineState("clip", 10.0, tuple(buckets), stretches=((0.0, 4.0), (8.0, 10.0))))
    view.show()
    picture = view.grab().toImage()
    line = current_theme().color("line_strong").rgb()
    filmed = {second: line in _column(picture, view.x_of(second + 0.5)) for second in (0, 2, 5, 6, 8, 9)}
    assert filmed == {0: True, 2: True, 5: False, 6: False, 8: True, 9: True}
    assert view._tip(view.x_of(6.0)).endswith("no footage")
    assert "0 instances" in view._tip(view.x_of(2.0))
    assert "2 instances" in view._tip(view.x_of(3.5))


def _column(picture: QImage, x: float) -> set[int]:
    return {picture.pixel(round(x), y) for y in range(picture.height())}
