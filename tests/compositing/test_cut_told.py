"""How well cut-outs are told from what lies beside them, on the painted street."""

from __future__ import annotations

import numpy as np

from core.compositing.cut import cut_out
from core.compositing.cut_told import LEAST_OWN_PERCENT, ToldApart, told_apart
from core.records.masks import MaskPatch
from core.records.recipes import Cutout
from tests.compositing.test_cut import asphalt, car_mask, with_car


def told(frame: np.ndarray, mask: MaskPatch) -> ToldApart:
    cut = cut_out(frame, asphalt(), mask)
    cutout = Cutout(
        1, 1, 1, 1, cut.x, cut.y, cut.w, cut.h, cut.pixels, cut.planes, cut.light, cut.background_light
    )
    return told_apart(cutout, asphalt())


def test_a_car_alone_on_the_road_is_told_from_it_in_any_light():
    for light in (0.8, 1.0, 1.2):
        found = told(with_car(asphalt(), light=light), car_mask())
        assert found.edge_percent >= 98
        assert found.own_percent >= 95


def test_another_car_behind_it_makes_its_edge_uncertain():
    frame = with_car(asphalt())
    frame[20:40, 50:100] = (200, 40, 40)  # all along its upper side, which is 50 of its 160 pixels around
    found = told(frame, car_mask())
    assert 60 <= found.edge_percent <= 76
    assert found.own_percent >= 95


def test_a_mask_that_lacks_a_part_of_its_car_is_not_told_from_it():
    half = MaskPatch(50, 40, np.ones((30, 25), np.bool_))
    assert told(with_car(asphalt()), half).edge_percent < 85


def test_where_nothing_is_nothing_differs_from_the_background():
    road = MaskPatch(20, 10, np.ones((20, 40), np.bool_))
    assert told(with_car(asphalt()), road).own_percent < 5 < LEAST_OWN_PERCENT
