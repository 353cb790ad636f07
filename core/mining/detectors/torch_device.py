"""Where a torch network runs."""

from __future__ import annotations

from core.errors import DetectorUnavailableError
from core.mining.detectors.settings import Device


def torch_device(asked: Device) -> Device:
    """The device a network gets: what was asked for, and never a CPU in place of a GPU asked for.

    Raises:
        DetectorUnavailableError: CUDA was asked for and is not there.
    """
    import torch  # takes seconds to import, and only jobs need it

    if asked is Device.CPU:
        return Device.CPU
    if torch.cuda.is_available():
        return Device.CUDA
    if asked is Device.CUDA:
        raise DetectorUnavailableError(
            "No GPU can be used here.", "Choose the device cpu or auto, or install an NVIDIA driver."
        )
    return Device.CPU
