"""Nodes: the coordinates of a box, and the likeliest cells of heat maps."""

from __future__ import annotations

import math

import pytest

torch = pytest.importorskip("torch")

from core.networks.occlusion_net.nodes import from_box, nodes_from_heat_maps, to_box  # noqa: E402
from core.networks.occlusion_net.settings import Confidence  # noqa: E402

BOXES = torch.tensor([[10.0, 20.0, 50.0, 30.0]])


def test_a_box_goes_from_minus_one_to_one_and_nothing_is_cut_off() -> None:
    # pixel centres are half a pixel from the edges that the box stands on
    points = torch.tensor([[[9.5, 19.5], [49.5, 29.5], [29.5, 24.5], [69.5, 14.5]]])
    expected = torch.tensor([[[-1.0, -1.0], [1.0, 1.0], [0.0, 0.0], [2.0, -2.0]]])
    torch.testing.assert_close(to_box(points, BOXES), expected)
    torch.testing.assert_close(from_box(expected, BOXES), points)


def test_the_likeliest_cell_is_the_node() -> None:
    maps = torch.zeros(1, 2, 4, 8)
    maps[0, 0, 1, 6] = 3.0
    maps[0, 1, 3, 0] = 1.0
    nodes = nodes_from_heat_maps(maps)
    # cells' middles: (6 + 0.5) / 8 and (1 + 0.5) / 4 of the box
    torch.testing.assert_close(nodes[0, :, :2], torch.tensor([[0.625, -0.25], [-0.875, 0.75]]))
    sure = [math.exp(3.0) / (math.exp(3.0) + 31.0), math.exp(1.0) / (math.exp(1.0) + 31.0)]
    torch.testing.assert_close(nodes[0, :, 2], torch.tensor(sure))
    assert nodes_from_heat_maps(maps.bfloat16()).dtype == torch.float32  # a place has more digits than that


def test_the_release_names_cells_by_their_corners_and_keeps_the_logit() -> None:
    maps = torch.zeros(1, 1, 56, 56)
    maps[0, 0, 14, 42] = 7.0
    nodes = nodes_from_heat_maps(maps, Confidence.LOGIT)
    # (42 - 28) / 28 and (14 - 28) / 28
    torch.testing.assert_close(nodes[0, 0], torch.tensor([0.5, -0.5, 7.0]))
