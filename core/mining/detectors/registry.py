"""The detectors there are: whether each can run here, its settings, and how one is made."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from core.errors import SettingsError
from core.mining.detectors.protocol import Availability, Detector, GroundSize, Progress
from core.mining.detectors.settings import (
    DetectorSettings,
    MotionSettings,
    OnnxSettings,
    RfdetrSettings,
    TorchvisionSettings,
)

Check = Callable[[], tuple[bool, str]]
Make = Callable[[Any, Progress | None, GroundSize | None], Detector]


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    title: str
    settings: type[DetectorSettings]
    check: Check
    make: Make


def names() -> tuple[str, ...]:
    """The detectors' names, the default first."""
    return tuple(_ENTRIES)


def availability() -> list[Availability]:
    """Whether each detector can run on this machine. Quick: looks for packages without importing them."""
    found = []
    for entry in _ENTRIES.values():
        available, note = entry.check()
        found.append(Availability(entry.name, entry.title, available, note))
    return found


def settings_model(name: str) -> type[DetectorSettings]:
    """The settings model of a detector.

    Raises:
        SettingsError: there is no detector of this name.
    """
    return _entry(name).settings


def create_detector(
    name: str, *, progress: Progress | None = None, ground_size: GroundSize | None = None, **settings: Any
) -> Detector:
    """A detector ready to run; loads its network if it has one.

    Args:
        name: one of `names()`.
        progress: hears of weights that are fetched.
        ground_size: of a calibrated camera, for detectors without classes of their own.
        settings: values for the detector's settings model.

    Raises:
        SettingsError: there is no such detector, or a setting does not fit.
        DetectorUnavailableError: a package, a file or the network is missing.
        DetectionError: the file holds a network of an unknown layout.
    """
    entry = _entry(name)
    try:
        checked = entry.settings.model_validate(settings)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the settings"
        raise SettingsError(
            f"The setting {place} of the detector {name} does not fit: {first['msg']}.",
            "Change it and try again.",
        ) from problem
    return entry.make(checked, progress, ground_size)


def _entry(name: str) -> _Entry:
    try:
        return _ENTRIES[name]
    except KeyError:
        raise SettingsError(
            f"There is no detector called {name!r}.", f"Choose one of {', '.join(_ENTRIES)}."
        ) from None


def _has(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _check_motion() -> tuple[bool, str]:
    return True, "Needs no network, only a background; finds what moves."


def _check_torchvision() -> tuple[bool, str]:
    missing = [package for package in ("torch", "torchvision") if not _has(package)]
    if missing:
        return False, f"The package {missing[0]} is missing: install it with pip install torch torchvision."
    from core.mining.detectors.weights import MASK_RCNN_V2, is_cached

    if is_cached(MASK_RCNN_V2):
        return True, "Weights are here; seconds a frame without a GPU."
    return True, (
        f"Fetches its weights ({MASK_RCNN_V2.megabytes} MB) once, or takes them from a file; "
        "seconds a frame without a GPU."
    )


def _check_onnx() -> tuple[bool, str]:
    if not _has("onnxruntime"):
        return False, "The package onnxruntime is missing: install it with pip install onnxruntime."
    return True, "Needs a network of your own in an ONNX file."


def _check_rfdetr() -> tuple[bool, str]:
    if not _has("rfdetr"):
        return False, 'The package rfdetr is missing: install it with pip install "amodal-studio[detect]".'
    return True, "Fetches its weights once, or takes them from a file."


def _make_motion(
    settings: MotionSettings, _progress: Progress | None, ground_size: GroundSize | None
) -> Detector:
    from core.mining.detectors.motion import MotionDetector

    return MotionDetector(settings, ground_size)


def _make_torchvision(
    settings: TorchvisionSettings, progress: Progress | None, _ground: GroundSize | None
) -> Detector:
    from core.mining.detectors.torchvision_mask_rcnn import TorchvisionDetector

    return TorchvisionDetector(settings, progress=progress)


def _make_onnx(settings: OnnxSettings, _progress: Progress | None, _ground: GroundSize | None) -> Detector:
    from core.mining.detectors.onnx_file import OnnxDetector

    return OnnxDetector(settings)


def _make_rfdetr(
    settings: RfdetrSettings, _progress: Progress | None, _ground: GroundSize | None
) -> Detector:
    from core.mining.detectors.rfdetr_seg import RfdetrDetector

    return RfdetrDetector(settings)


_ENTRIES: dict[str, _Entry] = {
    entry.name: entry
    for entry in (
        _Entry("motion", "Motion against the background", MotionSettings, _check_motion, _make_motion),
        _Entry(
            "torchvision",
            "Mask R-CNN v2 (torchvision)",
            TorchvisionSettings,
            _check_torchvision,
            _make_torchvision,
        ),
        _Entry("onnx", "Your own ONNX file", OnnxSettings, _check_onnx, _make_onnx),
        _Entry("rfdetr", "RF-DETR Seg", RfdetrSettings, _check_rfdetr, _make_rfdetr),
    )
}
