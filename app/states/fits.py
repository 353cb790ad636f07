"""The 3D workspace as data: its list of fits, its filter, and the numbers of the selected fit."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.states.overlay import Overlay
from app.states.review_filter import Choice
from app.states.scene import Scene
from app.states.wires import Wires
from core.records.fits import FitFilter, FitMethod, FitOrder, FitReview, FitVerdict

ITEM_ROLE = 0x0101
"""The model's role for a row's FitItem, or None while it is being read. Qt's own end below 0x0100."""
ID_ROLE = 0x0103
"""The model's role for a row's fit id."""

COLUMNS: tuple[tuple[str, FitOrder | None], ...] = (
    ("Object", None),
    ("Verdict", FitOrder.VERDICT),
    ("Error px", FitOrder.RMS),
    ("Place ± m", FitOrder.SIGMA),
    ("Distance m", FitOrder.DISTANCE),
    ("Length m", FitOrder.LENGTH),
    ("Stature m", FitOrder.STATURE),
    ("Review", FitOrder.REVIEW),
    ("Fitted as", None),
    ("Version", FitOrder.NEWEST),
    ("Camera", None),
    ("Time", None),
)
"""The table's columns, each with what the list is sorted by when its head is clicked."""

EVERY = FitFilter()
"""The whole list."""
WAITING = FitFilter(review="none")
"""What nobody has looked at yet."""

VERDICT_WORDS: dict[FitVerdict, str] = {
    FitVerdict.GOOD: "good",
    FitVerdict.AMBIGUOUS: "ambiguous",
    FitVerdict.TOO_FEW_POINTS: "too few points",
    FitVerdict.OUTSIDE_SHAPE_SPACE: "outside the shapes known",
}
_OF_PEOPLE = {**VERDICT_WORDS, FitVerdict.OUTSIDE_SHAPE_SPACE: "not like a person"}


def verdict_words(verdict: FitVerdict, *, person: bool) -> str:
    """A verdict in words, of a car or of a person."""
    return (_OF_PEOPLE if person else VERDICT_WORDS)[verdict]


METHOD_WORDS: dict[FitMethod, str] = {
    FitMethod.GROUND: "one frame, on the road",
    FitMethod.FREE: "one frame, free",
    FitMethod.TRACK: "the whole track",
    FitMethod.COARSE: "outline only, coarse",
    FitMethod.TRAFFIC4D: "Traffic4D",
    FitMethod.BODY: "one frame, from its points",
    FitMethod.BODY_TRACK: "the whole track, from its points",
    FitMethod.HMR2: "HMR 2.0's network",
    FitMethod.ADAPTER: "another system",
}
METHOD_SHORT: dict[FitMethod, str] = {
    FitMethod.GROUND: "frame",
    FitMethod.FREE: "frame, free",
    FitMethod.TRACK: "track",
    FitMethod.COARSE: "coarse",
    FitMethod.TRAFFIC4D: "Traffic4D",
    FitMethod.BODY: "frame",
    FitMethod.BODY_TRACK: "track",
    FitMethod.HMR2: "HMR 2.0",
    FitMethod.ADAPTER: "adapter",
}
REVIEW_WORDS: dict[FitReview | None, str] = {
    None: "",
    FitReview.ACCEPTED: "accepted",
    FitReview.REJECTED: "rejected",
}
REJECT_REASONS: dict[str, str] = {
    "fits.reject_place": "wrong place",
    "fits.reject_heading": "wrong heading",
    "fits.reject_shape": "wrong size or shape",
    "fits.reject_pose": "wrong pose",
    "fits.reject_object": "not a car or person, or two",
}
"""The action's id -> what is said of a rejected fit."""


@dataclass(frozen=True, slots=True)
class FitItem:
    """What a row of the list shows.

    Attributes:
        id, instance_id, version: which fit, and whose.
        caption: such as "car 33". person: whether it is one.
        verdict, method, review: what is said of it.
        reason: of a verdict that is not good, or of a rejection.
        error_px: root mean square residual, of the outline where it rests on no points; None where neither
            is known. The list is sorted by it.
        sigma_m: standard deviation of its place; None where it is not determined.
        distance_m: from the camera.
        length_m, stature_m: of a car, of a person; None of the other.
        camera, time_s: where and when.
        stale: whether what it was made from is no longer in force.
    """

    id: int
    instance_id: int
    version: int
    caption: str
    verdict: FitVerdict
    method: FitMethod
    review: FitReview | None
    reason: str
    error_px: float | None
    sigma_m: float | None
    distance_m: float
    length_m: float | None
    stature_m: float | None
    camera: str
    time_s: float
    stale: bool
    person: bool = False


@dataclass(frozen=True, slots=True)
class FitListState:
    """The filter and the order of the list.

    Attributes:
        filter, order: in force. descending: the largest first.
        cameras: to choose from.
        shown: rows known so far. total: how many there are, or None while they are counted.
    """

    filter: FitFilter = EVERY
    order: FitOrder = FitOrder.RMS
    descending: bool = True
    cameras: tuple[Choice, ...] = ()
    shown: int = 0
    total: int | None = None

    @property
    def count_text(self) -> str:
        """How many there are, in words that are true while the counting still runs."""
        if self.total is None:
            return f"{self.shown:,}, counting…"
        return f"{self.total:,}" + (" fit" if self.total == 1 else " fits")


def empty_text(conditions: FitFilter, any_fits: bool) -> str:
    """What an empty list says, and what to do about it."""
    if not any_fits:
        return (
            "No fits yet.\nPlace keypoints in Keypoints, or choose “Fit in 3D…” in the menu Project: "
            "every fitted car or person stands here, the worst first."
        )
    if conditions == WAITING:
        return "Everything is looked at.\nChoose “Reviewed or not” above to look again."
    return "Nothing meets these conditions.\nWiden the filter above, or clear it."


@dataclass(frozen=True, slots=True)
class FactLine:
    """One number of the selected fit, beside that of the version it is compared with.

    Attributes:
        name, value: in words, with units. note: what to hold it against, such as the fleet's, or "".
        other: of the compared version, or "".
        warn: whether it is worth a look.
    """

    name: str
    value: str
    note: str = ""
    other: str = ""
    warn: bool = False


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of the selected fit.

    Attributes:
        fit_id, text, tip: which, in words, and how it was made.
        in_force, compared: whether it is the one in force; whether it is drawn beside it.
    """

    fit_id: int
    text: str
    tip: str
    in_force: bool
    compared: bool


@dataclass(frozen=True, slots=True)
class FitPanelState:
    """The numbers of the selected fit.

    Attributes:
        instance_id, title, subtitle: whose; None where nothing is selected.
        verdict, reason: what the fit says of itself; None where there is no fit.
        verdict_text: that verdict in words.
        review: what a person says of it, in words, or "".
        warnings: what to know about it: stale, coarse, swapped, a shape space that is not here.
        facts: its numbers. headings: over its own column and the compared version's.
        versions: the newest first.
    """

    instance_id: int | None = None
    title: str = ""
    subtitle: str = ""
    verdict: FitVerdict | None = None
    verdict_text: str = ""
    reason: str = ""
    review: str = ""
    reviewed: FitReview | None = None
    warnings: tuple[str, ...] = ()
    facts: tuple[FactLine, ...] = ()
    headings: tuple[str, str] = ("", "")
    versions: tuple[VersionLine, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FitViewState:
    """What both views show; scene, picture and overlay always belong to the same frame.

    Attributes:
        frame_id: None before any.
        image: (H, W, 3) uint8 RGB, or None.
        width, height: of the picture.
        title: which footage, and where in it.
        error: why the pixels are missing, and the way out, or "".
        overlay: the objects of the frame, for the canvas.
        wires: the fits over the picture. scene: the fits in 3D.
        focus: left, top, right, bottom of the selected object, canvas coordinates, or None.
    """

    frame_id: int | None = None
    image: NDArray[np.uint8] | None = None
    width: int = 0
    height: int = 0
    title: str = ""
    error: str = ""
    overlay: Overlay = field(default_factory=Overlay)
    wires: Wires = field(default_factory=Wires)
    scene: Scene = field(default_factory=Scene)
    focus: tuple[float, float, float, float] | None = None
