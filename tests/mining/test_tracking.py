"""Tracking: the same thing keeps its number, through crossings, short occlusions and slow cameras."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.errors import SettingsError
from core.mining.tracking import TrackingSettings, settle_categories, track_sequence
from core.records.boxes import Box
from core.records.detections import Category, Detection

FPS = 24.0
Frames = list[list[Detection]]


def car(x: float, y: float, w: float = 60.0, h: float = 36.0, category: Category = Category.CAR) -> Detection:
    return Detection(Box(x, y, w, h), category, 0.9, None)


def moving(
    count: int, x: float, y: float, vx: float, vy: float = 0.0, *, noise: float = 0.0, **kind: object
) -> Frames:
    """One object that moves by (vx, vy) a frame, with a little noise on its box."""
    rng = np.random.default_rng(5)
    return [
        [car(x + vx * k + rng.normal(0, noise), y + vy * k + rng.normal(0, noise), **kind)]
        for k in range(count)
    ]


def together(*objects: Frames) -> Frames:
    """Several objects' frames as one sequence, in the order given."""
    return [[one for row in rows for one in row] for rows in zip(*objects, strict=True)]


def numbers_of(tracks: list[list[int | None]]) -> set[int]:
    return {number for row in tracks for number in row if number is not None}


def test_each_object_keeps_its_number_from_its_first_detection_on():
    frames = together(moving(60, 20, 50, 5, noise=0.7), moving(60, 600, 150, -4, noise=0.7))
    tracks = track_sequence(frames, FPS)
    assert tracks == [[0, 1]] * 60


def test_numbers_run_by_first_appearance():
    late = [[]] * 20 + moving(40, 20, 50, 5)
    early = moving(60, 600, 200, -4)
    assert numbers_of(track_sequence(together(late, early), FPS)) == {0, 1}
    tracks = track_sequence(together(late, early), FPS)
    assert tracks[0] == [0]
    assert tracks[30] == [1, 0]


def test_two_that_pass_each_other_keep_their_numbers():
    frames = together(moving(80, 20, 100, 6), moving(80, 500, 118, -6))
    assert track_sequence(frames, FPS) == [[0, 1]] * 80


def hidden_behind(frames: Frames, left: float, right: float) -> Frames:
    """What is seen of objects that pass behind something between two columns: they shrink, go, come back."""
    out = []
    for row in frames:
        seen = []
        for one in row:
            pieces = [(one.box.x, min(one.box.right, left)), (max(one.box.x, right), one.box.right)]
            start, end = max(pieces, key=lambda piece: piece[1] - piece[0])
            if end - start > 4:
                seen.append(Detection(Box(start, one.box.y, end - start, one.box.h), one.category, 0.9, None))
        out.append(seen)
    return out


def test_a_track_survives_a_second_of_full_occlusion():
    """A car 60 px long passes at 5 px a frame behind a lorry 180 px long: out of sight for 24 frames, 1 s."""
    frames = hidden_behind(moving(120, 20, 100, 5, noise=0.5), 250, 430)
    gap = [k for k, row in enumerate(frames) if not row]
    assert len(gap) >= FPS
    assert frames[0]
    assert frames[-1]
    lorry = [[car(245, 60, 190, 110, Category.TRUCK)] for _ in frames]
    tracks = track_sequence(together(frames, lorry), FPS)
    cars = {row[0] for row, seen in zip(tracks, frames, strict=True) if seen}
    trucks = {row[-1] for row in tracks}
    assert cars == {0}
    assert trucks == {1}


def test_a_gap_that_is_too_long_ends_the_track():
    frames = moving(120, 20, 100, 5)
    for k in range(40, 100):  # 2.5 s
        frames[k] = []
    assert len(numbers_of(track_sequence(frames, FPS))) == 2
    patient = track_sequence(frames, FPS, settings=TrackingSettings(longest_gap_s=3.0))
    assert len(numbers_of(patient)) == 1


def test_another_object_on_another_course_is_not_taken_for_the_hidden_one():
    frames = moving(120, 20, 100, 5)[:60] + [[]] * 20 + moving(40, 420, 300, 5)
    assert len(numbers_of(track_sequence(frames, FPS))) == 2


def test_a_parked_car_is_known_again_after_a_passing_one_hid_it():
    parked = [[car(300, 100)] if not 40 <= k < 110 else [] for k in range(150)]  # hidden for 2.9 s
    assert numbers_of(track_sequence(parked, FPS)) == {0}


def test_people_and_cars_are_never_one_track():
    walker = moving(40, 100, 100, 2, w=20.0, h=50.0, category=Category.PERSON)
    frames = walker[:20] + [[car(one.box.x, one.box.y, 20, 50) for one in row] for row in walker[20:]]
    assert len(numbers_of(track_sequence(frames, FPS))) == 2
    assert len(numbers_of(track_sequence(frames, FPS, across_kinds=True))) == 1


def test_a_vehicle_whose_kind_wavers_is_one_track_with_one_kind():
    frames = [
        [car(20 + 5 * k, 50, category=Category.TRUCK if k % 3 == 0 else Category.CAR)] for k in range(30)
    ]
    tracks = track_sequence(frames, FPS)
    assert numbers_of(tracks) == {0}
    assert settle_categories(frames, tracks) == [[Category.CAR]] * 30


def test_what_has_no_track_keeps_its_own_kind():
    frames = [[car(10, 10, category=Category.BUS)], [], []]
    tracks = track_sequence(frames, FPS)
    assert tracks == [[None], [], []]
    assert settle_categories(frames, tracks) == [[Category.BUS], [], []]
    assert track_sequence(frames, FPS, settings=TrackingSettings(least_length=1)) == [[0], [], []]


@pytest.mark.parametrize("fps", [1.0, 2.0, 4.0])
def test_slow_cameras_follow_what_no_longer_overlaps_itself(fps):
    """From frame to frame the car moves by 1.2 of its length: the boxes never touch."""
    frames = moving(12, 20, 100, 72)
    assert numbers_of(track_sequence(frames, fps)) == {0}


def test_stills_minutes_apart_follow_only_what_stands():
    standing = [[car(300 + k % 2, 100)] for k in range(10)]
    passing = [[car(40 + 30 * k, 200)] for k in range(10)]
    tracks = track_sequence(together(standing, passing), 1 / 120)
    assert {row[0] for row in tracks} == {0}
    assert {row[1] for row in tracks} == {None}


def test_the_same_sequence_gives_the_same_numbers_whatever_went_before():
    rng = np.random.default_rng(11)
    crowd = [
        moving(60, *rng.uniform(0, 500, 2), *rng.uniform(-4, 4, 2), noise=1.0, w=30.0, h=30.0)
        for _ in range(12)
    ]
    frames = together(*crowd)
    first = track_sequence(frames, FPS)
    track_sequence(moving(30, 0, 0, 3), FPS)
    assert track_sequence(frames, FPS) == first
    assert len(numbers_of(first)) >= 12


def test_order_within_a_frame_does_not_matter():
    frames = together(moving(40, 20, 50, 5), moving(40, 600, 150, -4), moving(40, 100, 250, 3))
    shuffled = [row[::-1] if k % 2 else row for k, row in enumerate(frames)]
    tracks = track_sequence(shuffled, FPS)
    assert all(sorted(row) == [0, 1, 2] for row in tracks)
    first = [row[::-1] if k % 2 else row for k, row in enumerate(tracks)]
    assert all(row == first[0] for row in first)


def test_frames_without_a_detection_may_be_left_out_if_times_are_given():
    frames = hidden_behind(moving(120, 20, 100, 5, noise=0.5), 250, 430)
    seen = [k for k, row in enumerate(frames) if row]
    times = [k / FPS for k in seen]
    tracks = track_sequence([frames[k] for k in seen], FPS, times_s=times)
    assert tracks == [[0]] * len(seen)
    # hidden for a minute more, it is another car
    far = [t + (60.0 if t > 2.3 else 0.0) for t in times]
    assert numbers_of(track_sequence([frames[k] for k in seen], FPS, times_s=far)) == {0, 1}


def test_uneven_times_are_the_same_as_even_ones_with_gaps():
    frames = moving(60, 20, 100, 5)
    for k in (7, 8, 21, 40, 41, 42):
        frames[k] = []
    seen = [k for k, row in enumerate(frames) if row]
    whole = track_sequence(frames, FPS)
    part = track_sequence([frames[k] for k in seen], FPS, times_s=[100.0 + k / FPS for k in seen])
    assert part == [whole[k] for k in seen]


def test_empty_sequences_and_frames():
    assert track_sequence([], FPS) == []
    assert track_sequence([[], [], []], FPS) == [[], [], []]


@pytest.mark.parametrize("fps", [0.0, -5.0, float("nan"), float("inf")])
def test_an_impossible_frame_rate_is_refused(fps):
    with pytest.raises(SettingsError):
        track_sequence([[]], fps)


def test_importing_it_is_cheap():
    code = (
        "import sys, core.mining.tracking; "
        "print([m for m in ('trackers', 'supervision', 'scipy', 'torch', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
