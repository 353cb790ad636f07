"""What a car's colour says: its error, its verdict or its track; and the legend that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from app.states.fits import verdict_words
from app.states.scene import ColourBy, SceneObject, SceneRole
from app.views.canvas.object_colours import object_colour
from core.records.fits import FitReview, FitVerdict

ERROR_STOPS = ((0.0, "#3fd9bd"), (1.5, "#ffd75e"), (3.0, "#ff5364"))
"""Root mean square residual over the noise assumed: 1 is what the noise alone would leave."""
NO_ERROR = "#8fa3bf"
COMPARED = "#e58bff"
SAID = "#57a8ff"
SELECTED = "#ffffff"
ELLIPSE = "#ffe66d"

VERDICT_COLOURS: dict[FitVerdict, str] = {
    FitVerdict.GOOD: "#3fd9bd",
    FitVerdict.AMBIGUOUS: "#ffb048",
    FitVerdict.TOO_FEW_POINTS: "#8fa3bf",
    FitVerdict.OUTSIDE_SHAPE_SPACE: "#ff5364",
}
VERDICT_SIGNS: dict[FitVerdict, str] = {
    FitVerdict.GOOD: "",
    FitVerdict.AMBIGUOUS: "?",
    FitVerdict.TOO_FEW_POINTS: "…",
    FitVerdict.OUTSIDE_SHAPE_SPACE: "!",
}
REVIEW_SIGNS: dict[FitReview, str] = {FitReview.ACCEPTED: "✓", FitReview.REJECTED: "✕"}


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One line of the legend: a colour, a sign where there is one, and words."""

    colour: str
    text: str
    sign: str = ""


def error_colour(error: float | None) -> QColor:
    """The colour of an error, in multiples of the noise assumed; grey where there is none."""
    if error is None or not np.isfinite(error):
        return QColor(NO_ERROR)
    places = [stop for stop, _ in ERROR_STOPS]
    shades = np.array([_rgb(QColor(colour)) for _, colour in ERROR_STOPS])
    return QColor(*(round(float(np.interp(error, places, shades[:, k]))) for k in range(3)))


def track_colour(track_id: int | None) -> QColor:
    """A colour for a track: neighbours in number are far apart in hue."""
    if track_id is None:
        return QColor(NO_ERROR)
    return object_colour(track_id)


def car_colour(car: SceneObject, by: ColourBy) -> QColor:
    """The colour of a car."""
    if car.role is SceneRole.COMPARED:
        return QColor(COMPARED)
    if car.role is SceneRole.SAID:
        return QColor(SAID)
    if by in (ColourBy.TRACK, ColourBy.OBJECT):
        return track_colour(car.track_id)
    if by is ColourBy.VERDICT:
        return QColor(VERDICT_COLOURS[car.verdict])
    return error_colour(car.error)


def car_sign(car: SceneObject) -> str:
    """What is drawn over a car, whatever its colour: a person's review, else a verdict that is not good."""
    return REVIEW_SIGNS[car.review] if car.review is not None else VERDICT_SIGNS[car.verdict]


def colour_rows(cars: Sequence[SceneObject], by: ColourBy) -> NDArray[np.uint8]:
    """(N, 4) uint8 RGBA of cars."""
    rows = np.zeros((len(cars), 4), dtype=np.uint8)
    for row, car in zip(rows, cars, strict=True):
        row[:] = (*_rgb(car_colour(car, by)), 255)
    return rows


def _rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


def legend(cars: Sequence[SceneObject], by: ColourBy) -> tuple[LegendEntry, ...]:
    """What the colours and signs of these cars mean; the error's own scale is drawn apart."""
    entries: list[LegendEntry] = []
    if by is ColourBy.VERDICT:
        for verdict in FitVerdict:
            of_people = {car.person for car in cars if car.verdict is verdict}
            if of_people:
                words = " or ".join(
                    dict.fromkeys(verdict_words(verdict, person=person) for person in sorted(of_people))
                )
                entries.append(LegendEntry(VERDICT_COLOURS[verdict], words, VERDICT_SIGNS[verdict]))
    if by is ColourBy.ERROR and any(car.error is None for car in cars):
        entries.append(LegendEntry(NO_ERROR, "no points, outline only"))
    if any(car.role is SceneRole.COMPARED for car in cars):
        entries.append(LegendEntry(COMPARED, "what it is compared with"))
    if any(car.role is SceneRole.SAID for car in cars):
        entries.append(LegendEntry(SAID, "what the network said"))
    return tuple(entries)
