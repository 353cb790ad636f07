"""The occlusion classifier: its form, and that evaluation is deterministic."""

from __future__ import annotations

import json

import torch

from core.networks.classifier import CHANNELS, ClassifierSettings, OcclusionClassifier


def test_its_form_is_plain_json_and_comes_back() -> None:
    settings = ClassifierSettings(px=32, widths=(8, 8), blocks=(0, 1), dropout=0.1)
    assert ClassifierSettings.of_json(json.loads(json.dumps(settings.as_json()))) == settings


def test_in_evaluation_it_says_the_same_again_and_alone() -> None:
    torch.manual_seed(0)
    network = OcclusionClassifier(ClassifierSettings(px=32, widths=(8, 8), blocks=(0, 1))).eval()
    squares = torch.rand(3, CHANNELS, 32, 32)
    with torch.no_grad():
        together = network(squares)
        assert torch.equal(together, network(squares))
        assert torch.allclose(together[:1], network(squares[:1]), atol=1e-6)
    assert together.shape == (3,)


def test_it_is_small_enough_to_ship() -> None:
    parameters = sum(one.numel() for one in OcclusionClassifier().parameters())
    assert 2 * parameters < 10e6  # bytes, in half precision
