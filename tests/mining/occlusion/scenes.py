"""A painted street for the occlusion tests: cars that drive by, a pole, and what a camera sees of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.mining.occlusion.evidence import Crop
from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch
from core.records.occlusion import Observation

WIDTH, HEIGHT = 320, 180
POLE = (150, 60, 5, 70)  # x, y, w, h
POLE_FOOT = POLE[1] + POLE[3]


@dataclass(frozen=True)
class Car:
    """A car that drives along a lane: its place at time 0, its size and its speed in pixels a frame.

    Its paint is a texture of its own, or one colour; its rows `dark_rows`, from and to, are black, as
    windscreens are.
    """

    x: float
    bottom: int
    speed: float = 6.0
    w: int = 40
    h: int = 24
    first: int = 0
    frames: int = 50
    paint: tuple[int, int, int] | None = None
    dark_rows: tuple[int, int] = (0, 0)


class Street:
    """Paints frames and tells what a perfect detector would see.

    Args:
        cars: painted from far to near.
        pole: whether the pole stands there: in front of what stands farther than its foot.
        masks: "through" runs masks over the pole, as coarse networks do; "cut" leaves the pole out.
    """

    def __init__(
        self, cars: Sequence[Car], *, pole: bool = True, masks: str = "through", seed: int = 0
    ) -> None:
        self.cars = sorted(cars, key=lambda car: car.bottom)
        self.pole = pole
        self.masks = masks
        self.random = np.random.default_rng(seed)
        self.paint = [self._painted(car) for car in self.cars]
        self.ground = self.random.integers(90, 110, size=(HEIGHT, WIDTH, 3)).astype(np.uint8)
        self.observations: list[Observation] = []
        self.images: list[NDArray[np.uint8]] = []
        for frame in range(max(car.first + car.frames for car in self.cars)):
            self._paint(frame)

    def crops(self, ids: Sequence[int]) -> Mapping[int, Crop]:
        """The pixels around objects, with the margin that the mining job leaves."""
        found = {}
        for number in ids:
            one = self.observations[number]
            margin = 0.15 * one.box.size
            left, top = max(int(one.box.x - margin), 0), max(int(one.box.y - margin), 0)
            bottom, right = int(np.ceil(one.box.bottom + margin)), int(np.ceil(one.box.right + margin))
            image = self.images[one.frame][top:bottom, left:right]
            found[number] = Crop(left, top, image)
        return found

    def of(self, track: int) -> list[Observation]:
        """One car's observations; cars are numbered from far to near."""
        return [one for one in self.observations if one.track_id == track]

    def _painted(self, car: Car) -> NDArray[np.uint8]:
        if car.paint is not None:
            return np.full((car.h, car.w, 3), car.paint, dtype=np.uint8)
        paint = self.random.integers(0, 256, size=(car.h, car.w, 3)).astype(np.uint8)
        paint[slice(*car.dark_rows)] = 10
        return paint

    def _paint(self, frame: int) -> None:
        image = self.ground.astype(np.int16) + self.random.integers(-2, 3, size=(HEIGHT, WIDTH, 3))
        owner = np.full((HEIGHT, WIDTH), -1)
        places: dict[int, tuple[int, int]] = {}
        pole_done = not self.pole
        for number, car in enumerate(self.cars):
            if not pole_done and car.bottom > POLE_FOOT:
                self._paint_pole(image, owner)
                pole_done = True
            if car.first <= frame < car.first + car.frames:
                x = round(car.x + car.speed * (frame - car.first))
                y = car.bottom - car.h
                left, right = max(x, 0), min(x + car.w, WIDTH)
                if left < right:
                    image[y : car.bottom, left:right] = self.paint[number][:, left - x : right - x]
                    owner[y : car.bottom, left:right] = number
                    places[number] = (x, y)
        if not pole_done:
            self._paint_pole(image, owner)
        self.images.append(np.clip(image, 0, 255).astype(np.uint8))
        for number, (x, y) in places.items():
            self._see(frame, number, x, y, owner)

    def _paint_pole(self, image: NDArray[np.int16], owner: NDArray[np.int64]) -> None:
        x, y, w, h = POLE
        image[y : y + h, x : x + w] = (60, 62, 58)
        if self.masks == "cut":
            owner[y : y + h, x : x + w] = -1

    def _see(self, frame: int, number: int, x: int, y: int, owner: NDArray[np.int64]) -> None:
        bits = owner == number
        if not bits.any():
            return
        rows, columns = np.flatnonzero(bits.any(axis=1)), np.flatnonzero(bits.any(axis=0))
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        self.observations.append(
            Observation(
                instance_id=len(self.observations),
                frame=frame,
                time_s=frame / 25,
                track_id=number,
                box=Box(float(left), float(top), float(right - left), float(bottom - top)),
                category=Category.CAR,
                score=0.9,
                mask=MaskPatch(int(left), int(top), bits[top:bottom, left:right].copy()),
            )
        )


def touches_pole(one: Observation, margin: int = 0) -> bool:
    """Whether the pole crosses an object's box, shrunk by a margin."""
    x, y, w, h = POLE
    return (
        one.box.x < x + w - margin and one.box.right > x + margin and one.box.y < y + h and one.box.bottom > y
    )


def passing_cars(
    bottom: int,
    count: int = 5,
    *,
    gap: int = 60,
    h: int = 24,
    paint: tuple[int, int, int] | None = None,
    dark_rows: tuple[int, int] = (0, 0),
) -> list[Car]:
    """Cars one after another on one lane, each a pixel later than the one before."""
    return [
        Car(
            -40 - number,
            bottom + number % 2,
            h=h,
            first=number * gap,
            frames=60,
            paint=paint,
            dark_rows=dark_rows,
        )
        for number in range(count)
    ]
