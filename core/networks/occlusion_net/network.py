"""Occlusion-Net: refined points, which of them are seen, and the car's shape and pose, from placed points."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.networks.occlusion_net.graph import Graph
from core.networks.occlusion_net.settings import OcclusionNetSettings, ShapeView
from core.networks.occlusion_net.three_d import (
    Encoder3D,
    ShapeBasis,
    placed_in_perspective,
    placed_orthographically,
)
from core.networks.occlusion_net.two_d import Decoder2D, Encoder2D
from core.networks.projection import moved
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space


@dataclass(frozen=True, eq=False)
class ShapeOutput:
    """What the 3D half says.

    Attributes:
        beta: (B, k) coefficients, whether or not they are applied.
        points: (B, K, 3) metres, car frame.
        projected: (B, K, 2) in the coordinates of the box; NaN behind the camera.
        rotation: (B, 3, 3), translation: (B, 3) metres, car to camera; None in the released view, which
            knows no camera.
    """

    beta: Tensor
    points: Tensor
    projected: Tensor
    rotation: Tensor | None
    translation: Tensor | None

    @property
    def placed(self) -> Tensor | None:
        """(B, K, 3) metres, camera frame; None without a pose."""
        if self.rotation is None or self.translation is None:
            return None
        return moved(self.points, self.rotation, self.translation)


@dataclass(frozen=True, eq=False)
class OcclusionOutput:
    """What the network says of a batch of objects.

    Attributes:
        points: (B, K, 2) refined, in the coordinates of the box.
        edge_logits: (B, E, 2), see `core.networks.occlusion_net.graph.Graph`.
        edges: (B, K, K) probability that both points are seen; 0 on the diagonal.
        visibility: (B, K) of each point: that of its surest edge, as the release has it.
        shape: of the car, or None.
    """

    points: Tensor
    edge_logits: Tensor
    edges: Tensor
    visibility: Tensor
    shape: ShapeOutput | None


class OcclusionNet(nn.Module):
    """2D-KGNN and 3D-KGNN over one graph (Reddy et al., CVPR 2019).

    Args:
        settings: its form.
        space: the car space of the 3D half; None for templates without a shape, and no 3D half.
    """

    def __init__(self, settings: OcclusionNetSettings, space: CarShapeSpace | None = None) -> None:
        super().__init__()
        if space is not None and settings.types != len(space.mean):
            raise ValueError(f"{settings.types} types of points, where the car space has {len(space.mean)}")
        self.settings = settings
        self.graph = Graph(settings.points)
        self.encoder = Encoder2D(settings)
        self.decoder = Decoder2D(settings)
        self.encoder_3d: Encoder3D | None = None
        self.basis: ShapeBasis | None = None
        if space is not None:
            self.encoder_3d = Encoder3D(settings)
            self.basis = ShapeBasis(space, settings.shape_components)
            mean = torch.from_numpy(space.mean).float()
            self._size_m = float((mean - mean.mean(dim=0)).norm(dim=1).square().mean().sqrt() * 2)

    def forward(
        self,
        nodes: Tensor,
        types: Tensor | None = None,
        boxes: Tensor | None = None,
        matrix: Tensor | None = None,
    ) -> OcclusionOutput:
        """What is said of objects.

        Args:
            nodes: (B, K, 3): x, y in the coordinates of the box (`nodes.to_box`), not cut off; confidence.
            types: (K,) or (B, K) which point of the template each is; in the template's order where None.
            boxes: (B, 4) left, top, right, bottom, pixels on pixel edges. matrix: (B, 3, 3) or (3, 3)
                intrinsics. Without both nothing is said in 3D.
        """
        count, points = nodes.shape[:2]
        if types is None:
            types = torch.arange(points, device=nodes.device)
        types = types.expand(count, points)
        features = self._features(nodes, types)
        logits = self.encoder(features, self.graph)
        kinds = logits.softmax(dim=2)
        edges = self.graph.as_matrix(kinds[..., 1])
        seen = torch.maximum(edges.amax(dim=2), edges.amax(dim=1))
        refined = self.decoder(features, kinds, self.graph)
        shape = None
        if boxes is not None and matrix is not None:
            shape = self._shape(features, types, boxes, matrix.expand(count, 3, 3))
        return OcclusionOutput(refined, logits, edges, seen, shape)

    def _features(self, nodes: Tensor, types: Tensor) -> Tensor:
        if not self.settings.typed_nodes:
            return nodes
        kind = functional.one_hot(types, self.settings.types).to(nodes.dtype)
        return torch.cat([nodes, kind], dim=2)

    def _shape(self, features: Tensor, types: Tensor, boxes: Tensor, matrix: Tensor) -> ShapeOutput | None:
        if self.encoder_3d is None or self.basis is None:
            return None
        numbers, beta = self.encoder_3d(features, self.graph)
        applied = beta if self.settings.uses_shape else torch.zeros_like(beta)
        points = self.basis(applied, types)
        if self.settings.view is ShapeView.SCALED_ORTHOGRAPHIC:
            projected = placed_orthographically(numbers, points, boxes)
            return ShapeOutput(beta, points, projected, None, None)
        middle = self.basis.mean.mean(dim=0)
        placed = placed_in_perspective(numbers, points, middle, self._size_m, boxes, matrix)
        return ShapeOutput(beta, points, placed.projected, placed.rotation, placed.translation)


def built_of(settings: OcclusionNetSettings) -> OcclusionNet:
    """The network that settings describe, with new weights."""
    return OcclusionNet(settings, default_space() if settings.in_3d else None)
