"""Cars that three calibrated cameras of a street see, as Occlusion-Net learns from them without labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice

import numpy as np

from core.geometry.trifocal import in_box, projection_matrix, trifocal_tensor
from core.networks.crop_view import MARGIN
from core.networks.prelabeller import Prelabeller
from core.records.boxes import Box
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.synthesis.street.shared_views import CarView, SharedCar
from core.training.data.crops import PackedCrop, cut_sample, packed
from core.training.data.said_cars import Bools, Floats, SaidCar, SeenElsewhere, say
from core.training.data.seen_from import seen_from

_AT_ONCE = 16  # cars; their pictures are many


def said_of_shared(network: Prelabeller, cars: Iterable[SharedCar]) -> list[SaidCar]:
    """What a network says of each view of cars, with what two other cameras see of the same points.

    Each view comes once with each pair of others of which both see some point that it does not; the truth of
    its hidden points is kept to measure by, and is not marked as a label.

    Args:
        cars: are taken some at a time.
    """
    left, found = iter(cars), []
    while some := list(islice(left, _AT_ONCE)):
        found += _said_of(network, some)
    return found


def _said_of(network: Prelabeller, cars: Sequence[SharedCar]) -> list[SaidCar]:
    views = [(car, view) for car in cars for view in car.views]
    said = say(network, [_crop(view, f"{car.index}/{car.track_id}") for car, view in views])
    found = []
    for (car, view), one in zip(views, said, strict=True):
        hidden = one.tags > 0
        for elsewhere in _pairs(car, view):
            if (elsewhere.seen & hidden).any():
                found.append(replace(one, labelled=one.labelled & ~hidden, elsewhere=elsewhere))
    return found


def square_of(box: Box) -> Box:
    """The square that a network is shown around a box, see `core.networks.crop_view.placing_of`."""
    side = (1 + 2 * MARGIN) * box.size
    return Box(box.x + (box.w - side) / 2, box.y + (box.h - side) / 2, side, side)


def elsewhere_of(first: CarView, own: CarView, second: CarView) -> SeenElsewhere:
    """What two cameras say of the points of a third; all see one car at one moment."""
    matrices = [
        in_box(projection_matrix(one.mount.camera, one.mount.pose), _square(one))
        for one in (first, own, second)
    ]
    return SeenElsewhere(
        _placed(first), _placed(second), trifocal_tensor(*matrices), _visible(first) & _visible(second)
    )


def _pairs(car: SharedCar, own: CarView) -> Iterator[SeenElsewhere]:
    others = [one for one in car.views if one is not own]
    for first, second in combinations(others, 2):
        yield elsewhere_of(first, own, second)


def _square(view: CarView) -> Box:
    assert view.car.box is not None
    return square_of(view.car.box)


def _placed(view: CarView) -> Floats:
    """(12, 2) in coordinates of the square; 0 behind the camera, where nothing is seen."""
    box = _square(view)
    places = (view.car.points.pixels + 0.5 - (box.x, box.y)) * (2.0 / box.w) - 1.0
    return np.asarray(np.nan_to_num(places, nan=0.0))


def _visible(view: CarView) -> Bools:
    return np.array([tag is KeypointTag.VISIBLE for tag in view.car.points.tags])


def _crop(view: CarView, name: str) -> PackedCrop:
    car = view.car
    assert car.box is not None
    beside = [one.modal for one in view.frame.objects if one is not car and one.box is not None]
    sample = cut_sample(
        view.picture,
        car.box,
        car.modal,
        beside,
        car.points.pixels,
        car.points.tags,
        car.amodal_box.size,
        car.occlusion,
        Category.CAR,
        longest_px=max(view.picture.shape),  # not shrunk, so that its square is exactly that of the picture
        solid=seen_from(view.mount.camera, car.points.space),
    )
    return packed(sample, f"{view.mount.name}/{name}")
