"""What can be chosen of a public benchmark: apart, so that the shell knows it at once."""

from __future__ import annotations

from enum import StrEnum


class AmodalBenchmark(StrEnum):
    """Which data."""

    KINS = "kins"
    COCOA = "coco-a"


class Kinds(StrEnum):
    """Whether it counts what an object is."""

    ONE = "one"
    CAR_PERSON = "car-person"


class CategoryIds(StrEnum):
    """Whose numbers of categories the predictions have."""

    TRUTH = "truth"
    COCO = "coco"


class Tracker(StrEnum):
    """What follows given detections."""

    SORT = "sort"
    MINING = "mining"
