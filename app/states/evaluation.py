"""The Evaluate workspace as data: evaluations side by side, as bars, tables, confusions and curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.states.review_filter import Choice
from app.states.training import Note, RunLook
from core.records.forms import Form
from core.records.slices import By, Slice

LOOK_WORDS = {
    RunLook.WAITING: "Waiting",
    RunLook.RUNNING: "Measuring",
    RunLook.DONE: "Done",
    RunLook.EARLY: "Done",
    RunLook.STOPPED: "Stopped",
    RunLook.INTERRUPTED: "Interrupted",
    RunLook.FAILED: "Failed",
}
BY_NAMES = {
    By.OCCLUSION: "occlusion",
    By.DISTANCE: "distance",
    By.SIZE: "size",
    By.HOUR: "hour",
    By.CATEGORY: "category",
    By.TAG: "tag of points",
}


class What(StrEnum):
    """What can be evaluated, as the job's settings name it."""

    RUN = "run"
    PREDICTIONS = "predictions"
    MINING = "mining"
    ANNOTATORS = "annotators"
    FITS = "fits"


class Below(StrEnum):
    """What stands below the bars."""

    FIGURES = "figures"
    CONFUSION = "confusion"
    CURVES = "curves"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar.

    Attributes:
        value, low, high: on the chart's axis; the ends are None where there is no interval.
        text: what it says, with interval and count, for the tool tip and for screen readers.
    """

    value: float
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class BarSeries:
    """The bars of one evaluation.

    Attributes:
        key, number, name: of it; by the number colour, pattern and mark are told.
        bars: one for each bin of the chart, or None where it has none.
    """

    key: int
    number: int
    name: str
    bars: tuple[Bar | None, ...] = ()


@dataclass(frozen=True, slots=True)
class BarChart:
    """One figure over the bins of one `By`.

    Attributes:
        title: of the figure with its unit, such as "Mask AP, %". help: one sentence: what it is.
        by: over whose bins. bins: their numbers. labels: of each, such as "20-30 %". ticks: the same without
            the unit, as it stands below the bars. axis: what the bins are of, with the unit.
        series: of each evaluation that is shown.
        top: up to where the axis goes at least.
        figure, figures: the figure's name, and those that there are.
        bys: over what it can be drawn.
        chosen: the bin whose objects are listed, or None.
        key: the evaluation whose objects are listed, or None.
        note: why there is nothing to draw, or "".
        apart: why what is side by side cannot be compared, or "".
        better: which way is better, in a word or two.
    """

    title: str = ""
    help: str = ""
    by: By = By.OCCLUSION
    bins: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()
    axis: str = ""
    series: tuple[BarSeries, ...] = ()
    top: float = 0.0
    figure: str = ""
    figures: tuple[Choice, ...] = ()
    bys: tuple[Choice, ...] = ()
    chosen: int | None = None
    key: int | None = None
    note: str = ""
    apart: str = ""
    better: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of an evaluation's column."""

    key: int
    number: int
    name: str
    look: RunLook


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A figure of one evaluation: its value, its interval and over how many it is, as words."""

    value: str = "–"
    interval: str = ""
    count: str = ""
    best: bool = False


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A figure of each evaluation that is shown."""

    name: str
    title: str
    help: str
    cells: tuple[FigureCell, ...]


@dataclass(frozen=True, slots=True)
class FigureTable:
    """All figures over one slice, a column for each evaluation.

    Attributes:
        slice_title: over what, such as "all objects" or "hidden by 20-30 %".
        columns, rows: of it. figure: the one that is drawn as bars.
        note: why there are none, or "".
    """

    slice_title: str = ""
    columns: tuple[Column, ...] = ()
    rows: tuple[FigureRow, ...] = ()
    figure: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ConfusionTable:
    """How often what is one thing was said to be another, of one evaluation.

    Attributes:
        name, names: which, and those that there are.
        slice: over which objects. title: in words.
        truth, said: of rows and columns. counts: for each row, for each column.
        chosen: (row, column) whose objects are listed, or None.
        note: why there is none, or "".
    """

    name: str = ""
    names: tuple[Choice, ...] = ()
    slice: Slice = field(default_factory=Slice)
    title: str = ""
    truth: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    counts: tuple[tuple[int, ...], ...] = ()
    chosen: tuple[int, int] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class CurveLine:
    """A curve of one evaluation."""

    number: int
    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CurveChart:
    """The same curve of each evaluation; over says over which objects, and why not over those of the bar."""

    key: str
    title: str
    x_title: str
    y_title: str
    lines: tuple[CurveLine, ...]
    over: str = ""


@dataclass(frozen=True, slots=True)
class CurveSheet:
    """All curves over one slice; note says why there are none."""

    charts: tuple[CurveChart, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """All that is said of one evaluation.

    Attributes:
        key: its id; of a job without one its id, negative; None for none.
        name, about: which, and what by what.
        look, note: how it stands; what is wrong, with a way out.
        share: how far it is, 0 to 1; None where that is not shown.
        now: what it is doing, or "".
        facts, settings: (name, value) in rows.
        notes: of people.
        hidden, stopping, can_stop, can_resume: how it stands and what can be done with it now.
    """

    key: int | None = None
    name: str = ""
    about: str = ""
    look: RunLook = RunLook.WAITING
    note: Note = field(default_factory=Note)
    share: float | None = None
    now: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    notes: str = ""
    hidden: bool = False
    stopping: bool = False
    can_stop: bool = False
    can_resume: bool = False


@dataclass(frozen=True, slots=True)
class WhatCard:
    """One thing that can be evaluated: what it is called, and what it needs or tells, in a sentence."""

    what: What
    title: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationDraft:
    """An evaluation that is about to begin.

    Attributes:
        cards: what can be evaluated. what: what is chosen.
        form: the settings, or None before they are known. hidden: those that mean nothing of what is chosen.
        values: of all settings, by name.
        note: why it cannot begin yet, with a way out.
        problem: why it was not begun, or "".
        starting: whether it was asked to begin, and has not yet.
        can_leave: whether there are evaluations to go back to.
    """

    cards: tuple[WhatCard, ...] = ()
    what: What = What.RUN
    form: Form | None = None
    hidden: frozenset[str] = frozenset()
    values: Mapping[str, Any] = field(default_factory=dict)
    note: Note = field(default_factory=Note)
    problem: str = ""
    starting: bool = False
    can_leave: bool = False


@dataclass(frozen=True, slots=True)
class EvaluateHead:
    """What the workspace shows: an evaluation that is being prepared, or what was measured."""

    drafting: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SaidShape:
    """One object, as the truth has it or as it was said to be; canvas coordinates.

    Attributes:
        box: left, top, right, bottom, or None.
        whole, seen: (n, 2) each: the borders of its whole extent, and of what is seen of it.
        points: (m, 3) x, y and the number of the keypoint.
        wire: (k, 4) x, y and x, y of the lines that join points, where no mask tells its outline.
    """

    box: tuple[float, float, float, float] | None = None
    whole: tuple[NDArray[np.float64], ...] = ()
    seen: tuple[NDArray[np.float64], ...] = ()
    points: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    wire: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 4)))

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.box is None and not self.whole and not self.seen and not len(self.points)


@dataclass(frozen=True, slots=True, eq=False)
class ObjectPicture:
    """One object in its picture.

    Attributes:
        key: (evaluation, number) of it, or None.
        image: (H, W, 3) uint8 RGB, or None. width, height: of the picture.
        truth, said: what is drawn over it.
        focus: left, top, right, bottom of what is looked at, canvas coordinates, or None.
        title: what came out, such as "car, missed". facts: numbers of it, in a line.
        place: which picture it is.
        error: why the picture is not there, or "".
        instance_id: of the project, or None.
    """

    key: tuple[int, int] | None = None
    image: NDArray[np.uint8] | None = None
    width: int = 0
    height: int = 0
    truth: SaidShape = field(default_factory=SaidShape)
    said: SaidShape = field(default_factory=SaidShape)
    focus: tuple[float, float, float, float] | None = None
    title: str = ""
    facts: str = ""
    place: str = ""
    error: str = ""
    instance_id: int | None = None
