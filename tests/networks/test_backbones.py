"""Backbones with pyramids: the sizes of their levels, and what of them learns."""

from __future__ import annotations

import pytest
import torch

from core.networks.backbones import BackboneName, feature_pyramid


@pytest.mark.parametrize("name", list(BackboneName))
@pytest.mark.parametrize("finest", [4, 8])
def test_levels_have_the_sizes_that_are_said(name: BackboneName, finest: int) -> None:
    pyramid = feature_pyramid(name, channels=16, finest=finest)
    with torch.no_grad():
        levels = pyramid.body(torch.rand(1, 3, 64, 128))
    sides = [64 // (finest * 2**level) for level in range(len(pyramid.levels))]
    assert sides[-1] == 2  # the coarsest has a stride of 32
    for level, side in zip(pyramid.levels, sides, strict=True):
        assert levels[level].shape == (1, 16, side, 2 * side)
    assert levels["pool"].shape == (1, 16, 1, 2)
    assert list(levels) == [*pyramid.levels, "pool"]
    assert pyramid.body.out_channels == 16


def test_the_first_stages_stay_as_they_came_where_asked() -> None:
    body = feature_pyramid(BackboneName.RESNET18, frozen_norms=True, trained_stages=3).body
    still = {name.split(".")[1] for name, one in body.named_parameters() if not one.requires_grad}
    learning = {name.split(".")[1] for name, one in body.named_parameters() if one.requires_grad}
    assert still == {"conv1", "layer1"}
    assert learning == {"layer2", "layer3", "layer4", "inner_blocks", "layer_blocks"}
    assert all(one.requires_grad for one in feature_pyramid(BackboneName.RESNET18).body.parameters())


def test_a_pyramid_is_that_of_torchvision() -> None:
    """The same weights under the same names say the same."""
    from torchvision.models.detection.backbone_utils import resnet_fpn_backbone

    theirs = resnet_fpn_backbone(backbone_name="resnet18", weights=None, trainable_layers=5).eval()
    ours = feature_pyramid(BackboneName.RESNET18, frozen_norms=True).body.eval()
    ours.load_state_dict(theirs.state_dict())
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for one, other in zip(ours(picture).values(), theirs(picture).values(), strict=True):
            assert torch.equal(one, other)
