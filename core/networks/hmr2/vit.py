"""The backbone of HMR 2.0: ViTPose's plain vision transformer, a token for each patch of the picture.

Xu et al., NeurIPS 2022. Its modules have the names that the published checkpoint's tensors have.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.networks.hmr2.config import Hmr2Config

_EPSILON = 1e-6  # torch's own is 1e-5, and so is the head's
_PADDING = 2  # of the patches' convolution: the first patch begins two pixels before the picture


class Attention(nn.Module):
    """Every token looks at every token."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        count, length, width = tokens.shape
        split = self.qkv(tokens).reshape(count, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(seen.transpose(1, 2).reshape(count, length, width))


class Mlp(nn.Module):
    """Two linear layers with GELU between."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return self.fc2(functional.gelu(self.fc1(tokens)))


class Block(nn.Module):
    """Attention and an MLP, each behind a layer norm and beside a shortcut."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width, eps=_EPSILON)
        self.attn = Attention(config.width, config.heads)
        self.norm2 = nn.LayerNorm(config.width, eps=_EPSILON)
        self.mlp = Mlp(config.width, config.hidden)

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class PatchEmbed(nn.Module):
    """A token for each patch of the picture."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, config.width, config.patch, stride=config.patch, padding=_PADDING)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, H / 16 * W / 16, D), row by row."""
        return self.proj(pictures).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    """ViT without a class token; the place that the class token had is added to every token's."""

    def __init__(self, config: Hmr2Config) -> None:
        super().__init__()
        self.patch_embed = PatchEmbed(config)
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + config.tokens, config.width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.last_norm = nn.LayerNorm(config.width, eps=_EPSILON)

    def forward(self, pictures: Tensor) -> Tensor:
        """Tokens of pictures.

        Args:
            pictures: (B, 3, 256, 192), RGB less ImageNet's mean, over its standard deviation.

        Returns:
            (B, 192, D), row by row.
        """
        tokens = self.patch_embed(pictures) + self.pos_embed[:, 1:] + self.pos_embed[:, :1]
        for block in self.blocks:
            tokens = block(tokens)
        return self.last_norm(tokens)
