"""Heat maps as Occlusion-Net's paper has them, and the crops that they and Occlusion-Net learn from here."""

from __future__ import annotations

import time
from pathlib import Path

import torch

from benchmarks._small_networks import CROPS
from core.jobs.reproduce.hidden_points import Effort, heat_maps, read_heat_maps
from core.networks.prelabeller import Prelabeller
from core.training.data.crops import PackedCrop, read_crops
from core.training.data.picture_plan import SPLITS
from core.training.data.synthetic_crops import CARS, STREETS, CropPlan, make_crops
from core.training.tasks.prelabeller import cars_with_points

LEARNED = CropPlan(cars=(2000, 500, 500), streets=(1, 0, 1))
"""The crops that the networks here learn from and are measured on: part of `amodal synth crops`."""
_EPOCHS = 2
_SHARD = 500


def car_crops(split: str, *, cars: bool = True, streets: bool = True) -> list[PackedCrop]:
    """Cars with their points of a split; made where they are not there yet."""
    make_crops(CROPS, LEARNED)
    place = SPLITS.index(split)
    names = [f"{CARS}-{split}-{start:06d}" for start in range(0, LEARNED.cars[place] if cars else 0, _SHARD)]
    names += [f"{STREETS}-{split}-{one:03d}" for one in range(LEARNED.streets[place] if streets else 0)]
    return cars_with_points(read_crops(CROPS, names))


def paper_heat_maps(folder: Path) -> Prelabeller:
    """The network, trained where it is not there yet, on one thread."""
    if not any(folder.glob("best-*.safetensors")):
        torch.set_num_threads(1)
        clock, processor = time.perf_counter(), time.process_time()
        result = heat_maps(car_crops("train"), car_crops("val"), folder, Effort(_EPOCHS))
        print(
            f"heat maps of visible points: {result.reached.value:.3f} after "
            f"{time.perf_counter() - clock:.0f} s, {time.process_time() - processor:.0f} s of a processor"
        )
    return read_heat_maps(folder)
