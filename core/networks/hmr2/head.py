"""The head of HMR 2.0: a decoder whose one token asks the picture's tokens for pose, shape and camera.

Goel et al., ICCV 2023. Its modules have the names that the published checkpoint's tensors have.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.networks.hmr2.config import CAMERA_NUMBERS, POSE_NUMBERS, SHAPE_NUMBERS, Hmr2Config
from core.networks.rotations import rotations_from_6d


@dataclass(frozen=True, slots=True, eq=False)
class BodyNumbers:
    """What the network says of B people.

    Attributes:
        rotations: (B, 24, 3, 3) of each joint against its parent; the first against the crop's camera.
        betas: (B, 10) of SMPL's shape.
        camera: (B, 3) s, tx, ty: a point (X, Y) of the body lies at s (X + tx, Y + ty) of the crop, whose
            half side is 1.
    """

    rotations: Tensor
    betas: Tensor
    camera: Tensor


class SelfAttention(nn.Module):
    """Tokens look at each other."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        inner = config.head_heads * config.head_size
        self.heads = config.head_heads
        self.to_qkv = nn.Linear(config.head_width, 3 * inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, config.head_width))

    def forward(self, tokens: Tensor, _: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        query, key, value = self.to_qkv(tokens).chunk(3, dim=-1)
        return self.to_out(_attend(query, key, value, self.heads))


class CrossAttention(nn.Module):
    """Tokens look at those of the picture."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        inner = config.head_heads * config.head_size
        self.heads = config.head_heads
        self.to_kv = nn.Linear(config.width, 2 * inner, bias=False)
        self.to_q = nn.Linear(config.head_width, inner, bias=False)
        self.to_out = nn.Sequential(nn.Linear(inner, config.head_width))

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        """(B, N, D), (B, M, C) -> (B, N, D)."""
        key, value = self.to_kv(context).chunk(2, dim=-1)
        return self.to_out(_attend(self.to_q(tokens), key, value, self.heads))


class FeedForward(nn.Module):
    """Two linear layers with GELU between; the published ones stand at 0 and 3, with a dropout of nothing."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(config.head_width, config.head_hidden),
            nn.GELU(),
            nn.Identity(),
            nn.Linear(config.head_hidden, config.head_width),
        )

    def forward(self, tokens: Tensor, _: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return self.net(tokens)


class PreNorm(nn.Module):
    """A layer norm before what follows."""

    def __init__(self, config: Hmr2Config, following: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.head_width)
        self.fn = following

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        """(B, N, D), (B, M, C) -> (B, N, D)."""
        return self.fn(self.norm(tokens), context)


class DecoderLayers(nn.Module):
    """Layers of self-attention, attention to the picture and an MLP, each beside a shortcut."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.ModuleList(
                PreNorm(config, part(config)) for part in (SelfAttention, CrossAttention, FeedForward)
            )
            for _ in range(config.head_depth)
        )

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        """(B, N, D), (B, M, C) -> (B, N, D)."""
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)
            for part in layer:
                tokens = tokens + part(tokens, context)
        return tokens


class Decoder(nn.Module):
    """The layers, with what their one token begins as."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        self.to_token_embedding = nn.Linear(1, config.head_width)
        self.pos_embedding = nn.Parameter(torch.zeros(1, 1, config.head_width))
        self.transformer = DecoderLayers(config)

    def forward(self, context: Tensor) -> Tensor:
        """(B, M, C) -> (B, D)."""
        zero = context.new_zeros(len(context), 1, 1)
        return self.transformer(self.to_token_embedding(zero) + self.pos_embedding, context)[:, 0]


class SmplHead(nn.Module):
    """Reads pose, shape and camera from the decoder's token, as differences to the mean person's."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        self.transformer = Decoder(config)
        self.decpose = nn.Linear(config.head_width, POSE_NUMBERS)
        self.decshape = nn.Linear(config.head_width, SHAPE_NUMBERS)
        self.deccam = nn.Linear(config.head_width, CAMERA_NUMBERS)
        for name, count in (
            ("init_body_pose", POSE_NUMBERS),
            ("init_betas", SHAPE_NUMBERS),
            ("init_cam", CAMERA_NUMBERS),
        ):
            self.register_buffer(name, torch.zeros(1, count))

    def forward(self, context: Tensor) -> BodyNumbers:
        """(B, M, C) tokens of the picture."""
        token = self.transformer(context)
        pose = self.decpose(token) + self.get_buffer("init_body_pose")
        return BodyNumbers(
            rotations=rotations_from_6d(pose.unflatten(1, (-1, 6))),
            betas=self.decshape(token) + self.get_buffer("init_betas"),
            camera=self.deccam(token) + self.get_buffer("init_cam"),
        )


def _attend(query: Tensor, key: Tensor, value: Tensor, heads: int) -> Tensor:
    """(B, N, H d), (B, M, H d), (B, M, H d) -> (B, N, H d)."""
    split = [part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in (query, key, value)]
    return functional.scaled_dot_product_attention(*split).transpose(1, 2).flatten(2)
