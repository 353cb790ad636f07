"""Where a network of heat maps puts a car's twelve points, beside the truth: Occlusion-Net learns from it.

What is said and what is true are both in the coordinates of the square that the network was shown (-1 and 1
at its edges), which so is the object's box of `core.networks.occlusion_net.nodes`, as the heat maps' own
region is in the paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.networks.crop_view import normalised
from core.networks.prelabeller import Prelabeller, places_of, said_both_ways
from core.training.data.crop_augment import Augmentation, Seen, changed, looked_at, seen
from core.training.data.crops import PackedCrop
from core.training.data.seen_elsewhere import SeenElsewhere
from core.training.data.seen_from import SeenFrom

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class SaidCar:
    """One look at one car.

    Attributes:
        places: (12, 2) where the network says that the points are, in coordinates of the square.
        scores: (12,) how sure it is, 0 to 1.
        said_tags: (12,) numbers into TAGS, as it says.
        points: (12, 2) where they are; any finite number where nobody knows.
        tags: (12,) numbers into TAGS, as they are; -1 where nobody knows.
        labelled: (12,) whether `points` may be learned from; a hidden point without is left to the other
            cameras.
        size: L of the whole car in these coordinates.
        elsewhere: what other cameras see of it.
        crop: its picture, where the square is that of the crop as it is; else None.
        solid: the camera that saw it, in the square's coordinates, and where its points are in space; None
            where nobody knows.
    """

    places: Floats
    scores: Floats
    said_tags: Ints
    points: Floats
    tags: Ints
    labelled: Bools
    size: float
    elsewhere: SeenElsewhere
    crop: PackedCrop | None = None
    solid: SeenFrom | None = None


class SaidSupply(Protocol):
    """What Occlusion-Net learns from and is measured on. Picklable, for workers.

    Attributes:
        training, validation: no car of one is in the other.
        about: plain JSON values by which a person finds the data again.
    """

    @property
    def training(self) -> Sequence[SaidCar]: ...
    @property
    def validation(self) -> Sequence[SaidCar]: ...
    @property
    def about(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True, eq=False)
class SaidPart:
    """One kind of looks to learn from.

    Attributes:
        cars: they. weight: how often each is seen, against the others; 0: never.
    """

    cars: Sequence[SaidCar]
    weight: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class SaidCars:
    """A supply that is in memory.

    Attributes:
        parts: the kinds that `training` is of, where they do not all count alike; else none.
    """

    training: Sequence[SaidCar]
    validation: Sequence[SaidCar]
    about: Mapping[str, Any]
    parts: Sequence[SaidPart] = ()


def said_parts(supply: SaidSupply, kept: Callable[[Sequence[SaidCar]], list[SaidCar]]) -> list[SaidPart]:
    """The kinds of looks of a supply that count and have something in them, and of each what is kept."""
    own = supply.parts if isinstance(supply, SaidCars) and supply.parts else (SaidPart(supply.training),)
    found = [SaidPart(kept(one.cars), one.weight) for one in own]
    return [one for one in found if one.cars and one.weight > 0]


def say(
    network: Prelabeller,
    crops: Sequence[PackedCrop],
    check_stop: Callable[[], None] = lambda: None,
    *,
    how: Augmentation | None = None,
    seed: int = 0,
    device: torch.device | None = None,
) -> list[SaidCar]:
    """What a network says of crops with a car's points, one for each.

    Args:
        network: in evaluation mode; it is asked both ways, as in use.
        how: changes of the crops by chance, which give other covers and other errors; None: as they are.
        seed: of the chance.
        device: of the network; the CPU where None.
    """
    found: list[SaidCar] = []
    rng = np.random.default_rng([seed, 211])
    for start in range(0, len(crops), _BATCH):
        check_stop()
        some = crops[start : start + _BATCH]
        views, sizes, solids, elsewhere = [], [], [], []
        for one in some:
            sample = one.open()
            if how is None:
                view = seen(sample, network.settings.px)
            else:
                other = crops[int(rng.integers(len(crops)))].open()
                sample = changed(sample, how, rng, other, other)
                view = looked_at(sample, network.settings.px, how, rng)
            views.append(view)
            scale = float(np.sqrt(abs(np.linalg.det(view.placing.matrix[:, :2]))))
            sizes.append(2 * sample.size_px * scale / network.settings.px)
            placing = _into_square(view)
            solids.append(None if sample.solid is None else sample.solid.changed(placing))
            elsewhere.append(None if sample.elsewhere is None else sample.elsewhere.changed(placing))
        told = _asked(network, views, device)
        for view, size, solid, others, crop, said in zip(
            views, sizes, solids, elsewhere, some, told, strict=True
        ):
            car = _one(view, size, said, crop if how is None else None)
            found.append(replace(car, solid=solid, elsewhere=others or car.elsewhere))
    return found


def in_square(pixels: Floats, px: int) -> Floats:
    """(..., 2) pixels of a square, the first one's centre at (0, 0), in its coordinates."""
    return np.asarray((pixels + 0.5) * (2.0 / px) - 1.0)


def from_square(places: Floats, px: int) -> Floats:
    """Undoes `in_square`."""
    return np.asarray((places + 1.0) * (px / 2.0) - 0.5)


def without_labels(car: SaidCar, which: Bools | None = None) -> SaidCar:
    """The same where nobody has said where the hidden points are (or those that are named).

    Args:
        which: (12,) of the hidden points; None: all.
    """
    hidden = car.tags > 0 if which is None else (car.tags > 0) & which
    return replace(car, labelled=car.labelled & ~hidden)


def _into_square(view: Seen) -> Floats:
    """(2, 3) from the crop's pixels to the square's coordinates."""
    matrix, px = view.placing.matrix, view.placing.px
    return np.column_stack([matrix[:, :2] * (2.0 / px), in_square(matrix[:, 2], px)])


def _asked(
    network: Prelabeller, views: Sequence[Seen], device: torch.device | None
) -> list[tuple[Floats, Floats, Ints]]:
    squares: Tensor = torch.from_numpy(np.stack([normalised(view.square) for view in views]))
    with torch.no_grad():
        said = said_both_ways(network, squares.to(device or torch.device("cpu")))
        places, scores = places_of(said, network.settings)
    told = said.tags.argmax(dim=-1).cpu().numpy()
    return list(zip(2 * places.double().cpu().numpy() - 1, scores.double().cpu().numpy(), told, strict=True))


def _one(view: Seen, size: float, said: tuple[Floats, Floats, Ints], crop: PackedCrop | None) -> SaidCar:
    points = in_square(view.points, view.placing.px)
    known = (view.tags >= 0) & np.isfinite(points).all(axis=1)
    return SaidCar(
        said[0],
        np.clip(said[1], 0.0, 1.0),
        said[2],
        np.where(known[:, None], points, 0.0),
        np.where(known, view.tags, -1),
        known,
        size,
        SeenElsewhere.nowhere(),
        crop,
    )
