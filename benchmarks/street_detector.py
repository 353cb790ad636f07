"""What detectors learn from composites: WALT3D's against WALT2D's, and against labels of what is seen.

    python -m benchmarks street_detector
    python -m benchmarks.street_detector --minutes 9 --steps 120 --seeds 2

First the masks alone, which takes minutes: a small network with the detector's mask head learns from the
same data, and is told the boxes of the test's objects. `--no-detectors` ends there.

Three detectors, alike but for what they learn from, are taught on the footage of the same two cameras: on
frames labelled by what is seen, on WALT2D's composites and on WALT3D's of what nothing covers in these very
frames. Each has as many pictures and steps, the same windows and chance, and begins with the program's own
weights, which know only what is seen; the backbone's body learns no more. They are measured on other streets
through other cameras, whose truth is exact. All that is made and learned lies in .bench/street_detector;
begun again, it goes on where it was.

Objects of which more than 95 % is hidden are ignored; in the figures of hidden objects, so are all of which
less than a quarter is. Intervals are those of 95 % over the test's pictures, drawn with replacement, and of
differences over the same draws.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from core.jobs.reproduce.arms import Arm, ArmPlan, stage, test_truth
from core.jobs.reproduce.detectors import ArmTraining, OutOfTime, finds_of, train_arm
from core.jobs.reproduce.figures import Figures, figures_of
from core.jobs.reproduce.masks import teach_and_ask
from core.training.data.street_frames import StreetTruth

FOLDER = Path(".bench/street_detector")
MINUTES, STEPS, SEEDS = 24 * 60.0, 160, 2
MASK_STEPS, MASK_SEEDS = 80, 3


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Stage, train, measure, print, and return the figures; what is not done in time is left out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.street_detector")
    parser.add_argument(
        "--minutes", type=float, default=MINUTES, help="until it stops and can be gone on with"
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="of four windows, for each detector")
    parser.add_argument("--seeds", type=int, default=SEEDS, help="how often each is trained anew")
    parser.add_argument("--arms", nargs="*", default=[arm.value for arm in Arm], help="which")
    parser.add_argument("--frames", type=int, default=ArmPlan().frames, help="of each camera's footage")
    parser.add_argument("--streets", type=int, default=len(ArmPlan().seeds), help="to learn from")
    parser.add_argument("--tests", type=int, default=ArmPlan().tests, help="streets to be measured by")
    parser.add_argument("--mask-steps", type=int, default=MASK_STEPS, help="of 48 boxes, for each network")
    parser.add_argument("--mask-seeds", type=int, default=MASK_SEEDS, help="likewise")
    parser.add_argument("--no-detectors", action="store_true", help="only masks of boxes that are given")
    parser.add_argument("--weights", type=Path, help="to begin with, instead of the program's own")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    ends = time.monotonic() + 60 * given.minutes
    first = ArmPlan().seeds[0]
    plan = ArmPlan(seeds=tuple(range(first, first + given.streets)), frames=given.frames, tests=given.tests)
    folder = FOLDER / f"{given.streets}-streets-of-{plan.frames}-frames"
    stage(folder, plan)
    test = test_truth(folder, plan)
    report: dict[str, Any] = {"streets": given.streets, "frames": plan.frames, "tests": plan.tests}
    masks: dict[str, dict[int, Path]] = {}
    for seed in range(given.mask_seeds):
        for arm in map(Arm, given.arms):
            for name, path in teach_and_ask(folder, plan, arm, seed, given.mask_steps, test).items():
                masks.setdefault(name, {})[seed] = path
    if masks:
        report["masks"] = {"steps": given.mask_steps} | shown("masks of boxes", figures_of(test, masks))
    if not given.no_detectors:
        found = detectors(folder, plan, given, test, ends)
        if found:
            report["detectors"] = {"steps": given.steps} | shown("detectors", figures_of(test, found))
    return report


def detectors(
    folder: Path, plan: ArmPlan, given: argparse.Namespace, test: StreetTruth, ends: float
) -> dict[str, dict[int, Path]]:
    """What each detector finds, by arm and seed, as far as the time allows."""
    found: dict[str, dict[int, Path]] = {}
    try:
        for seed in range(given.seeds):
            for arm in map(Arm, given.arms):
                training = ArmTraining(arm, seed, given.steps, given.weights)
                home = folder / "runs" / training.name
                train_arm(folder, home, plan, training, ends)
                found.setdefault(arm.value, {})[seed] = finds_of(home, training, test, ends)
    except OutOfTime:
        print("The time is over; start again to go on.")
    return found


def shown(title: str, report: Figures) -> dict[str, Any]:
    """Prints a line for each detector, and one for each difference; gives plain values."""
    print(f"--- {title}")
    for name, row in report.rows.items():
        print(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in row.items()))
    for name, gains in report.gains.items():
        for key, (middle, low, high) in gains.items():
            print(f"{name}, {key}: {middle:+.3f} ({low:+.3f} to {high:+.3f})")
    return report.as_json()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:]), indent=2))
