"""Cars that three calibrated cameras of a street see, as Occlusion-Net learns from them without labels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from core.geometry.trifocal import in_box, projection_matrix, trifocal_tensor
from core.networks.crop_view import MARGIN
from core.records.boxes import Box
from core.records.detections import Category
from core.records.shapes import KeypointTag
from core.synthesis.street.shared_views import CarView, SharedCar
from core.training.data.crops import PackedCrop, cut_sample, packed
from core.training.data.seen_elsewhere import Bools, Floats, SeenElsewhere
from core.training.data.seen_from import seen_from


def shared_crops(car: SharedCar, name: str = "") -> Iterator[PackedCrop]:
    """Each view of a car once with each pair of others that see some points of it together.

    The truth of its hidden points is in it, to measure by; whoever learns from other cameras alone leaves it.

    Args:
        name: of where it comes from; moment and car are put behind it.
    """
    for own in car.views:
        for first, second in combinations([one for one in car.views if one is not own], 2):
            elsewhere = elsewhere_of(first, own, second)
            if elsewhere.seen.any():
                yield _crop(own, elsewhere, f"{name}{own.mount.name}/{car.index}/{car.track_id}")


def square_of(box: Box) -> Box:
    """The square that a network is shown around a box, see `core.networks.crop_view.placing_of`."""
    side = (1 + 2 * MARGIN) * box.size
    return Box(box.x + (box.w - side) / 2, box.y + (box.h - side) / 2, side, side)


def elsewhere_of(first: CarView, own: CarView, second: CarView) -> SeenElsewhere:
    """What two cameras say of the points of a third, beside its square; all see one car at one moment."""
    matrices = [
        in_box(projection_matrix(one.mount.camera, one.mount.pose), _square(one))
        for one in (first, own, second)
    ]
    return SeenElsewhere(
        _placed(first), _placed(second), trifocal_tensor(*matrices), _visible(first) & _visible(second)
    )


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


def _crop(view: CarView, elsewhere: SeenElsewhere, name: str) -> PackedCrop:
    car, square = view.car, _square(view)
    assert car.box is not None
    beside = [one.modal for one in view.frame.objects if one is not car and one.box is not None]
    half = square.w / 2
    into_picture = np.array(
        [[half, 0.0, square.x + half - 0.5], [0.0, half, square.y + half - 0.5]]  # undoes `_placed`
    )
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
        solid=seen_from(view.mount.camera, car.points.space),
        elsewhere=elsewhere.changed(into_picture),
    )
    return packed(sample, name)
