"""HMR 2.0's checkpoint: every name of the published one is accounted for, and no other network's is taken."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.errors import CheckpointError
from core.networks.hmr2.checkpoint import LEFT_OUT, check_tensors, load_hmr2
from core.networks.hmr2.config import Hmr2Config
from core.networks.hmr2.network import Hmr2
from tests.networks.hmr2_checkpoints import (
    TINY,
    backbone,
    head,
    left_out,
    random_tensors,
    whole_checkpoint,
)


@pytest.mark.parametrize("config", [TINY, Hmr2Config()], ids=["tiny", "published"])
def test_the_network_has_the_published_names_and_shapes(config):
    with torch.device("meta"):
        network = Hmr2(config)
    found = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert found == backbone(config) | head(config)


def test_the_published_network_has_the_published_size():
    # ViT-H of Xu et al. (2022) and the decoder: about 670 million numbers, 2.7 GB in single precision
    with torch.device("meta"):
        network = Hmr2()
    count = sum(tensor.numel() for tensor in network.backbone.parameters())
    assert count == 193 * 1280 + (3 * 256 + 1) * 1280 + 32 * (12 * 1280**2 + 13 * 1280) + 2 * 1280


def test_every_tensor_of_the_published_checkpoint_is_loaded_or_known():
    with torch.device("meta"):
        network = Hmr2()
        tensors = {
            name: torch.empty(shape)
            for name, shape in (backbone(Hmr2Config()) | head(Hmr2Config()) | left_out()).items()
        }
    check_tensors(tensors, network, "hmr2.ckpt")
    # what is left out is nothing that the network has
    assert not LEFT_OUT & network.state_dict().keys()
    assert left_out().keys() <= LEFT_OUT


@pytest.mark.parametrize("form", ["lightning", "tensors", "safetensors"])
def test_a_checkpoint_of_the_layout_loads(tmp_path, form):
    tensors = whole_checkpoint(TINY)
    path = tmp_path / f"hmr2.{form}"
    if form == "safetensors":
        save_file(tensors, path)
    else:
        torch.save(tensors if form == "tensors" else {"epoch": 35, "state_dict": tensors}, path)
    loaded = load_hmr2(path, TINY)
    for name, tensor in loaded.network.state_dict().items():
        torch.testing.assert_close(tensor, tensors[name], rtol=0, atol=0)
    assert not loaded.network.training
    template, regressor = tensors["smpl.v_template"].numpy(), tensors["smpl.J_regressor"].numpy()
    np.testing.assert_allclose(loaded.rest_pelvis, regressor[0] @ template, atol=1e-5)


def test_half_precision_becomes_single(tmp_path):
    tensors = {name: tensor.half() for name, tensor in random_tensors(TINY).items()}
    save_file(tensors, tmp_path / "half.safetensors")
    loaded = load_hmr2(tmp_path / "half.safetensors", TINY)
    assert {tensor.dtype for tensor in loaded.network.state_dict().values()} == {torch.float32}
    assert loaded.rest_pelvis is None


def without(tensors, name):
    return {key: tensor for key, tensor in tensors.items() if key != name}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: without(t, "backbone.blocks.1.attn.qkv.bias"), "has no backbone.blocks.1.attn.qkv.bias"),
        (lambda t: without(t, "smpl_head.init_body_pose"), "has no smpl_head.init_body_pose"),
        (lambda t: t | {"backbone.cls_token": torch.zeros(1, 1, 24)}, "has backbone.cls_token, "),
        (lambda t: t | {"smpl_head.decpose.weight": torch.zeros(144, 15)}, "144 x 15 numbers, .* 144 x 16"),
        (lambda t: t | {"backbone.pos_embed": torch.zeros(1, 192, 24)}, "1 x 192 x 24 .* 1 x 193 x 24"),
        (lambda t: t | {"smpl_head.init_cam": torch.zeros(1, 3, dtype=torch.int64)}, "whole numbers"),
        (lambda t: {"mano." + key: tensor for key, tensor in t.items()}, "of another network"),
    ],
)  # fmt: skip
def test_another_networks_checkpoint_is_refused_in_a_sentence(tmp_path, change, words):
    path = tmp_path / "other.pth"
    torch.save(change(random_tensors(TINY)), path)
    with pytest.raises(CheckpointError, match=words):
        load_hmr2(path, TINY)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t | {"smpl.v_template": t["smpl.v_template"] * torch.nan}, "v_template .* not finite"),
        (lambda t: t | {"smpl.J_regressor": t["smpl.J_regressor"] / 0}, "J_regressor .* not finite"),
        (lambda t: t | {"smpl.v_template": torch.zeros(12, 4)}, "v_template of 12 x 4 numbers, .* 12 x 3"),
        (lambda t: t | {"smpl.v_template": torch.zeros(())}, "v_template of one numbers"),
        (lambda t: t | {"smpl.v_template": torch.zeros(11, 3)}, "J_regressor of 24 x 12 .* 24 x 11"),
        (
            lambda t: t | {"smpl.J_regressor": torch.zeros(24, 12, dtype=torch.int64)},
            "J_regressor of .* real ones",
        ),
    ],
)
def test_a_body_in_a_checkpoint_that_says_no_place_for_a_pelvis_is_refused(tmp_path, change, words):
    """Every place that the network's camera tells rests on it."""
    path = tmp_path / "hmr2.safetensors"
    save_file(change(whole_checkpoint(TINY)), path)
    with pytest.raises(CheckpointError, match=rf"hmr2\.safetensors has smpl\.{words}"):
        load_hmr2(path, TINY)


def test_a_hand_networks_checkpoint_is_another_networks(tmp_path):
    # HaMeR's head is named mano_head; its backbone is HMR's own
    tensors = {
        name.replace("smpl_head", "mano_head"): tensor for name, tensor in random_tensors(TINY).items()
    }
    torch.save({"state_dict": tensors}, tmp_path / "hamer.ckpt")
    with pytest.raises(CheckpointError, match=r"has no smpl_head\.decc.*and \d+ more, which HMR 2.0 has"):
        load_hmr2(tmp_path / "hamer.ckpt", TINY)
