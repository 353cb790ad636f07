"""What the Calibration tab shows of a camera's cars: a search from them, or a check against them."""

from __future__ import annotations

from dataclasses import dataclass

from core.records.car_checks import CarCheck
from core.records.project import CameraRow


@dataclass(frozen=True, slots=True)
class CarsState:
    """One camera and its cars.

    Attributes:
        camera: which, or None.
        busy: what is going on, a few words; "" where nothing is.
        check: what the last check found, or None.
        checked: which calibration it was of, a few words.
        problem, way_out: why there is nothing, and what to do; "" where all is well.
    """

    camera: CameraRow | None = None
    busy: str = ""
    check: CarCheck | None = None
    checked: str = ""
    problem: str = ""
    way_out: str = ""
