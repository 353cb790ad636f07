"""What a check of a camera against its cars found, in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.fitting.calibration.camera_model import RoadCamera
from core.records.car_checks import CarCheck, CheckVerdict, Difference

_NOISY = 1.5
_WHEELS_M = 0.15


@dataclass(frozen=True, eq=False)
class Differences:
    """How far a calibration is from a camera that explains its cars better.

    Attributes:
        focal, height, tilt: what differs; None where it is taken as given.
        better: that camera.
    """

    focal: Difference | None
    height: Difference
    tilt: Difference | None
    better: RoadCamera

    @property
    def off_kinds(self) -> frozenset[str]:
        """What differs by more than chance and enough to matter."""
        each = {"focal": self.focal, "height": self.height, "tilt": self.tilt}
        return frozenset(name for name, one in each.items() if one is not None and one.is_off)


def sentences_of(
    check: CarCheck, given: RoadCamera, found: Differences, rivals: Sequence[Differences], least_cars: int
) -> tuple[str, ...]:
    """The check in words, the most important first.

    Args:
        check: the numbers.
        given: the calibration.
        found: against the simplest camera that explains the cars.
        rivals: other explanations that are nearly as good.
        least_cars: with fewer, nothing can be said.
    """
    return (*_verdict(check, given, found, rivals, least_cars), *_facts(check))


def _verdict(
    check: CarCheck, given: RoadCamera, found: Differences, rivals: Sequence[Differences], least_cars: int
) -> Iterator[str]:
    cars = f"{check.cars} cars" if check.cars != 1 else "one car"
    if check.verdict is CheckVerdict.UNSURE and check.cars >= least_cars:
        yield f"Something is off, but {cars} cannot tell what: their points lie where no car has them."
        return
    if check.verdict is CheckVerdict.UNSURE:
        yield f"Too little to tell whether the calibration is right: {cars} with keypoints enough."
        return
    if check.verdict is CheckVerdict.AGREES:
        yield f"The calibration agrees with its cars; {cars} were looked at."
        return
    yield from what_is_off(given, found)
    for rival in rivals:
        others = " ".join(what_is_off(given, rival))
        yield f"These cars cannot quite tell it from this: {others[0].lower()}{others[1:]}"


def what_is_off(given: RoadCamera, found: Differences, whom: str = "cars") -> Iterator[str]:
    """What differs from the better camera, a sentence each.

    Args:
        whom: those by whom that camera is known, in the plural.
    """
    better, scale = found.better, found.height
    if scale.is_off:
        word = "large" if scale.off > 0 else "small"
        yield (
            f"The scale is off: distances and {whom} come out about {abs(scale.off):.0f} % too {word} "
            f"(±{scale.sigma:.0f} %); a camera {better.plane.height:.2f} m high fits the {whom}, "
            f"not {given.plane.height:.2f} m."
        )
    if found.tilt is not None and found.tilt.is_off:
        (down, lean), (was_down, was_lean) = better.plane.tilt(), given.plane.tilt()
        yield (
            f"The tilt is about {found.tilt.off:.1f}° wrong (±{found.tilt.sigma:.1f}°): the {whom} say that "
            f"the camera looks down {math.degrees(down):.1f}° and leans {math.degrees(lean):.1f}°, "
            f"not {math.degrees(was_down):.1f}° and {math.degrees(was_lean):.1f}°."
        )
    if found.focal is not None and found.focal.is_off:
        focal = found.focal
        word = "long" if focal.off > 0 else "short"
        yield (
            f"The focal length is about {abs(focal.off):.0f} % too {word} (±{focal.sigma:.0f} %): "
            f"{better.focal_px:.0f} px fits the {whom}, not {given.focal_px:.0f} px."
        )


def _facts(check: CarCheck) -> Iterator[str]:
    length, width, height = check.length, check.width, check.height
    yield (
        f"By it the cars are {length.mean_m:.2f} m long, {width.mean_m:.2f} m wide and {height.mean_m:.2f} m "
        f"high on average (spread {length.spread_m:.2f}, {width.spread_m:.2f} and {height.spread_m:.2f} m); "
        f"the shape space's are {length.fleet_mean_m:.2f}, {width.fleet_mean_m:.2f} and "
        f"{height.fleet_mean_m:.2f} m (spread {length.fleet_spread_m:.2f}, {width.fleet_spread_m:.2f} and "
        f"{height.fleet_spread_m:.2f} m)."
    )
    if check.wheels_m is not None:
        if abs(check.wheels_m) < _WHEELS_M:
            yield f"The wheels stand on the road, to {abs(check.wheels_m):.2f} m on average."
        else:
            side = "above" if check.wheels_m > 0 else "below"
            spread = "" if check.wheels_spread_m is None else f" (spread {check.wheels_spread_m:.2f} m)"
            yield (
                f"Fitted without the road, the wheels are {abs(check.wheels_m):.2f} m {side} it on "
                f"average{spread}."
            )
    if check.up_off_deg is not None:
        yield f"The cars' own up is {check.up_off_deg:.1f}° from the road's."
    if check.noise_times > _NOISY:
        yield f"The points lie {check.noise_times:.1f} times the noise assumed from where it puts them."
    if check.left_out:
        yield f"{check.left_out} sightings fit no car of the shape space and were left out."
