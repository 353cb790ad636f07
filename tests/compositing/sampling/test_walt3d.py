"""WALT3D's sampler: what its composites hold to, whatever the stock."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from core.compositing.sampling.footprints import are_apart
from core.compositing.sampling.stock import Scene, Stock, frame_light
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.compositing.sampling.wanted import WantedOcclusion, histogram, share_missed
from core.errors import CompositeError
from core.geometry.masks import patch_to_full, patch_to_rle
from core.records.masks import MaskPatch
from core.records.recipes import Sampler, Split
from tests.compositing.sampling import grounds
from tests.compositing.sampling.stocked import HEIGHT, SCENE, WIDTH, piece, stock, street


def indices_of(one: Stock, recipe) -> list[int]:
    found = [one.index_of(item.piece_id) for item in recipe.objects]
    assert None not in found
    return [index for index in found if index is not None]


def full_mask(one: Stock, index: int) -> np.ndarray:
    return patch_to_full(one.mask(index)[0], HEIGHT, WIDTH)


@pytest.fixture(scope="module")
def busy() -> Stock:
    return stock(street())


def test_objects_stand_apart_and_are_drawn_far_to_near(busy):
    sampler = Walt3dSampler(busy, Walt3dSettings(4, 12))
    for seed in range(60):
        recipe = sampler.recipe(seed, SCENE, Split.TRAIN).recipe
        assert recipe.sampler is Sampler.WALT3D
        assert 4 <= len(recipe.objects) <= 12
        footprints = [busy.footprint(index) for index in indices_of(busy, recipe)]
        masks = [full_mask(busy, index) for index in indices_of(busy, recipe)]
        for (i, a), (j, b) in itertools.combinations(enumerate(footprints), 2):
            assert are_apart(a, b, 150)
            assert grounds.distance_mm(a, b) >= 150
            if (masks[i] & masks[j]).any():
                assert grounds.nearer_by_rays(a, b) >= 0  # the later one is in front


def test_tracks_meet_nobody_of_their_own(busy):
    sampler = Walt3dSampler(busy, Walt3dSettings(6, 12))
    for seed in range(60):
        recipe = sampler.recipe(seed, SCENE, Split.TRAIN).recipe
        tracks = [int(busy.track_ids[index]) for index in indices_of(busy, recipe)]
        assert len(set(tracks)) == len(tracks)


def test_hidden_shares_are_those_of_the_masks(busy):
    sampler = Walt3dSampler(busy, Walt3dSettings(6, 14))
    for seed in range(40):
        sampled = sampler.recipe(seed, SCENE, Split.TRAIN)
        above = np.zeros((HEIGHT, WIDTH), np.bool_)
        shares = []
        for index in reversed(indices_of(busy, sampled.recipe)):
            mask = full_mask(busy, index)
            shares.append(100 * np.count_nonzero(mask & above) / np.count_nonzero(mask))
            above |= mask
        assert np.abs(np.array(shares[::-1]) - np.array(sampled.occlusion_percent)).max() <= 0.5
        assert max(shares) <= 95


def test_the_order_of_the_stock_changes_nothing(busy):
    rows = street()
    shuffled = [rows[k] for k in np.random.default_rng(1).permutation(len(rows))]
    for settings in (Walt3dSettings(), Walt3dSettings(wanted=WantedOcclusion((1,) * 10))):
        a, b = Walt3dSampler(busy, settings), Walt3dSampler(stock(shuffled), settings)
        for seed in (7, 3, 11):
            assert a.recipe(seed, SCENE, Split.TRAIN) == b.recipe(seed, SCENE, Split.TRAIN)
        # nor what was drawn before
        assert a.recipe(7, SCENE, Split.TRAIN) == Walt3dSampler(busy, settings).recipe(7, SCENE, Split.TRAIN)


def test_seeds_give_different_composites(busy):
    sampler = Walt3dSampler(busy, Walt3dSettings())
    assert len({sampler.recipe(seed, SCENE, Split.TRAIN).recipe.objects for seed in range(30)}) == 30


def test_objects_of_another_hour_light_or_split_stay_out():
    rows = street(160)
    kinds = [
        {},
        {"hour": 9},
        {"light_q8": 256 * 2},
        {"light_q8": 256 // 2},
        {"split": Split.TEST},
        {"split": None},
        {"footprint": None},
    ]
    marked = [replace(one, **{"hour": 18, **kinds[k % len(kinds)]}) for k, one in enumerate(rows)]
    sampler = Walt3dSampler(stock(marked), Walt3dSettings(3, 8))
    for seed in range(20):
        recipe = sampler.recipe(seed, Scene(1, 18), Split.TRAIN).recipe
        assert all(one.piece_id % len(kinds) == 0 for one in recipe.objects)


def test_what_stands_there_is_an_object_of_training_alone():
    rows = street()
    parked = piece(5000, 18.0, -1.0, track_id=None, standing=True, split=None)
    test = [replace(one, piece_id=one.piece_id + 300, split=Split.TEST) for one in street(seed=1)]
    sampler = Walt3dSampler(stock([*rows, *test, parked]), Walt3dSettings(3, 9))
    scene = Scene(1, None, standing=(5000,))
    one = stock([*rows, *test, parked])
    for seed in range(25):
        for split in (Split.TRAIN, Split.TEST):
            recipe = sampler.recipe(seed, scene, split).recipe
            others = [one.index_of(item.piece_id) for item in recipe.objects if item.piece_id != 5000]
            labelled = any(item.piece_id == 5000 for item in recipe.objects)
            assert labelled == (split is Split.TRAIN)
            assert recipe.ignored == (() if labelled else (6000,))
            stands = one.index_of(5000)
            assert stands is not None
            for other in others:
                if labelled:
                    assert are_apart(one.footprint(other), one.footprint(stands), 150)
                else:  # nothing over or under it
                    assert not (full_mask(one, other) & full_mask(one, stands)).any()


def test_what_stands_there_and_drives_in_another_split_is_ignored_in_training():
    parked = piece(5000, 18.0, -1.0, track_id=900, standing=True, split=Split.TEST)
    one = stock([*street(), parked])
    sampler = Walt3dSampler(one, Walt3dSettings(3, 9))
    for seed in range(10):
        recipe = sampler.recipe(seed, Scene(1, None, standing=(5000,)), Split.TRAIN).recipe
        assert recipe.ignored == (6000,)
        assert all(item.piece_id != 5000 for item in recipe.objects)


def test_nothing_comes_over_or_under_what_cannot_be_ordered(busy):
    patch = MaskPatch(120, 60, np.ones((50, 60), np.bool_))
    scene = Scene(1, None, ignored=((77, patch_to_rle(patch, HEIGHT, WIDTH)),))
    closed = patch_to_full(patch, HEIGHT, WIDTH)
    sampler = Walt3dSampler(busy, Walt3dSettings(2, 8))
    for seed in range(25):
        recipe = sampler.recipe(seed, scene, Split.TRAIN).recipe
        assert recipe.ignored == (77,)
        assert not any((full_mask(busy, index) & closed).any() for index in indices_of(busy, recipe))


@pytest.mark.parametrize(
    "shares",
    [
        (40, 10, 10, 10, 10, 5, 5, 5, 5, 0),
        (30, 20, 20, 20, 10, 0, 0, 0, 0, 0),
        (100, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ],
)
def test_a_wanted_occlusion_is_come_near_to(busy, shares):
    """Much nearer than by chance: of all objects, as many as `missed` says are in the wrong bins."""
    wanted = WantedOcclusion(shares)

    def missed(settings: Walt3dSettings) -> float:
        sampler = Walt3dSampler(busy, settings)
        percents = [
            percent
            for seed in range(60)
            for percent in sampler.recipe(seed, SCENE, Split.TRAIN).occlusion_percent
        ]
        return share_missed(histogram(percents), wanted)

    assert missed(Walt3dSettings(6, 12, wanted=wanted)) < max(0.1, 0.5 * missed(Walt3dSettings(6, 12)))


def test_an_occlusion_that_cannot_be_reached_is_said():
    rows = [piece(k, 20.0, 6.0 * (k % 3 - 1), track_id=k) for k in range(30)]  # beside each other
    wanted = WantedOcclusion((40, 0, 0, 0, 0, 0, 60, 0, 0, 0))
    sampler = Walt3dSampler(stock(rows), Walt3dSettings(3, 3, wanted=wanted))
    with pytest.raises(CompositeError, match="cannot be reached"):
        sampler.recipe(0, SCENE, Split.TRAIN)


def test_a_scene_without_any_room_is_said_whatever_is_wanted(busy):
    patch = MaskPatch(0, 0, np.ones((HEIGHT, WIDTH), np.bool_))
    scene = Scene(1, None, ignored=((77, patch_to_rle(patch, HEIGHT, WIDTH)),))
    wanted = WantedOcclusion((40, 30, 20, 10, 0, 0, 0, 0, 0, 0))
    with pytest.raises(CompositeError, match="the most were 0"):
        Walt3dSampler(busy, Walt3dSettings(2, 8, wanted=wanted)).recipe(0, scene, Split.TRAIN)


def test_what_is_wrong_with_a_scene_is_found_out_once(monkeypatch):
    rows = [piece(k, 20.0, 6.0 * (k % 3 - 1), track_id=k) for k in range(30)]
    wanted = WantedOcclusion((40, 0, 0, 0, 0, 0, 60, 0, 0, 0))
    sampler = Walt3dSampler(stock(rows), Walt3dSettings(3, 3, wanted=wanted))
    with pytest.raises(CompositeError) as first:
        sampler.recipe(0, SCENE, Split.TRAIN)
    monkeypatch.setattr(Walt3dSampler, "_tried", lambda *_: pytest.fail("it was tried again"))
    with pytest.raises(CompositeError) as again:
        sampler.recipe(1, SCENE, Split.TRAIN)
    assert again.value is first.value


def test_too_few_pieces_are_said():
    rows = street(20)
    with pytest.raises(CompositeError, match=r"Only 0 of 20.*at 4:00"):
        Walt3dSampler(stock(rows), Walt3dSettings()).recipe(0, Scene(1, 4), Split.TRAIN)
    with pytest.raises(CompositeError, match="for test composites") as problem:
        Walt3dSampler(stock(rows), Walt3dSettings()).recipe(0, SCENE, Split.TEST)
    assert problem.value.way_out.endswith("set the guard time to 0 and the share for test higher.")


def test_without_places_on_the_ground_it_says_what_is_missing():
    rows = [replace(one, footprint=None) for one in street(20)]
    with pytest.raises(CompositeError, match="calibrated"):
        Walt3dSampler(stock(rows), Walt3dSettings()).recipe(0, SCENE, Split.TRAIN)


def test_a_street_that_is_too_narrow_is_said():
    rows = [piece(k, 20.0, 0.0, track_id=k) for k in range(30)]  # all on one place
    with pytest.raises(CompositeError, match="the most were 1"):
        Walt3dSampler(stock(rows), Walt3dSettings(2, 4)).recipe(0, SCENE, Split.TRAIN)


@pytest.mark.parametrize(
    "settings",
    [
        {"least": 0},
        {"least": 5, "most": 4},
        {"most": 5, "wanted": WantedOcclusion((1, 9, 0, 0, 0, 0, 0, 0, 0, 0))},
    ],
)
def test_settings_that_no_stock_can_meet_are_refused(busy, settings):
    with pytest.raises(CompositeError):
        Walt3dSampler(busy, replace(Walt3dSettings(1, 5), **settings))


def test_the_light_of_a_frame_is_a_share_of_its_backgrounds():
    assert frame_light((300, 300, 300, 9), (200, 200, 200)) == 384
    assert frame_light((0, 0, 0, 0), (0, 0, 0)) == 256
    assert frame_light((100, 100, 101, 3), (0, 0, 0)) == 256


def test_a_piece_takes_little_memory(busy):
    assert busy.nbytes / len(busy) < 200
