"""Real people, annotated by eye: they stand on their square as tall as people are, and tell of its camera."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from core.fitting.calibration.people.check import check_against_people
from core.fitting.people.evidence import body_evidence
from core.fitting.people.fitter import BodyFitter
from core.jobs.one_camera import one_camera
from core.jobs.people_calibration import people_sightings
from core.jobs.reproduce.footage.people import (
    CLIP,
    AnnotatedPerson,
    annotated_people,
    camera_from_people,
    camera_of,
    facts,
    mined_plaza,
)
from core.records.car_checks import CheckVerdict
from core.records.fits import BodyFit, FitVerdict
from core.shapes.body.placed import named_body
from core.store.project import Project

# what the issue calls plausible; grown people in shoes
SHORTEST_M, TALLEST_M = 1.5, 2.0
# of somebody 60 px tall, 1.7 m: a pixel at either end is 0.04 m, and a stride's bend as much again
STATURE_SIGMA_M = 0.06


@cache
def fitted() -> tuple[tuple[AnnotatedPerson, BodyFit], ...]:
    """By their points and boxes alone; masks are not kept."""
    people = annotated_people()
    fitter = BodyFitter(*camera_from_people(), named_body())
    fits = fitter.fit_many([body_evidence(person.keypoints, person.box) for person in people])
    return tuple(zip(people, fits, strict=True))


def statures_by_person() -> dict[int, list[float]]:
    """By the person's number, of the fits that are good."""
    found: dict[int, list[float]] = defaultdict(list)
    for person, fit in fitted():
        if fit.verdict is FitVerdict.GOOD:
            found[person.number].append(fit.size_m[2])
    return found


def test_real_people_stand_on_the_ground_at_plausible_heights() -> None:
    assert len(fitted()) == 33
    assert {person.number for person, _ in fitted()} == set(range(1, 12))
    good = [fit for _, fit in fitted() if fit.verdict is FitVerdict.GOOD]
    assert len(good) >= 0.85 * len(fitted())
    statures = np.array([fit.size_m[2] for fit in good])
    assert ((statures >= SHORTEST_M) & (statures <= TALLEST_M)).all()
    # the camera took them for 1.75 m on average; eleven people differ by chance
    each = [np.median(values) for values in statures_by_person().values()]
    assert np.median(each) == pytest.approx(1.75, abs=0.06)
    assert all(fit.contacts for fit in good)
    assert np.median([fit.rms_px for fit in good]) < 1.5


def test_the_same_person_is_as_tall_wherever_seen() -> None:
    several = [np.array(values) for values in statures_by_person().values() if len(values) > 1]
    assert len(several) >= 8
    squares = sum(((values - values.mean()) ** 2).sum() for values in several)
    assert np.sqrt(squares / sum(len(values) - 1 for values in several)) < STATURE_SIGMA_M
    off = np.concatenate([np.abs(values - np.median(values)) for values in several])
    # one sighting in twenty lies that far off by chance
    assert (off > 2 * STATURE_SIGMA_M).mean() < 0.05


def test_who_the_border_cuts_is_told() -> None:
    [cut] = [fit for person, fit in fitted() if "edge" in person.what]
    assert cut.verdict is FitVerdict.AMBIGUOUS
    assert "border" in cut.reason


def test_the_camera_from_its_people_is_the_one_that_was_measured_there() -> None:
    said, measured = facts()["camera"], facts()["published"]
    _, plane = camera_from_people()
    for focal in measured["focal_px"]:
        assert abs(100 * (said["focal_px"] / focal - 1)) < 2 * said["focal_percent"]
    assert abs(100 * (plane.height / measured["height_m"] - 1)) < 2 * said["height_percent"]
    down, lean = np.rad2deg(plane.tilt())
    off = np.hypot(down - measured["down_deg"], lean - measured["lean_deg"])
    assert off < 2 * said["normal_deg"]


@pytest.mark.slow
@pytest.mark.real_data
def test_the_clip_is_mined_and_calibrated_by_its_people(real_data: Path, tmp_path: Path) -> None:
    assert (real_data / CLIP).is_file()
    path = tmp_path / "plaza.amodal"
    record, people = mined_plaza(path, real_data / CLIP)
    assert sum(one.instance_id is not None for one in people) == len(people)
    measured = facts()["published"]
    sure = record.uncertainty
    assert sure is not None
    assert record.height_m == pytest.approx(measured["height_m"], rel=2 * sure.height_percent / 100)
    with Project.open(path, read_only=True) as project:
        row = one_camera(project, "")
        seen = people_sightings(project, row, (record.width, record.height))
    check = check_against_people(*camera_of(record), seen)
    assert check.verdict is CheckVerdict.AGREES
    assert check.people >= 20
