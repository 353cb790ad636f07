"""What can find keypoints of which objects, and whether it can run here."""

from __future__ import annotations

import importlib.util

from core.errors import SettingsError
from core.mining.detectors.protocol import Availability, Progress
from core.mining.keypoints.protocol import KeypointFinder
from core.mining.keypoints.settings import KeypointRcnnSettings, OnnxKeypointSettings
from core.records.keypoints import Template

ONNX, TORCHVISION, OWN = "onnx", "torchvision", "own"


def availability(template: Template) -> list[Availability]:
    """Whether each finder of a template's points can run on this machine.

    Quick: looks for packages without importing them.
    """
    found = [_onnx()]
    if template is Template.PERSON:
        found.append(_torchvision())
    else:
        found.append(_own())
    return found


def create_finder(
    name: str,
    template: Template,
    settings: OnnxKeypointSettings | KeypointRcnnSettings,
    progress: Progress | None = None,
) -> KeypointFinder:
    """A finder ready to run; loads its network.

    Args:
        name: one of `availability`, but for the program's own, which is no part of mining.
        template: whose points are wanted.
        settings: the finder's own.
        progress: hears of weights that are fetched.

    Raises:
        SettingsError: there is no such finder for these objects.
        DetectorUnavailableError: a package, a file or the device is missing.
        DetectionError: the file holds no network of these keypoints.
    """
    if name == TORCHVISION and template is Template.PERSON:
        assert isinstance(settings, KeypointRcnnSettings)
        from core.mining.keypoints.keypoint_rcnn import KeypointRcnnFinder

        return KeypointRcnnFinder(settings, progress=progress)
    if name != ONNX:
        known = ", ".join(entry.name for entry in availability(template))
        raise SettingsError(
            f"The network {name!r} finds no keypoints of the template {template.value!r}.",
            f"Choose one of {known}.",
        )
    assert isinstance(settings, OnnxKeypointSettings)
    from core.mining.keypoints.onnx_finder import OnnxKeypointFinder

    return OnnxKeypointFinder(settings, template)


def _onnx() -> Availability:
    title = "Your own ONNX file of keypoints"
    if importlib.util.find_spec("onnxruntime") is None:
        note = "The package onnxruntime is missing: install it with pip install onnxruntime."
        return Availability(ONNX, title, False, note)
    return Availability(ONNX, title, True, "Needs a network of your own in an ONNX file.")


def _own() -> Availability:
    title = "The program's own"
    note = _missing_torch()
    if note:
        return Availability(OWN, title, False, note)
    return Availability(OWN, title, True, "Comes with the program, or is a run that the project uses.")


def _torchvision() -> Availability:
    title = "Keypoint R-CNN (torchvision)"
    note = _missing_torch()
    if note:
        return Availability(TORCHVISION, title, False, note)
    from core.mining.detectors.weights import KEYPOINT_RCNN, is_cached

    if is_cached(KEYPOINT_RCNN):
        return Availability(TORCHVISION, title, True, "Weights are here; seconds a person without a GPU.")
    note = (
        f"Fetches its weights ({KEYPOINT_RCNN.megabytes} MB) once, or takes them from a file; "
        "seconds a person without a GPU."
    )
    return Availability(TORCHVISION, title, True, note)


def _missing_torch() -> str:
    missing = [name for name in ("torch", "torchvision") if importlib.util.find_spec(name) is None]
    if not missing:
        return ""
    return f"The package {missing[0]} is missing: install it with pip install torch torchvision."
