"""Decisions by what a network believes."""

from __future__ import annotations

import pytest

from core.mining.occlusion.classified import belief_outcome, decide_by_belief
from core.records.boxes import Box
from core.records.detections import Category
from core.records.occlusion import Observation, OcclusionLabel, OcclusionTest


def car(number: int, x: float = 100.0) -> Observation:
    return Observation(number, 0, 0.0, None, Box(x, 100, 60, 40), Category.CAR, 0.9, None)


def test_the_belief_decides_and_the_margin_says_how_surely() -> None:
    beliefs = {1: 0.95, 2: 0.55, 3: 0.05}
    found = decide_by_belief([car(1), car(2), car(3)], beliefs, 640, 360, 0.5)
    assert [one.label for one in found] == [
        OcclusionLabel.UNOCCLUDED,
        OcclusionLabel.UNOCCLUDED,
        OcclusionLabel.OCCLUDED,
    ]
    assert [one.margin for one in found] == pytest.approx([0.9, 0.1, -0.9])
    # the queue goes by |margin|: the one at 0.55 comes first
    assert min(found, key=lambda one: abs(one.margin)).instance_id == 2


def test_the_margin_is_a_share_of_what_could_be() -> None:
    """(0.9 - 0.8) of the 0.2 above the limit, and (0.4 - 0.8) of the 0.8 below."""
    assert belief_outcome(0.9, 0.8).margin == pytest.approx(0.5)
    assert belief_outcome(0.4, 0.8).margin == pytest.approx(-0.5)
    assert belief_outcome(0.8, 0.8).occluded is False
    assert belief_outcome(1.0, 0.8).margin == pytest.approx(1.0)
    assert belief_outcome(0.0, 0.8).margin == pytest.approx(-1.0)


def test_the_border_needs_no_network() -> None:
    [found] = decide_by_belief([car(1, x=0.0)], {1: 0.99}, 640, 360, 0.5)
    assert found.label is OcclusionLabel.OCCLUDED
    assert {one.test: one.occluded for one in found.outcomes} == {
        OcclusionTest.CLASSIFIER: False,
        OcclusionTest.BORDER: True,
    }


def test_what_the_network_has_not_seen_is_left_to_others() -> None:
    assert [one.instance_id for one in decide_by_belief([car(1), car(2)], {2: 0.7}, 640, 360, 0.5)] == [2]
