"""A small residual network for crops that is fast on a processor: plain 3 x 3 convolutions, few channels.

After ResNet (He et al., CVPR 2016), thinner. Convolutions are plain, for those by channel save less on a CPU
than their fewer products promise (docs/decisions/0058).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import Conv2dNormActivation

_MOST_BLOCKS = 64


def check_trunk(px: int, widths: Sequence[int], blocks: Sequence[int]) -> None:
    """Refuse what no trunk could be built of, whatever a file says.

    Args:
        px: side of the picture. widths, blocks: of the trunk.

    Raises:
        TypeError, ValueError: a value lies outside what is possible.
    """
    if any(type(value) is not int for value in (px, *widths, *blocks)):
        raise TypeError(f"px is {px!r}, widths are {widths!r}, blocks {blocks!r}")
    if not widths or len(widths) != len(blocks):
        raise ValueError(f"{len(widths)} widths for {len(blocks)} numbers of blocks")
    if min(widths) < 1 or min(blocks) < 0 or max(blocks) > _MOST_BLOCKS or px < 2 ** len(widths):
        raise ValueError(f"px is {px}, widths are {widths}, blocks {blocks}")


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Conv2dNormActivation(channels, channels, 3)
        self.second = Conv2dNormActivation(channels, channels, 3, activation_layer=None)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class SmallTrunk(nn.Module):
    """(B, inputs, S, S) -> (B, widths[-1], S / 2^k, S / 2^k), k the number of widths.

    Args:
        inputs: channels of the picture.
        widths: channels after each halving.
        blocks: residual blocks after each halving.
    """

    def __init__(self, inputs: int, widths: Sequence[int], blocks: Sequence[int]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = inputs
        for width, count in zip(widths, blocks, strict=True):
            layers.append(Conv2dNormActivation(before, width, 3, stride=2))
            layers += [_Residual(width) for _ in range(count)]
            before = width
        self.layers = nn.Sequential(*layers)
        self.channels = before

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        return self.layers(x)
