"""Crops of cars and people whose truth is known exactly: single cars, and streets through several cameras.

Of streets also those cars that three cameras see at once, each with what the two others see of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.geometry.cameras import Camera
from core.records.detections import Category
from core.synthesis.street.car_renders import CarRenders
from core.synthesis.street.shared_views import shared_cars
from core.synthesis.street.street import StreetCamera
from core.synthesis.street.truth import StreetFrame, StreetObject
from core.training.data.crops import PackedCrop, cut_sample, packed, write_shard
from core.training.data.picture_plan import SPLITS
from core.training.data.seen_from import seen_from
from core.training.data.shared_views import shared_crops
from core.training.data.streets import seed_of, street_of, three_mounts

Progress = Callable[[float], None]

CARS, STREETS, SHARED = "cars", "street", "shared"
"""How the files' names begin; `kinds_of` makes a split's of them."""
_SHARD = 500
_LEAST_PX, _LEAST_SHORT_PX = 22.0, 8.0
_MOST_HIDDEN = 0.9
_SHARED_SEED = 50  # from a split's streets to those of which only shared cars are taken
_STILL_EVERY = 4  # a parked car is taken from every so many-th frame: it looks nearly the same in each


@dataclass(frozen=True, slots=True)
class CropPlan:
    """How many crops of which kind. Equal plans give equal crops.

    Each split has car models and streets of its own.

    Attributes:
        cars: single cars of each split, train, validation, test; car_models: different cars in each.
        car_px: side of their pictures.
        streets: of each split; frames: of each of a street's two cameras.
        shared: streets of each split of which those cars are taken that three cameras see at once.
        width, height: of the streets' pictures, pixels.
        seed: another number, other crops.
    """

    cars: tuple[int, int, int] = (6000, 500, 500)
    car_models: tuple[int, int, int] = (300, 60, 60)
    car_px: int = 208
    streets: tuple[int, int, int] = (4, 1, 1)
    shared: tuple[int, int, int] = (0, 0, 0)
    frames: int = 20
    width: int = 1280
    height: int = 720
    seed: int = 0


def kinds_of(split: str, *, cars: bool = True, streets: bool = True, shared: bool = False) -> list[str]:
    """How the names of a split's files begin."""
    kinds = ((CARS, cars), (STREETS, streets), (SHARED, shared))
    return [f"{kind}-{split}-" for kind, wanted in kinds if wanted]


def make_crops(folder: Path, plan: CropPlan, progress: Progress | None = None) -> int:
    """Writes the crops of a plan into a folder; files that are there are not made again.

    Args:
        progress: is told the share that is done, 0 to 1.

    Returns:
        how many files there are.

    Raises:
        RayCastingUnavailableError: rays cannot be cast here.
    """
    parts = list(_parts(plan))
    for number, (name, make) in enumerate(parts):
        path = folder / f"{name}.npz"
        if not path.exists():
            write_shard(path, make())
        if progress is not None:
            progress((number + 1) / len(parts))
    return len(parts)


def _parts(plan: CropPlan) -> Iterator[tuple[str, Callable[[], list[PackedCrop]]]]:
    """The name of every file, and what makes its crops."""
    for number, split in enumerate(SPLITS):
        seed = seed_of(split, plan.seed)
        renders = _Once(seed, plan.car_px, plan.car_models[number])
        for start in range(0, plan.cars[number], _SHARD):
            indices = range(start, min(start + _SHARD, plan.cars[number]))
            yield f"{CARS}-{split}-{start:06d}", partial(_cars, renders, indices)
        for street in range(plan.streets[number]):
            yield f"{STREETS}-{split}-{street:03d}", partial(_street, plan, street, seed * 100 + street)
        for street in range(plan.shared[number]):
            own = seed * 100 + _SHARED_SEED + street
            yield f"{SHARED}-{split}-{street:03d}", partial(_shared, plan, street, own)


def single_cars(seed: int, count: int, models: int, size: int = 208) -> list[PackedCrop]:
    """Single cars alone, as `make_crops` has them.

    Args:
        seed: of all of them. models: different cars among them. size: of their square pictures, pixels.

    Raises:
        RayCastingUnavailableError: rays cannot be cast here.
    """
    return _cars(_Once(seed, size, models), range(count))


class _Once:
    """Renders that are set up when the first is wanted."""

    def __init__(self, seed: int, size: int, models: int) -> None:
        self._given = seed, size, models
        self._made: CarRenders | None = None

    def __call__(self) -> CarRenders:
        if self._made is None:
            self._made = CarRenders(*self._given)
        return self._made


def _cars(renders: _Once, indices: range) -> list[PackedCrop]:
    made = (renders().render(index) for index in indices)
    return [
        _crop(one.picture, one.camera, one.car, [], f"{CARS}/{one.index}")
        for one in made
        if one.car.box is not None
    ]


def _street(plan: CropPlan, number: int, seed: int) -> list[PackedCrop]:
    """What two cameras see of one street."""
    street, mounts = street_of(number, seed, plan.frames, plan.width, plan.height)
    crops = []
    for mount in mounts:
        camera = StreetCamera(street, mount)
        for index in range(plan.frames):
            crops += list(_objects(camera.frame(index), mount.camera, f"street {seed}/{mount.name}/{index}"))
    return crops


def _shared(plan: CropPlan, number: int, seed: int) -> list[PackedCrop]:
    """The cars of one street that three cameras see at once, as each of them sees them."""
    street, mounts = street_of(number, seed, plan.frames, plan.width, plan.height)
    crops: list[PackedCrop] = []
    for car in shared_cars(street, three_mounts(street, mounts), range(plan.frames), _LEAST_PX):
        still = any(view.car.parked for view in car.views)
        if not still or car.index % _STILL_EVERY == 0:
            crops += shared_crops(car, f"street {seed}/")
    return crops


def _objects(frame: StreetFrame, camera: Camera, name: str) -> Iterator[PackedCrop]:
    for item in frame.objects:
        if item.box is None or item.box.size < _LEAST_PX or min(item.box.w, item.box.h) < _LEAST_SHORT_PX:
            continue
        if item.occlusion > _MOST_HIDDEN or (item.parked and frame.index % _STILL_EVERY):
            continue
        beside = [one for one in frame.objects if one is not item]
        yield _crop(frame.picture, camera, item, beside, f"{name}/{item.track_id}")


def _crop(
    picture: NDArray[np.uint8], camera: Camera, item: StreetObject, beside: list[StreetObject], name: str
) -> PackedCrop:
    assert item.box is not None
    car = item.category is Category.CAR
    return packed(
        cut_sample(
            picture,
            item.box,
            item.modal,
            [one.modal for one in beside if one.box is not None],
            item.points.pixels if car else None,
            item.points.tags if car else (),
            item.amodal_box.size,
            item.occlusion,
            item.category,
            solid=seen_from(camera, item.points.space) if car else None,
        ),
        name,
    )


def about(plan: CropPlan) -> dict[str, object]:
    """A plan as plain JSON values."""
    return {"made by": "amodal synth crops", **asdict(plan)}
