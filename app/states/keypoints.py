"""The Keypoints workspace as data: the points, where the fit puts them, and what the fit says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from app.states.keypoint_look import TemplateLook
from core.records.shapes import KeypointTag

Polygon = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DrawnPoint:
    """A point on the canvas and in the list.

    Attributes:
        x, y: canvas coordinates.
        tag: whether it is seen.
        by_person: whether a person placed it, or a file; else it was taken over from a fit, or proposed.
        guessed: whether nobody knows where it is: a person has only said that it is hidden.
        off_px: how far the fit puts it from here; None where nothing is known of that.
        outlier: whether it disagrees with the fit.
        hider: what hides it, such as "car 33", or "".
        sure: 0 to 1, how sure the network is that proposes it; None where none does.
    """

    x: float
    y: float
    tag: KeypointTag
    by_person: bool = True
    guessed: bool = False
    off_px: float | None = None
    outlier: bool = False
    hider: str = ""
    sure: float | None = None


class CardTone(StrEnum):
    """How the fit's card looks."""

    QUIET = "quiet"
    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class FitCard:
    """What the fit says of itself.

    Attributes:
        title: a few words.
        text: a sentence or two behind them, or "".
        action: id of an action that helps, or "".
        action_text: what its button says.
        facts: (name, value) pairs: sizes, place, sigmas.
    """

    tone: CardTone = CardTone.QUIET
    title: str = ""
    text: str = ""
    action: str = ""
    action_text: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class KeypointsState:
    """Everything that is drawn of one object.

    Attributes:
        instance_id: whose points; None where no object is shown.
        title, subtitle: such as "car 412" and "3 of 12 points, view 3 of 41".
        look: of its template.
        box: left, top, right, bottom in canvas coordinates.
        points: those that are placed; None where one is not.
        ghosts: where the fit puts those that are not placed; None where a point is placed, or no fit knows.
        fitted: (n, 2) where the fit puts all points; NaN where it is unknown; (0, 2) without a fit.
        outline: of the fit's mesh, polygons in canvas coordinates.
        sure: whether the fit is determined: its ghosts can be accepted.
        current: index of the point that the next key places.
        front_rad: where its front points in the picture, from right towards down; None where unknown.
        turned_away: whether its back is seen, of a person.
        card: what the fit says of itself.
        track_marks: for each view on its track: whether it has points; empty without a track.
        track_place: which of them is shown.
    """

    instance_id: int | None = None
    title: str = ""
    subtitle: str = ""
    look: TemplateLook | None = None
    box: tuple[float, float, float, float] | None = None
    points: tuple[DrawnPoint | None, ...] = ()
    ghosts: tuple[DrawnPoint | None, ...] = ()
    fitted: NDArray[np.float64] | None = None
    outline: tuple[Polygon, ...] = ()
    sure: bool = False
    current: int = 0
    front_rad: float | None = None
    turned_away: bool = False
    card: FitCard = FitCard()
    track_marks: tuple[bool, ...] = ()
    track_place: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class KeypointFrame:
    """The picture that the object is in.

    Attributes:
        frame_id: which frame; None before any.
        image: (H, W, 3) uint8 RGB, or None where it could not be decoded.
        width, height: of the picture.
        title: which footage, and where in it.
        error: why the pixels are missing, and the way out; empty where they are there.
    """

    frame_id: int | None = None
    image: NDArray[np.uint8] | None = None
    width: int = 0
    height: int = 0
    title: str = ""
    error: str = ""
