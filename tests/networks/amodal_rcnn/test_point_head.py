"""The point head: what it is taught, and where its heat maps say that points are, worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from core.networks.amodal_rcnn.point_head import (
    TAGS,
    PointHead,
    PointLogits,
    expected_places,
    places_of,
    point_losses,
)
from core.networks.amodal_rcnn.settings import POINTS, TEMPLATES, points_of
from core.records.keypoints import Template

SIDE = 56
BOX = torch.tensor([[100.0, 50.0, 212.0, 106.0]])  # a cell is 2 pixels wide and 1 high


def test_points_stand_in_one_row() -> None:
    assert (points_of(Template.CAR), points_of(Template.PERSON)) == (slice(0, 12), slice(12, 29))
    assert sum(template.size for template in TEMPLATES) == POINTS == 29


def test_a_peak_is_where_its_cells_middle_is() -> None:
    heat = torch.zeros(1, 1, SIDE, SIDE)
    heat[0, 0, 20, 30] = 5.0
    places, _ = places_of(heat, BOX)
    # column 30 reaches from 160 to 162, row 20 from 70 to 71
    assert places[0, 0].tolist() == pytest.approx([161.0, 70.5])


def test_a_peak_lies_towards_its_larger_neighbour() -> None:
    heat = torch.zeros(1, 1, SIDE, SIDE)
    # the parabola -(x - 0.25)^2 about column 30, and level rows beside
    for step in (-1, 0, 1):
        heat[0, 0, 20, 30 + step] = 5.0 - (step - 0.25) ** 2
    places, _ = places_of(heat, BOX)
    assert places[0, 0].tolist() == pytest.approx([161.0 + 2 * 0.25, 70.5])


def test_a_peak_at_the_edge_stays_in_its_cell() -> None:
    heat = torch.zeros(1, 2, SIDE, SIDE)
    heat[0, 0, 0, 0] = heat[0, 1, 55, 55] = 5.0
    places, _ = places_of(heat, BOX)
    assert places[0].tolist() == [pytest.approx([101.0, 50.5]), pytest.approx([211.0, 105.5])]


def test_how_sure_a_peak_is() -> None:
    heat = torch.full((1, 2, SIDE, SIDE), -30.0)
    heat[0, 0, 20, 30], heat[0, 0, 20, 31] = 10.0, 9.0  # all of it together
    heat[0, 1, 10, 10] = 10.0
    heat[0, 1, 40, 40] = 10.0 - math.log(3.0)  # a quarter of it elsewhere
    _, sure = places_of(heat, BOX)
    assert sure[0].tolist() == pytest.approx([1.0, 0.75])


def test_an_expected_place_lies_between_two_peaks() -> None:
    heat = torch.full((1, 1, SIDE, SIDE), -50.0)
    heat[0, 0, 10, 10], heat[0, 0, 10, 30] = 0.0, math.log(3.0)
    places, spread = expected_places(heat, BOX)
    # a quarter at column 10, three at column 30: 25
    assert places[0, 0].tolist() == pytest.approx([100 + 2 * 25.5, 60.5], rel=1e-5)
    assert spread.item() == pytest.approx(0.25 * 0.75 * (20 / SIDE) ** 2, rel=1e-4)


def test_an_expected_place_has_a_gradient() -> None:
    heat = torch.zeros(1, 1, SIDE, SIDE, requires_grad=True)
    places, _ = expected_places(heat, BOX)
    places[0, 0, 0].backward()
    assert heat.grad is not None
    assert heat.grad[0, 0, :, -1].min() > 0 > heat.grad[0, 0, :, 0].max()


def logits() -> PointLogits:
    return PointLogits(torch.zeros(1, POINTS, SIDE, SIDE), torch.zeros(1, POINTS, TAGS))


def test_a_new_head_knows_neither_place_nor_tag() -> None:
    points, tags = torch.zeros(1, POINTS, 3), torch.full((1, POINTS), -1)
    points[0, 3] = torch.tensor([161.0, 70.5, 2.0])
    tags[0, 3] = 1
    losses = point_losses(logits(), BOX, points, tags)
    assert losses["loss_point"].mean.item() == pytest.approx(math.log(SIDE**2))
    assert losses["loss_tag"].mean.item() == pytest.approx(math.log(TAGS))


def test_a_point_is_taught_to_its_own_cell_only() -> None:
    said = logits()
    said.heat[0, 3, 20, 30] = 100.0
    points, tags = torch.zeros(1, POINTS, 3), torch.full((1, POINTS), -1)
    points[0, 3] = torch.tensor([161.9, 70.1, 1.0])  # hidden points are taught like any
    assert point_losses(said, BOX, points, tags)["loss_point"].mean.item() == pytest.approx(0.0, abs=1e-6)
    points[0, 3, 0] = 162.1
    assert point_losses(said, BOX, points, tags)["loss_point"].mean.item() == pytest.approx(100.0)


def test_points_without_label_or_outside_the_box_teach_no_place() -> None:
    points, tags = torch.zeros(1, POINTS, 3), torch.full((1, POINTS), -1)
    points[0, 0] = torch.tensor([99.0, 70.0, 2.0])
    points[0, 1] = torch.tensor([161.0, 70.0, 0.0])
    tags[0, 1] = 3  # but that it is cut off is told
    losses = point_losses(logits(), BOX, points, tags)
    assert losses["loss_point"].mean.item() == 0
    assert losses["loss_tag"].mean.item() == pytest.approx(math.log(TAGS))


def test_tags_do_not_teach_places() -> None:
    torch.manual_seed(0)
    head = PointHead(8, 1, 16, tagged=True)
    said = head(torch.rand(2, 8, 14, 14))
    assert said.tags is not None
    assert said.tags.shape == (2, POINTS, TAGS)
    said.tags.sum().backward()
    assert all(one.grad is None for one in head.heat.parameters())


def test_a_head_for_places_has_no_tags() -> None:
    said = PointHead(8, 1, 16, tagged=False)(torch.rand(2, 8, 14, 14))
    assert said.tags is None
    assert set(point_losses(said, BOX.repeat(2, 1), torch.zeros(2, POINTS, 3), torch.zeros(2, 0))) == {
        "loss_point"
    }
