"""Joins an open project with the window: its workspaces, docks, jobs, history and messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from app.commands import Commands
from app.composition.pages import open_page
from app.composition.workspaces import build_workspaces
from app.controllers.history import HistoryController
from app.controllers.jobs import JobsController
from app.controllers.machine_values import of_this_machine
from app.session import ProjectSession
from app.settings import Settings
from app.states.jobs import JobsState, job_title
from app.states.results import SaidKey
from app.states.toasts import Toast, Tone
from app.views.form_dialogs import FormDialog
from app.views.history_panel import HistoryPanel
from app.views.jobs_dock import JobsPanel, LogDialog
from app.window import MainWindow
from app.words import plural
from core.errors import AmodalError, BodyModelError, UndoRefusedError
from core.records.forms import Form
from core.records.history import Touched
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from core.shapes.body.placed import NamedBody
    from core.store.project import Project

_BODY = "body model"
INTROS = {
    "judge": "Tells of every object that was found whether something covers it. Verdicts of people stay, and "
    "so does what was imported.",
    "keypoints": "A network places keypoints on cars or people that have none: the project's or the "
    "program's own, an ONNX file of yours, or Keypoint R-CNN for people, whose weights (226 MB) are fetched "
    "once.",
    "cut": "Keeps the pixels of unoccluded objects, so that composites need no footage afterwards.",
    "compose": "Draws composites and keeps what each is made of: a few hundred bytes, not a picture.",
    "loop": "Mines with the best model so far, composes, trains and evaluates, round after round, and takes "
    "a new model only where it is better. It is long work: it can be stopped in any part, and goes on there.",
    "background": "Makes the street without what moves, for each hour of the day that there is footage of.",
    "fit": "Fits cars and people that have no fit yet, or one that is not up to date, on cameras that are "
    "calibrated.",
    "export": "Writes what was found, with its labels, for other tools.",
    "export-composites": "Writes a set of composites as pictures with labels, for other tools. One that was "
    "stopped goes on in the same folder.",
    "import": "Reads objects from another tool's file into this project.",
    "locate": "Looks for missing footage by its content, whatever it is called now.",
}
_SAID_THERE = {  # workspace -> tables of edits that it speaks of itself, beside its buttons
    "review": {"instance", "review"},
    "keypoints": {"instance", "keypoint_set", "fit"},
    "fits": {"instance", "fit"},
    "compose": {"recipe", "recipe_set"},
    "training": {"run", "model_in_use"},
    "evaluate": {"evaluation", "review_request"},
}
_BUTTONS = {
    "export": "Export",
    "export-composites": "Export",
    "import": "Import",
    "locate": "Search",
    "add": "Add",
    "mine": "Mine",
    "judge": "Judge",
    "keypoints": "Place",
    "fit": "Fit",
    "cut": "Cut",
    "compose": "Make",
    "loop": "Begin",
    "background": "Make",
    "report": "Write",
}


_NEXT = {  # kind of a job that labels -> what the button says that leads to its labels, and where they are
    "mine": ("Review", "review"),
    "judge": ("Review", "review"),
    "keypoints": ("Look", "keypoints"),
}


class OpenProject(QObject):
    """Everything that lives as long as a project is open.

    Args:
        project: open.
        show_bug: is given an exception that nobody expected.
    """

    def __init__(
        self,
        window: MainWindow,
        commands: Commands,
        settings: Settings,
        project: Project,
        show_bug: Callable[[BaseException], None],
    ) -> None:
        super().__init__()
        self._window, self._commands, self._settings = window, commands, settings
        self.session = ProjectSession(project, settings.annotator, settings.values())
        self.session.failed.connect(self.show_error)
        self.session.news.connect(lambda text, so: window.toasts.show_toast(Toast(Tone.INFO, text, so)))
        self.session.body_read.connect(self._on_body)
        self.session.preferred.connect(self._keep_setting)
        self.session.broke.connect(show_bug)
        self.session.touched.connect(self._on_touched)
        self.session.undone.connect(self._on_undone)
        self.session.redone.connect(self._on_redone)
        self.jobs = JobsController(self.session)
        self.history = HistoryController(self.session)
        self._after_undo = ""
        self._titles: tuple[str | None, str | None] = (None, None)
        self._make_docks()
        self.workspaces = build_workspaces(
            self.session,
            self.jobs,
            self.go_to,
            self.show_in,
            self._show_said,
            self.run_dialog,
            self._show_log,
            lambda: self._look_at("review", "review.asked"),
            self._evaluate_run,
        )
        self._join_workspaces()
        window.show_project(project.name, str(project.path), settings.annotator, project.read_only_reason)

    @property
    def path(self) -> Path:
        """Of the project's file."""
        return self.session.project.path.absolute()

    def handlers(self) -> dict[str, Callable[[], None]]:
        """What the window does for actions that need a project."""
        return {
            "edit.undo": self.session.undo,
            "edit.redo": self.session.redo,
            "edit.history": self._toggle_history,
            "view.jobs": lambda: self._jobs_dock.setVisible(not self._jobs_dock.isVisible()),
            "project.locate": lambda: self.run_dialog("locate"),
            "project.judge": lambda: self.run_dialog("judge"),
            "project.keypoints": lambda: self.run_dialog("keypoints"),
            "project.fit": lambda: self.run_dialog("fit"),
            "project.cut": lambda: self.run_dialog("cut"),
            "project.compose": lambda: self.run_dialog("compose"),
            "project.export": lambda: self.run_dialog("export"),
            "project.export_composites": lambda: self.run_dialog("export-composites"),
            "project.import": lambda: self.run_dialog("import"),
            **{f"view.{workspace.id}": partial(self.go_to, workspace.id) for workspace in self.workspaces},
        }

    def checked(self) -> dict[str, Callable[[], bool]]:
        """Which of the window's ticks are set."""
        return {
            "edit.history": self._history_dock.isVisible,
            "view.jobs": self._jobs_dock.isVisible,
        }

    def disabled(self) -> set[str]:
        """Actions that cannot run now although someone answers them."""
        undo, redo = self._titles
        return ({"edit.undo"} if undo is None else set()) | ({"edit.redo"} if redo is None else set())

    def go_to(self, place: str) -> None:
        """Brings a workspace to the front, or opens or closes a dock."""
        if place == "jobs":
            self._commands.run("view.jobs")
        elif place == "history":
            self._commands.run("edit.history")
        elif place != self._window.place:
            before = self._window.workspace(self._window.place)
            if before is not None:
                before.on_hidden()
            self._window.go_to(place)
            after = self._window.workspace(place)
            if after is not None:
                after.on_shown()  # first, as it may be built only now: then it can say what it answers
                self._window.toasts.stand_over(after.message_place)
            self._commands.go_to(place, after)

    def show_in(self, place: str, ids: Sequence[int]) -> None:
        """Brings a workspace to the front and selects instances in it, where there is such a workspace."""
        if self._window.workspace(place) is None:
            return
        self.go_to(place)
        workspace = self._window.workspace(place)
        if workspace is not None and workspace.show_instances is not None:
            workspace.show_instances(ids)

    def _show_said(self, instance_id: int, said: SaidKey | None, words: str) -> None:
        self.go_to("fits")
        workspace = self._window.workspace("fits")
        if workspace is not None and workspace.show_said is not None:
            workspace.show_said(instance_id, said, words)

    def run_dialog(self, kind: str, values: dict[str, Any] | None = None, intro: str = "") -> None:
        """Asks for a job's settings and starts it.

        Args:
            values: that the form begins with. intro: what stands above it, instead of the kind's own.
        """

        def show(form: Form) -> None:
            dialog = FormDialog(
                form,
                intro or INTROS.get(kind, ""),
                _BUTTONS.get(kind, "Run"),
                {**machine_values(form, self._settings), **(values or {})},
                hidden=frozenset({"annotator"}),  # whoever has the window open
                parent=self._window,
            )
            dialog.finished.connect(dialog.deleteLater)

            def started(_: int) -> None:
                self._jobs_dock.show()

            def take(chosen: dict[str, Any]) -> None:
                self.jobs.start(kind, chosen, started)
                dialog.accept()

            dialog.taken.connect(take)
            dialog.open()

        self.jobs.form(kind, show)

    def add_footage(self, paths: list[str]) -> None:
        """Starts a job that adds footage, for each path."""
        for path in paths:
            self.jobs.start("add", {"path": path})

    def show_error(self, error: AmodalError) -> None:
        """Shows an expected error with its way out; the window lives on."""
        button, on_button = "", None
        if isinstance(error, UndoRefusedError):
            button, on_button = "Let it stand", self._keep
        about = _BODY if isinstance(error, BodyModelError) else ""
        self._window.toasts.show_toast(
            Toast(Tone.ERROR, error.problem, error.way_out, button, on_button, stays=True, about=about)
        )

    def close(self) -> None:
        """Ends everything that belongs to the project."""
        shown = self._window.workspace(self._window.place)
        if shown is not None:
            shown.on_hidden()
        for workspace in self.workspaces:
            workspace.close()
        self.jobs.close()
        self.session.close()

    # ---- joining --------------------------------------------------------------------------------

    def _make_docks(self) -> None:
        jobs_panel, history_panel = JobsPanel(), HistoryPanel()
        self._history_panel = history_panel
        self._jobs_dock = self._window.add_dock("jobs", "Jobs", jobs_panel)
        self._history_dock = self._window.add_dock("history", "History", history_panel)
        for dock in (self._jobs_dock, self._history_dock):
            name = dock.objectName()
            dock.visibilityChanged.connect(lambda _, name=name: self._on_dock(name))
        self._history_dock.visibilityChanged.connect(self.history.show)
        jobs_panel.cancelled.connect(self.jobs.cancel)
        jobs_panel.resumed.connect(self.jobs.resume)
        jobs_panel.log_wanted.connect(self._show_log)
        self.jobs.changed.connect(jobs_panel.show_state)
        self.jobs.changed.connect(self._count_jobs)
        self.jobs.ended.connect(self._on_job_ended)
        jobs_panel.show_state(self.jobs.state)
        self.history.changed.connect(history_panel.show_state)
        self.history.titles.connect(self._name_undo)
        history_panel.more_wanted.connect(self.history.more)
        history_panel.left.connect(self._leave_history)
        history_panel.chosen.connect(self._show_change)

    def _toggle_history(self) -> None:
        if self._history_dock.isVisible():
            self._leave_history()
        else:
            self._history_dock.show()
            self._history_panel.setFocus()  # so that Esc closes it and Enter shows a change

    def _leave_history(self) -> None:
        self._history_dock.hide()
        shown = self._window.workspace(self._window.place)
        if shown is not None:
            shown.widget.setFocus()

    def _show_change(self, edit_id: int) -> None:
        """Shows the objects that an edit changed: points in Keypoints, fits in 3D, the rest in Review.

        Of other edits there is nothing to show.
        """

        def read() -> tuple[Touched, Sequence[int]]:
            touched = self.session.history.touched(edit_id)
            ids = touched.rows.get("instance", ())
            if not ids and "fit" in touched.rows:
                from core.store.queries.fits import fits_by_ids

                with self.session.project.read() as connection:
                    ids = tuple(row.instance_id for row in fits_by_ids(connection, touched.rows["fit"]))
            return touched, ids

        def show(found: tuple[Touched, Sequence[int]]) -> None:
            touched, ids = found
            if ids:
                place = "fits" if "fit" in touched.rows else "review"
                self.show_in("keypoints" if "keypoint_set" in touched.rows else place, ids)

        self.session.in_background(read, show, tag="show change")

    def _join_workspaces(self) -> None:
        for workspace in self.workspaces:
            # asked for anew each time: a workspace that is built when it is shown answers only then
            self.session.touched.connect(lambda touched, one=workspace: one.on_touched(touched))
            self.session.job_changed.connect(lambda row, one=workspace: one.on_job_changed(row))
            self.session.outside_change.connect(lambda one=workspace: one.on_outside_change())

    def _on_dock(self, name: str) -> None:
        dock = self._jobs_dock if name == "jobs" else self._history_dock
        self._window.rail.set_open(name, dock.isVisible())
        self._commands.refresh()

    def _count_jobs(self, state: JobsState) -> None:
        self._window.rail.set_count("jobs", state.live_count)
        running = [card.row for card in state.cards if card.row.state is JobState.RUNNING]
        if not running:
            text = ""
        elif len(running) == 1:
            text = f"{job_title(running[0])}, {running[0].progress:.0%}"
        else:
            text = f"{plural(len(running), 'job')} running"
        self._window.show_jobs(text)

    def _on_body(self, body: NamedBody) -> None:
        """Another body model was chosen, and what was wrong with the one before is no news any more."""
        text = f"People are fitted with the body {body.name} from now on."
        so = "Fit in 3D… makes the fits anew that rest on another body."
        self._window.toasts.show_toast(Toast(Tone.INFO, text, so, about=_BODY))

    def _on_job_ended(self, row: JobRow) -> None:
        title = job_title(row)
        if row.state is JobState.DONE:
            button, place = _NEXT.get(row.kind, ("", ""))
            on_button = partial(self._look_at_labels, place) if place else None
            if row.kind == "report":
                button, on_button = "Open", partial(self._open_report, str(row.result.get("file", "")))
            self._window.toasts.show_toast(Toast(Tone.DONE, f"Done: {title}", "", button, on_button))
        elif row.state is JobState.FAILED:
            self._window.toasts.show_toast(
                Toast(
                    Tone.ERROR,
                    f"It failed: {title}",
                    row.error or "",
                    "Log",
                    lambda: self._show_log(row.id),
                    stays=True,
                )
            )
        elif row.state is JobState.INTERRUPTED:
            self._window.toasts.show_toast(
                Toast(
                    Tone.WARNING,
                    f"It was interrupted: {title}",
                    "What it did so far is kept.",
                    "Resume",
                    lambda: self.jobs.resume(row.id),
                    stays=True,
                )
            )

    def _open_report(self, path: str) -> None:
        problem = open_page(path)
        if problem:
            self._window.toasts.show_toast(Toast(Tone.INFO, problem, stays=True))

    def _look_at_labels(self, place: str) -> None:
        """Goes to where a person looks at what a job has labelled, the least certain first."""
        if place == "keypoints":
            self._look_at(place, "keypoints.proposed")
        else:
            self.go_to(place)

    def _evaluate_run(self, run_id: int) -> None:
        self.go_to("evaluate")
        workspace = self._window.workspace("evaluate")
        if workspace is not None and workspace.prepare_run is not None:
            workspace.prepare_run(run_id)

    def _look_at(self, place: str, action_id: str) -> None:
        """Goes to a workspace and sets a tick of it, where it is not set."""
        self.go_to(place)
        workspace = self._window.workspace(place)
        if workspace is not None and not workspace.checked[action_id]():
            workspace.handlers[action_id]()

    def _show_log(self, job_id: int) -> None:
        title = next((card.title for card in self.jobs.state.cards if card.row.id == job_id), "the job")

        def show(text: str) -> None:
            dialog = LogDialog(title, text, self._window)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

        self.jobs.read_log(job_id, show)

    def _keep_setting(self, name: str, value: object) -> None:
        try:
            self._settings.set(name, value)
        except OSError:
            return  # it holds until the window closes, which is all that is lost

    def _keep(self) -> None:
        self.session.in_background(self.session.history.keep, lambda _: self.history.refresh())

    # ---- undo and its names ---------------------------------------------------------------------

    def _name_undo(self, undo: str | None, redo: str | None) -> None:
        self._titles = (undo, redo)
        self._commands["edit.undo"].setText(f"Undo {undo}" if undo else "Undo")
        self._commands["edit.redo"].setText(f"Redo {redo}" if redo else "Redo")
        self._commands.set_disabled(self.disabled())

    def _on_undone(self, touched: Touched) -> None:
        self._after_undo = f"Undid: {touched.title}"

    def _on_redone(self, touched: Touched) -> None:
        self._after_undo = f"Did again: {touched.title}"

    def _on_touched(self, touched: Touched) -> None:
        if touched.edit_id == 0:
            return  # nothing was changed
        said, self._after_undo = self._after_undo, ""
        undone = said.startswith("Undid")
        # until the names are read anew: what was just done can be undone at once, and the other way round
        undo, redo = self._titles
        if undone:
            self._name_undo(undo, touched.title)
        else:
            self._name_undo(touched.title, redo if said else None)
        if touched.rows.keys() <= _SAID_THERE.get(self._window.place, set()):
            return
        action = "edit.redo" if undone else "edit.undo"
        key = self._commands["edit.redo" if undone else "edit.undo"].shortcut().toString()
        word = "Redo" if undone else "Undo"
        self._window.toasts.show_toast(
            Toast(
                Tone.DONE,
                said or touched.title,
                button=f"{word}  {key}".strip(),
                on_button=lambda: self._commands.run(action),
            )
        )


def machine_values(form: Form, settings: Settings) -> dict[str, Any]:
    """What this machine's preferences say of a job's settings: see `of_this_machine`."""
    return of_this_machine(form, settings.values())
