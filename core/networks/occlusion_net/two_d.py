"""2D-KGNN: which points are seen together, and from these where the hidden ones are (ALGORITHMS 3.6, 3.7)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.networks.occlusion_net.graph import EdgeNetwork, Graph, pair_layer
from core.networks.occlusion_net.settings import EdgeEncoder, OcclusionNetSettings

EDGE_TYPES = 2
"""An edge's ends are not both seen, or both are."""


class Encoder2D(nn.Module):
    """q(E | V): for each edge, whether both its ends are seen."""

    def __init__(self, settings: OcclusionNetSettings) -> None:
        super().__init__()
        self.edges = EdgeNetwork(
            settings.node_features,
            settings.hidden,
            settings.dropout,
            through_nodes=settings.encoder is EdgeEncoder.EDGE_NODE_EDGE,
        )
        self.out = nn.Linear(settings.hidden, EDGE_TYPES)

    def forward(self, nodes: Tensor, graph: Graph) -> Tensor:
        """(B, K, features) -> (B, E, 2) logits."""
        return self.out(self.edges(nodes, graph))


class Decoder2D(nn.Module):
    """mu_j = V_j + f_v(sum_i sum_p E_ij,p f_p([V_i, V_j])): where each point is."""

    def __init__(self, settings: OcclusionNetSettings) -> None:
        super().__init__()
        features, hidden = settings.node_features, settings.hidden
        self.first = nn.ModuleList(nn.Linear(2 * features, hidden) for _ in range(EDGE_TYPES))
        self.second = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(EDGE_TYPES))
        self.dropout = nn.Dropout(settings.dropout)
        self.out = nn.Sequential(
            nn.Linear(features + hidden, hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(hidden, 2),
        )

    def forward(self, nodes: Tensor, edges: Tensor, graph: Graph) -> Tensor:
        """Refined points.

        Args:
            nodes: (B, K, features), x and y first.
            edges: (B, E, 2) probabilities of the edges' types.

        Returns:
            (B, K, 2), in the nodes' own coordinates.
        """
        messages = []
        for kind, (first, second) in enumerate(zip(self.first, self.second, strict=True)):
            assert isinstance(first, nn.Linear)
            inner = self.dropout(functional.relu(pair_layer(first, nodes, graph)))
            messages.append(functional.relu(second(inner)) * edges[..., kind, None])
        heard = torch.cat([nodes, graph.received(torch.stack(messages).sum(dim=0))], dim=2)
        return nodes[..., :2] + self.out(heard)
