"""How Occlusion-Net is built: the paper's way, or that of its released code where the two differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

_MOST = {"points": 64, "types": 64, "hidden": 8192, "shape_components": 100}


class EdgeEncoder(StrEnum):
    """How edges come to know of each other."""

    EDGE_NODE_EDGE = "edge_node_edge"  # through the nodes, as in the paper
    EDGE = "edge"  # not at all: each edge looks at its own two nodes only, as released


class Confidence(StrEnum):
    """What a node's third number is."""

    PROBABILITY = "probability"  # of the heat map's likeliest cell, 0 to 1
    LOGIT = "logit"  # its raw value, as released


class ShapeView(StrEnum):
    """How the car's shape is seen in the box."""

    PERSPECTIVE = "perspective"
    SCALED_ORTHOGRAPHIC = "scaled_orthographic"  # as released


@dataclass(frozen=True, slots=True)
class OcclusionNetSettings:
    """The network's form. Defaults are the paper's; `released_settings` gives the other.

    Attributes:
        points: nodes of the graph. types: how many kinds of points there are.
        hidden: width of every layer. dropout: in training; there is none in evaluation, whatever the release
            does.
        typed_nodes: whether a node is told its point's type.
        confidence: what its third number is.
        encoder: of the edges.
        view: how the shape is seen.
        uses_shape: whether its coefficients are applied; else it stays the mean car.
        pools_nodes: whether the 3D head sums up its nodes, so that their order does not matter, or reads them
            one after the other.
        shape_components: coefficients of the car space.
        in_3d: whether it has its 3D half, over the car space that comes with the program (`built_of`).
    """

    points: int = 12
    types: int = 12
    hidden: int = 512
    dropout: float = 0.5
    typed_nodes: bool = True
    confidence: Confidence = Confidence.PROBABILITY
    encoder: EdgeEncoder = EdgeEncoder.EDGE_NODE_EDGE
    view: ShapeView = ShapeView.PERSPECTIVE
    uses_shape: bool = True
    pools_nodes: bool = True
    shape_components: int = 5
    in_3d: bool = False

    def __post_init__(self) -> None:
        """What no network could be built of, or only one of a size that nobody means.

        The graph lists all pairs of points before any weights are looked at.

        Raises:
            TypeError, ValueError: a value lies outside what is possible.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type in ("bool", "int") and type(value).__name__ != field.type:
                raise TypeError(f"{field.name} is {value!r}")
        for name, most in _MOST.items():
            if not 1 <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}")
        if self.points < 2 or type(self.dropout) not in (int, float) or not 0 <= self.dropout < 1:
            raise ValueError(f"points are {self.points}, dropout is {self.dropout!r}")

    @property
    def node_features(self) -> int:
        """Numbers of a node: x, y, confidence and, where it is typed, which type."""
        return 3 + (self.types if self.typed_nodes else 0)

    def as_json(self) -> dict[str, Any]:
        """Plain values, from which `of_json` makes the same."""
        return {"kind": "occlusion_net", **asdict(self)}

    @staticmethod
    def of_json(values: Mapping[str, Any]) -> OcclusionNetSettings:
        """The settings that `as_json` gave.

        Raises:
            KeyError, TypeError, ValueError: they are of something else.
        """
        # a file of an older program says nothing of 3D, and has none
        values = {"in_3d": False, **values}
        given = {one.name: values[one.name] for one in fields(OcclusionNetSettings)}
        kinds = {"confidence": Confidence, "encoder": EdgeEncoder, "view": ShapeView}
        return OcclusionNetSettings(**{**given, **{name: of(given[name]) for name, of in kinds.items()}})


def released_settings() -> OcclusionNetSettings:
    """What the released code builds (ALGORITHMS 3.7), for comparison."""
    return OcclusionNetSettings(
        typed_nodes=False,
        confidence=Confidence.LOGIT,
        encoder=EdgeEncoder.EDGE,
        view=ShapeView.SCALED_ORTHOGRAPHIC,
        uses_shape=False,
        pools_nodes=False,
    )


class HiddenFrom(StrEnum):
    """What says where hidden points are."""

    LABELS = "labels"  # composites know, and annotators; two other cameras where there is no label
    TRIFOCAL = "trifocal"  # two other cameras that see them, as in the paper


@dataclass(frozen=True, slots=True)
class OcclusionLossSettings:
    """What is learned from. Distances are in half boxes, see `core.networks.occlusion_net.nodes`.

    Attributes:
        hidden_from: what says where hidden points are.
        seen_too: whether the points that are seen are learned, too, as they come out beside the others.
        inside_box_only: whether points outside the box are left out, as released, which says nothing then of
            cars that the picture cuts.
        keypoint_variance: of the Gaussian around a predicted point.
        reprojection_variance: of that around a point of the shape; 0.5 makes it the paper's plain square.
        edge, trifocal, keypoint, reprojection, three_d: weights. Those of the paper are 1; it has no loss in
            3D, whose weight is ours.
    """

    hidden_from: HiddenFrom = HiddenFrom.LABELS
    seen_too: bool = True
    inside_box_only: bool = False
    keypoint_variance: float = 0.1
    reprojection_variance: float = 0.5
    edge: float = 1.0
    trifocal: float = 1.0
    keypoint: float = 1.0
    reprojection: float = 1.0
    three_d: float = 1.0


def released_loss_settings() -> OcclusionLossSettings:
    """What the released code learns from (ALGORITHMS 3.7), for comparison."""
    return OcclusionLossSettings(
        seen_too=False, inside_box_only=True, reprojection_variance=100.0, three_d=0.0
    )
