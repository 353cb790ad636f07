"""Runs and their numbers in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.states.training import PURPOSE_NAMES
from core.records.runs import Purpose

_ABBREVIATIONS = {
    "ap": "AP",
    "pck": "PCK",
    "ap50": "AP50",
    "ap75": "AP75",
    "mib": "MiB",
    "gpu": "GPU",
    "3d": "3D",
}
_WHOLE = {
    "loss": "loss",
    "pictures_per_s": "pictures a second",
    "memory_mib": "memory of the process",
    "gpu_memory_mib": "memory of the GPU",
    "wait_share": "share of time waiting for data",
    "learning_rate": "learning rate",
    "grad_norm": "norm of the gradient",
    "car_held": "cars with a pose",
    "car_within_30deg": "cars turned by less than 30°",
    "car_depth_share": "cars' depth, error over distance",
    "car_rotation_deg": "cars' rotation",
    "car_place_m": "cars' place",
    "car_add_m": "cars' vertices (ADD)",
    "car_shape_mm": "cars' shape",
    "car_reprojection_px": "cars' points",
    "in_3d_reprojection": "in 3D: points in the picture, error over L",
    "in_3d_shape_m": "in 3D: points about the car's middle",
    "in_3d_distance": "in 3D: place, error over distance",
    "body_mpjpe_mm": "people's joints (MPJPE)",
    "body_pa_mpjpe_mm": "people's joints, aligned (PA-MPJPE)",
    "body_place_m": "people's place",
}
_SETTINGS = {
    "what": "Train",
    "crops": "Synthetic crops",
    "hidden_from": "Hidden points from",
    "weight_reviewed": "Weight of reviewed labels",
    "weight_composites": "Weight of composites",
    "weight_synthetic": "Weight of the synthetic street",
    "start": "Start weights",
    "in_3d": "In 3D",
    "body": "Body model",
    "motions": "Real poses",
    "rate": "Learning rate",
    "accumulate": "Parts of a batch",
    "gpus": "GPUs",
    "estimate": "Only estimate",
}
"""What settings are called whose names in files do not say it; the window has no time to load their model."""

_SHORT = {
    "loss": "all together",
    "memory_mib": "process",
    "gpu_memory_mib": "GPU",
    "pictures_per_s": "pictures",
}


def number_name(name: str, *, whole: bool = False) -> str:
    """What people call one of a run's numbers, such as "mask AP".

    Args:
        name: such as "loss.mask", "mask_ap" or "pck_0.1.visible".
        whole: with the name of its group, where it stands without that.
    """
    if not whole and name in _SHORT:
        return _SHORT[name]
    if name in _WHOLE:
        return _WHOLE[name]
    if name.startswith("loss."):
        part = _plain(name.removeprefix("loss."))
        return f"loss of {part}" if whole else part
    return _plain(name)


def value_text(name: str, value: float) -> str:
    """A number's value as people read it."""
    if name.endswith("_mib"):
        return memory_text(value)
    if name == "learning_rate":
        return f"{value:.1e}"
    if name == "pictures_per_s":
        return f"{value:.1f}" if value < 100 else f"{value:,.0f}"
    if name == "wait_share":
        return f"{value:.1%}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def memory_text(mib: float) -> str:
    """An amount of memory, such as "840 MiB" or "6.2 GiB"."""
    return f"{mib:,.0f} MiB" if mib < 1000 else f"{mib / 1024:.1f} GiB"


def flat(values: Any, before: str = "") -> dict[str, str]:
    """Plain JSON values as one line each.

    Args:
        values: a dict of them, however deep.
        before: what their names begin with.
    """
    found: dict[str, str] = {}
    for name, value in values.items():
        words = f"{before}{name}".replace("_", " ")
        if isinstance(value, dict):
            found |= flat(value, f"{words}, ")
        else:
            found[words[:1].upper() + words[1:]] = plain_value(value)
    return found


def named_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    """A training's settings, by what its form calls them; those that nobody set are "–".

    Args:
        settings: as they are stored.
    """
    return flat({_SETTINGS.get(name, name): value for name, value in settings.items()})


def plain_value(value: Any) -> str:
    """A JSON value as people read it."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, list):
        return ", ".join(plain_value(one) for one in value)
    return str(value)


def purpose_name(purpose: Purpose) -> str:
    """What a purpose is called."""
    return PURPOSE_NAMES[purpose]


def _plain(name: str) -> str:
    head, dot, tail = name.rpartition(".")
    if dot and not tail[:1].isdigit():
        return f"{_plain(head)}, {tail.replace('_', ' ')}"
    words = name.replace("_", " ").split()
    return " ".join(_ABBREVIATIONS.get(word, word) for word in words)
