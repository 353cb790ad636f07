"""Joins an open project with the window: its workspaces, docks, jobs, history and messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from app.commands import Commands
from app.composition.when_shown import when_shown
from app.controllers.history import HistoryController
from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.settings import Settings
from app.states.jobs import JobsState, job_title
from app.states.toasts import Toast, Tone
from app.views.form_dialogs import FormDialog
from app.views.history_panel import HistoryPanel
from app.views.jobs_dock import JobsPanel, LogDialog
from app.views.text import plural
from app.window import MainWindow
from app.workspace import Workspace
from core.errors import AmodalError, UndoRefusedError
from core.records.forms import Form
from core.records.history import Touched
from core.records.jobs import JobRow, JobState

if TYPE_CHECKING:
    from core.store.project import Project

INTROS = {
    "keypoints": "A network of yours, an ONNX file, places keypoints on cars that have none.",
    "cut": "Keeps the pixels of unoccluded objects, so that composites need no footage afterwards.",
    "compose": "Draws composites and keeps what each is made of: a few hundred bytes, not a picture.",
    "background": "Makes the street without what moves, for each hour of the day that there is footage of.",
    "fit": "Fits cars that have no fit yet, or one that is not up to date, on cameras that are calibrated.",
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
}
_BUTTONS = {
    "export": "Export",
    "export-composites": "Export",
    "import": "Import",
    "locate": "Search",
    "add": "Add",
    "mine": "Mine",
    "keypoints": "Place",
    "fit": "Fit",
    "cut": "Cut",
    "compose": "Make",
    "background": "Make",
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
        self.workspaces = build_workspaces(self.session, self.jobs, self.go_to, self.show_in, self.run_dialog)
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

    def run_dialog(self, kind: str, values: dict[str, Any] | None = None) -> None:
        """Asks for a job's settings and starts it."""

        def show(form: Form) -> None:
            dialog = FormDialog(
                form,
                INTROS.get(kind, ""),
                _BUTTONS.get(kind, "Run"),
                values,
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
        self._window.toasts.show_toast(
            Toast(Tone.ERROR, error.problem, error.way_out, button, on_button, stays=True)
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

    def _on_job_ended(self, row: JobRow) -> None:
        title = job_title(row)
        if row.state is JobState.DONE:
            self._window.toasts.show_toast(Toast(Tone.DONE, f"Done: {title}"))
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


def build_workspaces(
    session: ProjectSession,
    jobs: JobsController,
    go_to: Callable[[str], None],
    show_in: Callable[[str, Sequence[int]], None],
    run_dialog: Callable[[str, dict[str, Any] | None], None],
) -> list[Workspace]:
    """The workspaces there are, left to right as the data runs."""
    from app.composition.sources import build_sources

    def review() -> Workspace:
        from app.composition.review import build_review

        return build_review(session)

    def keypoints() -> Workspace:
        from app.composition.keypoints import build_keypoints

        return build_keypoints(session, calibrate)

    def fits() -> Workspace:
        from app.composition.fits import build_fits

        return build_fits(session, show_in)

    def compose() -> Workspace:
        from app.composition.compose import build_compose

        return build_compose(session, run_dialog, go_to, calibrate_camera)

    sources = build_sources(session, jobs, go_to)

    def calibrate(camera_id: int, source_id: int) -> None:
        go_to("sources")
        if sources.show_calibration is not None:
            sources.show_calibration(camera_id, source_id)

    def calibrate_camera(camera_id: int) -> None:
        def found(source_id: int | None) -> None:
            if source_id is None:
                go_to("sources")
            else:
                calibrate(camera_id, source_id)

        session.in_background(lambda: first_source(session, camera_id), found, tag="source to calibrate")

    return [
        sources,
        when_shown("review", "Review", "review", review),
        when_shown("keypoints", "Keypoints", "keypoints", keypoints),
        when_shown("fits", "3D", "fits", fits),
        when_shown("compose", "Compose", "compose", compose),
    ]


def first_source(session: ProjectSession, camera_id: int) -> int | None:
    """The first source of a camera, or None where it has none."""
    from core.store.queries.sources import list_sources

    with session.project.read() as connection:
        rows = list_sources(connection, session.project, camera_id, counted=False)
    return rows[0].id if rows else None
