"""The embedded clip: the same every time, true to its file, and honest about what is hidden."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from core.errors import MediaError
from core.geometry.masks import patch_area, patch_intersection_area
from core.records.detections import Category
from core.synthesis.demo_clip import TINY, render_clip
from core.synthesis.street_scene import StreetScene
from core.synthesis.truth import CoverKind, DemoTruth, FrameTruth


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    path = tmp_path_factory.mktemp("clip") / "street.mp4"
    return path, render_clip(path, TINY)


@pytest.fixture(scope="module")
def truths() -> list[FrameTruth]:
    """A few moments of a longer clip at half the demo's size."""
    scene = StreetScene(replace(TINY, width=320, height=180, fps=25, seconds=12.0))
    return [scene.frame(index)[1] for index in range(0, 300, 20)]


def test_the_same_seed_gives_the_same_pictures_in_any_order() -> None:
    first, second = StreetScene(TINY), StreetScene(TINY)
    pictures = [first.frame(index)[0] for index in (0, 7, 20)]
    for index, picture in zip((20, 7, 0), reversed(pictures), strict=True):
        assert_array_equal(second.frame(index)[0], picture)
    other = StreetScene(replace(TINY, seed=1))
    assert (other.frame(0)[0] != pictures[0]).mean() > 0.5


def test_the_file_holds_every_frame_as_drawn(clip: tuple[Path, DemoTruth]) -> None:
    path, truth = clip
    drawn = np.stack([picture for picture, _ in StreetScene(TINY).frames()]).astype(np.float32)
    with av.open(str(path)) as container:
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]
    assert len(frames) == len(truth.frames) == TINY.frame_count == 24
    for index, (time_s, decoded) in enumerate(frames):
        assert time_s == pytest.approx(index / TINY.fps)
        error = ((drawn - decoded) ** 2).mean(axis=(1, 2, 3))
        assert int(error.argmin()) == index
        # swapped channels or a wrong range of values shift the mean of a channel by far more
        assert np.abs((decoded - drawn[index]).mean(axis=(0, 1))).max() < 3.0


def test_nothing_is_left_behind_where_a_clip_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        render_clip(tmp_path / "no such folder" / "street.mp4", replace(TINY, seconds=0.2))
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_at_one(tmp_path: Path) -> None:
    told: list[float] = []
    render_clip(tmp_path / "street.mp4", replace(TINY, seconds=0.5), told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["street.mp4"]


def test_what_is_seen_and_what_hides_the_rest_add_up(truths: list[FrameTruth]) -> None:
    for frame in truths:
        for found in frame.objects:
            assert sum(cover.share for cover in found.covers) == pytest.approx(found.occlusion)
            assert patch_intersection_area(found.modal, found.amodal) == patch_area(found.modal)
            cut = sum(cover.share for cover in found.covers if cover.kind is CoverKind.BORDER)
            whole = patch_area(found.amodal) / (1.0 - cut)
            assert patch_area(found.modal) == pytest.approx((1.0 - found.occlusion) * whole)


def test_no_pixel_belongs_to_two_objects(truths: list[FrameTruth]) -> None:
    for frame in truths:
        for a, b in combinations(frame.objects, 2):
            assert patch_intersection_area(a.modal, b.modal) == 0


def test_where_two_overlap_the_nearer_is_seen(truths: list[FrameTruth]) -> None:
    seen_overlaps = 0
    for frame in truths:
        for a, b in combinations(frame.objects, 2):
            # middles tell only where the two are well apart in distance
            far, near = sorted((a, b), key=lambda found: -found.distance_m)
            if far.distance_m - near.distance_m > 6.0:
                seen_overlaps += patch_intersection_area(far.amodal, near.amodal) > 0
                assert patch_intersection_area(far.modal, near.amodal) == 0
    assert seen_overlaps > 10


def test_the_clip_shows_what_the_rules_must_tell_apart(truths: list[FrameTruth]) -> None:
    found = [thing for frame in truths for thing in frame.objects]
    for category in (Category.CAR, Category.PERSON):
        ones = [thing.occlusion for thing in found if thing.category is category and not thing.parked]
        assert min(ones) == 0.0
        assert max(ones) > 0.5
    kinds = {cover.kind for thing in found for cover in thing.covers if cover.share > 0.05}
    assert kinds == set(CoverKind)


def test_parked_cars_stay_and_lanes_run_both_ways(truths: list[FrameTruth]) -> None:
    steps: dict[int, list[float]] = {}
    boxes: dict[int, set[tuple[float, float]]] = {}
    for frame in truths:
        for thing in frame.objects:
            if thing.parked:
                boxes.setdefault(thing.track_id, set()).add((thing.amodal_box.x, thing.amodal_box.y))
            elif thing.category is Category.CAR:
                steps.setdefault(thing.track_id, []).append(thing.amodal_box.x + thing.amodal_box.w / 2.0)
    assert all(len(places) == 1 for places in boxes.values())
    assert len(boxes) == 3
    directions = {np.sign(np.diff(places)).tolist()[0] for places in steps.values() if len(places) > 1}
    assert directions == {1.0, -1.0}
    assert all(len(set(np.sign(np.diff(places)))) <= 1 for places in steps.values())
