"""What the Calibration tab shows of a camera's cars or people: a search from them, a check against them."""

from __future__ import annotations

from dataclasses import dataclass

from core.records.car_checks import CarCheck
from core.records.people_checks import PeopleCheck
from core.records.project import CameraRow


@dataclass(frozen=True, slots=True)
class WitnessState:
    """One camera and its cars, or its people.

    Attributes:
        camera: which, or None.
        busy: what is going on, a few words; "" where nothing is.
        check: what the last check found, or None.
        checked: which calibration it was of, a few words.
        problem, way_out: why there is nothing, and what to do; "" where all is well.
    """

    camera: CameraRow | None = None
    busy: str = ""
    check: CarCheck | PeopleCheck | None = None
    checked: str = ""
    problem: str = ""
    way_out: str = ""
