"""Boxes that something unknown cuts at the feet: what the body's height and the pelvis' ray say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks._drawn_people import draw_people, person_at
from core.fitting.people.estimates import BodyEstimate, RootFrame, place_estimate
from core.fitting.people.evidence import body_evidence
from core.geometry.poses import rotation_from_vector
from core.records.boxes import Box
from core.records.fits import FitVerdict
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.masks import MaskPatch
from core.records.shapes import KeypointTag
from core.shapes.person_keypoints import ANKLES
from tests.fitting.people.people import CAMERA, PLANE, body, walker


@pytest.fixture(scope="module")
def people():
    return draw_people(body(), 15.0, 5, seed=11)


def fitted(person, share=1.0, *, ray=True, evidence=None, camera=CAMERA, **options):
    """By a system that makes no mistake, from a box of which only the upper part is left."""
    turns = rotation_from_vector(person.pose)
    turns[0] = person.turn
    box = Box(person.box.x, person.box.y, person.box.w, share * person.box.h)
    estimate = BodyEstimate(turns, RootFrame.CAMERA, pelvis=person.place if ray else None)
    return place_estimate(estimate, camera, PLANE, body(), evidence or body_evidence(None, box), **options)


def miss(fit, person):
    """How far the place is off along the line of sight, metres, and that in standard deviations told."""
    along = person.spot / np.linalg.norm(person.spot)
    off = abs(float((np.array(fit.place_m) - person.spot) @ along))
    return off, off / fit.sigmas.along_m


def test_a_box_that_ends_above_the_feet_is_not_believed(people):
    # a fifth of a person at 15 m under 6 m is 0.9 m of ground
    for person in people:
        fit = fitted(person, 0.8)
        assert fit.verdict is FitVerdict.AMBIGUOUS
        assert "does not end where this body's feet would" in fit.reason
        # on the ray, only what the stature is off by is left
        off, sigmas = miss(fit, person)
        assert off < 0.4
        assert sigmas < 2.5


def test_so_little_that_it_may_be_chance_is_in_the_standard_deviation(people):
    fits = [(fitted(person, 0.9), person) for person in people]
    good = [(fit, person) for fit, person in fits if fit.verdict is FitVerdict.GOOD]
    assert len(good) > len(people) / 2
    for fit, person in good:
        off, sigmas = miss(fit, person)
        assert off > 0.3
        assert sigmas < 2.5
    whole = [fitted(person) for person in people]
    assert {fit.verdict for fit in whole} == {FitVerdict.GOOD}
    assert np.median([fit.sigmas.along_m for fit in whole]) < 0.15


def test_without_a_ray_the_height_tells(people):
    for person in people[:3]:
        fit = fitted(person, 0.75, ray=False)
        # 1.2 m too far: told, or known to be as loose
        assert fit.verdict is not FitVerdict.GOOD or miss(fit, person)[1] < 2
    assert sum(fitted(person, 0.7, ray=False).verdict is FitVerdict.GOOD for person in people[2:]) < 2


def test_an_ankle_that_shows_outweighs_the_height():
    # a child of 1.4 m, whom the body's 1.72 m do not suit
    grown = body().model
    child = replace(grown, template=0.82 * grown.template)
    pose = walker().pose
    person = person_at(
        replace(body(), model=child), CAMERA, PLANE, np.array([15.0, 1.0]), 0.7, pose, np.zeros(10)
    )
    assert fitted(person).verdict is FitVerdict.AMBIGUOUS
    points = [None] * 17
    for ankle in ANKLES:
        points[ankle] = PlacedPoint(*person.pixels[ankle].tolist(), KeypointTag.VISIBLE)
    fit = fitted(person, evidence=body_evidence(KeypointSet(Template.PERSON, tuple(points)), person.box))
    assert fit.verdict is FitVerdict.GOOD
    assert miss(fit, person)[0] < 0.15


def test_a_head_that_is_known_to_be_hidden_says_nothing_of_the_feet(people):
    person = people[0]
    cut = 0.22 * person.box.h
    box = Box(person.box.x, person.box.y + cut, person.box.w, person.box.h - cut)
    assert fitted(person, ray=False, evidence=body_evidence(None, box)).verdict is FitVerdict.AMBIGUOUS
    cover = np.ones((int(cut), int(box.w)), dtype=np.bool_)
    seen = body_evidence(None, box, None, [MaskPatch(int(box.x), int(box.y - cut), cover)])
    fit = fitted(person, ray=False, evidence=seen)
    assert fit.verdict is FitVerdict.GOOD
    assert miss(fit, person)[0] < 0.1


def test_a_head_that_the_pictures_border_cuts_off_says_nothing_of_the_feet():
    person = walker()
    cut = 0.22 * person.box.h
    box = replace(person.box, y=0.0, h=person.box.h - cut)
    above = np.zeros((3, 3))
    above[1, 2] = person.box.y + cut
    camera = replace(CAMERA, matrix=CAMERA.matrix - above)  # the same one, its picture cut off above
    fit = fitted(person, ray=False, camera=camera, evidence=body_evidence(None, box))
    assert fit.verdict is FitVerdict.GOOD
    assert miss(fit, person)[0] < 0.1


def test_who_is_labelled_occluded_may_have_hidden_feet(people):
    fit = fitted(people[0], occluded=True)
    assert fit.verdict is FitVerdict.AMBIGUOUS
    assert "feet are hidden or may be" in fit.reason
