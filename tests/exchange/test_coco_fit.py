"""Fits as other programs read them."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from core.exchange.coco_fit import plain_fit
from core.shapes.body.placed import placed_body
from core.shapes.body.rotations import axis_angles
from tests.jobs.parking import GROUND
from tests.placed_people import person_at, stand_in
from tests.store.doing_cars import body_fit_of, fit_of


def test_a_body_is_posed_by_what_the_file_says_as_smpl_poses_it() -> None:
    fit = person_at(GROUND, (15.0, 2.0), 0.8, phase=0.3, betas=(0.5, -1.0, 0.3, 0, 0, 0, 0, 0, 0, 0.2))
    said = json.loads(json.dumps(plain_fit(fit)))
    model = stand_in().model
    root = axis_angles(np.reshape(said["rotation"], (3, 3)))
    pose = np.concatenate([root[None], np.reshape(said["pose"], (-1, 3))])
    # docs/guide/exchange.md: SMPL's own transl is the pelvis' place less where it is at rest
    translation = np.array(said["translation_m"]) - model.rest_joints(said["shape"])[0]
    theirs = model.posed(pose, said["shape"], translation)
    np.testing.assert_allclose(theirs.vertices, placed_body(fit, model).vertices, atol=1e-9)


def test_what_only_people_have_is_said_of_people_alone() -> None:
    person, car = plain_fit(body_fit_of()), plain_fit(fit_of())
    assert set(person) - set(car) == {"pose", "contacts", "height_ratio"}
    assert set(car) <= set(person)
    assert len(person["pose"]) == 69
    assert (person["method"], person["contacts"], person["height_ratio"]) == ("body", ["left"], 0.875)


@pytest.mark.parametrize("ratio", [None, math.nan, math.inf])
def test_what_is_not_known_is_null(ratio: float | None) -> None:
    said = plain_fit(replace(body_fit_of(), height_ratio=ratio))
    assert said["height_ratio"] is None
    json.dumps(said, allow_nan=False)
