"""Goes on with a job of the tiny task up to the middle of writing its state, and stays there to be killed."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save, save_file
from torch import Tensor

from core.jobs.runner import run_job
from core.jobs.train import purposes
from core.jobs.train.needs import Need
from core.jobs.train.purposes import Trainable
from core.records.runs import Purpose
from core.training import checkpoints
from tests.training.tiny import TinyTask

HALF = "half written"
_LONG_S = 600


def write_half(tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]) -> None:
    """As save_file; of a state to go on from half is on the disk when it says so, and never more."""
    if "state" not in json.loads(metadata["amodal"]):
        save_file(dict(tensors), path, dict(metadata))
        return
    data = save(dict(tensors), dict(metadata))
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        file.flush()
        os.fsync(file.fileno())
        print(HALF, flush=True)
        time.sleep(_LONG_S)


if __name__ == "__main__":
    torch.set_num_threads(1)
    purposes.TRAINABLE[Purpose.CLASSIFIER] = Trainable(
        lambda project, settings: [Need("made-up labels", 40, 20)], lambda project, settings, past: TinyTask()
    )
    checkpoints.save_file = write_half  # type: ignore[assignment]
    run_job(Path(sys.argv[1]), int(sys.argv[2]))
