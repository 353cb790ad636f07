"""Single cars rendered in processes beside this one; the pictures are the same however many there are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import JobError, RayCastingUnavailableError
from core.jobs.spawn import PROGRAM_FOLDER, program_command
from core.synthesis.street.car_pictures import CarPicture, car_pictures
from core.synthesis.street.car_renders import CarRenders

_WORTH_PROCESSES = 60
_MOST_PROCESSES = 8


@dataclass(frozen=True, slots=True)
class CarSet:
    """What `CarRenders` is made of, and how many of its pictures are wanted."""

    seed: int
    size: int
    models: int
    count: int


def render_cars(cars: CarSet, processes: int | None = None) -> Iterator[CarPicture]:
    """The pictures of a set in order.

    Args:
        processes: how many render; one for each processor where None, and this one alone where that is not
            worth their start.

    Raises:
        RayCastingUnavailableError: rays cannot be cast here.
        JobError: a process ended before its work did.
    """
    if processes is None:
        processes = min(os.cpu_count() or 1, _MOST_PROCESSES) if cars.count >= _WORTH_PROCESSES else 1
    if processes == 1:
        return car_pictures(CarRenders(cars.seed, cars.size, cars.models), range(cars.count))
    return _beside(cars, processes)


def _beside(cars: CarSet, processes: int) -> Iterator[CarPicture]:
    painters = [_Painter(cars, number, processes) for number in range(processes)]
    try:
        for index in range(cars.count):
            yield painters[index % processes].picture()
    finally:
        for painter in painters:
            painter.close()


class _Painter:
    """One process that renders each so many-th picture; the pipe's size holds it back."""

    def __init__(self, cars: CarSet, first: int, step: int) -> None:
        numbers = (cars.seed, cars.size, cars.models, cars.count, first, step)
        self._process = subprocess.Popen(
            program_command("cars-server", *map(str, numbers)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            cwd=None if getattr(sys, "frozen", False) else PROGRAM_FOLDER,
        )
        assert self._process.stdout is not None
        self._pipe = self._process.stdout

    def picture(self) -> CarPicture:
        """Its next picture."""
        line = self._pipe.readline()
        if not line.endswith(b"\n"):
            raise _gone()
        told = json.loads(line)
        if "problem" in told:
            raise RayCastingUnavailableError(told["problem"], told["way_out"])
        jpeg = self._pipe.read(told["jpeg"])
        if len(jpeg) < told["jpeg"]:
            raise _gone()
        return CarPicture(jpeg, told["width"], told["height"], told["camera"], told["annotation"])

    def close(self) -> None:
        """Ends the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._pipe.close()


def _gone() -> JobError:
    return JobError(
        "A process that rendered cars ended before its work did, as when memory runs out.",
        "Start again; if it happens again, set --processes to 1.",
    )
