"""What a model labels once it is in use: the job of each purpose, with the settings that it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.records.runs import Purpose


@dataclass(frozen=True, slots=True)
class Labelling:
    """The job by which a model labels what is in a project.

    Attributes:
        kind: of the job.
        settings: flat names and plain values; all others stay as the job has them.
        does: what it does, in a sentence for people.
    """

    kind: str
    settings: Mapping[str, Any]
    does: str


_POINTS = {"objects": "cars", "network": "own", "redo": True}

LABELLING: Mapping[Purpose, Labelling] = {
    Purpose.DETECTOR: Labelling(
        "mine",
        {"detector": "own"},
        "It finds objects in all footage anew. What a person has touched stays as it is; of the others, what "
        "it does not find is gone from the queue. Where it tells keypoints, they are to be confirmed in "
        "Keypoints.",
    ),
    Purpose.CLASSIFIER: Labelling(
        "judge",
        {"rule": "classifier"},
        "It tells of every object whether something covers it. Verdicts of people stay.",
    ),
    Purpose.PRELABELLER: Labelling(
        "keypoints",
        _POINTS,
        "It places points on every car on which no person has placed any, to be confirmed in Keypoints.",
    ),
    Purpose.HIDDEN_POINTS: Labelling(
        "keypoints",
        _POINTS,
        "Points are placed on every car on which no person has placed any, and it tells where the hidden "
        "ones are; to be confirmed in Keypoints.",
    ),
}
"""purpose -> what a model for it does."""
