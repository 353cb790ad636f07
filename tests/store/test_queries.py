"""What the window reads: frames by time, the timeline, two annotators compared."""

from __future__ import annotations

from typing import Any

import pytest

from core.records.occlusion import (
    Verdict,
)
from core.store.edits.verdicts import set_verdict
from core.store.queries import frames, timeline
from tests.store.doing import decide, decision


def test_frames_by_time(site: Any) -> None:
    with site.project.read() as connection:
        near = frames.nearest_frame(connection, site.source_id, 0.13)
        assert near is not None
        assert near.pts == 120
        assert frames.nearest_frame(connection, site.source_id, -5).pts == 0  # type: ignore[union-attr]
        assert frames.nearest_frame(connection, site.source_id, 99).pts == 760  # type: ignore[union-attr]
        assert frames.nearest_frame(connection, 99, 0) is None
        assert frames.frame_at(connection, site.source_id, 120) == near
        assert frames.frame_at(connection, site.source_id, 121) is None
        assert frames.neighbour(connection, near, 2).pts == 200  # type: ignore[union-attr]
        assert frames.neighbour(connection, near, -3).pts == 0  # type: ignore[union-attr]
        assert frames.neighbour(connection, near, -4) is None
        assert frames.neighbour(connection, near, 0) == near
        late = frames.frames_of(connection, site.source_id, after_pts=680)
        assert [f.pts for f in late] == [720, 760]
        second = frames.sequences_of(connection, site.source_id)[1]
        assert len(frames.frames_of(connection, site.source_id, sequence_id=second.id, limit=4)) == 4
        assert frames.hours_of_camera(connection, site.camera_id) == {12: 20}


def test_the_stretches_of_footage_leave_the_pauses_out(site: Any) -> None:
    with site.project.read() as connection:
        stretches = timeline.footage_stretches(connection, site.source_id)
        sequences = frames.sequences_of(connection, site.source_id)
        assert timeline.footage_stretches(connection, 99) == []
    # frame n is at 40 n ms
    assert [(one.first_s, one.last_s, one.frames) for one in stretches] == [
        pytest.approx((one.first_pts / 1000, one.last_pts / 1000, one.frame_count)) for one in sequences
    ]
    assert timeline.frame_step_s(stretches) == pytest.approx(0.04)


def test_the_step_between_frames_knows_no_pauses() -> None:
    bursts = [timeline.Stretch(0.0, 0.9, 10), timeline.Stretch(3600.0, 3600.9, 10)]
    assert timeline.frame_step_s(bursts) == pytest.approx(0.1)
    assert timeline.frame_step_s([timeline.Stretch(0.0, 0.0, 1), timeline.Stretch(60.0, 60.0, 1)]) is None
    assert timeline.frame_step_s([]) is None


def test_the_timeline_counts_what_is_in_each_bin(site: Any) -> None:
    made = [site.one_car(n) for n in range(20)]
    decide(site, *(decision(i, 0.5) for i in made[:10]))
    set_verdict(site.history, made[:3], Verdict.OCCLUDED)
    with site.project.read() as connection:
        bins = timeline.timeline_bins(connection, site.source_id, 4)
    # 0.76 s in four bins of 0.19 s: frames at 0.04 n, the last one at the very end
    assert [(b.instances, b.unoccluded, b.reviewed) for b in bins] == [
        (5, 2, 3),
        (5, 5, 0),
        (5, 0, 0),
        (5, 0, 0),
    ]
    with site.project.read() as connection:
        assert timeline.timeline_bins(connection, 99) == []


def test_two_annotators_are_compared(site: Any) -> None:
    from core.store.history import History
    from core.store.queries.agreement import agreement

    ids = site.cars(10)
    bob = History(site.project, "Bob")
    set_verdict(site.history, ids[:8], Verdict.UNOCCLUDED)
    set_verdict(site.history, ids[4:8], Verdict.OCCLUDED)
    set_verdict(bob, ids[:6], Verdict.UNOCCLUDED)
    set_verdict(bob, ids[6:], Verdict.OCCLUDED)
    with site.project.read() as connection:
        compared = agreement(connection, "Ann", "Bob")
        assert agreement(connection, "Ann", "Nobody").share is None
    # 8 in common: both unoccluded 4, Ann occluded and Bob not 2, both occluded 2
    assert compared.share == pytest.approx(6 / 8)
    assert compared.differing == tuple(ids[4:6])
    # chance: Ann 4/8 and 4/8, Bob 6/8 and 2/8: 0.5 * 0.75 + 0.5 * 0.25 = 0.5
    assert compared.kappa == pytest.approx((0.75 - 0.5) / (1 - 0.5))
