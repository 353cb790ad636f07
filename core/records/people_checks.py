"""What a camera's people say of its calibration, in plain numbers and sentences."""

from __future__ import annotations

from dataclasses import dataclass

from core.records.car_checks import CheckVerdict, Difference


@dataclass(frozen=True, slots=True)
class HeightTrend:
    """How tall people come out near and far, each person's own stature taken out.

    Attributes:
        near_m, far_m: distances between which four of five sightings lie, metres along the ground.
        near_tall_m, far_tall_m: how tall the same people come out there, metres.
        change: from near to far, percent.
    """

    near_m: float
    far_m: float
    near_tall_m: float
    far_tall_m: float
    change: Difference


@dataclass(frozen=True, slots=True)
class PeopleCheck:
    """A calibrated camera against the people who walk there.

    Attributes:
        verdict: whether they agree.
        sentences: what was found, in plain words, the most important first.
        people, sightings: how many different people, and in how many frames altogether.
        left_out: sightings of nobody who stands upright by any camera near this one.
        tall_m: median over the people of how tall this camera makes them, metres.
        least_tall_m, most_tall_m: between which the median of people like them lies, 95 % sure.
        usual_m: how tall people are taken to be on average.
        trend: whether they grow or shrink with the distance; None where too few were seen near and far.
        focal, camera_height, tilt: against the camera that suits the people best; None where it is not asked.
    """

    verdict: CheckVerdict
    sentences: tuple[str, ...]
    people: int
    sightings: int
    left_out: int
    tall_m: float
    least_tall_m: float
    most_tall_m: float
    usual_m: float
    trend: HeightTrend | None
    focal: Difference | None
    camera_height: Difference | None
    tilt: Difference | None
