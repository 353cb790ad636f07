"""The project's own detector: the Amodal R-CNN of a run that was trained in it, for mining.

Mining stands beside the networks and knows none, so the two are joined here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.errors import CheckpointError, DetectionError, DetectorUnavailableError
from core.geometry.boxes import centres_from_edges
from core.geometry.masks import patch_box, tighten
from core.mining.detectors.postprocess import without_doubles
from core.mining.detectors.settings import OwnSettings
from core.mining.detectors.torch_device import torch_device
from core.records.detections import Detection, DetectorFrame
from core.records.found_points import FoundPoints
from core.records.keypoints import Template
from core.records.runs import Purpose, RunRow
from core.records.seen import points_of
from core.records.shapes import KeypointTag
from core.store.project import Project
from core.store.queries.runs import run_by_id, run_in_use

if TYPE_CHECKING:
    from core.networks.amodal_rcnn.model import AmodalRcnn
    from core.records.seen import SeenObject

_WAY_OUT = "Train one with `amodal train`, and use its model; or choose another detector."


class OwnDetector:
    """Finds what is seen of objects: the network's modal masks, and boxes around them.

    A detection is of what is seen, as every other detector's; what the network says of the hidden rest and
    of keypoints goes with it. An object of which nothing is seen is none. No points are told of small
    objects, nor by a network that knows no tags.

    Args:
        network: with its weights.
        settings: least scores, and where it runs.

    Raises:
        DetectorUnavailableError: the device is missing.
    """

    name = "own"
    needs_background = False

    def __init__(self, network: AmodalRcnn, settings: OwnSettings) -> None:
        self.device = torch_device(settings.device)
        self.network = network.eval().to(self.device.value)
        self._settings = settings

    def detect(self, frames: Sequence[DetectorFrame]) -> list[list[Detection]]:
        """Objects in each frame, most certain first; one frame at a time, to bound memory.

        Raises:
            DetectionError: the device ran out of memory.
        """
        import torch

        try:
            with torch.inference_mode():
                return [self._detect_one(frame.image) for frame in frames]
        except torch.cuda.OutOfMemoryError as problem:
            raise DetectionError(
                "The GPU has too little memory for this picture.",
                "Choose the device cpu in the detector's settings.",
            ) from problem

    def _detect_one(self, image: NDArray[np.uint8]) -> list[Detection]:
        import torch

        from core.training.tasks.seen import said_objects

        tensor = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))
        [found] = self.network([tensor.to(self.device.value, torch.float32) / 255.0])
        said = said_objects(found, self.network.settings, image.shape[:2], self._settings.min_score)
        only_whole = "modal_masks" not in found
        detections = [_detection(one, only_whole, self._settings) for one in said]
        return without_doubles([one for one in detections if one is not None])


def own_detector(project: Project, settings: OwnSettings) -> OwnDetector:
    """The detector of the run that is named, or else of the one in use.

    Raises:
        DetectorUnavailableError: there is no such run, it is no detector, or its weights are not to be had.
    """
    from core.jobs.train.files import best_of
    from core.training.rebuilt import rebuilt
    from core.training.tasks.detector import network_of

    run = chosen_run(project, settings.run)
    try:
        weights = best_of(project, run).network
        network = rebuilt(network_of, run.architecture, weights, Path(run.best or ""))
    except CheckpointError as problem:
        raise DetectorUnavailableError(problem.problem, _WAY_OUT) from problem
    return OwnDetector(network, settings)


def chosen_run(project: Project, run_id: int | None) -> RunRow:
    """The run of that number, or the detector in use where that is None.

    Raises:
        DetectorUnavailableError: there is none, or it is no detector.
    """
    with project.read() as connection:
        named = None if run_id is None else run_by_id(connection, run_id)
        run = run_in_use(connection, Purpose.DETECTOR) if run_id is None else named
    if run is None:
        which = "detector of its own in use" if run_id is None else f"run {run_id}"
        raise DetectorUnavailableError(f"This project has no {which}.", _WAY_OUT)
    if run.purpose is not Purpose.DETECTOR:
        raise DetectorUnavailableError(f"Run {run.id} is no detector.", _WAY_OUT)
    return run


def _detection(seen: SeenObject, only_whole: bool, settings: OwnSettings) -> Detection | None:
    # a network that tells no modal mask, tells the whole one alone
    mask = seen.whole if only_whole else seen.modal
    if mask is None:
        return None
    tight = tighten(mask)
    whole = None if seen.whole is None else tighten(seen.whole)
    box = patch_box(tight)
    points = _points(seen, settings.min_point_score) if box.size >= settings.min_points_px else None
    return Detection(box, seen.category, seen.score, tight, whole, points)


def _points(seen: SeenObject, least: float) -> FoundPoints | None:
    """Its template's points in the picture's pixels, without those that are unsure."""
    template = Template.of(seen.category)
    if template is None:
        return None
    own = points_of(template)
    tags = seen.tags[own]
    if KeypointTag.UNLABELLED in tags:  # the network has no such head
        return None
    sure = np.clip(seen.sure[own], 0.0, 1.0)
    pixels = centres_from_edges(seen.places[own])
    pixels[sure < least] = np.nan
    return FoundPoints(pixels, sure, tags)
