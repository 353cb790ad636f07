"""The small networks that a project uses: its own run where one is in use, else the one that is built in.

Imports torch only when a network is loaded: the window asks what there is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any

from core.errors import CheckpointError
from core.records.keypoints import Template
from core.records.runs import ModelUsed, Purpose

if TYPE_CHECKING:
    from core.networks.classifier import OcclusionClassifier
    from core.networks.occlusion_net.network import OcclusionNet
    from core.networks.prelabeller import Prelabeller
    from core.records.runs import RunRow
    from core.store.project import Project
    from core.training.checkpoints import Checkpoint

BUILT_IN = (Purpose.CLASSIFIER, Purpose.PRELABELLER)
"""The purposes for which weights come with the program."""

BACKBONE = "backbone"
"""The name of what a small detector begins with."""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What is known of weights that come with the program.

    Attributes:
        name: of the file, and what for; a purpose's, but for BACKBONE.
        title: for people.
        megabytes: of the file.
        facts: the card, as plain JSON values: data, command, metrics, limits.
    """

    name: str
    title: str
    megabytes: float
    facts: Mapping[str, Any]


def cards() -> list[ModelCard]:
    """The cards of all weights that come with the program."""
    found = []
    for name in (*(purpose.value for purpose in BUILT_IN), BACKBONE):
        card = _folder() / f"{name}.json"
        # a program without it lets small detectors begin with nothing; who makes it writes the card by hand
        if name == BACKBONE and not (_weights(name).is_file() and card.is_file()):
            continue
        facts = json.loads(card.read_text(encoding="utf-8"))
        with resources.as_file(_weights(name)) as path:
            found.append(ModelCard(name, facts["title"], path.stat().st_size / 1e6, facts))
    return found


def model_in_use(project: Project | None, purpose: Purpose) -> ModelUsed | None:
    """What serves a purpose: the project's own run, else what comes with the program, else None."""
    from core.store.queries.runs import run_in_use

    run = None
    if project is not None:
        with project.read() as connection:
            run = run_in_use(connection, purpose)
    if run is not None:
        return model_of(run)
    if purpose not in BUILT_IN:
        return None
    digest = hashlib.sha256(_weights(purpose).read_bytes()).hexdigest()[:16]
    return ModelUsed(purpose, None, "built in", f"{purpose.value}-{digest}.safetensors")


def model_of(run: RunRow) -> ModelUsed:
    """A run as the model that it trained, with its best weights."""
    return ModelUsed(run.purpose, run.id, run.name, run.best or "")


def prelabeller_of(project: Project | None, model: ModelUsed | None = None) -> tuple[Prelabeller, str]:
    """The pre-labeller that a project uses, in evaluation mode on the CPU, and what it is called.

    Args:
        project: whose.
        model: this one instead of the one in use.

    Raises:
        CheckpointError: its weights are missing, damaged, or of another network.
    """
    from core.networks.prelabeller import Prelabeller, PrelabellerSettings

    checkpoint, name = _checkpoint(project, Purpose.PRELABELLER, model)
    return _rebuilt(lambda values: Prelabeller(PrelabellerSettings.of_json(values)), checkpoint, name), name


def classifier_of(project: Project | None, model: ModelUsed | None = None) -> tuple[OcclusionClassifier, str]:
    """The occlusion classifier that a project uses, as `prelabeller_of`."""
    from core.networks.classifier import ClassifierSettings, OcclusionClassifier

    checkpoint, name = _checkpoint(project, Purpose.CLASSIFIER, model)
    return _rebuilt(
        lambda values: OcclusionClassifier(ClassifierSettings.of_json(values)), checkpoint, name
    ), name


def hidden_points_of(project: Project, model: ModelUsed) -> tuple[OcclusionNet, str]:
    """What a project's hidden points go by, as `prelabeller_of`; none comes with the program."""
    from core.networks.occlusion_net.network import built_of
    from core.networks.occlusion_net.settings import OcclusionNetSettings

    def build(values: Mapping[str, Any]) -> OcclusionNet:
        settings = OcclusionNetSettings.of_json(values)
        if {settings.points, settings.types} != {Template.CAR.size}:
            raise ValueError(f"{settings.points} points of {settings.types} types are no car's")
        return built_of(settings)

    checkpoint, name = _checkpoint(project, Purpose.HIDDEN_POINTS, model)
    return _rebuilt(build, checkpoint, name), name


def _checkpoint(project: Project | None, purpose: Purpose, model: ModelUsed | None) -> tuple[Checkpoint, str]:
    from core.jobs.train.files import best_of
    from core.store.queries.runs import run_by_id
    from core.training.checkpoints import read_checkpoint

    chosen = model or model_in_use(project, purpose)
    if project is not None and chosen is not None and chosen.run_id is not None:
        with project.read() as connection:
            run = run_by_id(connection, chosen.run_id)
        if run is None:
            raise CheckpointError(f"There is no run {chosen.run_id} any more.", "Use another model.")
        return best_of(project, run), run.name
    with resources.as_file(_weights(purpose.value)) as path:
        return read_checkpoint(path), "built in"


def _rebuilt(build: Any, checkpoint: Checkpoint, name: str) -> Any:
    from pathlib import Path

    from core.training.rebuilt import rebuilt

    return rebuilt(build, checkpoint.facts.get("architecture", {}), checkpoint.network, Path(name))


def _folder() -> Traversable:
    return resources.files("resources") / "networks"


def _weights(name: str) -> Traversable:
    return _folder() / f"{name}.safetensors"
