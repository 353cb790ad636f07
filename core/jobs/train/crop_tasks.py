"""How the two small networks learn from a project: from the weights that they have, by people's labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.jobs.train.crops import count_points, count_verdicts
from core.jobs.train.needs import Need
from core.jobs.train.past import Past
from core.jobs.train.settings import TrainSettings
from core.records.occlusion import Verdict
from core.store.project import Project

if TYPE_CHECKING:
    from core.training.tasks.classifier import ClassifierTask
    from core.training.tasks.prelabeller import PrelabellerTask

LEAST_OBJECTS = 30
"""Of each kind, from which a training may begin; fewer would only be learned by heart."""


def classifier_needs(project: Project, settings: TrainSettings) -> Sequence[Need]:
    """Objects of both kinds that people have reviewed."""
    have = count_verdicts(project)
    return [
        Need(f"objects that a person called {verdict.value}", have.get(verdict, 0), LEAST_OBJECTS)
        for verdict in (Verdict.UNOCCLUDED, Verdict.OCCLUDED)
    ]


def prelabeller_needs(project: Project, settings: TrainSettings) -> Sequence[Need]:
    """Cars on which people have placed keypoints."""
    return [Need("cars with keypoints by a person", count_points(project), LEAST_OBJECTS)]


def classifier_task(project: Project, settings: TrainSettings, past: Past | None = None) -> ClassifierTask:
    """Begins with the weights that come with the program, and learns from all that people have reviewed.

    Raises:
        TrainingError: the labels are all of a few objects, so that none are left to measure on.
    """
    from core.jobs.networks_in_use import classifier_of
    from core.jobs.train.crops import classifier_crops
    from core.training.tasks.classifier import make_task

    network, _ = classifier_of(None)
    crops = classifier_crops(project, settings, past)
    return make_task(crops, settings=network.settings, start=network.state_dict())


def prelabeller_task(project: Project, settings: TrainSettings, past: Past | None = None) -> PrelabellerTask:
    """Begins with the weights that come with the program, and learns from all cars that people have done.

    Raises:
        TrainingError: the points are all of a few cars, so that none are left to measure on.
    """
    from core.jobs.networks_in_use import prelabeller_of
    from core.jobs.train.crops import prelabeller_crops
    from core.training.tasks.prelabeller import make_task

    network, _ = prelabeller_of(None)
    crops = prelabeller_crops(project, settings, past)
    return make_task(crops, settings=network.settings, start=network.state_dict())
