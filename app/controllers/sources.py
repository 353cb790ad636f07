"""The Sources workspace's list: cameras, their sources, what is chosen, and edits of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.controllers.jobs import JobsController
from app.session import ProjectSession
from app.states.sources import CameraNode, Selection, SourcesState
from core.records.history import Touched
from core.records.jobs import JobRow, JobState

_LIVE = (JobState.QUEUED, JobState.RUNNING)
_SHOWN_TABLES = {"camera", "source"}


class SourcesController(QObject):
    """Holds the list's state.

    Signals:
        changed(SourcesState)
        source_chosen(object): the SourceRow to show, or None.
        camera_chosen(object): the CameraRow in question, or None.
    """

    changed = Signal(object)
    source_chosen = Signal(object)
    camera_chosen = Signal(object)

    def __init__(self, session: ProjectSession, jobs: JobsController) -> None:
        super().__init__()
        self._session, self._jobs = session, jobs
        self._want_source: int | None = None
        self.state = SourcesState()

    # ---- reading --------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads the list anew."""
        project = self._session.project

        def read() -> tuple[CameraNode, ...]:
            from core.store.queries import cameras, sources

            with project.read() as connection:
                rows = sources.list_sources(connection, project)
                hidden = sources.list_sources(connection, project, counted=False, hidden=True)
                return tuple(
                    CameraNode(
                        camera,
                        tuple(row for row in rows if row.camera_id == camera.id),
                        tuple(row for row in hidden if row.camera_id == camera.id),
                    )
                    for camera in cameras.list_cameras(connection)
                )

        self._session.in_background(read, self._take_list, tag="sources list")

    def on_touched(self, touched: Touched) -> None:
        """Redraws after an edit of a camera or a source."""
        if _SHOWN_TABLES & set(touched.rows):
            for source_id in touched.rows.get("source", ()):
                self._session.forget_source(source_id)
            self.refresh()

    def on_job_changed(self, row: JobRow) -> None:
        """Follows the jobs that add footage, and reads the list when one has."""
        if row.kind in ("add", "record"):
            others = tuple(job for job in self.state.adding if job.id != row.id)
            adding = (*others, row) if row.state in _LIVE and row.kind == "add" else others
            self._set(replace(self.state, adding=tuple(sorted(adding, key=lambda job: job.id))))
        if row.state is JobState.DONE and row.kind in ("add", "record", "locate", "mine", "import"):
            if row.kind == "add":
                made = row.result.get("source")
                self._want_source = made if isinstance(made, int) else self._want_source
            if row.kind == "locate":
                for node in self.state.cameras:
                    for source in node.sources:
                        self._session.forget_source(source.id)
            self.refresh()

    def _take_list(self, cameras: tuple[CameraNode, ...]) -> None:
        before = self.state.source
        state = replace(self.state, loaded=True, cameras=cameras)
        wanted, self._want_source = self._want_source, None
        state = replace(state, selection=_kept_selection(state, wanted))
        self._set(state)
        after = state.source
        chosen_anew = (before and before.id) != (after and after.id)
        found_again = before is not None and after is not None and before.found != after.found
        if chosen_anew or found_again:
            self._announce()
        else:
            self.camera_chosen.emit(state.camera)

    # ---- choosing -------------------------------------------------------------------------------

    def choose(self, selection: Selection | None) -> None:
        """Chooses a camera or a source."""
        if selection != self.state.selection:
            self._set(replace(self.state, selection=selection, warnings=()))
            self._announce()

    def choose_next(self, step: int) -> None:
        """Chooses the next or the previous source in the list."""
        rows = [row for node in self.state.cameras for row in node.sources]
        if not rows:
            return
        ids = [row.id for row in rows]
        current = self.state.source
        place = ids.index(current.id) + step if current is not None else 0
        if 0 <= place < len(rows):
            self.choose(Selection(rows[place].camera_id, rows[place].id))

    def _announce(self) -> None:
        self.camera_chosen.emit(self.state.camera)
        self.source_chosen.emit(self.state.source)
        source = self.state.source
        if source is not None:
            self._read_warnings(source.id)

    def _read_warnings(self, source_id: int) -> None:
        project = self._session.project

        def read() -> tuple[str, ...]:
            from core.store.queries.frame_times import source_warnings

            with project.read() as connection:
                return source_warnings(connection, source_id)

        def done(warnings: tuple[str, ...]) -> None:
            if self.state.source is not None and self.state.source.id == source_id:
                self._set(replace(self.state, warnings=warnings))

        self._session.in_background(read, done, tag="source warnings")

    # ---- wishes ---------------------------------------------------------------------------------

    def add_footage(self, paths: Sequence[Path], camera_id: int | None = None) -> None:
        """Starts a job for each file or folder; without a camera each makes one of its own name."""
        camera = next((node.camera for node in self.state.cameras if node.camera.id == camera_id), None)
        for path in paths:
            settings: dict[str, Any] = {"path": str(path)}
            if camera is not None:
                settings["camera"] = camera.name
            self._jobs.start("add", settings)

    def add_camera(self, name: str, utc_offset_s: float) -> None:
        """Adds a camera and chooses it."""

        def verb() -> Touched:
            from core.store.edits.cameras import add_camera

            return add_camera(self._session.history, name, utc_offset_s)

        def done(touched: Touched) -> None:
            made = touched.rows.get("camera", ())
            if made:
                self._set(replace(self.state, selection=Selection(made[0])))

        self._session.perform(verb, done)

    def edit_camera(self, camera_id: int, name: str, utc_offset_s: float) -> None:
        """Renames a camera, or says how far its clock is from UTC, where they differ."""
        camera = next(node.camera for node in self.state.cameras if node.camera.id == camera_id)
        history = self._session.history
        if name.strip() != camera.name:

            def rename() -> Touched:
                from core.store.edits.cameras import rename_camera

                return rename_camera(history, camera_id, name)

            self._session.perform(rename)
        if utc_offset_s != camera.utc_offset_s:

            def shift() -> Touched:
                from core.store.edits.cameras import set_utc_offset

                return set_utc_offset(history, camera_id, utc_offset_s)

            self._session.perform(shift)

    def hide_source(self) -> None:
        """Takes the chosen source off the list; undo brings it back."""
        source = self.state.source
        if source is None:
            return

        def verb() -> Touched:
            from core.store.edits.sources import hide_source

            return hide_source(self._session.history, source.id)

        self._session.perform(verb)

    def show_hidden(self, source_id: int | None = None) -> None:
        """Brings a hidden source back to the list, or all of the chosen camera's; undo hides them again."""
        camera = self.state.camera
        of_camera = camera.id if camera is not None and source_id is None else None
        hidden = [row for node in self.state.cameras for row in node.hidden]
        chosen = [row.id for row in hidden if source_id == row.id or of_camera == row.camera_id]
        if not chosen:
            return

        def verb() -> Touched:
            from core.store.edits.sources import show_sources

            return show_sources(self._session.history, chosen)

        self._session.perform(verb)

    def remove_camera(self) -> None:
        """Removes the chosen camera, which must have no footage; undo brings it back."""
        camera = self.state.camera
        if camera is None:
            return

        def verb() -> Touched:
            from core.store.edits.cameras import remove_camera

            return remove_camera(self._session.history, camera.id)

        self._session.perform(verb)

    def find_in(self, place: Path) -> None:
        """Starts a job that looks for missing footage in a folder, or at a file, by content."""
        self._jobs.start("locate", {"place": str(place)})

    def _set(self, state: SourcesState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)


def _kept_selection(state: SourcesState, wanted_source: int | None) -> Selection | None:
    """What stays chosen when the list changed: the new source, else what was, else the first there is."""
    rows = [row for node in state.cameras for row in node.sources]
    for row in rows:
        if row.id == wanted_source:
            return Selection(row.camera_id, row.id)
    selection = state.selection
    if selection is not None:
        if any(row.id == selection.source_id for row in rows):
            return selection
        if any(node.camera.id == selection.camera_id for node in state.cameras):
            siblings = [row for row in rows if row.camera_id == selection.camera_id]
            if selection.source_id is not None and siblings:
                return Selection(selection.camera_id, siblings[0].id)
            return Selection(selection.camera_id)
    if rows:
        return Selection(rows[0].camera_id, rows[0].id)
    return Selection(state.cameras[0].camera.id) if state.cameras else None
