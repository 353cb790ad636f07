"""A person's own network in an ONNX file: opened by onnxruntime, and given pictures as it wants them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError, DetectorUnavailableError
from core.mining.detectors.onnx_layout import InputPort, Port
from core.mining.detectors.settings import Device, Pixels


class OnnxFile(Protocol):
    """What settings say of the file and how it is run."""

    @property
    def model(self) -> Path | None:
        """The file."""

    @property
    def device(self) -> Device:
        """Where it runs."""

    @property
    def threads(self) -> int:
        """Processor threads; 0 lets onnxruntime choose."""


def open_session(settings: OnnxFile) -> Any:
    """A session of onnxruntime on the file that the settings name.

    Raises:
        DetectorUnavailableError: onnxruntime, the file or the device is missing.
        DetectionError: the file is no network.
    """
    if settings.model is None:
        raise DetectorUnavailableError("No ONNX file is named.", "Name your network's file in the settings.")
    if not settings.model.is_file():
        raise DetectorUnavailableError(
            f"There is no file {settings.model}.", "Name your network's file in the settings."
        )
    # its builds collect telemetry from the import on; this program sends nothing
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as problem:
        raise DetectorUnavailableError(
            "The package onnxruntime is missing.", "Install it with pip install onnxruntime."
        ) from problem
    providers = _providers(settings, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings.threads
    # threads that spin while they wait slow down whatever else this machine does
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # its warnings are for whoever exports networks
    try:
        return onnxruntime.InferenceSession(str(settings.model), options, providers=providers)
    except Exception as problem:  # onnxruntime's errors share no base but Exception
        raise DetectionError(
            f"{name_of(settings)} cannot be read as a network: {first_line(problem)}.",
            "Export the network anew as an ONNX file.",
        ) from problem


def _providers(settings: OnnxFile, available: Sequence[str]) -> list[str]:
    has_gpu = "CUDAExecutionProvider" in available
    if settings.device is Device.CUDA and not has_gpu:
        raise DetectorUnavailableError(
            "This machine's onnxruntime cannot use a GPU.",
            "Install onnxruntime-gpu instead of onnxruntime, or choose the device cpu.",
        )
    if has_gpu and settings.device is not Device.CPU:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]
    return ["CPUExecutionProvider"]


def as_input(canvas: NDArray[np.uint8], port: InputPort, pixels: Pixels) -> NDArray[Any]:
    """A picture of the input's size in its order, range and element type."""
    picture = canvas[:, :, ::-1] if pixels is Pixels.BGR_0_255 else canvas
    if not port.channels_last:
        picture = picture.transpose(2, 0, 1)
    if port.type == "uint8":
        return np.ascontiguousarray(picture)[None]
    if port.type == "int8":
        return (picture.astype(np.int16) - 128).astype(np.int8)[None]
    values = picture.astype(np.float32, order="C")
    if pixels is Pixels.RGB_0_1:
        values *= np.float32(1.0 / 255.0)
    return values.astype(port.type, copy=False)[None]


def port_of(port: Any) -> Port:
    """An input or output of a session."""
    shape = tuple(side if isinstance(side, int) and side > 0 else None for side in port.shape)
    return Port(port.name, shape, port.type)


def name_of(settings: OnnxFile) -> str:
    """The file's name."""
    return Path(settings.model or "").name


def first_line(problem: Exception) -> str:
    """What onnxruntime says, in one line."""
    lines = str(problem).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(problem).__name__
