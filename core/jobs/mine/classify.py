"""Asks the occlusion classifier about a camera's objects, from the crops that mining has kept."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from core.jobs.context import JobContext
from core.jobs.keypoint_views import views_of
from core.jobs.models import settled_model
from core.jobs.networks_in_use import classifier_of
from core.jobs.view_samples import sample_of
from core.mining.detectors.settings import Device
from core.mining.detectors.torch_device import torch_device
from core.records.occlusion import Observation
from core.records.runs import Purpose
from core.store.queries.keypoint_candidates import with_crops
from core.training.tasks.classifier import believed

_BATCH = 64


class Classifier:
    """The classifier that a project uses, on a device.

    Raises:
        CheckpointError: its weights cannot be used.
        DetectorUnavailableError: the device is missing.
    """

    def __init__(self, context: JobContext, device: Device) -> None:
        self._context = context
        self._device = torch.device(torch_device(device).value)
        network, _ = classifier_of(context.project, settled_model(context, Purpose.CLASSIFIER))
        self._settings, self._network = network.settings, network.to(self._device)

    def beliefs(self, objects: Sequence[Observation]) -> dict[int, float]:
        """Instance id -> how sure it is that the object is unoccluded; those without a crop are left out."""
        found: dict[int, float] = {}
        categories = {one.instance_id: one.category for one in objects}
        ids = [one.instance_id for one in objects]
        for start in range(0, len(ids), _BATCH):
            self._context.check_stop()
            with self._context.project.read() as connection:
                candidates = with_crops(connection, ids[start : start + _BATCH])
                views = views_of(connection, candidates, objects[start].category)
            if views:
                samples = [sample_of(view, categories[view.instance_id]) for view in views]
                said = believed(self._network, self._settings, samples, self._device)
                seen = [view.instance_id for view in views]
                found.update(zip(seen, said.tolist(), strict=True))
        return found
