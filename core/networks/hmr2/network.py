"""HMR 2.0's network: from a crop of a person to pose, shape and camera (Goel et al., ICCV 2023)."""

from __future__ import annotations

from torch import Tensor, nn

from core.networks.hmr2.config import Hmr2Config
from core.networks.hmr2.crop import CROP_PX
from core.networks.hmr2.head import BodyNumbers, SmplHead
from core.networks.hmr2.vit import VisionTransformer


class Hmr2(nn.Module):
    """The backbone and the head, without the body: posing is left to whoever has one.

    Args:
        config: how large; the published network's sizes by default.
    """

    def __init__(self, config: Hmr2Config | None = None) -> None:
        super().__init__()
        self.config = config or Hmr2Config()
        self.backbone = VisionTransformer(self.config)
        self.smpl_head = SmplHead(self.config)

    def forward(self, crops: Tensor) -> BodyNumbers:
        """What square crops show.

        Args:
            crops: (B, 3, 256, 256), as `core.networks.hmr2.crop` makes them; the middle 192 columns count.
        """
        side = (CROP_PX - self.config.picture_width) // 2
        return self.smpl_head(self.backbone(crops[..., side : CROP_PX - side]))
