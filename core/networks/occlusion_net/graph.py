"""The complete directed graph over an object's points, and the layers that pass messages along it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_FIRST_BIAS = 0.1


class Graph(nn.Module):
    """All ordered pairs of different nodes, those of one receiver after another.

    Attributes:
        points: K. receivers, senders: (E,) node of each edge, E = K (K - 1).
    """

    receivers: Tensor
    senders: Tensor

    def __init__(self, points: int) -> None:
        super().__init__()
        pairs = [(to, at) for to in range(points) for at in range(points) if to != at]
        receivers, senders = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).unbind(dim=1)
        self.points = points
        self.register_buffer("receivers", receivers, persistent=False)
        self.register_buffer("senders", senders, persistent=False)

    def received(self, edges: Tensor) -> Tensor:
        """(B, E, C) -> (B, K, C): the sum over the edges that come in."""
        return edges.unflatten(1, (self.points, self.points - 1)).sum(dim=2)

    def as_matrix(self, edges: Tensor) -> Tensor:
        """(B, E) -> (B, K, K): row the receiver, column the sender, 0 on the diagonal."""
        matrix = edges.new_zeros(len(edges), self.points, self.points)
        matrix[:, self.receivers, self.senders] = edges
        return matrix


def pair_layer(layer: nn.Linear, nodes: Tensor, graph: Graph, edges: Tensor | None = None) -> Tensor:
    """`layer` of (receiver, sender) or (receiver, sender, edge) side by side, without making all the pairs.

    A linear layer of two things side by side is the sum of one of each, and there are far fewer nodes than
    edges.

    Args:
        nodes: (B, K, C). edges: (B, E, D), or None.

    Returns:
        (B, E, out).
    """
    width = nodes.shape[-1]
    parts = layer.weight.split([width, width, layer.in_features - 2 * width], dim=1)
    receiver = functional.linear(nodes, parts[0], layer.bias)
    sender = functional.linear(nodes, parts[1])
    out = receiver[:, graph.receivers] + sender[:, graph.senders]
    return out if edges is None else out + functional.linear(edges, parts[2])


class Block(nn.Module):
    """Linear, ELU, dropout, linear, ELU, batch norm (ALGORITHMS 3.7)."""

    def __init__(self, features: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.first = nn.Linear(features, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.norm = nn.BatchNorm1d(hidden)
        for layer in (self.first, self.second):
            nn.init.xavier_normal_(layer.weight)
            nn.init.constant_(layer.bias, _FIRST_BIAS)

    def forward(self, features: Tensor) -> Tensor:
        """(B, n, C) -> (B, n, hidden)."""
        return self._rest(self.first(features))

    def of_pairs(self, nodes: Tensor, graph: Graph, edges: Tensor | None = None) -> Tensor:
        """The same over pairs of nodes, see `pair_layer`: (B, E, hidden)."""
        return self._rest(pair_layer(self.first, nodes, graph, edges))

    def _rest(self, features: Tensor) -> Tensor:
        inner = self.dropout(functional.elu(features))
        out = functional.elu(self.second(inner))
        return self.norm(out.flatten(0, 1)).unflatten(0, out.shape[:2])


class EdgeNetwork(nn.Module):
    """Features of edges from those of nodes: the body of both encoders.

    h1_j = f_enc(V_j); h1_(i,j) = f_e1([h1_i, h1_j]); h2_j = f_v(sum h1_(i,j)); h2_(i,j) = f_e2([h2_i, h2_j]),
    the last with h1_(i,j) beside (ALGORITHMS 3.6 and 3.7). Without the way through the nodes, f_v is of the
    edges themselves.
    """

    def __init__(self, features: int, hidden: int, dropout: float, *, through_nodes: bool) -> None:
        super().__init__()
        self.through_nodes = through_nodes
        self.of_nodes = Block(features, hidden, dropout)
        self.of_edges = Block(2 * hidden, hidden, dropout)
        self.between = Block(hidden, hidden, dropout)
        self.last = Block((3 if through_nodes else 2) * hidden, hidden, dropout)

    def forward(self, nodes: Tensor, graph: Graph) -> Tensor:
        """(B, K, C) -> (B, E, hidden)."""
        edges = self.of_edges.of_pairs(self.of_nodes(nodes), graph)
        if self.through_nodes:
            # the release divides by the nodes, which keeps numbers of one size for any graph
            inner = self.between(graph.received(edges) / graph.points)
            return self.last.of_pairs(inner, graph, edges)
        return self.last(torch.cat([self.between(edges), edges], dim=2))
