"""A painted yard with cars cut out of it, for the Compose workspace's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.jobs.doing import do_job
from tests.jobs.yard import PARKED, Car, Yard

# cars behind and beside each other: each is seen twice, in one of six pictures and the next
CARS = tuple(
    Car(tuple(place if number in (first, first + 1) else None for number in range(6)), colour)
    for colour, (first, place) in enumerate(
        [
            (0, (14.0, 0.0)),
            (0, (24.0, -4.0)),
            (1, (20.0, 2.5)),
            (1, (30.0, 5.0)),
            (2, (26.0, 0.5)),
            (2, (16.0, -4.5)),
            (3, (34.0, -2.0)),
            (3, (22.0, 6.0)),
            (4, (40.0, 2.0)),
        ],
        start=1,
    )
)


def make(folder: Path, *, calibrated: bool = True, background: bool = True, cut: bool = True) -> Path:
    """The yard's project."""
    path = folder / "yard.amodal"
    Yard(path, (*CARS, PARKED), calibrated=calibrated, background=background)
    if cut:
        do_job(path, "cut", include_thinned=True)
    return path


def copied(path: Path, folder: Path) -> Path:
    """A copy for one test, with its pictures."""
    shutil.copytree(path.parent, folder, dirs_exist_ok=True)
    return folder / path.name
