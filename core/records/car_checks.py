"""What a camera's cars say of its calibration, in plain numbers and sentences."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckVerdict(StrEnum):
    """Whether a calibration agrees with its cars."""

    AGREES = "agrees"
    OFF = "off"
    UNSURE = "unsure"  # too few cars, or too few points on them, to tell


@dataclass(frozen=True, slots=True)
class SizeCheck:
    """One measure of the cars beside what the shape space's cars have, metres.

    Attributes:
        mean_m, spread_m: over the cars (standard deviation).
        fleet_mean_m, fleet_spread_m: of the shape space.
    """

    mean_m: float
    spread_m: float
    fleet_mean_m: float
    fleet_spread_m: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a calibration is from what the cars say.

    Attributes:
        off: in percent, or in degrees for a tilt; positive where the calibration's number is the larger.
        sigma: its standard deviation.
        is_off: whether that is more than chance and more than hardly matters.
    """

    off: float
    sigma: float
    is_off: bool


@dataclass(frozen=True, slots=True)
class CarCheck:
    """A calibrated camera against its cars.

    Attributes:
        verdict: whether they agree.
        sentences: what was found, in plain words, the most important first.
        cars, sightings: how many different cars, and in how many frames altogether.
        left_out: sightings that fit no car by any camera near this one.
        length, width, height: of the cars as this camera measures them.
        wheels_m, wheels_spread_m: mean height of the wheels above the road, by fits that know no road, and
            its standard deviation over the cars; None where no car is held without a road.
        up_off_deg: angle between the road's normal and the mean of the cars' own up; None likewise.
        noise_times: residuals over the noise assumed, with this camera; 1 is as expected.
        focal, camera_height, tilt: against the camera by which the cars fit best; None where it is not asked.
    """

    verdict: CheckVerdict
    sentences: tuple[str, ...]
    cars: int
    sightings: int
    left_out: int
    length: SizeCheck
    width: SizeCheck
    height: SizeCheck
    wheels_m: float | None
    wheels_spread_m: float | None
    up_off_deg: float | None
    noise_times: float
    focal: Difference | None
    camera_height: Difference | None
    tilt: Difference | None
