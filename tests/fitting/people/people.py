"""People before the reference camera, and what is seen of them, for tests of fits."""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks._drawn_people import TrueBody, person_at
from benchmarks._fitting_scenes import reference_camera
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.fitter import BodyFitter
from core.records.boxes import Box
from core.records.shapes import KeypointTag
from core.shapes.body.gait import Gait, walking_pose
from core.shapes.body.placed import NamedBody, named_body
from core.shapes.person_keypoints import FLIP

CAMERA, PLANE = reference_camera()


@cache
def body() -> NamedBody:
    return named_body()


@cache
def fitter() -> BodyFitter:
    return BodyFitter(CAMERA, PLANE, body())


def walker(spot=(15.0, 0.0), heading=0.7, phase=0.3, betas=None, gait=None) -> TrueBody:
    """Somebody who walks, by the program's own walk."""
    pose = walking_pose(phase, gait or Gait())
    lean, pose[0] = pose[0].copy(), 0.0
    shape = np.zeros(10) if betas is None else np.asarray(betas)
    return person_at(body(), CAMERA, PLANE, np.array(spot), heading, pose, shape, lean)


def seen(person: TrueBody, noise_px=0.0, seed=0, sigma_px=2.0) -> BodyEvidence:
    """All of a person's points with true tags, and the whole box."""
    pixels = person.pixels + np.random.default_rng(seed).normal(0.0, 1.0, (17, 2)) * noise_px
    return BodyEvidence(pixels, np.ones(17, dtype=bool), np.full(17, sigma_px), person.tags, person.box)


def without(evidence: BodyEvidence, points, tag=KeypointTag.OTHER_OCCLUDED, box: Box | None = None):
    """The same evidence with some points not seen."""
    used, tags = evidence.used.copy(), list(evidence.tags)
    for index in points:
        used[index], tags[index] = False, tag
    return BodyEvidence(evidence.points, used, evidence.sigma_px, tuple(tags), box or evidence.box)


def exchanged(evidence: BodyEvidence) -> BodyEvidence:
    """The same points under the names of the other side."""
    flip = list(FLIP)
    return BodyEvidence(
        evidence.points[flip],
        evidence.used[flip],
        evidence.sigma_px[flip],
        tuple(evidence.tags[index] for index in flip),
        evidence.box,
    )


def turned_by(heading, truth) -> float:
    """How far two headings are apart, radians."""
    return float(abs((heading - truth + np.pi) % (2 * np.pi) - np.pi))
