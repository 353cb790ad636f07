"""What a check of a camera against its people found, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from core.fitting.calibration.camera_model import RoadCamera
from core.fitting.calibration.check_words import Differences, what_is_off
from core.records.car_checks import CheckVerdict
from core.records.people_checks import PeopleCheck


def sentences_of(
    check: PeopleCheck,
    given: RoadCamera,
    found: Differences,
    rivals: Sequence[Differences],
    least_people: int,
) -> tuple[str, ...]:
    """The check in words, the most important first.

    Args:
        check: the numbers.
        given: the calibration.
        found: against the simplest camera that explains the people.
        rivals: other explanations that are nearly as good.
        least_people: with fewer, nothing can be said.
    """
    return (*_verdict(check, given, found, rivals, least_people), *_facts(check))


def sentences_of_sky(sightings: int, standing: int) -> tuple[str, ...]:
    """Where the camera has most people's feet above its horizon."""
    return (
        f"By it most people stand above the horizon: {sightings - standing} of {sightings} sightings. "
        "The tilt is wrong, or the horizon lies too low.",
    )


def _verdict(
    check: PeopleCheck,
    given: RoadCamera,
    found: Differences,
    rivals: Sequence[Differences],
    least_people: int,
) -> Iterator[str]:
    people = f"{check.people} people" if check.people != 1 else "one person"
    if check.verdict is CheckVerdict.UNSURE and check.people >= least_people:
        yield (
            f"Too little to tell whether the calibration is right: {people} come out so differently that "
            "their masks can hardly be whole."
        )
        return
    if check.verdict is CheckVerdict.UNSURE:
        yield (
            f"Too little to tell whether the calibration is right: {people} seen from head to foot, "
            f"{least_people} are the least."
        )
        return
    if check.verdict is CheckVerdict.AGREES:
        yield f"The calibration agrees with its people; {people} were looked at."
        return
    yield from what_is_off(given, found, "people")
    if not found.off_kinds:
        yield "People change their height as they walk: the tilt or the focal length is wrong."
    for rival in rivals:
        others = " ".join(what_is_off(given, rival, "people"))
        yield f"These people cannot quite tell it from this: {others[0].lower()}{others[1:]}"


def _facts(check: PeopleCheck) -> Iterator[str]:
    yield (
        f"By it the people are {check.tall_m:.2f} m tall, the median; for people like them it lies between "
        f"{check.least_tall_m:.2f} and {check.most_tall_m:.2f} m, 95 % sure. People are taken to be "
        f"{check.usual_m:.2f} m tall."
    )
    trend = check.trend
    if trend is None:
        yield "Nobody walked far enough towards the camera or away to tell whether they change with distance."
    else:
        change = trend.change
        yield (
            f"The same people come out {trend.near_tall_m:.2f} m tall at {trend.near_m:.0f} m and "
            f"{trend.far_tall_m:.2f} m at {trend.far_m:.0f} m: a change of {change.off:+.1f} % "
            f"(±{change.sigma:.1f} %)."
        )
    if check.left_out:
        yield f"{check.left_out} sightings are of nobody who stands upright there, and were left out."
