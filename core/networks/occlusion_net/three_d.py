"""3D-KGNN: a car's shape and how it is seen, from its points (ALGORITHMS 3.6, 3.7)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.networks.occlusion_net.graph import EdgeNetwork, Graph
from core.networks.occlusion_net.nodes import from_box, to_box
from core.networks.occlusion_net.settings import EdgeEncoder, OcclusionNetSettings, ShapeView
from core.networks.precision import exact
from core.networks.projection import moved, project, unproject
from core.networks.rotations import cross_matrix, rotations_from_6d
from core.shapes.space import CarShapeSpace

_FROM_BEHIND = (0.0, 0.0, 1.0, -1.0, 0.0, 0.0)
"""Two columns of a rotation: the car's x goes ahead, its y to the left."""

VIEW_NUMBERS = {ShapeView.PERSPECTIVE: 9, ShapeView.SCALED_ORTHOGRAPHIC: 7}


class Encoder3D(nn.Module):
    """q(beta, pi | V): shape coefficients and the numbers of a view."""

    def __init__(self, settings: OcclusionNetSettings) -> None:
        super().__init__()
        hidden = settings.hidden
        self.pools_nodes = settings.pools_nodes
        self.edges = EdgeNetwork(
            settings.node_features,
            hidden,
            settings.dropout,
            through_nodes=settings.encoder is EdgeEncoder.EDGE_NODE_EDGE,
        )
        width = hidden if settings.pools_nodes else settings.points * hidden
        self.view_numbers = VIEW_NUMBERS[settings.view]
        self.out = nn.Linear(width, self.view_numbers + settings.shape_components)

    def forward(self, nodes: Tensor, graph: Graph) -> tuple[Tensor, Tensor]:
        """(B, K, features) -> (B, view numbers) and (B, shape coefficients)."""
        heard = graph.received(self.edges(nodes, graph)) / graph.points
        whole = heard.mean(dim=1) if self.pools_nodes else heard.flatten(1)
        numbers = self.out(whole)
        return numbers[:, : self.view_numbers], numbers[:, self.view_numbers :]


class ShapeBasis(nn.Module):
    """The keypoints of the car space in torch: W(beta) = b0 + sum_k beta_k sigma_k b_k."""

    mean: Tensor
    steps: Tensor

    def __init__(self, space: CarShapeSpace, components: int) -> None:
        super().__init__()
        steps = torch.from_numpy(space.jacobian(components)).permute(2, 0, 1)
        self.register_buffer("mean", torch.from_numpy(space.mean).float(), persistent=False)
        self.register_buffer("steps", steps.float().contiguous(), persistent=False)

    def forward(self, beta: Tensor, types: Tensor) -> Tensor:
        """Points of some types.

        Args:
            beta: (B, k). types: (B, K) which of the twelve each point is.

        Returns:
            (B, K, 3) metres, car frame.
        """
        points = _shaped(beta, self.mean, self.steps)
        return points.gather(1, types[..., None].expand(-1, -1, 3))


@exact
def _shaped(beta: Tensor, mean: Tensor, steps: Tensor) -> Tensor:
    return mean + torch.einsum("bk,kij->bij", beta, steps)


@dataclass(frozen=True, eq=False)
class PlacedShape:
    """A car as the network sees it.

    Attributes:
        rotation: (B, 3, 3), translation: (B, 3) metres: car to camera.
        projected: (B, K, 2) its points in the coordinates of the box; NaN behind the camera.
    """

    rotation: Tensor
    translation: Tensor
    projected: Tensor


@exact
def placed_in_perspective(
    numbers: Tensor, points: Tensor, middle: Tensor, size_m: float, boxes: Tensor, matrix: Tensor
) -> PlacedShape:
    """A car in its box, seen in perspective.

    The nine numbers are relative to what the box says already, so that zeros are a sensible car: six of the
    rotation against the ray through the box's middle, added to a car seen from behind; where the middle of
    the mean car lies in the box; the logarithm of how much farther away it is than a thing of `size_m` that
    fills the box.

    Args:
        numbers: (B, 9). points: (B, K, 3) metres, car frame.
        middle: (3,) of the mean car, car frame. size_m: what fills the box at the number 0.
        boxes: (B, 4) left, top, right, bottom, pixels on pixel edges. matrix: (B, 3, 3) intrinsics.
    """
    behind = numbers.new_tensor(_FROM_BEHIND)
    local = rotations_from_6d(numbers[:, :6] + behind)
    ray = unproject(from_box(torch.zeros_like(numbers[:, None, :2]), boxes), matrix)[:, 0]
    rotation = turn_to(ray) @ local
    at = unproject(from_box(numbers[:, None, 6:8], boxes), matrix)[:, 0]
    focal = (matrix[:, 0, 0] * matrix[:, 1, 1]).sqrt()
    size = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1)
    depth = focal * size_m / size * numbers[:, 8].exp()
    translation = at * depth[:, None] - rotation @ middle
    return PlacedShape(
        rotation, translation, to_box(project(moved(points, rotation, translation), matrix), boxes)
    )


@exact
def placed_orthographically(numbers: Tensor, points: Tensor, boxes: Tensor) -> Tensor:
    """The released code's view: xy = s (q X q*)_xy + t, then y times the box's width over its height.

    Args:
        numbers: (B, 7): s, t, and a quaternion w, x, y, z, of any length, which scales too.
        points: (B, K, 3). boxes: (B, 4) as above.

    Returns:
        (B, K, 2) in the coordinates of the box.
    """
    scale, shift, real = numbers[:, None, :1], numbers[:, None, 1:3], numbers[:, 3, None, None]
    axis = numbers[:, None, 4:7].expand_as(points)
    across = torch.linalg.cross(axis, points)
    turned = (
        (real * real - (axis * axis).sum(-1, keepdim=True)) * points
        + 2.0 * (axis * points).sum(-1, keepdim=True) * axis
        + 2.0 * real * across
    )
    extent = boxes[:, 2:] - boxes[:, :2]
    aspect = torch.stack([torch.ones_like(extent[:, 0]), extent[:, 0] / extent[:, 1]], dim=1)
    return (scale * turned[..., :2] + shift) * aspect[:, None]


@exact
def turn_to(ray: Tensor) -> Tensor:
    """(B, 3) directions ahead of the camera -> (B, 3, 3) least turns that take its z axis there."""
    direction = nn.functional.normalize(ray, dim=1)
    axis = torch.stack([-direction[:, 1], direction[:, 0], torch.zeros_like(direction[:, 0])], dim=1)
    across = cross_matrix(axis)
    eye = torch.eye(3, dtype=ray.dtype, device=ray.device)
    return eye + across + across @ across / (1.0 + direction[:, 2])[:, None, None]
