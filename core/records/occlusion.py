"""Unoccluded or not: labels, the tests behind them, and what a reviewer says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.records.boxes import Box
from core.records.detections import Category
from core.records.masks import MaskPatch


class OcclusionLabel(StrEnum):
    """Unoccluded: covered by nothing and not cut by the picture's border."""

    UNOCCLUDED = "unoccluded"
    OCCLUDED = "occluded"


class LabelOrigin(StrEnum):
    """Who or what said so."""

    HEURISTIC = "heuristic"
    CLASSIFIER = "classifier"
    NETWORK = "network"
    FIT = "fit"
    HUMAN = "human"
    IMPORT = "import"
    INFERRED = "inferred"  # of single keypoints: by a network that saw nothing but the object's other points


class Verdict(StrEnum):
    """What a reviewer says of an instance. Rejected: a bad picture or a wrong detection."""

    UNOCCLUDED = "unoccluded"
    OCCLUDED = "occluded"
    REJECTED = "rejected"


class OcclusionTest(StrEnum):
    """The tests that an instance must pass to count as unoccluded."""

    OVERLAP = "overlap"
    BORDER = "border"
    STATIC = "static"
    WALT = "walt"
    CLASSIFIER = "classifier"


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One instance as the occlusion tests see it.

    Attributes:
        instance_id: the instance's id in the store.
        frame: the frame's ordinal within its sequence.
        time_s: presentation time, seconds from the start of the source.
        track_id: the track's id, or None where nothing was tracked.
        box, category, score, mask: as detected; mask may be None.
    """

    instance_id: int
    frame: int
    time_s: float
    track_id: int | None
    box: Box
    category: Category
    score: float
    mask: MaskPatch | None


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """What one test found for one instance.

    Attributes:
        test: which test.
        value: the measured quantity, in the test's own unit (a share of the object, or pixels).
        threshold: the value at which the outcome flips.
        occluded: whether this test calls the object occluded.
        margin: signed distance of value from threshold, scaled to -1..1; negative is occluded,
            0 lies on the threshold.
        by: instance_id of what hides it, or None.
        detail: a short plain phrase for the reviewer, such as "18 % covered by car 412".
    """

    __test__ = False  # keeps pytest from collecting it

    test: OcclusionTest
    value: float
    threshold: float
    occluded: bool
    margin: float
    by: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class OcclusionDecision:
    """The verdict of all tests on one instance.

    Attributes:
        instance_id: whose.
        label: unoccluded only if every test passes.
        margin: -1..1, the smallest margin of the tests; its absolute value is the certainty.
        outcomes: one for each test that could run.
    """

    instance_id: int
    label: OcclusionLabel
    margin: float
    outcomes: tuple[TestOutcome, ...]
