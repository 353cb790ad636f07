"""The digest of a truth: what is corrected changes it, and nothing else does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.evaluation.compared import MaskCodes, TruePicture, TrueThing
from core.evaluation.truth_digest import TruthDigest
from core.geometry.boxes import to_array
from core.records.boxes import Box
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.seen import Car3D, points_of
from core.records.shapes import KeypointTag
from tests.evaluation.test_compared import patch, seen
from tests.evaluation.test_precision import pointed

CAR = Car3D(np.eye(3), np.array([0.0, 1.0, 20.0]), np.zeros(5))
THING = TrueThing(replace(pointed(0), solid=CAR), instance_id=3, occlusion=0.2, distance_m=20.0)
PICTURE = TruePicture(100, 20, [THING, TrueThing(seen(40), instance_id=4)], (Box(80, 0, 10, 10),), 9)


def key_of(truth: TruePicture, key: str = "frame 1") -> str:
    digest = TruthDigest()
    digest.picture(key, truth, MaskCodes())
    return digest.key


def with_first(**changed: Any) -> TruePicture:
    own = {name: changed.pop(name) for name in ("occlusion", "distance_m", "instance_id") if name in changed}
    first = replace(THING, seen=replace(THING.seen, **changed), **own)
    return replace(PICTURE, things=[first, *PICTURE.things[1:]])


def moved(points: np.ndarray, by: float) -> np.ndarray:
    out = points.copy()
    out[points_of(Template.CAR)][0, 0] += by
    return out


PLACES, TAGS = THING.seen.places, THING.seen.tags


@pytest.mark.parametrize(
    "corrected",
    [
        with_first(box=Box(0, 0, 10.5, 10)),
        with_first(category=Category.TRUCK),
        with_first(whole=patch(0, 0, 11, 10)),
        with_first(modal=patch(0, 0, 6, 10)),
        with_first(modal=None),
        with_first(places=moved(PLACES, 0.25)),
        with_first(tags=(KeypointTag.OTHER_OCCLUDED, *TAGS[1:])),
        with_first(solid=replace(CAR, translation=np.array([0.0, 1.0, 20.1]))),
        with_first(occlusion=0.25),
        with_first(distance_m=None),
        with_first(instance_id=5),
        replace(PICTURE, ignored=()),
        replace(PICTURE, things=PICTURE.things[:1]),
    ],
)
def test_every_correction_changes_it(corrected: TruePicture) -> None:
    assert key_of(corrected) != key_of(PICTURE)


def test_how_it_was_kept_does_not_change_it() -> None:
    again = with_first(
        box=Box(*(to_array([THING.seen.box])[0] + 1e-9).tolist()),
        whole=patch(0, 0, 10, 10),
        places=moved(PLACES.copy(), -1e-12),
        sure=np.ones(len(PLACES)),  # a truth is sure
    )
    assert key_of(again) == key_of(PICTURE)
    assert key_of(PICTURE, "frame 2") != key_of(PICTURE)
