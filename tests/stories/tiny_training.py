"""Runs a job as `amodal job run PROJECT ID` does, in a program that can train the tiny task.

usage: python -m tests.stories.tiny_training PROJECT ID PACE
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.errors import AmodalError
from core.jobs.runner import run_job
from core.jobs.train import purposes
from core.jobs.train.needs import Need
from core.jobs.train.purposes import Trainable
from core.records.runs import Purpose, RunPicture
from tests.app.training.made_up import picture
from tests.training.tiny import TinyTask


@dataclass
class SlowTinyTask(TinyTask):
    """The tiny task, which takes so many seconds for each step and has pictures to show.

    Attributes:
        pace: seconds a step.
    """

    pace: float = 0.0

    def losses(self, network: nn.Module, batch: Any) -> Mapping[str, Tensor]:
        time.sleep(self.pace)
        return super().losses(network, batch)

    def show(self, network: nn.Module, device: torch.device, step: int) -> Sequence[RunPicture]:
        return [replace(picture(place, step), caption=f"after step {step}") for place in range(2)]


def trainable(pace: float = 0.0) -> Trainable:
    """The tiny task as an occlusion classifier with labels enough."""
    needs: Callable[..., Sequence[Need]] = lambda project, settings: [Need("made-up labels", 40, 20)]  # noqa: E731
    return Trainable(needs, lambda project, settings, past: SlowTinyTask(pace=pace))


def main(arguments: list[str]) -> int:
    """Runs the job; what goes wrong stands in its row."""
    torch.set_num_threads(1)
    path, job_id, pace = arguments
    purposes.TRAINABLE[Purpose.CLASSIFIER] = trainable(float(pace))
    with suppress(AmodalError):
        run_job(Path(path), int(job_id))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
