"""The published layout of HMR 2.0's checkpoint, written down name by name, and checkpoints in it."""

from __future__ import annotations

import torch

from core.networks.hmr2.config import Hmr2Config

TINY = Hmr2Config(
    width=24, depth=2, heads=3, head_width=16, head_depth=2, head_heads=2, head_size=12, head_hidden=20
)

JUDGE = {
    "D_conv1": (32, 9, 1, 1),
    "D_conv2": (32, 32, 1, 1),
    "betas_fc1": (10, 10),
    "betas_fc2": (5, 10),
    "betas_out": (1, 5),
    "D_alljoints_fc1": (1024, 736),
    "D_alljoints_fc2": (1024, 1024),
    "D_alljoints_out": (1, 1024),
    **{f"pose_out.{joint}": (1, 32) for joint in range(23)},
}
"""Layers of the discriminator (ALGORITHMS 6.2), whose biases are as long as their first side."""


def backbone(c: Hmr2Config) -> dict[str, tuple[int, ...]]:
    """Names and shapes of ViTPose's backbone."""
    d, hidden = c.width, c.width * c.mlp_ratio
    shapes: dict[str, tuple[int, ...]] = {
        "backbone.pos_embed": (1, 193, d),
        "backbone.patch_embed.proj.weight": (d, 3, 16, 16),
        "backbone.patch_embed.proj.bias": (d,),
        "backbone.last_norm.weight": (d,),
        "backbone.last_norm.bias": (d,),
    }
    for n in range(c.depth):
        block = f"backbone.blocks.{n}"
        shapes |= {
            f"{block}.norm1.weight": (d,),
            f"{block}.norm1.bias": (d,),
            f"{block}.attn.qkv.weight": (3 * d, d),
            f"{block}.attn.qkv.bias": (3 * d,),
            f"{block}.attn.proj.weight": (d, d),
            f"{block}.attn.proj.bias": (d,),
            f"{block}.norm2.weight": (d,),
            f"{block}.norm2.bias": (d,),
            f"{block}.mlp.fc1.weight": (hidden, d),
            f"{block}.mlp.fc1.bias": (hidden,),
            f"{block}.mlp.fc2.weight": (d, hidden),
            f"{block}.mlp.fc2.bias": (d,),
        }
    return shapes


def head(c: Hmr2Config) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the decoder, its read-outs and the mean person."""
    d, inner = c.head_width, c.head_heads * c.head_size
    shapes: dict[str, tuple[int, ...]] = {
        "smpl_head.init_body_pose": (1, 144),
        "smpl_head.init_betas": (1, 10),
        "smpl_head.init_cam": (1, 3),
        "smpl_head.transformer.to_token_embedding.weight": (d, 1),
        "smpl_head.transformer.to_token_embedding.bias": (d,),
        "smpl_head.transformer.pos_embedding": (1, 1, d),
        "smpl_head.decpose.weight": (144, d),
        "smpl_head.decpose.bias": (144,),
        "smpl_head.decshape.weight": (10, d),
        "smpl_head.decshape.bias": (10,),
        "smpl_head.deccam.weight": (3, d),
        "smpl_head.deccam.bias": (3,),
    }
    for n in range(c.head_depth):
        layer = f"smpl_head.transformer.transformer.layers.{n}"
        for part in range(3):
            shapes |= {f"{layer}.{part}.norm.weight": (d,), f"{layer}.{part}.norm.bias": (d,)}
        shapes |= {
            f"{layer}.0.fn.to_qkv.weight": (3 * inner, d),
            f"{layer}.0.fn.to_out.0.weight": (d, inner),
            f"{layer}.0.fn.to_out.0.bias": (d,),
            f"{layer}.1.fn.to_kv.weight": (2 * inner, c.width),
            f"{layer}.1.fn.to_q.weight": (inner, d),
            f"{layer}.1.fn.to_out.0.weight": (d, inner),
            f"{layer}.1.fn.to_out.0.bias": (d,),
            f"{layer}.2.fn.net.0.weight": (c.head_hidden, d),
            f"{layer}.2.fn.net.0.bias": (c.head_hidden,),
            f"{layer}.2.fn.net.3.weight": (d, c.head_hidden),
            f"{layer}.2.fn.net.3.bias": (d,),
        }
    return shapes


def left_out(vertices: int = 6890) -> dict[str, tuple[int, ...]]:
    """Names and shapes of what the published checkpoint holds besides: the body, the judge and a mark."""
    shapes: dict[str, tuple[int, ...]] = {
        "initialized": (),
        "smpl.faces_tensor": (2 * vertices - 4, 3),
        "smpl.v_template": (vertices, 3),
        "smpl.shapedirs": (vertices, 3, 10),
        "smpl.posedirs": (207, 3 * vertices),
        "smpl.J_regressor": (24, vertices),
        "smpl.parents": (24,),
        "smpl.lbs_weights": (vertices, 24),
        "smpl.vertex_joint_selector.extra_joints_idxs": (21,),
        "smpl.joint_map": (25,),
        "smpl.joint_regressor_extra": (19, vertices),
    }
    for layer, shape in JUDGE.items():
        shapes |= {f"discriminator.{layer}.weight": shape, f"discriminator.{layer}.bias": shape[:1]}
    return shapes


def random_tensors(c: Hmr2Config, seed: int = 3) -> dict[str, torch.Tensor]:
    """Random weights for all names that are loaded, of the size that trained ones have."""
    made = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in (backbone(c) | head(c)).items():
        fan_in = max(1, int(torch.Size(shape[1:]).numel()))
        spread = 0.5 if "init" in name or "pos_embed" in name else fan_in**-0.5
        tensors[name] = spread * torch.randn(shape, generator=made)
        if "norm" in name and name.endswith("weight"):
            tensors[name] = 1 + 0.3 * torch.randn(shape, generator=made)
    return tensors


def whole_checkpoint(c: Hmr2Config, vertices: int = 12) -> dict[str, torch.Tensor]:
    """Random tensors for everything that the published checkpoint holds, with a body of few vertices."""
    made = torch.Generator().manual_seed(5)
    whole = {"faces_tensor", "parents", "extra_joints_idxs", "joint_map"}
    tensors = random_tensors(c)
    for name, shape in left_out(vertices).items():
        tensors[name] = torch.randn(shape, generator=made)
        if name.rpartition(".")[2] in whole:
            tensors[name] = torch.zeros(shape, dtype=torch.int64)
    return tensors
