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
less than a quarter is. Intervals are those of 95 % over the test's cameras and the seeds, drawn with
replacement, and of differences over the same draws; of fewer than five cameras, which are those of three
streets (`--tests 3`), none is told.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from pathlib import Path
from typing import Any

import torch

from core.evaluation.bootstrap import Groups
from core.jobs.reproduce.arms import Arm, ArmPlan, stage, test_truth
from core.jobs.reproduce.details import mean_details
from core.jobs.reproduce.detectors import ArmTraining, OutOfTime, finds_of, train_arm
from core.jobs.reproduce.known_and_found import known_in, read_finds
from core.jobs.reproduce.masks import teach_and_ask
from core.jobs.reproduce.precision import GROUPS, measured
from core.jobs.reproduce.tables import words
from core.training.data.street_frames import StreetTruth

FOLDER = Path(".bench/street_detector")
MINUTES, STEPS, SEEDS = 24 * 60.0, 160, 2
MASK_STEPS, MASK_SEEDS = 80, 3
DRAWS = 1000
_SHOWN = tuple(enumerate(GROUPS[:2]))


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
        report["masks"] = {"steps": given.mask_steps} | shown("masks of boxes", test, masks)
    if not given.no_detectors:
        found = detectors(folder, plan, given, test, ends)
        if found:
            report["detectors"] = {"steps": given.steps} | shown("detectors", test, found)
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
                found.setdefault(arm.value, {})[seed] = finds_of(home, test, ends=ends)
    except OutOfTime:
        print("The time is over; start again to go on.")
    return found


def shown(
    title: str, test: StreetTruth, found: Mapping[str, Mapping[int, Path]], draws: int = DRAWS
) -> dict[str, Any]:
    """Prints the figures of each detector, and how far one is ahead of another; gives plain values.

    Args:
        found: for each arm and seed a file of finds, one list for each picture.
    """
    known, cameras = known_in(test), Groups.of(test.cameras)
    finds = {
        name: {seed: read_finds(path, known) for seed, path in seeds.items()} for name, seeds in found.items()
    }
    each = {name: measured(known, seeds, cameras, draws) for name, seeds in finds.items()}
    report: dict[str, Any] = {"figures": {}, "mask AP": {}, "gains": {}}
    print(f"--- {title}")
    for name, one in each.items():
        row = mean_details(known, [*finds[name].values()]) | {"seeds": float(len(one.by_seed))}
        report["figures"][name] = row | {"spread of seeds": float(one.by_seed.max() - one.by_seed.min())}
        print(f"{name}: " + ", ".join(f"{key} {value:.3f}" for key, value in row.items()))
        report["mask AP"][name] = {of: asdict(one.interval(group)) for group, of in enumerate(GROUPS)}
        print(f"{name}: " + ", ".join(f"{of} {words(one.interval(group))}" for group, of in _SHOWN))
    for less, more in combinations(each, 2):
        gains = {of: each[more].over(each[less], group) for group, of in _SHOWN}
        report["gains"][f"{more} over {less}"] = {of: asdict(gain) for of, gain in gains.items()}
        for of, gain in gains.items():
            print(f"{more} over {less}, {of}: {words(gain, signed=True)}")
    return report


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:]), indent=2))
