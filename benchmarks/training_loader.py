"""How long a training's step waits for samples: the small networks and the small detector, on a processor.

    python -m benchmarks training_loader

A street is simulated and made a project with its truth as labels; its objects are cut out and composed, and
each network trains on them as `amodal train` does, with the usual number of workers. The first two steps,
while the workers start, do not count; the others are enough to use up what was prepared meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks._training_project import SET, VALIDATION_SET, training_project
from benchmarks._unoccluded_data import ROOT
from core.jobs.compose.supply import StoredComposites
from core.jobs.train.job import plan_of
from core.jobs.train.purposes import build_task
from core.jobs.train.settings import TrainSettings
from core.records.detections import Category
from core.records.recipes import Split
from core.store.project import Project
from core.training.devices import usual_workers
from core.training.measure import measure
from core.training.task import Task
from core.training.tasks.detector import DetectorSettings, Start, Variant, make_task, network_settings

PROJECT = ROOT / ".bench" / "training"
MOST_WAITING = 0.05
STEPS = {"classifier": 40, "prelabeller": 40, "small detector": 16}


@dataclass(frozen=True)
class Composed:
    """A `DetectorSupply` of composites alone."""

    path: Any

    def composites(self) -> StoredComposites:
        """To learn from."""
        return StoredComposites(self.path, SET, Split.TRAIN)

    def validation_composites(self) -> StoredComposites:
        """To be measured by."""
        return StoredComposites(self.path, VALIDATION_SET, Split.VALIDATION)

    def frames(self) -> None:
        """None."""

    def validation_frames(self) -> None:
        """None."""

    def cameras(self) -> None:
        """Unknown."""

    def said(self) -> Mapping[str, Any]:
        """The set."""
        return {"composites": SET}


def detector(project: Project, settings: TrainSettings) -> Task:
    """The small one, which is the usual one without a GPU, as the job makes it."""
    network = network_settings(Variant.SMALL, Start.NOTHING, tuple(Category))
    return make_task(Composed(project.path), DetectorSettings(network, samples=80))


def main() -> dict[str, float]:
    """Measures, and prints what came of it."""
    from core.training.tasks.detector import usual_schedule

    path = training_project(PROJECT)
    figures: dict[str, float] = {"workers": usual_workers(), "threads": torch.get_num_threads()}
    makers: dict[str, Callable[[Project, TrainSettings], Task]] = {
        "classifier": build_task,
        "prelabeller": build_task,
        "small detector": detector,
    }
    print(f"{usual_workers()} workers, torch with {torch.get_num_threads()} threads")
    for name, make in makers.items():
        what = "detector" if name == "small detector" else name
        settings = TrainSettings(what=what, device="cpu")  # type: ignore[arg-type]
        with Project.open(path, read_only=True) as project:
            task = make(project, settings)
            if what == "detector":
                task.schedule = usual_schedule(Variant.SMALL)
            found = measure(task, plan_of(task, settings), steps=STEPS[name])
        share = found.waited_s / found.step_s
        met = "met" if share < MOST_WAITING else "MISSED"
        print(
            f"{name}: a step of {task.schedule.batch} takes {found.step_s:.2f} s, of which it waits "
            f"{found.waited_s:.3f} s for samples: {share:.1%}, below {MOST_WAITING:.0%}: {met}"
        )
        figures |= {f"{name}, step s": found.step_s, f"{name}, waiting share": share}
    return figures


if __name__ == "__main__":
    main()
