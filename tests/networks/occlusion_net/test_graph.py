"""The graph: every pair once in each direction, and messages that arrive where they should."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from core.networks.occlusion_net.graph import Block, Graph, pair_layer  # noqa: E402


def test_every_ordered_pair_is_an_edge() -> None:
    graph = Graph(14)
    pairs = set(zip(graph.receivers.tolist(), graph.senders.tolist(), strict=True))
    assert len(graph.receivers) == len(pairs) == 182  # as of the released network's 14 points
    assert all(one != other for one, other in pairs)


def test_edges_arrive_at_their_receivers() -> None:
    graph = Graph(3)
    edges = torch.arange(6.0).reshape(1, 6, 1)
    matrix = graph.as_matrix(edges[..., 0])
    assert matrix.tolist() == [[[0.0, 0.0, 1.0], [2.0, 0.0, 3.0], [4.0, 5.0, 0.0]]]
    torch.testing.assert_close(graph.received(edges)[..., 0], matrix.sum(dim=2))


def test_a_layer_of_pairs_is_a_layer_of_both_side_by_side() -> None:
    torch.manual_seed(1)
    graph, nodes = Graph(5), torch.randn(2, 5, 3)
    edges = torch.randn(2, 20, 4)
    pairs = torch.cat([nodes[:, graph.receivers], nodes[:, graph.senders]], dim=2)
    plain = nn.Linear(6, 7)
    torch.testing.assert_close(pair_layer(plain, nodes, graph), plain(pairs))
    skipping = nn.Linear(10, 7)
    whole = torch.cat([pairs, edges], dim=2)
    torch.testing.assert_close(pair_layer(skipping, nodes, graph, edges), skipping(whole))


def test_a_block_begins_as_the_release_does() -> None:
    torch.manual_seed(1)
    block = Block(400, 400, 0.5)
    assert (block.first.bias == 0.1).all()
    # Xavier: variance 2 / (in + out)
    assert block.second.weight.std().item() == pytest.approx((2 / 800) ** 0.5, rel=0.02)
