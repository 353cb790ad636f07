"""Where a training runs: the device, its precision, its memory, and how many processes there are."""

from __future__ import annotations

import atexit
import logging
import os
from dataclasses import dataclass
from datetime import timedelta

import psutil
import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import distributed

from core.errors import TrainingError
from core.training.plan import DeviceName, PrecisionName

MIB = 2**20

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it makes itself heard when it is imported

_WAIT = timedelta(hours=24)  # for the first process while it validates
_MOST_WORKERS = 8
_FULL = ("out of memory", "can't allocate memory", "cannot allocate memory")
_FABRIC_PRECISION = {"32": "32-true", "bf16": "bf16-mixed"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a training runs.

    Attributes:
        kind: "cpu", "cuda" or "mps".
        name: for people, such as "NVIDIA H100 80GB HBM3".
        precision: "32" or "bf16".
        fallback: what to tell where a CPU was taken because there is no GPU, or "".
    """

    kind: str
    name: str
    precision: str
    fallback: str = ""


def place_of(device: DeviceName, precision: PrecisionName, gpus: int = 1) -> Place:
    """Where a training runs: what was asked for, and never a CPU in place of a GPU that was asked for.

    Args:
        device, precision: as in `TrainPlan`.
        gpus: how many were asked for.

    Raises:
        TrainingError: there is no such device here, it has no bf16, or there are more processes here than
            GPUs, or several were asked for and there is none.
    """
    kind, fallback = _kind(device)
    if gpus > 1 and fallback:
        raise TrainingError(
            f"{gpus} GPUs were asked for, and none can be used here ({_why_no_cuda()}).",
            "Take one, or choose the device cpu for so many processes on the CPU.",
        )
    _check_processes(kind)
    has_bf16 = _has_bf16(kind)
    if precision == "bf16" and not has_bf16:
        raise TrainingError(f"{_name(kind)} cannot compute in bf16.", "Choose the precision 32 or auto.")
    if precision == "auto":
        precision = "bf16" if kind == "cuda" and has_bf16 else "32"
    return Place(kind, _name(kind), precision, fallback)


def is_gpu(device: str) -> bool:
    """Whether what was asked for comes to a GPU here; it need not be there where it was named."""
    there = torch.cuda.is_available() or torch.backends.mps.is_available()
    return device in ("cuda", "mps") or (device == "auto" and there)


def fabric_of(place: Place) -> Fabric:
    """Lightning Fabric for a place, its processes joined: all those of torchrun, or this one alone.

    Raises:
        RuntimeError: the processes do not find each other.
    """
    precision = _FABRIC_PRECISION[place.precision]
    if not _by_torchrun():
        # named, so that no scheduler's variables make it more than this process
        alone = LightningEnvironment()
        return Fabric(accelerator=place.kind, devices=1, precision=precision, plugins=[alone])  # type: ignore[arg-type]
    here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
    fabric = Fabric(
        accelerator=place.kind,
        strategy=DDPStrategy(timeout=_WAIT),
        devices=here,
        num_nodes=everywhere // here,
        precision=precision,  # type: ignore[arg-type]
    )
    fabric.launch()
    atexit.register(_leave_the_others)
    return fabric


def usual_workers() -> int:
    """How many processes prepare samples, where nobody says: what the machine has to spare."""
    processors = os.cpu_count() or 1
    return min(_MOST_WORKERS, (processors - 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def gpu_ids(place: Place) -> list[str]:
    """What names the GPUs that the processes of this machine train on, for all programs alike."""
    if place.kind != "cuda":
        return [place.kind] if place.kind != "cpu" else []
    here = range(int(os.environ["LOCAL_WORLD_SIZE"])) if _by_torchrun() else (torch.cuda.current_device(),)
    return [f"cuda-{torch.cuda.get_device_properties(number).uuid}" for number in here]


def local_rank() -> int:
    """Which of this machine's processes of the training this is, from 0."""
    return int(os.environ["LOCAL_RANK"]) if _by_torchrun() else 0


def process_count() -> int:
    """How many processes this training has, on all machines."""
    return int(os.environ["WORLD_SIZE"]) if _by_torchrun() else 1


def memory_metrics(place: Place) -> dict[str, float]:
    """name -> MiB: of this process, and the most that it took of the device so far."""
    numbers = {"memory_mib": psutil.Process().memory_info().rss / MIB}
    if place.kind == "cuda":
        numbers["gpu_memory_mib"] = torch.cuda.max_memory_allocated() / MIB
    elif place.kind == "mps":
        numbers["gpu_memory_mib"] = torch.mps.driver_allocated_memory() / MIB
    return numbers


def other_programs(place: Place) -> str:
    """What to tell where much of a GPU's memory is held by others before a training begins, or ""."""
    if place.kind != "cuda":
        return ""
    free, whole = torch.cuda.mem_get_info()
    if free > whole / 2:
        return ""
    return (
        f"Other programs hold {(whole - free) / 2**30:.0f} of {whole / 2**30:.0f} GB of {place.name}: it may "
        "be slow, or run out of memory."
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out: of this process, a device, or a loader's worker."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _FULL)


def free_memory(place: Place) -> None:
    """Give what is held for later use back to the device."""
    if place.kind == "cuda":
        torch.cuda.empty_cache()
    elif place.kind == "mps":
        torch.mps.empty_cache()


def _kind(device: DeviceName) -> tuple[str, str]:
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if device == "auto":
        for kind, is_there in there.items():
            if is_there:
                return kind, ""
        return "cpu", f"No GPU can be used here ({_why_no_cuda()}): it trains on the CPU, which is slow."
    if device != "cpu" and not there[device]:
        why = _why_no_cuda() if device == "cuda" else "MPS is Apple's, on macOS"
        raise TrainingError(
            f"No GPU can be used here as {device}: {why}.",
            "Choose the device auto or cpu, or make it usable.",
        )
    return device, ""


def _leave_the_others() -> None:
    """Before the interpreter ends: gloo's threads that run on, as when another process has died, abort it."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def _by_torchrun() -> bool:
    return distributed.is_available() and distributed.is_torchelastic_launched()


def _check_processes(kind: str) -> None:
    """Refuse more processes than GPUs, and take this process's own before anything touches the first."""
    if kind == "cpu" or not _by_torchrun():
        return
    here = int(os.environ["LOCAL_WORLD_SIZE"])
    there = torch.cuda.device_count() if kind == "cuda" else 1
    if here > there:
        raise TrainingError(
            f"It was to train in {here} processes here, each with a GPU of its own, and there are GPUs for "
            f"{there}.",
            f"Take {there}.",
        )
    if kind == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))


def _why_no_cuda() -> str:
    if torch.version.cuda is None:
        return "this torch was built without CUDA"
    return "torch finds no NVIDIA GPU with a driver"


def _has_bf16(kind: str) -> bool:
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return True


def _name(kind: str) -> str:
    if kind == "cuda":
        return torch.cuda.get_device_name()
    return {"cpu": "cpu", "mps": "Apple GPU"}[kind]
