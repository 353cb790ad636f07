"""The pre-labeller: how places become distributions and come back, and what its losses leave out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.networks.losses.counted import summed
from core.networks.prelabeller import (
    PointHead,
    PointLogits,
    Prelabeller,
    PrelabellerSettings,
    places_of,
    point_losses,
    said_both_ways,
)
from core.shapes.keypoints import FLIP

SMALL = PrelabellerSettings(px=32, widths=(8, 8), blocks=(0, 1), hidden=16, bins=48)
BOTH = PrelabellerSettings(px=32, widths=(8, 8, 8), blocks=(0, 0, 0), hidden=16, bins=48, head=PointHead.BOTH)
MAPS = PrelabellerSettings(px=32, widths=(8, 8, 8), blocks=(0, 0, 0), hidden=16, head=PointHead.MAPS)

LOSSES = {PointHead.SIMCC: {"places"}, PointHead.MAPS: {"maps"}, PointHead.BOTH: {"places", "maps"}}


def logits_at(x: float, y: float, settings: PrelabellerSettings) -> PointLogits:
    """Gaussians about a place given in shares of the square's sides."""
    reach, bins = settings.reach, settings.bins
    middles = (torch.arange(bins) + 0.5) / bins * (1 + 2 * reach) - reach
    spread = settings.spread * (1 + 2 * reach) / bins
    x_logits, y_logits = (-(((middles - at) / spread) ** 2) / 2 for at in (x, y))
    return PointLogits(x_logits.expand(1, 12, bins), y_logits.expand(1, 12, bins), torch.zeros(1, 12, 4))


@given(st.floats(-0.15, 1.15), st.floats(-0.15, 1.15))
def test_a_peak_is_read_finer_than_a_bin(x: float, y: float) -> None:
    places, scores = places_of(logits_at(x, y, SMALL), SMALL)
    # a bin is 1.5 / 48 of the side wide: an eighth of that
    assert np.allclose(places.numpy(), [x, y], atol=1.5 / 48 / 8)
    # three bins on each side hold two standard deviations and more
    assert float(scores.min()) > 0.9


def test_two_peaks_are_not_averaged() -> None:
    first, second = logits_at(0.2, 0.2, SMALL), logits_at(0.8, 0.8, SMALL)
    x = torch.logaddexp(first.x, second.x + np.log(0.5))
    places, scores = places_of(PointLogits(x, first.y, first.tags), SMALL)
    assert np.allclose(places[..., 0], 0.2, atol=0.01)
    assert np.allclose(scores, 1 / 1.5, atol=0.05)


def test_of_both_the_surer_one_is_taken() -> None:
    """A point beyond the square is on no map; one that is sharp on its map is taken from there."""
    along = logits_at(1.1, 0.5, BOTH)
    flat, sharp = torch.zeros(1, 12, 16, 16), torch.zeros(1, 12, 16, 16)
    sharp[:, :, 4, 8] = 50.0
    places, _ = places_of(PointLogits(along.x, along.y, along.tags, flat), BOTH)
    assert np.allclose(places, [1.1, 0.5], atol=0.01)
    places, scores = places_of(PointLogits(along.x, along.y, along.tags, sharp), BOTH)
    assert np.allclose(places, [8.5 / 16, 4.5 / 16], atol=0.01)
    assert np.allclose(scores, 1.0, atol=0.01)


def test_the_truth_costs_least() -> None:
    tags = torch.zeros(1, 12, dtype=torch.int64)
    at = torch.full((1, 12, 2), 0.4)
    right = point_losses(logits_at(0.4, 0.4, SMALL), at, tags, SMALL)["places"].mean
    off = point_losses(logits_at(0.5, 0.4, SMALL), at, tags, SMALL)["places"].mean
    assert float(right) < float(off)


@pytest.mark.parametrize("settings", [SMALL, MAPS, BOTH])
def test_points_that_nobody_knows_teach_nothing(settings: PrelabellerSettings) -> None:
    torch.manual_seed(0)
    network = Prelabeller(settings)
    squares = torch.rand(2, 3, 32, 32)
    places = torch.full((2, 12, 2), 0.5)
    places[:, 3] = float("nan")
    tags = torch.zeros(2, 12, dtype=torch.int64)
    tags[:, 3] = -1
    losses = point_losses(network(squares), places, tags, settings)
    summed(losses).backward()
    gradients = [one.grad for one in network.parameters() if one.grad is not None]
    assert all(bool(torch.isfinite(one).all()) for one in gradients)
    places[:, 3] = 0.9
    again = point_losses(network(squares), places, tags, settings)
    tags[:] = -1
    nothing = point_losses(network(squares), places, tags, settings)
    assert all(float(one.mean.detach()) == 0.0 and float(one.count) == 0 for one in nothing.values())
    assert set(again) == {"tags", *LOSSES[settings.head]}


@pytest.mark.parametrize("settings", [SMALL, MAPS, BOTH])
def test_in_evaluation_it_says_the_same_again_and_alone(settings: PrelabellerSettings) -> None:
    torch.manual_seed(0)
    network = Prelabeller(settings).eval()
    squares = torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        together, again = network(squares), network(squares)
        alone = network(squares[1:2])
    assert torch.equal(together.x, again.x)
    assert torch.equal(together.tags, again.tags)
    assert torch.allclose(together.x[1:2], alone.x, atol=1e-5)
    assert torch.allclose(together.tags[1:2], alone.tags, atol=1e-5)


@pytest.mark.parametrize("settings", [SMALL, MAPS, BOTH, PrelabellerSettings()])
def test_its_form_is_plain_json_and_comes_back(settings: PrelabellerSettings) -> None:
    import json

    assert PrelabellerSettings.of_json(json.loads(json.dumps(settings.as_json()))) == settings


def test_it_is_small_enough_to_ship() -> None:
    parameters = sum(one.numel() for one in Prelabeller().parameters())
    assert 2 * parameters < 10e6  # bytes, in half precision


@pytest.mark.parametrize("settings", [SMALL, MAPS, BOTH])
def test_both_ways_a_mirrored_car_has_mirrored_points(settings: PrelabellerSettings) -> None:
    """What is said of a picture and of its mirror image agrees, whatever the weights."""
    torch.manual_seed(0)
    network = Prelabeller(settings).eval()
    squares = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        plain, mirrored = said_both_ways(network, squares), said_both_ways(network, squares.flip(-1))
    flip = list(FLIP)
    assert torch.allclose(mirrored.x[:, flip].flip(-1), plain.x, atol=1e-5)
    assert torch.allclose(mirrored.y[:, flip], plain.y, atol=1e-5)
    assert torch.allclose(mirrored.tags[:, flip], plain.tags, atol=1e-5)
