"""What Occlusion-Net's 3D half costs and says, beside its 2D half, on single cars (Car-render).

    python -m benchmarks.hidden_points_3d [--epochs 6 --width 64]

700 single cars, as they are and once more with covers and borders by chance, are learned with and without the
3D half; 200 cars of other models are measured, as they are and covered. The points are once those of the
pre-labeller that comes with the program, and once the same with every hidden point anywhere in the square and
little confidence: as hard as heat maps that know nothing of hidden points can be. One thread.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from benchmarks._unoccluded_data import ROOT
from core.jobs.networks_in_use import prelabeller_of
from core.networks.losses.counted import summed
from core.training.data.crop_augment import Augmentation
from core.training.data.crops import PackedCrop, read_crops
from core.training.data.said_cars import SaidCar, SaidCars, say
from core.training.data.synthetic_crops import CropPlan, make_crops
from core.training.tasks.hidden_points import HiddenPointsTask, answered, figures, form_of, make_task
from core.training.tasks.prelabeller import cars_with_points

FOLDER = ROOT / ".bench" / "hidden_points_3d"
PLAN = CropPlan(cars=(700, 200, 0), streets=(0, 0, 0))
_COVERED = Augmentation(**{**dict.fromkeys(Augmentation.__slots__, 0.0), "cover": 1.0, "bar": 0.5})
_BATCH, _WARMUP, _RATE = 64, 50, 1e-3


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Train, measure, print, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hidden_points_3d")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--width", type=int, default=64)
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    make_crops(FOLDER, PLAN)
    finder, _ = prelabeller_of(None)
    learned, tested = (_cars(kind) for kind in ("cars-train", "cars-val"))
    training = say(finder, learned) + say(finder, learned, how=Augmentation(rough=0.0))
    tests = {"single cars": say(finder, tested), "covered": say(finder, tested, how=_COVERED)}
    blind = {name: blind(cars, seed) for seed, (name, cars) in enumerate(tests.items(), start=2)}
    report: dict[str, Any] = {}
    for maps, teaches, measures in (
        ("nothing of hidden points", blind(training, 1), blind),
        ("the pre-labeller", training, tests),
    ):
        for in_3d in (False, True):
            supply = SaidCars(teaches, measures["single cars"], {})
            task = make_task(supply, form=form_of("paper", given.width, in_3d=in_3d))
            row = trained(task, given.epochs, measures)
            report[f"{maps}, {'2D and 3D' if in_3d else '2D alone'}"] = row
            print(maps, "2D and 3D" if in_3d else "2D alone", json.dumps(row), flush=True)
    return report


def _cars(kind: str) -> list[PackedCrop]:
    return cars_with_points(read_crops(FOLDER, [kind]))


def blind(cars: Sequence[SaidCar], seed: int) -> list[SaidCar]:
    """The same looks with every hidden point anywhere in the square, and little confidence."""
    rng = np.random.default_rng(seed)
    found = []
    for car in cars:
        hidden = car.tags > 0
        places = np.where(hidden[:, None], rng.uniform(-1, 1, car.places.shape), car.places)
        scores = np.where(hidden, rng.uniform(0, 0.5, len(hidden)), car.scores)
        found.append(replace(car, places=places, scores=scores))
    return found


def trained(task: HiddenPointsTask, epochs: int, tests: Mapping[str, Sequence[SaidCar]]) -> dict[str, Any]:
    """Figures after some epochs, by test, and how many milliseconds of a processor a step took."""
    torch.manual_seed(0)
    network = task.network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0.01)
    steps = epochs * len(task.training_set(0)) // _BATCH  # type: ignore[arg-type]
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: (
            min((step + 1) / _WARMUP, 1) * (1 if step < 0.7 * steps else 0.1 if step < 0.9 * steps else 0.01)
        ),
    )
    spent, done = 0.0, 0
    for epoch in range(epochs):
        torch.manual_seed(100 + epoch)
        samples = task.training_set(epoch)
        for batch in DataLoader(samples, _BATCH, shuffle=True, drop_last=True, collate_fn=task.collate):
            begun = time.process_time()
            optimiser.zero_grad()
            summed(task.losses(network, batch)).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            rate.step()
            spent, done = spent + time.process_time() - begun, done + 1
    network.eval()
    found: dict[str, Any] = {"steps": done, "ms a step": 1000 * spent / max(done, 1)}
    for name, cars in tests.items():
        found[name] = figures([answered(network, task.form.network, cars, torch.device("cpu"))])
    return found


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
