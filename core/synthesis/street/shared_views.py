"""The same cars at the same moments through several calibrated cameras of a street."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.records.detections import Category
from core.synthesis.street.mounts import Mount
from core.synthesis.street.street import Street, StreetCamera
from core.synthesis.street.truth import StreetFrame, StreetObject

_LEAST_VIEWS = 3


@dataclass(frozen=True, slots=True, eq=False)
class CarView:
    """A car as one camera sees it.

    Attributes:
        mount: the camera in its place: `mount.pose` goes from the street's frame to its own.
        car: the truth; its box is never None.
        frame: all of what the camera sees at that moment.
    """

    mount: Mount
    car: StreetObject
    frame: StreetFrame

    @property
    def picture(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB."""
        return self.frame.picture


@dataclass(frozen=True, slots=True, eq=False)
class SharedCar:
    """One car at one moment.

    Attributes:
        track_id, index: which, and of which frame.
        views: through each camera that sees something of it, in the order of the mounts.
    """

    track_id: int
    index: int
    views: tuple[CarView, ...]


def shared_cars(
    street: Street, mounts: Sequence[Mount], frames: Sequence[int], least_px: float = 22.0
) -> Iterator[SharedCar]:
    """The cars that three cameras or more see at once: as many as a trifocal tensor needs.

    Args:
        mounts: cameras of the street, with names of their own.
        frames: indexes of its frames.
        least_px: a view is left out where the box of what is seen is not that large.
    """
    cameras = [StreetCamera(street, one) for one in mounts]
    for index in frames:
        seen = [(camera.mount, camera.frame(index)) for camera in cameras]
        views: dict[int, list[CarView]] = {}
        for mount, frame in seen:
            for one in frame.objects:
                if one.category is Category.CAR and one.box is not None and one.box.size >= least_px:
                    views.setdefault(one.track_id, []).append(CarView(mount, one, frame))
        for track, of_one in sorted(views.items()):
            if len(of_one) >= _LEAST_VIEWS:
                yield SharedCar(track, index, tuple(of_one))
