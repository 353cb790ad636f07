"""A step of the detector's speed, on the tiniest network: forward and backward, with losses as they are."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from benchmarks.detector_speed import step  # noqa: E402
from core.networks.amodal_rcnn.model import AmodalRcnn  # noqa: E402
from tests.networks.amodal_rcnn.pictures import picture, tiny  # noqa: E402


def test_a_step_reaches_every_head() -> None:
    torch.manual_seed(0)
    network = AmodalRcnn(tiny()).train()
    image, target = picture()
    step(network, image, target)
    heads = network.roi_heads.objects
    for part in (network.rpn, network.roi_heads.box_predictor, heads.masks, heads.points):
        assert part is not None
        gradients = [one.grad for one in part.parameters() if one.grad is not None]
        assert any(bool(one.any()) for one in gradients)
