from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from core.errors import CheckpointError
from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, small
from core.networks.classifier import ClassifierSettings, OcclusionClassifier
from core.networks.prelabeller import Prelabeller, PrelabellerSettings
from core.training.rebuilt import rebuilt

PATH = Path("best-0123456789abcdef.safetensors")


def prelabeller(values: Any) -> Prelabeller:
    return Prelabeller(PrelabellerSettings.of_json(values))


def classifier(values: Any) -> OcclusionClassifier:
    return OcclusionClassifier(ClassifierSettings.of_json(values))


def detector(values: Any) -> AmodalRcnn:
    return AmodalRcnn(AmodalRcnnSettings.from_json(dict(values)))


TINY = PrelabellerSettings(px=32, widths=(8, 8), blocks=(0, 0), hidden=16, bins=24)


@pytest.fixture(scope="module")
def taught() -> Prelabeller:
    torch.manual_seed(3)
    return Prelabeller(TINY)


def test_it_comes_back_as_it_was(taught: Prelabeller) -> None:
    network = rebuilt(prelabeller, TINY.as_json(), taught.state_dict(), PATH)
    assert not network.training
    for name, tensor in taught.state_dict().items():
        assert torch.equal(network.state_dict()[name], tensor)


def test_a_detector_with_all_heads_comes_back() -> None:
    settings = small(vehicles=True, bodies=True, adversarial=True)
    there = AmodalRcnn(settings)
    network = rebuilt(detector, settings.as_json(), there.state_dict(), PATH)
    assert {one.device.type for one in network.state_dict().values()} == {"cpu"}
    assert network.settings == settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("widths", ["a", "b"]),
        ("widths", []),
        ("widths", [8, 10**12]),
        ("blocks", [0]),
        ("blocks", [0, 10**9]),
        ("blocks", None),
        ("px", "x"),
        ("px", 0),
        ("bins", -3),
        ("bins", "many"),
        ("hidden", 10**12),
        ("dropout", 5),
        ("head", "nose"),
        ("wings", 2),
    ],
)
def test_what_no_prelabeller_could_be_is_refused(taught: Prelabeller, name: str, value: object) -> None:
    with pytest.raises(CheckpointError):
        rebuilt(prelabeller, TINY.as_json() | {name: value}, taught.state_dict(), PATH)


@pytest.mark.parametrize("architecture", [[], "text", None, {}, {"kind": []}])
def test_what_is_no_description_is_refused(taught: Prelabeller, architecture: Any) -> None:
    for build in (prelabeller, classifier, detector):
        with pytest.raises(CheckpointError):
            rebuilt(build, architecture, taught.state_dict(), PATH)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("representation", 10**9),
        ("channels", 10**7),
        ("mask_convolutions", 10**6),
        ("point_convolutions", 10**9),
        ("categories", ["ghost"]),
    ],
)
def test_a_detector_of_absurd_size_takes_no_memory(name: str, value: object) -> None:
    with pytest.raises(CheckpointError):
        rebuilt(detector, small().as_json() | {name: value}, {}, PATH)


def test_sizes_that_the_weights_do_not_have_are_refused_before_any_is_built(taught: Prelabeller) -> None:
    built: list[str] = []

    def counted(values: Any) -> Prelabeller:
        network = prelabeller(values)
        built.append(network.tags.weight.device.type)
        return network

    with pytest.raises(CheckpointError, match="and this network as"):
        rebuilt(counted, TINY.as_json() | {"hidden": 10**8}, taught.state_dict(), PATH)
    assert built == ["meta"]
