"""What goes between the window and the process that fits people for it: a line of JSON each way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from core.errors import BodyFileChangedError
from core.jobs.fit.people.live import LiveAnswer
from core.records.fits import BodyFit, FitMadeFrom
from core.records.keypoints import KeypointSet, Template
from core.store import fit_columns
from core.store.keypoint_columns import from_columns, point_entries

_AS_TEXT = ("rotation", "translation", "place", "shape", "residuals", "outliers", "sigmas", "body")


@dataclass(frozen=True, slots=True)
class LiveRequest:
    """One set of points to fit.

    Attributes:
        instance_id: whose.
        turn: another number wherever what the store knows of the person may have changed.
        body: path of the body model's file; "" for the program's own.
        label: name and hash of that body, as the window has it: the file may be another by now.
        points: the person's.
    """

    instance_id: int
    turn: int
    body: str
    label: str
    points: KeypointSet


def request_line(request: LiveRequest) -> bytes:
    """A request as it is sent."""
    return _line(
        {
            "instance": request.instance_id,
            "turn": request.turn,
            "body": request.body,
            "label": request.label,
            "points": point_entries(request.points),
        }
    )


def request_of(line: bytes) -> LiveRequest:
    """A request as it was received."""
    said = json.loads(line)
    points = from_columns(Template.PERSON.value, said["points"])
    return LiveRequest(said["instance"], said["turn"], said["body"], said["label"], points)


def answer_line(answer: LiveAnswer | BodyFileChangedError | None) -> bytes:
    """An answer as it is sent; None where the person cannot be fitted (any more)."""
    if answer is None:
        return _line(None)
    if isinstance(answer, BodyFileChangedError):
        return _line({"changed": [answer.problem, answer.way_out]})
    columns = fit_columns.to_columns(answer.fit, FitMadeFrom(None, None, None, ""))
    ghosts = KeypointSet(Template.PERSON, answer.ghosts)
    return _line(
        {
            "fit": columns,
            "ghosts": point_entries(ghosts),
            "outline": [polygon.tolist() for polygon in answer.outline],
        }
    )


def answer_of(line: bytes) -> LiveAnswer | None:
    """An answer as it was received.

    Raises:
        BodyFileChangedError: it is that there can be none, with the body that was asked for.
    """
    said = json.loads(line)
    if said is None:
        return None
    if "changed" in said:
        raise BodyFileChangedError(*said["changed"])
    columns = {
        name: json.loads(value) if name in _AS_TEXT and value is not None else value
        for name, value in said["fit"].items()
    }
    fit = fit_columns.from_columns(SimpleNamespace(**columns))
    assert isinstance(fit, BodyFit)
    ghosts = from_columns(Template.PERSON.value, said["ghosts"]).points
    return LiveAnswer(
        fit,
        tuple(ghost for ghost in ghosts if ghost is not None),
        tuple(np.array(polygon, dtype=np.float64).reshape(-1, 2) for polygon in said["outline"]),
    )


def _line(said: Any) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"
