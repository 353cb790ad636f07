"""Random changes of crops keep the truth true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.records.boxes import Box
from core.shapes.keypoints import FLIP
from core.training.data.crop_augment import (
    OTHER,
    TRUNCATED,
    VISIBLE,
    Augmentation,
    changed,
    looked_at,
    seen,
)
from core.training.data.crops import CropSample
from tests.training.data.made_crops import BOX, drawn_car

NOTHING = Augmentation(**dict.fromkeys(Augmentation.__slots__, 0.0))
PX = 64


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_mirror_exchanges_left_and_right_of_points_and_tags() -> None:
    """Twice mirrored is as before; and the mirrored car's right points lie where its left ones were."""
    sample = drawn_car()
    sample.tags[0] = OTHER
    plain, mirrored = seen(sample, PX), seen(sample, PX, mirror=True)
    assert mirrored.tags[1] == OTHER
    assert mirrored.tags[0] == VISIBLE
    back = mirrored.points[list(FLIP)]
    assert np.allclose(back[:, 0], PX - 1 - plain.points[:, 0])
    assert np.allclose(back[:, 1], plain.points[:, 1])
    assert np.array_equal(mirrored.square[:, ::-1], plain.square)
    assert np.array_equal(mirrored.own[:, ::-1], plain.own)
    # as drawn, right points lie to the left of left ones; so they do in the mirror, named anew
    right, left = mirrored.points[0::2], mirrored.points[1::2]
    assert (right[:, 0] < left[:, 0]).all()


def test_a_cover_hides_points_and_is_another_object() -> None:
    sample, cover = drawn_car(), drawn_car(1)
    how = replace(NOTHING, cover=1.0)
    found = [changed(sample, how, rng(seed), cover) for seed in range(40)]
    hid = [one for one in found if one.hidden > 0]
    assert len(hid) > 20
    for one in hid:
        assert one.own is not None
        assert sample.own is not None
        gone = sample.own & ~one.own
        assert one.hidden == pytest.approx(gone.sum() / sample.own.sum())
        assert (one.others & gone).sum() == gone.sum()
        assert not (one.own & one.others).any()
        for (x, y), tag, before in zip(np.round(one.points).astype(int), one.tags, sample.tags, strict=True):
            if before == VISIBLE:
                assert tag == (OTHER if one.others[y, x] else VISIBLE)
            else:
                assert tag == before  # what the car hides of itself stays so
        rows, columns = np.nonzero(one.own)
        assert one.box == Box(
            float(columns.min()), float(rows.min()), float(np.ptp(columns) + 1), float(np.ptp(rows) + 1)
        )


def test_a_still_thing_hides_points_and_has_no_mask() -> None:
    found = [changed(drawn_car(), replace(NOTHING, bar=1.0), rng(seed)) for seed in range(40)]
    hid = [one for one in found if one.hidden > 0]
    assert len(hid) > 20
    assert not any(one.others.any() for one in hid)
    assert any((one.tags == OTHER).any() for one in hid)


def test_a_border_cuts_points_off() -> None:
    sample = drawn_car()
    found = [changed(sample, replace(NOTHING, cut=1.0), rng(seed)) for seed in range(40)]
    for one in found:
        height, width = one.image.shape[:2]
        x, y = one.points.T
        outside = (x < -0.5) | (y < -0.5) | (x >= width - 0.5) | (y >= height - 0.5)
        assert np.array_equal(one.tags == TRUNCATED, outside)
        assert one.hidden > 0
        assert one.own is not None
        assert one.own.shape == (height, width) == one.others.shape
    assert any((one.tags == TRUNCATED).any() for one in found)


def test_what_is_nearly_gone_stays_as_it_was() -> None:
    """Nobody could say anything of it."""
    sample = drawn_car()
    wide = replace(sample, own=np.ones_like(sample.others), image=np.full_like(sample.image, 9))
    found = [changed(sample, replace(NOTHING, cover=1.0), rng(seed), wide) for seed in range(30)]
    assert all(one.hidden <= 0.75 for one in found)


def test_points_go_with_the_masks() -> None:
    """A small mask about a point stays about it, whatever the detector and the turn."""
    points = np.full((12, 2), np.nan)
    points[0] = (40.0, 30.0)
    spot = np.zeros_like(drawn_car().others)
    spot[28:33, 38:43] = True
    marked = replace(drawn_car(), points=points, tags=np.array([VISIBLE] + [-1] * 11), own=spot)
    how = replace(NOTHING, box=0.03, turn_rad=0.1)
    mirrored = 0
    for seed in range(20):
        view = looked_at(marked, 96, how, rng(seed))
        number = 0 if view.tags[0] >= 0 else 1
        mirrored += number
        rows, columns = np.nonzero(view.own > 127)
        assert np.allclose(view.points[number], (columns.mean(), rows.mean()), atol=0.6)
    assert 3 < mirrored < 17


def test_the_same_chance_gives_the_same() -> None:
    first, second = (looked_at(drawn_car(), PX, Augmentation(), rng(3)) for _ in range(2))
    assert np.array_equal(first.square, second.square)
    assert np.array_equal(first.own, second.own)
    other = looked_at(drawn_car(), PX, Augmentation(), rng(4))
    assert not np.array_equal(first.square, other.square)


def test_without_a_mask_the_box_stands_for_it() -> None:
    bare: CropSample = replace(drawn_car(), own=None)
    assert np.array_equal(seen(bare, PX).own, seen(drawn_car(), PX).own)  # the drawn car fills its box
    assert changed(bare, Augmentation(), rng()) is bare
    assert bare.box == BOX
