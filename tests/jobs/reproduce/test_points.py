"""Keypoints by what is learned from: figures counted by hand, and networks that are asked about cars."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from core.jobs.reproduce.point_crops import PointSource, street_shard, tracks_of
from core.jobs.reproduce.point_figures import GROUPS, PCK, TAG, car_counts, point_counts, point_figures
from core.jobs.reproduce.point_tables import point_claims, point_report
from core.jobs.reproduce.points import FoundPoints, PointArm, asked, parts_of_arm, taught_points
from core.networks.prelabeller import PrelabellerSettings
from core.records.boxes import Box
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.training.data.crops import PackedCrop, cut_sample, packed, write_shard

VISIBLE, OTHER = 0, 2
TINY = PrelabellerSettings(px=32, widths=(8, 16), blocks=(0, 0), hidden=16, bins=16)


def found(away: float, said: int = VISIBLE) -> FoundPoints:
    """Three cars of two tracks: one seen, one half hidden, one of which nothing is labelled."""
    known = np.full((3, 12), -1)
    known[0, :4], known[1, :2] = VISIBLE, OTHER
    off = np.full((3, 12), 0.01)
    off[1, 0] = away
    return FoundPoints(off, np.full((3, 12), said), known, np.array([0.0, 0.55, 0.3]), np.array([0, 1, 1]))


def of_many(one: FoundPoints, times: int = 5) -> FoundPoints:
    """The same cars once more and more, each time of other tracks."""
    parts = [np.concatenate([part] * times) for part in (one.away, one.said, one.known, one.hidden)]
    tracks = np.concatenate([one.tracks + 2 * number for number in range(times)])
    return FoundPoints(*parts, tracks)


def value(name: str, *said: FoundPoints) -> float:
    return float(point_figures(said, 50).values[GROUPS.index(name)])


def test_points_are_counted_by_tag_and_by_how_much_of_their_car_is_hidden() -> None:
    one = found(0.12)
    assert [value(name, one) for name in PCK] == pytest.approx([1.0, 5 / 6, 5 / 6])
    assert value("PCK@0.1, visible", one) == 1.0
    assert value("PCK@0.1, occluded by others", one) == 0.5
    assert value("PCK@0.1, cars hidden over 25%", one) == 0.5
    assert value("PCK@0.1, 50-60 % hidden", one) == 0.5
    assert np.isnan(value("PCK@0.1, 30-40 % hidden", one))  # a car, but no labelled point
    assert np.isnan(value("PCK@0.1, self-occluded", one))
    assert value(TAG, one) == pytest.approx(4 / 6)
    assert value("tag accuracy, occluded by others", one) == 0.0
    assert point_counts(one)["occluded by others"] == 2
    assert car_counts(one) == [1, 0, 0, 1, 0, 1, 0, 0, 0, 0]


def test_seeds_are_averaged_and_drawn_with_the_tracks() -> None:
    both = point_figures([of_many(found(0.01)), of_many(found(0.12))], 200)
    middle = both.interval(GROUPS.index("PCK@0.1"))
    assert both.by_seed == pytest.approx([1.0, 5 / 6])
    assert middle.value == pytest.approx(11 / 12)
    assert middle.low is not None
    assert middle.high is not None
    assert middle.low < middle.value < middle.high


def test_claims_are_of_what_is_there_and_has_such_points() -> None:
    away = {PointArm.OWN: 0.3, PointArm.WALT3D: 0.0}
    networks = {arm: point_figures([of_many(found(off))], 50) for arm, off in away.items()}
    claims = {one.words: one for one in point_claims(networks)}
    assert len(claims) == 4
    of_hidden = claims["WALT3D's composites beat labels of what is seen: PCK@0.1, occluded by others"]
    assert (of_hidden.first.value, of_hidden.second.value) == (1.0, 0.5)
    assert of_hidden.verdict == "holds: the intervals do not overlap"
    one = found(0.0)
    report = point_report(networks, point_counts(one), car_counts(one), {"own": 3}, {"seeds": 1})
    assert "| cars | 2 | 1 | 0 | 0 | 1 |" in report
    assert "nan" not in report


def test_found_points_are_kept_as_plain_values() -> None:
    one = found(0.1234)
    again = FoundPoints.of_json(json.loads(json.dumps(one.as_json())))
    assert np.array_equal(again.known, one.known)
    assert np.array_equal(again.tracks, one.tracks)
    assert again.away[one.known >= 0] == pytest.approx(one.away[one.known >= 0])
    none = FoundPoints(one.away[:0], one.said[:0], one.known[:0], one.hidden[:0], one.tracks[:0])
    assert FoundPoints.of_json(none.as_json()).known.shape == (0, 12)


def crop(number: int, tag: KeypointTag = KeypointTag.VISIBLE) -> PackedCrop:
    rng = np.random.default_rng(number)
    picture = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
    points = rng.uniform((16, 12), (48, 36), (12, 2))
    sample = cut_sample(picture, Box(16, 12, 32, 24), None, [], points, [tag] * 12, 32.0, 0.0, Category.CAR)
    return packed(sample, f"street/{number // 2}/{number % 2}")


def test_one_seed_teaches_the_same_and_what_is_taught_can_be_asked() -> None:
    parts = [[crop(number) for number in range(4)], [crop(number) for number in range(4, 6)]]
    first, again, other = (taught_points(parts, TINY, None, seed, 2) for seed in (0, 0, 1))
    cars = [crop(number) for number in range(6, 10)]
    said = asked(first, cars)
    assert np.array_equal(said.away, asked(again, cars).away)
    assert not np.array_equal(said.away, asked(other, cars).away)
    assert said.tracks.tolist() == tracks_of(cars).tolist() == [0, 1, 0, 1]
    assert said.away.shape == (4, 12)
    # those who begin with the same weights and learn the same are the same
    weights = {name: one.clone() for name, one in first.state_dict().items()}
    once, twice = (taught_points(parts, TINY, weights, 3, 1) for _ in range(2))
    assert all(torch.equal(one, two) for one, two in zip(once.parameters(), twice.parameters(), strict=True))


def test_an_arm_learns_what_is_its_own_and_what_all_do(tmp_path: Path) -> None:
    write_shard(street_shard(tmp_path, PointSource.SEEN, 41), [crop(1)])
    write_shard(street_shard(tmp_path, PointSource.WALT2D, 41), [])
    write_shard(street_shard(tmp_path, PointSource.WALT3D, 41), [crop(2), crop(3)])
    drawn = [crop(9)]

    def sizes(arm: PointArm) -> list[int]:
        return [len(part) for part in parts_of_arm(tmp_path, arm, (41,), drawn)]

    assert [sizes(arm) for arm in (PointArm.DRAWN, PointArm.OWN, PointArm.WALT3D)] == [[1], [1, 1], [1, 1, 2]]
    assert sizes(PointArm.WALT2D) == [1, 1]  # what is empty is left out
