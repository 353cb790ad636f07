"""Backbones with feature pyramids, from torchvision's parts: what the detectors here see with.

With weights from elsewhere the normalisation is frozen, as torchvision does it; from nothing it is by groups
of channels, since batches of two pictures say too little of a mean.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor, nn
from torchvision.models import mobilenet_v3_large, resnet
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.swin_transformer import SwinTransformer
from torchvision.ops import FeaturePyramidNetwork, FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

STRIDES = (4, 8, 16, 32)
"""Pixels of the picture that a cell of each of a backbone's stages covers, across and down."""

_GROUPS = 8
_RESNET_STAGES = ("layer1", "layer2", "layer3", "layer4")
_MOBILE_STAGES = {"3": 24, "6": 40, "12": 112, "15": 160}  # the last of each size, and channels
_SWIN_STAGES = {1: 96, 3: 192, 5: 384, 7: 768}
_SWIN_DROPPED = 0.1  # WALT's share of blocks that are left out in training, at the last one


class BackboneName(StrEnum):
    """The backbones there are, the quickest first."""

    MOBILENET = "mobilenet_v3_large"
    RESNET18 = "resnet18"
    RESNET50 = "resnet50"
    SWIN_T = "swin_t"  # WALT's (ALGORITHMS 4.5)


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A backbone with its pyramid.

    Attributes:
        body: pictures (B, 3, H, W) to a dict of levels (B, channels, h, w), fine to coarse.
        levels: their names, without the extra one that only proposals are made on: "0" and up.
        channels: of every level.
    """

    body: nn.Module
    levels: tuple[str, ...]
    channels: int


def feature_pyramid(
    name: BackboneName,
    *,
    channels: int = 256,
    finest: int = 4,
    frozen_norms: bool = False,
    trained_stages: int = 5,
) -> Pyramid:
    """A backbone with new weights; those of ImageNet or COCO are loaded into it afterwards.

    Args:
        name: which.
        channels: of every level of the pyramid.
        finest: one of STRIDES, that of the finest level.
        frozen_norms: for weights from elsewhere. Swin has no such norms.
        trained_stages: how many of a ResNet's five stages learn, counted from the last; 3 is usual with
            weights from elsewhere. The others learn whole.
    """
    first = STRIDES.index(finest)
    levels = tuple(str(number) for number in range(len(STRIDES) - first))
    norm: Callable[..., nn.Module] = FrozenBatchNorm2d if frozen_norms else _group_norm
    if name is BackboneName.SWIN_T:
        return Pyramid(_SwinPyramid(channels, first), levels, channels)
    if name is BackboneName.MOBILENET:
        body: nn.Module = mobilenet_v3_large(weights=None, norm_layer=norm).features
        stages = list(_MOBILE_STAGES)[first:]
        inner = list(_MOBILE_STAGES.values())[first:]
    else:
        body = _resnet(name, norm, trained_stages)
        stages = list(_RESNET_STAGES[first:])
        widest = 2048 if name is BackboneName.RESNET50 else 512
        inner = [widest >> number for number in reversed(range(len(stages)))]
    joined = BackboneWithFPN(
        body, dict(zip(stages, levels, strict=True)), inner, channels, extra_blocks=LastLevelMaxPool()
    )
    return Pyramid(joined, levels, channels)


def _resnet(name: BackboneName, norm: Callable[..., nn.Module], trained_stages: int) -> nn.Module:
    make = resnet.resnet50 if name is BackboneName.RESNET50 else resnet.resnet18
    network = make(weights=None, norm_layer=norm)
    learning = ("layer4", "layer3", "layer2", "layer1", "conv1")[:trained_stages]
    if trained_stages == len(_RESNET_STAGES) + 1:
        learning += ("bn1",)
    for parameter_name, parameter in network.named_parameters():
        parameter.requires_grad_(parameter_name.startswith(learning))
    return network


def _group_norm(channels: int, **_: object) -> nn.Module:
    return nn.GroupNorm(next(n for n in range(_GROUPS, 0, -1) if channels % n == 0), channels)


class _SwinPyramid(nn.Module):
    """Swin-T's stages, each normalised as detectors do (Liu et al., ICCV 2021), below a pyramid."""

    def __init__(self, channels: int, first: int) -> None:
        super().__init__()
        self.out_channels = channels
        # as torchvision's swin_t, which has twice as many blocks left out
        self.body = SwinTransformer(
            patch_size=[4, 4],
            embed_dim=96,
            depths=[2, 2, 6, 2],
            num_heads=[3, 6, 12, 24],
            window_size=[7, 7],
            stochastic_depth_prob=_SWIN_DROPPED,
        ).features
        self.stages = list(_SWIN_STAGES)[first:]
        inner = [_SWIN_STAGES[place] for place in self.stages]
        self.norms = nn.ModuleList(nn.LayerNorm(one) for one in inner)
        self.fpn = FeaturePyramidNetwork(inner, channels, LastLevelMaxPool())

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        levels: OrderedDict[str, Tensor] = OrderedDict()
        seen = pictures
        norms = iter(self.norms)
        for place, stage in enumerate(self.body):
            seen = stage(seen)
            if place in self.stages:
                # its features have their channels last
                levels[str(len(levels))] = next(norms)(seen).permute(0, 3, 1, 2).contiguous()
        return self.fpn(levels)
