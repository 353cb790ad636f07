"""How large HMR 2.0's network is: the published one, or a smaller one for tests."""

from __future__ import annotations

from dataclasses import dataclass

from core.shapes.body.skeleton import COUNT

POSE_NUMBERS = 6 * COUNT
SHAPE_NUMBERS = 10
CAMERA_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class Hmr2Config:
    """Sizes (Goel et al., ICCV 2023; ALGORITHMS 6.1); the defaults are the published network's.

    Attributes:
        width, depth, heads: of the backbone: numbers of a token, blocks, heads of each.
        mlp_ratio: how much wider its MLPs are than its tokens.
        patch: side of a patch, pixels.
        height, picture_width: of what the backbone sees, pixels.
        head_width, head_depth: of the decoder: numbers of its token, layers.
        head_heads, head_size: its attention: how many heads, and how wide each is.
        head_hidden: width of its MLPs.
    """

    width: int = 1280
    depth: int = 32
    heads: int = 16
    mlp_ratio: int = 4
    patch: int = 16
    height: int = 256
    picture_width: int = 192
    head_width: int = 1024
    head_depth: int = 6
    head_heads: int = 8
    head_size: int = 64
    head_hidden: int = 1024

    @property
    def hidden(self) -> int:
        """Width of the backbone's MLPs."""
        return self.width * self.mlp_ratio

    @property
    def tokens(self) -> int:
        """How many patches a picture has."""
        return (self.height // self.patch) * (self.picture_width // self.patch)
