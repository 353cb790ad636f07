"""WALT's own sampler."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.compositing.sampling.stock import Scene
from core.compositing.sampling.walt2d import Walt2dSampler, Walt2dSettings
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.errors import CompositeError
from core.geometry.masks import patch_to_full
from core.records.recipes import Sampler, Split
from tests.compositing.sampling.stocked import HEIGHT, SCENE, WIDTH, piece, stock, street


def test_thirty_are_drawn_with_replacement_from_the_first_80_percent():
    rows = street(50)
    sampler = Walt2dSampler(stock(rows))
    drawn: Counter[int] = Counter()
    for seed in range(200):
        recipe = sampler.recipe(seed, SCENE, Split.TRAIN).recipe
        assert recipe.sampler is Sampler.WALT2D
        assert len(recipe.objects) == 30
        drawn.update(one.piece_id for one in recipe.objects)
    assert set(drawn) == set(range(40))  # ids are in order of time
    assert all(abs(count - 150) < 5 * 12.2 for count in drawn.values())  # five standard deviations
    twice = Counter(one.piece_id for one in sampler.recipe(0, SCENE, Split.TRAIN).recipe.objects)
    assert max(twice.values()) > 1
    test = sampler.recipe(0, SCENE, Split.TEST).recipe
    assert {one.piece_id for one in test.objects} <= set(range(40, 50))


def test_hidden_shares_follow_the_order_drawn():
    one = stock(street(50))
    sampled = Walt2dSampler(one, Walt2dSettings(12)).recipe(5, SCENE, Split.TRAIN)
    indices = [one.index_of(item.piece_id) for item in sampled.recipe.objects]
    masks = [patch_to_full(one.mask(index)[0], HEIGHT, WIDTH) for index in indices if index is not None]
    for place, percent in enumerate(sampled.occlusion_percent):
        above = np.logical_or.reduce([*masks[place + 1 :], np.zeros((HEIGHT, WIDTH), np.bool_)])
        share = 100 * np.count_nonzero(masks[place] & above) / np.count_nonzero(masks[place])
        assert abs(share - percent) <= 0.5


def test_what_stands_there_is_pasted_over_and_ignored():
    parked = piece(900, 18.0, 0.0, track_id=None, standing=True)
    sampler = Walt2dSampler(stock([*street(50), parked]))
    recipe = sampler.recipe(1, Scene(1, 18, standing=(900,)), Split.TRAIN).recipe
    assert recipe.ignored == (1900,)
    assert all(one.piece_id != 900 for one in recipe.objects)


def test_the_same_objects_come_in_random_order():
    one = stock(street(120))
    made = Walt3dSampler(one, Walt3dSettings(8, 8)).recipe(3, SCENE, Split.TRAIN).recipe
    other = Walt2dSampler(one).same_objects(made, SCENE).recipe
    ids = [item.piece_id for item in made.objects]
    assert sorted(item.piece_id for item in other.objects) == sorted(ids)
    assert [item.piece_id for item in other.objects] != ids
    assert other.sampler is Sampler.WALT2D
    assert Walt2dSampler(one).same_objects(made, SCENE).recipe == other


def test_nothing_to_draw_from_is_said():
    with pytest.raises(CompositeError, match="no object"):
        Walt2dSampler(stock([])).recipe(0, SCENE, Split.TRAIN)
    with pytest.raises(CompositeError, match="no objects"):
        Walt2dSampler(stock([]), Walt2dSettings(0))
