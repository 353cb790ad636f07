"""HMR 2.0's network against a plain reading of the published layout: functions over the tensors, in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import erf

from core.networks.hmr2.config import Hmr2Config
from core.networks.hmr2.head import SmplHead
from core.networks.hmr2.network import Hmr2
from core.networks.losses.people import parameter_loss
from core.networks.rotations import rotation_from_vector, rotations_from_6d, rotations_to_6d
from core.shapes.body.skeleton import COUNT
from tests.networks.hmr2_checkpoints import TINY, head, random_tensors

SAME = 1e-5
"""How near the network has to come to the reading (docs/benchmarks.md)."""


class Reading:
    """The layout read straight off, in double precision: everything is a sum over named axes.

    b: people. t, u: tokens. c, d: numbers of a token. h: heads. k: numbers of a head. j: joints.
    """

    def __init__(self, tensors, config):
        self.w = {name: tensor.double().numpy() for name, tensor in tensors.items()}
        self.c = config

    def linear(self, x, name):
        out = np.einsum("btc,dc->btd", x, self.w[f"{name}.weight"])
        bias = self.w.get(f"{name}.bias")
        return out if bias is None else out + bias

    def norm(self, x, name, epsilon):
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + epsilon)
        return scaled * self.w[f"{name}.weight"] + self.w[f"{name}.bias"]

    def gelu(self, x):
        return x * (1 + erf(x / np.sqrt(2))) / 2

    def attention(self, q, k, v, heads):
        q, k, v = (x.reshape(*x.shape[:2], heads, -1) for x in (q, k, v))
        score = np.einsum("bthk,buhk->bhtu", q, k) / np.sqrt(q.shape[-1])
        score = np.exp(score - score.max(axis=-1, keepdims=True))
        share = score / score.sum(axis=-1, keepdims=True)
        return np.einsum("bhtu,buhk->bthk", share, v).reshape(*q.shape[:2], -1)

    def backbone(self, pictures):
        # two rows and columns of nothing on every side, then patches of 16 as far as whole ones go
        padded = np.pad(pictures, ((0, 0), (0, 0), (2, 2), (2, 2)))[:, :, :256, :192]
        patches = padded.reshape(len(padded), 3, 16, 16, 12, 16)
        kernel = self.w["backbone.patch_embed.proj.weight"]
        x = np.einsum("bcyixj,dcij->byxd", patches, kernel).reshape(len(padded), 192, -1)
        x = x + self.w["backbone.patch_embed.proj.bias"]
        places = self.w["backbone.pos_embed"][0]
        x = x + places[1:] + places[0]
        for n in range(self.c.depth):
            block = f"backbone.blocks.{n}"
            y = self.linear(self.norm(x, f"{block}.norm1", 1e-6), f"{block}.attn.qkv")
            q, k, v = np.split(y, 3, axis=-1)
            x = x + self.linear(self.attention(q, k, v, self.c.heads), f"{block}.attn.proj")
            y = self.gelu(self.linear(self.norm(x, f"{block}.norm2", 1e-6), f"{block}.mlp.fc1"))
            x = x + self.linear(y, f"{block}.mlp.fc2")
        return self.norm(x, "backbone.last_norm", 1e-6)

    def head(self, context):
        # the token begins as nothing: of its embedding only the bias is left
        x = self.w["smpl_head.transformer.to_token_embedding.bias"]
        x = np.broadcast_to(
            x + self.w["smpl_head.transformer.pos_embedding"][0, 0], (len(context), 1, len(x))
        )
        for n in range(self.c.head_depth):
            layer = f"smpl_head.transformer.transformer.layers.{n}"
            y = self.linear(self.norm(x, f"{layer}.0.norm", 1e-5), f"{layer}.0.fn.to_qkv")
            q, k, v = np.split(y, 3, axis=-1)
            x = x + self.linear(self.attention(q, k, v, self.c.head_heads), f"{layer}.0.fn.to_out.0")
            q = self.linear(self.norm(x, f"{layer}.1.norm", 1e-5), f"{layer}.1.fn.to_q")
            k, v = np.split(self.linear(context, f"{layer}.1.fn.to_kv"), 2, axis=-1)
            x = x + self.linear(self.attention(q, k, v, self.c.head_heads), f"{layer}.1.fn.to_out.0")
            y = self.gelu(self.linear(self.norm(x, f"{layer}.2.norm", 1e-5), f"{layer}.2.fn.net.0"))
            x = x + self.linear(y, f"{layer}.2.fn.net.3")
        pose, betas, camera = (
            self.linear(x, f"smpl_head.{part}")[:, 0] + self.w[f"smpl_head.{mean}"]
            for part, mean in (
                ("decpose", "init_body_pose"),
                ("decshape", "init_betas"),
                ("deccam", "init_cam"),
            )
        )
        return columns_from_6d(pose.reshape(-1, 24, 6)), betas, camera


def columns_from_6d(numbers):
    """Gram and Schmidt, joint by joint."""
    out = np.zeros((*numbers.shape[:-1], 3, 3))
    for at in np.ndindex(numbers.shape[:-1]):
        a, b = numbers[at][:3], numbers[at][3:]
        x = a / np.linalg.norm(a)
        y = b - (x @ b) * x
        y /= np.linalg.norm(y)
        out[at] = np.array([x, y, np.cross(x, y)]).T
    return out


def compare(found, expected, within):
    rotations, betas, camera = expected
    np.testing.assert_allclose(found.rotations.numpy(), rotations, atol=within)
    np.testing.assert_allclose(found.betas.numpy(), betas, atol=within)
    np.testing.assert_allclose(found.camera.numpy(), camera, atol=within)


@torch.inference_mode()
def test_the_network_is_the_published_one():
    tensors = random_tensors(TINY)
    network = Hmr2(TINY).eval()
    network.load_state_dict(tensors)
    crops = torch.randn(3, 3, 256, 256, generator=torch.Generator().manual_seed(1))
    reading = Reading(tensors, TINY)
    expected = reading.head(reading.backbone(crops[..., 32:224].double().numpy()))
    compare(network(crops), expected, SAME)
    compare(network.double()(crops.double()), expected, 1e-10)


@torch.inference_mode()
def test_only_the_middle_columns_of_the_crop_are_seen():
    network = Hmr2(TINY).eval()
    network.load_state_dict(random_tensors(TINY))
    crops = torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(1))
    changed = crops.clone()
    changed[..., :32] = changed[..., 224:] = 9.0
    torch.testing.assert_close(network(crops).betas, network(changed).betas, rtol=0, atol=0)
    changed[..., 32] = 9.0
    assert not torch.equal(network(crops).betas, network(changed).betas)


@torch.inference_mode()
def test_the_full_size_head_is_the_published_one():
    full = Hmr2Config()
    names = head(full)
    tensors = {
        name: tensor for name, tensor in random_tensors(Hmr2Config(depth=0), seed=8).items() if name in names
    }
    network = SmplHead(full).eval()
    network.load_state_dict({name.removeprefix("smpl_head."): tensor for name, tensor in tensors.items()})
    tokens = torch.randn(2, 192, 1280, generator=torch.Generator().manual_seed(2))
    compare(network(tokens), Reading(tensors, full).head(tokens.double().numpy()), SAME)


@given(st.lists(st.floats(-2, 2), min_size=6, max_size=6))
def test_six_numbers_make_a_rotation_whose_first_column_points_along_the_first_three(numbers):
    first, second = np.array(numbers[:3]), np.array(numbers[3:])
    if np.linalg.norm(np.cross(first, second)) < 1e-3:
        return
    turn = rotations_from_6d(torch.tensor(numbers, dtype=torch.float64)).numpy()
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(turn) == pytest.approx(1)
    np.testing.assert_allclose(turn[:, 0], first / np.linalg.norm(first), atol=1e-9)
    assert turn[:, 1] @ second > 0
    assert abs(turn[:, 2] @ second) < 1e-9


def test_a_tiny_one_learns_two_pictures_by_heart() -> None:
    torch.manual_seed(0)
    network = Hmr2(TINY)
    upright = rotations_to_6d(torch.eye(3).expand(COUNT, 3, 3)).flatten()
    network.smpl_head.get_buffer("init_body_pose").copy_(upright)
    crops = torch.randn(2, 3, 16, 16).repeat_interleave(16, 2).repeat_interleave(16, 3)
    rotations = rotation_from_vector(0.5 * torch.randn(2, COUNT, 3))
    betas, camera = torch.randn(2, 10), torch.randn(2, 3)
    both = torch.ones(2, dtype=torch.bool)
    search = torch.optim.Adam(network.parameters(), lr=1e-2)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(search, 100)
    losses = []
    for _ in range(100):
        said = network(crops)
        loss = (
            parameter_loss(said.rotations, rotations, both)
            + parameter_loss(said.betas, betas, both)
            + parameter_loss(said.camera, camera, both)
        )
        search.zero_grad()
        loss.backward()
        search.step()
        rate.step()
        losses.append(loss.item())
    assert losses[-1] < 0.005 * losses[0], (losses[0], losses[-1])
    assert (said.rotations - rotations).abs().max() < 0.2
    assert (said.betas - betas).abs().max() < 0.2
    assert (said.camera - camera).abs().max() < 0.1
