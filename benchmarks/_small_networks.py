"""The small networks and the crops that they are measured on."""

from __future__ import annotations

from pathlib import Path

from benchmarks._unoccluded_data import ROOT
from core.jobs.networks_in_use import classifier_of, prelabeller_of
from core.networks.classifier import ClassifierSettings, OcclusionClassifier
from core.networks.prelabeller import Prelabeller, PrelabellerSettings
from core.training.checkpoints import load_network, read_checkpoint
from core.training.data.crops import PackedCrop, read_crops
from core.training.data.synthetic_crops import CropPlan, kinds_of, make_crops

CROPS = ROOT / ".bench" / "crops"


def unseen_crops(*, cars: bool = False, streets: bool = False) -> list[PackedCrop]:
    """Crops of car models and streets that no network has learned from; made where they are not there yet."""
    usual = CropPlan()
    plan = CropPlan(
        cars=(0, 0, usual.cars[2] if cars else 0), streets=(0, 0, usual.streets[2] if streets else 0)
    )
    make_crops(CROPS, plan)
    return read_crops(CROPS, kinds_of("test", cars=cars, streets=streets))


def prelabeller(weights: Path | None = None) -> Prelabeller:
    """The pre-labeller that comes with the program, or with the weights of a run."""
    if weights is None:
        return prelabeller_of(None)[0]
    checkpoint = read_checkpoint(weights)
    network = Prelabeller(PrelabellerSettings.of_json(checkpoint.facts["architecture"]))
    load_network(network, weights, checkpoint.network)
    return network.eval()


def classifier(weights: Path | None = None) -> OcclusionClassifier:
    """The occlusion classifier that comes with the program, or with the weights of a run."""
    if weights is None:
        return classifier_of(None)[0]
    checkpoint = read_checkpoint(weights)
    network = OcclusionClassifier(ClassifierSettings.of_json(checkpoint.facts["architecture"]))
    load_network(network, weights, checkpoint.network)
    return network.eval()
