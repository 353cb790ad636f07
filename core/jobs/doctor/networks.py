"""What torch sees of this machine, and whether networks can run and be trained with what is installed."""

from __future__ import annotations

import importlib.util
from typing import Literal

from core.jobs.doctor.finding import Finding

_FOR_TRAINING = ("torchvision", "lightning_fabric", "safetensors")
_INSTALL = "pip install torch torchvision lightning-fabric safetensors"
_GIB = 2**30


def network_findings() -> list[Finding]:
    """torch with its build, each GPU that it can use or why there is none, and what else is missing."""
    if importlib.util.find_spec("torch") is None:
        return [
            Finding(
                "note",
                "torch",
                "not installed. Motion finds objects without it, and so does an ONNX file of your own; the "
                f"program's own networks and training need it: {_INSTALL}",
            )
        ]
    try:
        import torch  # noqa: F401 - whether it can be loaded
    except (ImportError, OSError) as problem:
        return [
            Finding("bad", "torch", f"cannot be loaded ({_first_line(problem)}). Install it anew: {_INSTALL}")
        ]
    return [_build(), *_gpus(), *_missing()]


def _build() -> Finding:
    import torch

    made_for = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
    threads = torch.get_num_threads()
    return Finding(
        "ok", "torch", f"{torch.__version__}, {made_for}; takes {threads} threads of the processor"
    )


def _gpus() -> list[Finding]:
    import torch

    if torch.cuda.is_available():
        return [_cuda(number) for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        return [Finding("ok", "GPU", "Apple's, through MPS; trains in 32 bits")]
    why = "torch was built without CUDA"
    if torch.version.cuda is not None:
        why = "torch finds no NVIDIA GPU with a driver"
    return [Finding("note", "GPU", f"none that can be used ({why}); networks run on the processor.")]


def _cuda(number: int) -> Finding:
    import torch

    try:
        with torch.cuda.device(number):
            free, whole = torch.cuda.mem_get_info()
            half = torch.cuda.is_bf16_supported(including_emulation=False)
    except RuntimeError as problem:  # full to the last byte, held by one program alone, or gone
        return Finding("bad", f"GPU {number}", f"cannot be used ({_first_line(problem)}).")
    precision = "bf16" if half else "32 bits"
    level: Literal["ok", "note"] = "ok" if free > whole / 2 else "note"
    text = (
        f"{torch.cuda.get_device_name(number)}, {free / _GIB:.0f} of {whole / _GIB:.0f} GiB free; trains in"
    )
    return Finding(level, f"GPU {number}", f"{text} {precision}")


def _first_line(problem: Exception) -> str:
    """What an error says, short."""
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return lines[0][:160]


def _missing() -> list[Finding]:
    names = [name for name in _FOR_TRAINING if importlib.util.find_spec(name) is None]
    if not names:
        return []
    return [
        Finding(
            "note", "Training", f"{' and '.join(names)} missing: nothing can be trained. Install: {_INSTALL}"
        )
    ]
