"""The Compose workspace as data: a composite's layers, the set that it is of, and what is missing for one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.states.keypoints import DrawnPoint
from app.states.review_filter import Choice
from core.records.masks import MaskPatch

NO_OUTLINE: NDArray[np.float64] = np.zeros((0, 4))


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """One object of a composite.

    Attributes:
        key: its place in the recipe, 0 for the farthest: WALT2D may draw a piece twice.
        piece_id, instance_id: which.
        name: such as "car 33".
        colour: number of the colour that it has on the picture, in the list and from above.
        shown: whether it is drawn and labelled; what follows is empty where it is not.
        standing: whether it belongs to the background, which cannot be changed.
        moved, stale: dragged away from its own place; described by what is no longer in force.
        hidden_percent: hidden share of its amodal mask; None where it is switched off.
        hidden_by: names of what hides it, nearest first.
        distance_m: on the ground from the camera; None where its place is not known.
        box: left, top, right, bottom of its amodal mask in canvas coordinates, or None.
        amodal, modal: its whole mask, and the part that is seen.
        outline: (n, 4) x1, y1, x2, y2 of the whole mask's border, in canvas coordinates.
        points: its keypoints with the tags that they have here; empty without any.
    """

    key: int
    piece_id: int
    instance_id: int
    name: str
    colour: int = 0
    shown: bool = True
    standing: bool = False
    moved: bool = False
    stale: bool = False
    hidden_percent: int | None = None
    hidden_by: tuple[str, ...] = ()
    distance_m: float | None = None
    box: tuple[float, float, float, float] | None = None
    amodal: MaskPatch | None = None
    modal: MaskPatch | None = None
    outline: NDArray[np.float64] = field(default_factory=lambda: NO_OUTLINE)
    points: tuple[DrawnPoint | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Slide:
    """Where a dragged layer goes before it is rendered there: p * scale + (dx, dy), canvas coordinates.

    Attributes:
        key: whose.
        blocked: what it would stand in, such as "car 7", or "".
    """

    key: int
    scale: float
    dx: float
    dy: float
    blocked: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class CompositeState:
    """One composite as it is drawn.

    Attributes:
        image: (H, W, 3) uint8 RGB, or None before it is rendered.
        width, height: of the picture.
        title: such as "WALT3D, seed 4711: 9 objects".
        layers: nearest first.
        selected: a layer's key, or None.
        flat: whether it knows no depth: its layers are in the order in which they were pasted.
        error: why there is no picture and the way out, or "".
    """

    image: NDArray[np.uint8] | None = None
    width: int = 0
    height: int = 0
    title: str = ""
    layers: tuple[Layer, ...] = ()
    selected: int | None = None
    flat: bool = False
    error: str = ""

    @property
    def selected_layer(self) -> Layer | None:
        """The layer that is selected."""
        return next((layer for layer in self.layers if layer.key == self.selected), None)


@dataclass(frozen=True, slots=True)
class ComposeHead:
    """What is shown, and what else can be.

    Attributes:
        cameras, sets, backgrounds: what there is; the sets' first is None: drawn here, one seed at a time.
        camera_id, set_id, background_id: what is shown; a background of None is the sampler's choice.
        seed: of the composite that is shown, or None.
        place: such as "12 of 4,000", or "".
        edited: whether a person changed what is shown.
        busy: whether one is being drawn.
    """

    cameras: tuple[Choice, ...] = ()
    sets: tuple[Choice, ...] = ()
    backgrounds: tuple[Choice, ...] = ()
    camera_id: int | None = None
    set_id: int | None = None
    background_id: int | None = None
    seed: int | None = None
    place: str = ""
    edited: bool = False
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no composite, and what helps.

    Attributes:
        title: a few words; "" where nothing is missing.
        text: a sentence or two.
        action, action_text: id of the action that helps and what its button says, or "".
    """

    title: str = ""
    text: str = ""
    action: str = ""
    action_text: str = ""


BIN_PERCENT = 10
"""How wide a bar of the occlusion chart is, as sets count them (ALGORITHMS 4.6)."""


@dataclass(frozen=True, slots=True)
class OcclusionChart:
    """How much of the objects is hidden over many composites, and how much was wanted.

    Attributes:
        counts: objects by hidden share, in bars of BIN_PERCENT; the last holds 100 %, too.
        wanted: share of the objects that was wanted in each bar, adding up to 1; empty where nothing was.
        title: of what it is, such as "set street-1: 4,000 composites".
    """

    counts: tuple[int, ...] = ()
    wanted: tuple[float, ...] = ()
    title: str = ""

    @property
    def total(self) -> int:
        """How many objects there are."""
        return sum(self.counts)


def bars_of(percents: NDArray[np.int64]) -> tuple[int, ...]:
    """How many objects fall in each bar of the chart.

    Args:
        percents: (n,) hidden shares, 0 to 100.
    """
    count = 100 // BIN_PERCENT
    found = np.bincount(np.minimum(percents // BIN_PERCENT, count - 1), minlength=count)
    return tuple(int(number) for number in found)
