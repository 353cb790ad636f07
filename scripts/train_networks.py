"""Trains the networks that come with the program, and writes resources/networks.

    amodal synth crops .cache/crops
    python -m scripts.train_networks prelabeller .cache/crops .cache/runs
    python -m scripts.train_networks classifier .cache/crops .cache/runs
    python -m scripts.train_networks backbone .cache/streets .cache/runs

The backbone, with pyramid and proposals, is what the small detector begins with. Its pictures of
simulated streets are cast first where they are not there yet.

A run that was broken off goes on where it was. `--ship` writes the best weights of a run as they are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from core.networks.classifier import OcclusionClassifier
from core.networks.prelabeller import Prelabeller
from core.records.runs import MetricPoint, Purpose, RunPicture
from core.training.checkpoints import Checkpoint, read_checkpoint, write_checkpoint, write_whole
from core.training.data.crops import Crops, read_crops
from core.training.data.street_frames import SeenLabels, StreetPlan, StreetTruth, make_street_frames
from core.training.data.synthetic_crops import kinds_of
from core.training.loop import train
from core.training.plan import Kept, Reached, TrainPlan
from core.training.task import Task
from core.training.tasks import classifier, prelabeller
from core.training.tasks.street_detector import FramesAlone, backbone_task, learned_of

TARGET = Path(__file__).resolve().parents[1] / "resources" / "networks"
BACKBONE = "backbone"
EPOCHS = {Purpose.PRELABELLER.value: 9, Purpose.CLASSIFIER.value: 12, BACKBONE: 6}
STREETS, MEASURED = StreetPlan((1, 4, 7), frames=16), StreetPlan((2,), frames=16)
"""What the backbone learns from and is measured by: no test or benchmark has a street of these."""

_SAMPLES = 300
_MEASURES = ("box_ap", "mask_ap", "pck", "tag", "average_precision", "accuracy", "precision", "recall")


class OutOfTime(Exception):  # noqa: N818 - an outcome
    """The minutes that were given are over."""


class Told:
    """Prints what a training tells, keeps its pictures, and stops it in time."""

    def __init__(self, folder: Path, minutes: float) -> None:
        self._folder, self._ends = folder, time.monotonic() + 60 * minutes

    def begun(self, reached: Reached) -> None:
        print(f"from step {reached.step}", flush=True)

    def check_stop(self) -> None:
        if time.monotonic() > self._ends:
            raise OutOfTime

    def log(self, line: str) -> None:
        print(line, flush=True)

    def progress(self, share: float, words: str) -> None:
        pass

    def metrics(self, points: Sequence[MetricPoint], reached: Reached) -> None:
        told = {one.name: round(one.value, 4) for one in points if one.name.startswith(_MEASURES)}
        if told:
            seconds = f"{reached.seconds:.0f} s, {time.process_time():.0f} s of a processor"
            print(f"step {reached.step}, epoch {reached.epoch}, {seconds}: {json.dumps(told)}", flush=True)

    def pictures(self, pictures: Sequence[RunPicture]) -> None:
        for one in pictures:
            (self._folder / f"picture-{one.place}.jpg").write_bytes(one.picture)

    def checkpoint(self, kept: Kept, path: Path, reached: Reached) -> None:
        pass


def task_of(purpose: Purpose, crops: Path) -> Task:
    """What is trained, over the crops that `amodal synth crops` has made."""
    cars = purpose is Purpose.PRELABELLER  # a car alone teaches the classifier nothing: nothing covers it
    supply = Crops(
        read_crops(crops, [*kinds_of("train", cars=cars), *([] if cars else ["cars-train-000000"])]),
        read_crops(crops, kinds_of("val", cars=cars)),
        {"crops": "amodal synth crops"},
    )
    return prelabeller.make_task(supply) if cars else classifier.make_task(supply)


def task_of_backbone(streets: Path, samples: int) -> Task:
    """What is seen of simulated streets, cast where they are not there yet."""
    learned, measured = (
        SeenLabels(StreetTruth(make_street_frames(streets, plan, lambda share: print(f"cast {share:.0%}"))))
        for plan in (STREETS, MEASURED)
    )
    said = {"streets": asdict(STREETS), "measured": asdict(MEASURED), "labels": "what is seen"}
    return backbone_task(FramesAlone(learned, measured, said), samples, EPOCHS[BACKBONE])


def ship_backbone(best: Path) -> Path:
    """Writes what other detectors can begin with, in half precision and under the network's own names."""
    learned = learned_of(read_checkpoint(best).network)

    def write(draft: Path) -> Path:
        save_file(learned, draft)
        return TARGET / f"{BACKBONE}.safetensors"

    return write_whole(TARGET, write)


def ship(best: Path, purpose: Purpose) -> Path:
    """Writes a run's best weights, in half precision, beside the card of what they are."""
    checkpoint = read_checkpoint(best)
    halved = {
        name: one.half() if one.is_floating_point() else one for name, one in checkpoint.network.items()
    }
    network: Any = {Purpose.PRELABELLER: Prelabeller, Purpose.CLASSIFIER: OcclusionClassifier}[purpose]
    facts = {**checkpoint.facts, "parameters": sum(one.numel() for one in network().parameters())}
    facts.pop("format", None)
    TARGET.mkdir(parents=True, exist_ok=True)
    path = write_checkpoint(TARGET, "half", Checkpoint(halved, {}, facts))
    return path.replace(TARGET / f"{purpose.value}.safetensors")


def main(argv: Sequence[str] | None = None) -> None:
    """See the module."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("purpose", choices=list(EPOCHS))
    parser.add_argument("data", type=Path, help="of crops, or for the backbone of streets")
    parser.add_argument("runs", type=Path)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--samples", type=int, default=_SAMPLES, help="of the backbone, in an epoch")
    parser.add_argument("--minutes", type=float, default=24 * 60.0)
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    parser.add_argument("--precision", default="bf16", choices=["auto", "32", "bf16"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--ship", action="store_true", help="only write the best weights that there are")
    given = parser.parse_args(argv)
    name, folder = given.purpose, given.runs / given.purpose
    if not given.ship:
        torch.set_num_threads(given.threads)
        folder.mkdir(parents=True, exist_ok=True)
        if name == BACKBONE:
            task = task_of_backbone(given.data, given.samples)
        else:
            task = task_of(Purpose(name), given.data)
        print(json.dumps(task.data))
        schedule = replace(task.schedule, epochs=given.epochs or EPOCHS[name])
        plan = TrainPlan(schedule, device=given.device, precision=given.precision, workers=0)
        last = next(iter((folder / "files").glob("last-*.safetensors")), None)
        try:
            print(train(task, plan, Told(folder, given.minutes), folder / "files", resume=last))
        except OutOfTime:
            print("The time is over; start again to go on.")
    best = next((folder / "files").glob("best-*.safetensors"))
    path = ship_backbone(best) if name == BACKBONE else ship(best, Purpose(name))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
