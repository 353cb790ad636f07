"""What torchrun starts for `test_together`: trainings, and what each process has to tell of them.

Its argument is a folder. In turn nothing special happens; one process runs out of memory; a sample of one is
no number; the first is asked to stop; and they go on from there. Then they share a validation, and steps of
real networks.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from core.errors import LossError, TrainingError
from core.training.devices import place_of
from core.training.loop import train
from core.training.stepper import Stepper, moving_statistics
from core.training.validating import validated_together
from tests.training.alike import NETWORKS, gradients
from tests.training.tiny import SCHEDULE, Asked, Heard, NormedTask, TinyTask, plan


def rank_of() -> int:
    """Which process this is."""
    return int(os.environ["RANK"])


def told_of(task: TinyTask, folder: Path, *, stop_at: int | None = None, resume: Path | None = None) -> Any:
    """Trains, and gives what came of it as plain values."""
    heard = Heard(stop_at)
    told: dict[str, Any] = {}
    try:
        result = train(task, plan(replace(SCHEDULE, batch=5)), heard, folder, resume=resume)
        told |= {"stopped": result.stopped, "step": result.reached.step}
    except Asked:
        told |= {"asked": True}
    except LossError as problem:
        told |= {"problem": str(problem)}
    if rank_of() == 0:
        told["points"] = {f"{name} {step}": value for (name, step), value in heard.by_step("fit").items()}
        steps = heard.by_step("loss", "grad_norm")
        told["steps"] = {f"{name} {step}": value for (name, step), value in steps.items()}
    return told | {"lines": heard.lines, "kept": [str(path) for _, path, _ in heard.kept]}


def shared(folder: Path) -> Any:
    """Trains with norms over batches, then validates what is the same in each; once, where one cannot."""
    task = NormedTask()
    told = told_of(task, folder)
    stepper = Stepper(NormedTask(), plan(), place_of("cpu", "32"))
    together, cpu = stepper.together, torch.device("cpu")

    def answers(task: NormedTask) -> Any:
        return validated_together(
            task,
            together,
            lambda portion: stepper.measured(lambda: task.answer(stepper.network, cpu, portion), 7, portion),
            lambda done, of: None,
        )

    found = answers(NormedTask())
    try:
        answers(NormedTask(broken=1))
    except TrainingError as problem:
        told["problem"] = str(problem)
    batch = torch.arange(8.0).reshape(4, 2) + together.rank
    moved = Stepper(NormedTask(), plan(), place_of("cpu", "32"))
    moved.network(batch)
    alone = [one.tolist() for one in moving_statistics(moved.network)]
    moved.together.mean([one for one in moving_statistics(moved.network) if one.is_floating_point()])
    after = [one.tolist() for one in moving_statistics(moved.network)]
    return told | {"figures": found, "answered": task.answered, "alone": alone, "after": after}


def alike(folder: Path) -> Any:
    """Makes a step of each real network; the gradients go into files, and the numbers are told."""
    told: dict[str, Any] = {}
    for name, make in NETWORKS.items():
        for accumulate in (1, 2):
            found, told[f"{name} {accumulate}"] = gradients(make(), accumulate)
            if rank_of() == 0:
                plain = {key: one.contiguous() for key, one in found.items()}
                save_file(plain, folder / f"{name}-{accumulate}.safetensors")
    return told


def main() -> None:
    """Trains some times, and writes what came of it."""
    torch.set_num_threads(1)
    folder, rank = Path(sys.argv[1]), rank_of()
    still = TinyTask(dropout=0.0)
    told = {
        "plain": told_of(still, folder / "plain"),
        "full": told_of(replace(still, most=1 if rank == 1 else 100), folder / "full"),
        "bad": told_of(replace(still, bad=7), folder / "bad"),
        "stop": told_of(still, folder / "stop", stop_at=8 if rank == 0 else None),
    }
    resume = Path(told["stop"]["kept"][-1]) if rank == 0 else None
    told["resume"] = told_of(still, folder / "stop", resume=resume)
    told["shared"] = shared(folder / "shared")
    told["asked while validating"] = told_of(
        NormedTask(), folder / "asked", stop_at=14 if rank == 0 else None
    )
    told["alike"] = alike(folder)
    (folder / f"{rank}.json").write_text(json.dumps(told))
    if rank == 1:
        os._exit(0)
    time.sleep(1)
    try:
        Stepper(still, plan(), place_of("cpu", "32")).together.tell([1])
    except TrainingError as problem:
        (folder / "left.txt").write_text(str(problem))


if __name__ == "__main__":
    main()
