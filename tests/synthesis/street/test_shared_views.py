"""Cars that three cameras of a street see at once."""

from __future__ import annotations

import numpy as np

from core.geometry.trifocal import in_box, projection_matrix, trifocal_misses, trifocal_tensor
from core.records.boxes import Box
from core.records.detections import Category
from core.synthesis.street.mounts import far_mount, kerb_mount
from core.synthesis.street.shared_views import shared_cars

WHOLE = Box(0.0, 0.0, 192.0, 108.0)


def to_whole(pixels: np.ndarray) -> np.ndarray:
    """Pixels in the coordinates of the whole picture: -1 and 1 at its edges."""
    return (pixels + 0.5) * (2.0 / 192.0, 2.0 / 108.0) - 1.0


def test_a_car_is_the_same_car_in_every_view(street):  # type: ignore[no-untyped-def]
    width, height = street.settings.width, street.settings.height
    mounts = [
        street.default_mount(),
        far_mount(street.layout, width, height),
        kerb_mount(street.layout, width, height),
    ]
    cars = list(shared_cars(street, mounts, [6], least_px=6.0))
    assert cars
    for car in cars:
        assert [one.mount.name for one in car.views] == [one.name for one in mounts]
        inside = []
        for view in car.views:
            assert view.car.track_id == car.track_id
            assert view.car.category is Category.CAR
            assert view.car.box is not None
            assert view.car.box.size >= 6
            assert view.frame.index == car.index
            assert view.picture.shape == (height, width, 3)
            # its points in the street's frame are one thing, whoever looks
            inside.append((view.car.points.space - view.mount.pose.translation) @ view.mount.pose.rotation)
        assert np.abs(np.stack(inside) - inside[0]).max() < 1e-6
        # what the two others see of a point says where it is here
        first, own, second = car.views
        matrices = [projection_matrix(one.mount.camera, one.mount.pose) for one in car.views]
        tensor = trifocal_tensor(*(in_box(one, WHOLE) for one in matrices))
        places = [to_whole(one.car.points.pixels) for one in (first, own, second)]
        assert np.abs(trifocal_misses(tensor, *places)).max() < 1e-9
    assert len({(one.track_id, one.index) for one in cars}) == len(cars)
    assert not list(shared_cars(street, mounts[:2], [0], least_px=6.0))  # two are too few
