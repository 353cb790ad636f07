"""The Train workspace as data: the runs there are, what is drawn of them, and a training to begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.records.forms import Form
from core.records.runs import Purpose

PURPOSE_NAMES = {
    Purpose.DETECTOR: "Detector",
    Purpose.CLASSIFIER: "Occlusion classifier",
    Purpose.PRELABELLER: "Keypoint pre-labeller",
    Purpose.HIDDEN_POINTS: "Hidden points",
}


SHORT_NAMES = PURPOSE_NAMES | {
    Purpose.CLASSIFIER: "Classifier",
    Purpose.PRELABELLER: "Pre-labeller",
}
"""As PURPOSE_NAMES, where there is little room."""


class RunLook(StrEnum):
    """How a run stands, as people see it: the run's own state and that of its job."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    EARLY = "early"  # done before its last epoch, because it got no better
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"  # its process is gone
    FAILED = "failed"


LOOK_WORDS = {
    RunLook.WAITING: "Waiting",
    RunLook.RUNNING: "Training",
    RunLook.DONE: "Done",
    RunLook.EARLY: "Stopped early",
    RunLook.STOPPED: "Stopped",
    RunLook.INTERRUPTED: "Interrupted",
    RunLook.FAILED: "Failed",
}


@dataclass(frozen=True, slots=True)
class RunItem:
    """One run in the list, or a job that has made none yet.

    Attributes:
        key: of the run its id; of a job without one its id, negative.
        number: by which its colour and its mark are told.
        name, about, look: which, what for and how it stands.
        share: how far it is, 0 to 1.
        value_text: such as "mask AP 0.412", or "".
        in_use: whether it serves its purpose in this project.
        hidden: whether a person took it off the lists.
        marked: whether it is compared.
        since: when it ended, or else began, seconds UTC epoch, or None.
    """

    key: int
    number: int
    name: str
    about: str
    look: RunLook
    share: float = 0.0
    value_text: str = ""
    in_use: bool = False
    hidden: bool = False
    marked: bool = False
    since: float | None = None


@dataclass(frozen=True, slots=True)
class RunList:
    """The runs that are listed, the newest first.

    Attributes:
        items: they.
        selected: the key of the one that is looked at, or None.
        hidden_shown: whether those that a person took off the lists are among them.
        purpose: of which alone, or None.
    """

    items: tuple[RunItem, ...] = ()
    selected: int | None = None
    hidden_shown: bool = False
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One number of one run over its steps.

    Attributes:
        name: in the legend, such as "mask" or the run's name.
        number: by which colour, stroke and mark are told.
        steps: (n,) optimiser's steps, rising. values: (n,) as they were told.
        smooth: (n,) values without their jitter, or the values where there is none to take away.
        best_step: where the best is, or None. early_step: where it ended early, or None.
    """

    name: str
    number: int
    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    smooth: NDArray[np.float64]
    best_step: int | None = None
    early_step: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Some curves over the same steps.

    Attributes:
        key: of the group that it shows. title: of it.
        curves: they.
        logarithmic: whether a logarithmic scale suits it.
        compares: whether each curve is another run's.
    """

    key: str
    title: str
    curves: tuple[Curve, ...] = ()
    logarithmic: bool = False
    compares: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Charts:
    """All that is drawn of the runs that are shown.

    Attributes:
        groups: (key, title, whether it is drawn) of each group of numbers that there is.
        charts: those that are drawn.
        log, smoothed: how.
        note: why there is nothing, or "".
    """

    groups: tuple[tuple[str, str, bool], ...] = ()
    charts: tuple[Chart, ...] = ()
    log: bool = False
    smoothed: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A validation picture with its labels, and beside it what was predicted.

    Attributes:
        place: in the gallery. step: when it was predicted.
        truth, prediction: (H, W, 3) uint8 RGB, or None where it cannot be decoded.
        caption: one short line.
    """

    place: int
    step: int
    truth: NDArray[np.uint8] | None
    prediction: NDArray[np.uint8] | None
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """Predictions on the fixed validation pictures.

    Attributes:
        run: whose; None for none.
        pairs: they, by place.
        title: such as "Predictions after step 1,200".
        note: why there are none, or "".
    """

    run: int | None = None
    pairs: tuple[Pair, ...] = ()
    title: str = "Predictions"
    note: str = ""


class Tone(StrEnum):
    """What kind of note: each has a shape and a colour of its own."""

    QUIET = "quiet"
    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Note:
    """A few words on how something stands, and what helps.

    Attributes:
        title, text: what. tone: how bad it is.
        action, action_text: id of the action that helps and what its button says, or "".
    """

    title: str = ""
    text: str = ""
    tone: Tone = Tone.QUIET
    action: str = ""
    action_text: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """All that is said of one run.

    Attributes:
        key: the run's, or None for none.
        name, purpose_text: which and what for.
        look, note: how it stands; what is wrong, with a way out.
        share: how far it is, 0 to 1; None where that is not shown.
        progress_text: such as "Epoch 7 of 12 · 0:52:10 so far · about 0:41:00 left".
        now: what it is doing, in a few words, or "".
        facts: (name, value) in rows: the best, the device, throughput and memory.
        mixed: a sentence on what it learns from, or "". learned: (name, value) in rows, the rest of it.
        settings: (name, value) in rows, what a person might want to know later.
        notes: of people.
        in_use: whether it serves its purpose here.
        use_text: what it would do, or does.
        can_use, can_stop, can_resume, can_hide, stopping: what can be done with it now.
        hidden: whether it is off the lists.
    """

    key: int | None = None
    name: str = ""
    purpose_text: str = ""
    look: RunLook = RunLook.WAITING
    note: Note = field(default_factory=Note)
    share: float | None = None
    progress_text: str = ""
    now: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    mixed: str = ""
    learned: tuple[tuple[str, str], ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    notes: str = ""
    in_use: bool = False
    use_text: str = ""
    can_use: bool = False
    can_stop: bool = False
    can_resume: bool = False
    can_hide: bool = False
    stopping: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run in a comparison: its column's head."""

    key: int
    number: int
    name: str
    look: RunLook
    in_use: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several runs side by side.

    Attributes:
        runs: the columns.
        results: (name, value of each run, place of the best or None): how well they did.
        settings: (name, value of each run): those that differ.
        same: how many settings are the same in all.
    """

    runs: tuple[ComparedRun, ...] = ()
    results: tuple[tuple[str, tuple[str, ...], int | None], ...] = ()
    settings: tuple[tuple[str, tuple[str, ...]], ...] = ()
    same: int = 0


@dataclass(frozen=True, slots=True)
class NeedBar:
    """Labels that a training needs.

    Attributes:
        what: in the plural. have, least: how many there are, and how many are needed.
        detail: of what they are, or "".
    """

    what: str
    have: int
    least: int
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether there are enough."""
        return self.have >= self.least

    @property
    def words(self) -> str:
        """How many there are, such as "12 of 30"; where that is enough, "565, at least 30"."""
        return f"{self.have:,}, at least {self.least:,}" if self.met else f"{self.have:,} of {self.least:,}"


@dataclass(frozen=True, slots=True)
class PurposeCard:
    """One thing that can be trained.

    Attributes:
        purpose: which. text: what it is for, in a sentence.
        needs: the labels that it takes.
        note: why it cannot be trained here, or "".
        ready: whether a training would begin.
        in_use: what serves the purpose now, such as "run 4 is in use".
    """

    purpose: Purpose
    text: str
    needs: tuple[NeedBar, ...] = ()
    note: str = ""
    ready: bool = False
    in_use: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a training will take and how much memory.

    Attributes:
        measuring: whether it is being measured.
        title, text: what was measured, or what keeps it from being known.
        tone: whether it is well.
        job_id: of the job that measures or measured it, or None.
    """

    measuring: bool = False
    title: str = ""
    text: str = ""
    tone: Tone = Tone.QUIET
    job_id: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """A training that is about to begin.

    Attributes:
        cards: what can be trained. purpose: what is chosen.
        stock: (what, how much there is) that networks can learn from.
        labels: whether that is enough for what is chosen, and what helps.
        device: what to know of where it would run.
        begin: what would be fetched before it begins, and whether that is allowed.
        form: the other settings, or None before they are known. values: of all settings, by name.
        variants: of the network, the default first.
        estimate: how long it will take, and how much memory.
        problem: why it cannot begin, or "". fits: whether the settings are such that it could.
        starting: whether it was asked to begin, and has not yet.
        can_leave: whether there are runs to go back to.
    """

    cards: tuple[PurposeCard, ...] = ()
    purpose: Purpose = Purpose.DETECTOR
    stock: tuple[tuple[str, str], ...] = ()
    labels: Note = field(default_factory=Note)
    device: Note = field(default_factory=Note)
    begin: Note = field(default_factory=Note)
    form: Form | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    variants: tuple[str, ...] = ()
    estimate: Estimate = field(default_factory=Estimate)
    problem: str = ""
    fits: bool = True
    starting: bool = False
    can_leave: bool = False

    @property
    def card(self) -> PurposeCard | None:
        """Of what is chosen."""
        return next((one for one in self.cards if one.purpose is self.purpose), None)


@dataclass(frozen=True, slots=True)
class Head:
    """What the middle of the workspace shows.

    Attributes:
        drafting: whether a training is being prepared there, instead of runs being looked at.
        compared: how many runs are drawn over each other; 0 or 1 for none or one.
    """

    drafting: bool = False
    compared: int = 0
