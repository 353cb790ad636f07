"""An evaluation that is about to begin: what, by what, and its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.controllers.evaluate_reads import EvaluateReads, Stock
from app.controllers.training_draft_words import by_field
from app.states.evaluation import EvaluationDraft, What, WhatCard
from app.states.training import PURPOSE_NAMES, Note, Tone
from core.records.forms import FieldKind, Form, FormField
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from app.controllers.jobs import JobsController
    from app.session import ProjectSession

KIND = "evaluate"
CARDS = (
    WhatCard(What.RUN, "A network", "A run of this project, by what its training never saw."),
    WhatCard(
        What.PREDICTIONS,
        "Predictions of a file",
        "What another program found: COCO's results for exported frames or composites, or MOT's text.",
    ),
    WhatCard(What.MINING, "Mining's labels", "The machine's labels, by what people said of the objects."),
    WhatCard(What.ANNOTATORS, "Two annotators", "What two people said of the same objects, by each other."),
    WhatCard(
        What.FITS,
        "Fits in 3D",
        "Where cars and people stand, how they are turned and posed, by the true 3D beside their footage.",
    ),
)
_HELP = {  # of settings that the form has other words for than the shell
    "run": "Whose network is measured.",
    "truth": "What there is: composites for the test where there are some, else reviewed frames; people's "
    "labels for what labels. A drawn street tells how it does on streets that it has not seen.",
    "fits": "All that are in force, or those alone that call themselves good or that a person accepted.",
    "name": "Empty: what is measured by what.",
}
_FILE, _PEOPLE = frozenset({"predictions", "source", "masks"}), frozenset({"first", "second"})
_NETWORK, _FITS = frozenset({"run", "device"}), frozenset({"fits", "space", "body"})
_TRUTH = frozenset({"truth", "composites", "shown_score"})
_HIDDEN = {
    What.RUN: _FILE | _PEOPLE | _FITS,
    What.PREDICTIONS: _NETWORK | _PEOPLE | _FITS,
    What.MINING: _FILE | _PEOPLE | _FITS | _NETWORK | _TRUTH,
    What.ANNOTATORS: _FILE | _FITS | _NETWORK | _TRUTH | {"side", "most"},
    What.FITS: _FILE | _PEOPLE | _NETWORK | _TRUTH | {"side"},
}


class EvaluateDraft(QObject):
    """Holds the settings of the next evaluation.

    Signals:
        changed(EvaluationDraft): draw it.
        started(int): the job of an evaluation that this window started.
    """

    changed = Signal(object)
    started = Signal(int)

    def __init__(self, session: ProjectSession, jobs: JobsController, reads: EvaluateReads) -> None:
        super().__init__()
        self._session, self._jobs, self._reads = session, jobs, reads
        self._stock: Stock | None = None
        self._form: Form | None = None
        self._values: dict[str, Any] = {}
        self._visible, self._asked, self._can_leave = False, False, False
        self._starting = False
        self._problem = ""
        session.failed.connect(self._on_failed)

    @property
    def what(self) -> What:
        """What is to be evaluated."""
        try:
            return What(str(self._values.get("what", What.RUN.value)))
        except ValueError:  # settings of a newer program
            return What.RUN

    @property
    def state(self) -> EvaluationDraft:
        """As it is drawn."""
        form = self._form
        if form is not None and self._stock is not None:
            form = with_stock(form, self._stock)
        return EvaluationDraft(
            cards=CARDS,
            what=self.what,
            form=None if self._stock is None else form,
            hidden=_HIDDEN[self.what] | {"what"},
            values=self._own_body() | self._values,
            note=_note(self.what, self._stock),
            problem=self._problem,
            starting=self._starting,
            can_leave=self._can_leave,
        )

    def show(self, visible: bool, *, can_leave: bool) -> None:
        """The page came to the front, or left it.

        Args:
            can_leave: whether there are evaluations to go back to.
        """
        was, self._visible, self._can_leave = self._visible, visible, can_leave
        if not visible:
            return
        if self._form is None and not self._asked:
            self._asked = True
            self._jobs.form(KIND, self._take_form)
        if not was or self._stock is None:
            self.read()
        self._tell()

    def read(self) -> None:
        """Looks what there is to evaluate."""
        self._session.in_background(self._reads.stock, self._take_stock, tag="evaluate stock")

    def on_job_changed(self, row: JobRow) -> None:
        """A training that ends has made a run that can be measured."""
        if self._visible and row.kind == "train" and row.state is JobState.DONE:
            self.read()

    def take_settings(self, settings: Mapping[str, Any]) -> None:
        """Prepares an evaluation with the settings of another, under another name."""
        known = by_field(settings)
        self._values = {name: value for name, value in known.items() if name != "name"}
        self._problem = ""
        self._tell()

    def take_run(self, run_id: int) -> None:
        """Prepares the evaluation of a run."""
        self._values = {"what": What.RUN.value, "run": run_id}
        self._problem = ""
        self._tell()

    def choose_what(self, what: What) -> None:
        """Evaluates something else; what both have is kept."""
        self._values["what"] = what.value
        self._problem = ""
        self._tell()

    def step_what(self, step: int) -> None:
        """Chooses what comes next among what can be evaluated, or before where step is negative."""
        order = list(What)
        self.choose_what(order[min(max(order.index(self.what) + step, 0), len(order) - 1)])

    def set_values(self, values: Mapping[str, Any]) -> None:
        """Takes other settings, as the form has them."""
        self._values |= values
        self._problem = ""

    def show_problem(self, problem: str) -> None:
        """Says why the settings are not taken."""
        self._problem = problem
        self._tell()

    def start(self) -> None:
        """Begins the evaluation."""
        if self._starting or self._form is None:
            return
        state = self.state
        if state.note.tone is Tone.BAD:
            self.show_problem(f"{state.note.title}: {state.note.text}")
            return
        self._starting = True
        self._problem = ""
        self._tell()

        def begun(job_id: int) -> None:
            self._starting = False
            self._values.pop("name", None)
            self._tell()
            self.started.emit(job_id)

        self._jobs.start(KIND, self.settings(), begun)

    def settings(self) -> dict[str, Any]:
        """What the job is given: what was set of what means something, and nothing that is as it would be."""
        fields = {} if self._form is None else {field.name: field for field in self._form.fields}
        hidden = _HIDDEN[self.what]
        said = {"what": self.what.value}
        for name, value in (self._own_body() | self._values).items():
            field = fields.get(name)
            if name == "what" or name in hidden or field is None:
                continue
            kept = _plain(field, value)
            if kept != field.default:
                said[name] = kept
        return said

    def _own_body(self) -> dict[str, Any]:
        """The body of this machine, with which people were fitted here."""
        path = self._session.bodies.path
        return {} if path is None else {"body": str(path)}

    def _take_form(self, form: Form) -> None:
        self._form = form
        self._tell()

    def _take_stock(self, stock: Stock) -> None:
        self._stock = stock
        self._tell()

    def _on_failed(self, problem: object) -> None:
        if self._starting:
            self._starting = False
            self._problem = str(problem)
            self._tell()

    def _tell(self) -> None:
        if self._visible:
            self.changed.emit(self.state)


def with_stock(form: Form, stock: Stock) -> Form:
    """The form with what the project has to choose from: its runs, sets of composites and annotators."""
    people = tuple((name, name) for name in stock.annotators)
    offers = {
        "run": (
            ("", "The detector in use"),
            *((str(row.id), f"{row.id}  {row.name} ({PURPOSE_NAMES[row.purpose]})") for row in stock.runs),
        ),
        "composites": (("", "The newest with a test side"), *((name, name) for name in stock.sets)),
        "first": (("", "Choose one"), *people),
        "second": (("", "Choose one"), *people),
    }

    def offering(field: FormField) -> FormField:
        if field.name in _HELP:
            field = replace(field, help=_HELP[field.name])
        if field.name not in offers:
            return field
        text = field.help.partition(" Empty: ")[0]
        return replace(field, kind=FieldKind.CHOICE, choices=offers[field.name], default="", help=text)

    return replace(form, fields=tuple(offering(field) for field in form.fields))


def _plain(field: FormField, value: Any) -> Any:
    """A value as the job has it: what was chosen from a list stands for a number or for nothing."""
    if value == "":
        return field.default
    return int(value) if field.kind is FieldKind.INT and isinstance(value, str) else value


def _note(what: What, stock: Stock | None) -> Note:
    """Why it cannot begin yet."""
    if stock is None:
        return Note()
    if what is What.RUN and not stock.runs:
        return Note(
            "There is no network yet",
            "Train one: what it learned is measured by what its training never saw.",
            Tone.BAD,
            "evaluate.train",
            "Go to Train",
        )
    if what is What.ANNOTATORS and len(stock.annotators) < 2:
        return Note(
            "One person alone cannot be compared",
            "A second one reviews some of the same objects under a name of their own.",
            Tone.BAD,
            "evaluate.review",
            "Go to Review",
        )
    if what is What.FITS and not stock.true_3d:
        return Note(
            "No footage has its true 3D beside it",
            "Of simulated streets it is known: NAME.truth.json stands beside NAME.mp4, as `amodal synth"
            " street` writes it. Truth of your own can stand there as well; the guide says what it holds.",
            Tone.BAD,
        )
    return Note()
