"""A training that is about to begin: what, from what and where; how long it will take; and its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.machine_values import of_this_machine
from app.controllers.training_draft_words import (
    PURPOSE_TEXTS,
    by_field,
    device_note,
    estimate_of,
    fetch_note,
    gpu_sign,
    labels_note,
    newest_estimate,
    stock_rows,
)
from app.controllers.training_reads import Stock, TrainingReads
from app.states.training import Draft, Estimate, NeedBar, PurposeCard, Tone
from core.errors import AmodalError
from core.records.forms import Form
from core.records.history import Touched
from core.records.jobs import JobRow
from core.records.runs import Purpose

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession
    from core.jobs.train.purposes import Availability
    from core.mining.detectors.weights import WeightsFile
    from core.store.project import Project

KIND = "train"
_READ_AGAIN_MS = 800
_SHOWN_APART = frozenset({"what", "device", "estimate"})  # settings that the page has parts of its own for
_TELLS = frozenset({"instance", "review", "keypoint_set", "recipe", "recipe_set", "run", "model_in_use"})


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What was read for the page."""

    stock: Stock
    purposes: tuple[Availability, ...]
    gpu: str


class TrainingDraft(QObject):
    """Holds the settings of the next training.

    Signals:
        changed(Draft): draw it.
        started(int): the job of a training that this window started.
    """

    changed = Signal(object)
    started = Signal(int)

    def __init__(self, session: ProjectSession, jobs: JobsController, reads: TrainingReads) -> None:
        super().__init__()
        self._session, self._jobs, self._reads = session, jobs, reads
        self._known: _Known | None = None
        self._form: Form | None = None
        self._values: dict[str, Any] = {}
        self._estimates = {row.id: row for row in session.jobs() if _estimates(row)}
        self._visible, self._outdated, self._asked = False, True, False
        self._can_leave = False
        self._starting = False
        self._allowed: set[str] = set()  # names of files that a person lets be fetched
        self._problem, self._fits = "", True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_READ_AGAIN_MS)
        self._soon.timeout.connect(self._read)
        session.failed.connect(self._on_failed)

    # ---- life -----------------------------------------------------------------------------------

    @property
    def purpose(self) -> Purpose:
        """What is to be trained."""
        return Purpose(self._values.get("what", Purpose.DETECTOR.value))

    def show(self, visible: bool, *, can_leave: bool) -> None:
        """The page came to the front, or left it.

        Args:
            can_leave: whether there are runs to go back to.
        """
        self._visible, self._can_leave = visible, can_leave
        if not visible:
            self._soon.stop()
            return
        if self._form is None and not self._asked:
            self._asked = True
            self._jobs.form(KIND, self._take_form)
        if self._outdated:
            self._read()
        self._tell()

    def close(self) -> None:
        """Stops its timer."""
        self._soon.stop()

    def on_touched(self, touched: Touched) -> None:
        """An edit, an undo or a redo was committed: there may be more labels now."""
        if not _TELLS.isdisjoint(touched.rows):
            self.on_outside_change()

    def on_outside_change(self) -> None:
        """Another process wrote."""
        self._outdated = True
        if self._visible and not self._soon.isActive():
            self._soon.start()

    def on_job_changed(self, row: JobRow) -> None:
        """A job's row is new or different."""
        if _estimates(row):
            self._estimates[row.id] = row
            if self._visible:
                self._tell()

    # ---- what is chosen -------------------------------------------------------------------------

    def take_settings(self, settings: Mapping[str, Any]) -> None:
        """Prepares a training with the settings of another, under another name."""
        known = by_field(settings)
        self._values = {name: value for name, value in known.items() if name not in ("estimate", "name")}
        self._problem, self._fits = "", True
        self._tell()

    def choose_purpose(self, purpose: Purpose) -> None:
        """Trains something else; what is set of one network means nothing for another."""
        if purpose is self.purpose:
            return
        device = self._values.get("device")
        self._values = {"what": purpose.value} | ({} if device is None else {"device": device})
        self._values |= self._machines()
        self._problem, self._fits = "", True
        self._tell()

    def step_purpose(self, step: int) -> None:
        """Chooses what comes next among what can be trained, or before where step is negative."""
        order = list(Purpose)
        place = min(max(order.index(self.purpose) + step, 0), len(order) - 1)
        self.choose_purpose(order[place])

    def choose_device(self, device: str) -> None:
        """Trains elsewhere."""
        self._values["device"] = device
        self._tell()

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Takes other settings, as the form has them."""
        self._values |= {name: value for name, value in values.items() if name not in _SHOWN_APART}
        self.on_outside_change()  # other data may need other labels
        self._problem, self._fits = "", True
        self._tell()

    def allow_fetch(self) -> None:
        """Lets what the training begins with be fetched."""
        wanted = self._to_fetch()
        if wanted is not None:
            self._allowed.add(wanted.name)
        self._problem = ""
        self._tell()

    # ---- what is asked for ----------------------------------------------------------------------

    def estimate(self) -> None:
        """Has it measured how long the training will take, on a few steps."""
        if not self._may_begin():
            return
        self._jobs.start(KIND, {**self._settings(), "estimate": True})

    def start(self) -> None:
        """Begins the training."""
        if self._starting or not self._may_begin():
            return
        self._starting = True
        self._tell()

        def begun(job_id: int) -> None:
            self._starting = False
            self._values.pop("name", None)
            self._tell()
            self.started.emit(job_id)

        self._jobs.start(KIND, self._settings(), begun)

    def show_problem(self, problem: str) -> None:
        """Says why the settings are not taken."""
        self._problem, self._fits = problem, False
        self._tell()

    def _may_begin(self) -> bool:
        state = self.state
        if state.card is not None and not state.card.ready:
            self._problem = f"{state.labels.title}: {state.labels.text}"
            self._tell()
            return False
        wanted = self._to_fetch()
        if wanted is not None and wanted.name not in self._allowed:
            self._problem = f"{state.begin.title}: {state.begin.text}"
            self._tell()
            return False
        return state.form is not None and state.fits

    def _on_failed(self, problem: object) -> None:
        if self._starting:
            self._starting = False
            self._problem = str(problem)
            self._tell()

    # ---- details --------------------------------------------------------------------------------

    @property
    def state(self) -> Draft:
        """As it is drawn."""
        known, form = self._known, self._form
        used = {} if known is None else {purpose: row.name for purpose, row in known.stock.in_use}
        purposes = () if known is None else known.purposes
        cards = tuple(
            PurposeCard(
                one.purpose,
                PURPOSE_TEXTS[one.purpose],
                tuple(NeedBar(need.what, need.have, need.least, need.detail) for need in one.needs),
                one.note,
                one.available,
                f"{used[one.purpose]} is in use" if one.purpose in used else "",
            )
            for one in purposes
        )
        chosen = next((one for one in purposes if one.purpose is self.purpose), None)
        draft = Draft(
            cards=cards,
            purpose=self.purpose,
            stock=() if known is None else stock_rows(known.stock),
            form=form,
            values=self._values,
            variants=() if chosen is None else chosen.variants,
            device=device_note(
                str(self._values.get("device", "auto")), "" if known is None else known.gpu, self.purpose
            ),
            begin=fetch_note(self._to_fetch(), self._allowed),
            estimate=self._estimate(),
            problem=self._problem,
            fits=self._fits,
            starting=self._starting,
            can_leave=self._can_leave,
        )
        return replace(draft, labels=labels_note(draft.card))

    def _estimate(self) -> Estimate:
        found = newest_estimate(list(self._estimates.values()), self._settings(), self._defaults())
        if found is not None:
            return estimate_of(found)
        text = "A few steps tell how long it will take and how much memory. Nothing is kept of them."
        return Estimate(False, "Not measured yet", text, Tone.QUIET)

    def _to_fetch(self) -> WeightsFile | None:
        """The published weights that the training would fetch first."""
        gpu = "" if self._known is None else self._known.gpu
        return _weights_to_fetch(self._settings(), gpu=bool(gpu))

    def _settings(self) -> dict[str, Any]:
        """What the job is given: what was set, and nothing that is as it would be anyway."""
        defaults = self._defaults()
        set_here = {
            name: value
            for name, value in self._values.items()
            if name not in defaults or value != defaults[name]
        }
        return {"what": self.purpose.value, **set_here}

    def _defaults(self) -> dict[str, Any]:
        return {} if self._form is None else {field.name: field.default for field in self._form.fields}

    def _machines(self) -> dict[str, Any]:
        """What this machine's preferences say of a detector; others learn no bodies."""
        if self._form is None or self.purpose is not Purpose.DETECTOR:
            return {}
        body = str(self._session.bodies.path or "")  # another may have been chosen meanwhile
        return of_this_machine(self._form, {**self._session.preferences, "body_file": body})

    def _take_form(self, form: Form) -> None:
        self._form = form
        self._values = self._machines() | self._values
        self._tell()

    def _read(self) -> None:
        self._outdated = False
        project, reads, settings = self._session.project, self._reads, self._settings()

        def read() -> _Known:
            return _Known(reads.stock(), _purposes(project, settings), gpu_sign())

        self._session.in_background(read, self._take_known, tag="training draft")

    def _take_known(self, known: _Known) -> None:
        self._known = known
        self._tell()

    def _tell(self) -> None:
        if self._visible:
            self.changed.emit(self.state)


def _purposes(project: Project, settings: Mapping[str, Any]) -> tuple[Availability, ...]:
    """What can be trained by these settings; by the usual ones, where they are those of a strange row."""
    from core.jobs.flatten import checked
    from core.jobs.train.purposes import availability
    from core.jobs.train.settings import TrainSettings

    try:
        return tuple(availability(project, checked(TrainSettings, settings)))
    except AmodalError:
        return tuple(availability(project))


def _weights_to_fetch(settings: Mapping[str, Any], *, gpu: bool) -> WeightsFile | None:
    from core.jobs.flatten import checked
    from core.jobs.train.settings import TrainSettings
    from core.jobs.train.starts import weights_to_fetch

    try:
        chosen = checked(TrainSettings, settings)
    except AmodalError:  # the form, or the job, says what is wrong with them
        return None
    on_gpu = chosen.device in ("cuda", "mps") or (chosen.device == "auto" and gpu)
    return weights_to_fetch(chosen, gpu=on_gpu)


def _estimates(row: JobRow) -> bool:
    return row.kind == KIND and bool(row.settings.get("estimate"))
