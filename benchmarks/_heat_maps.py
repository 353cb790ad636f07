"""Heat maps as Occlusion-Net's paper has them: a network of crops that was taught visible points alone."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks._small_networks import CROPS, prelabeller
from core.networks.prelabeller import PointHead, Prelabeller, PrelabellerSettings
from core.records.shapes import KeypointTag
from core.training.data.crops import TAGS, Crops, PackedCrop, read_crops
from core.training.data.synthetic_crops import CARS, SPLITS, STREETS, CropPlan, make_crops
from core.training.loop import train
from core.training.plan import NoEvents, TrainPlan
from core.training.tasks.prelabeller import cars_with_points, make_task

LEARNED = CropPlan(cars=(2000, 500, 500), streets=(1, 0, 1))
"""The crops that the networks here learn from and are measured on: part of `amodal synth crops`."""
_EPOCHS = 2
_PX = 96
_SHARD = 500
_VISIBLE = TAGS.index(KeypointTag.VISIBLE)


def car_crops(split: str, *, cars: bool = True, streets: bool = True) -> list[PackedCrop]:
    """Cars with their points of a split; made where they are not there yet."""
    make_crops(CROPS, LEARNED)
    place = SPLITS.index(split)
    names = [f"{CARS}-{split}-{start:06d}" for start in range(0, LEARNED.cars[place] if cars else 0, _SHARD)]
    names += [f"{STREETS}-{split}-{one:03d}" for one in range(LEARNED.streets[place] if streets else 0)]
    return cars_with_points(read_crops(CROPS, names))


def visible_alone(crops: Sequence[PackedCrop]) -> list[PackedCrop]:
    """Crops of which nobody has said where hidden points are."""
    kept = [replace(one, tags=one.tags.copy()) for one in crops]
    for one in kept:
        one.tags[one.tags != _VISIBLE] = -1
    return cars_with_points(kept)


def paper_heat_maps(folder: Path) -> Prelabeller:
    """The network, trained where it is not there yet, on one thread.

    As the paper's begins with a trunk that knows pictures (ImageNet's), this begins with the pre-labeller's,
    and learns what reads it from nothing. That trunk has been told of hidden points, so that what is won over
    these maps is rather too little than too much.
    """
    found = next(iter(folder.glob("best-*.safetensors")), None)
    if found is None:
        supply = Crops(*(visible_alone(car_crops(split)) for split in ("train", "val")), {"visible": "alone"})
        form = PrelabellerSettings(px=_PX, head=PointHead.MAPS)
        task = make_task(supply, settings=form, start=_with_known_trunk(Prelabeller(form)))
        plan = TrainPlan(replace(task.schedule, epochs=_EPOCHS), device="cpu", precision="32", workers=0)
        torch.set_num_threads(1)
        folder.parent.mkdir(parents=True, exist_ok=True)
        clock, processor = time.perf_counter(), time.process_time()
        result = train(task, plan, NoEvents(), folder)
        print(
            f"heat maps of visible points: {result.reached.value:.3f} after "
            f"{time.perf_counter() - clock:.0f} s, {time.process_time() - processor:.0f} s of a processor"
        )
        found = next(folder.glob("best-*.safetensors"))
    return prelabeller(found)


def _with_known_trunk(network: Prelabeller) -> dict[str, torch.Tensor]:
    """Weights to begin with: of the pre-labeller's trunk, all else as it was drawn."""
    known = prelabeller().state_dict()
    return {
        name: known[name] if name.startswith("trunk.") else own for name, own in network.state_dict().items()
    }
