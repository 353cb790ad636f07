"""What can find keypoints, and whether it can run here."""

from __future__ import annotations

import importlib.util

from core.mining.detectors.protocol import Availability
from core.mining.keypoints.protocol import KeypointFinder
from core.mining.keypoints.settings import OnnxKeypointSettings


def availability() -> list[Availability]:
    """Whether each finder can run on this machine. Quick: looks for packages without importing them."""
    title = "Your own ONNX file of keypoints"
    if importlib.util.find_spec("onnxruntime") is None:
        note = "The package onnxruntime is missing: install it with pip install onnxruntime."
        return [Availability("onnx", title, False, note)]
    return [Availability("onnx", title, True, "Needs a network of your own in an ONNX file.")]


def create_finder(settings: OnnxKeypointSettings) -> KeypointFinder:
    """A finder ready to run; loads its network.

    Raises:
        DetectorUnavailableError: a package, a file or the device is missing.
        DetectionError: the file holds no network of keypoints.
    """
    from core.mining.keypoints.onnx_finder import OnnxKeypointFinder

    return OnnxKeypointFinder(settings)
