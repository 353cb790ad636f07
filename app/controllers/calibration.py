"""Calibrating a camera in the window: what is drawn, what follows from it, and what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from app.controllers import calibration_drawing as drawing
from app.controllers.calibration_ground import ground_drawing, ranges_seen, stick_at
from app.session import ProjectSession
from app.states.calibration import CalibrationState, GroundDrawing
from core.errors import AmodalError, CalibrationFileError
from core.records.cameras import CalibrationMethod, CalibrationRecord, CalibrationRow
from core.records.history import Touched
from core.records.project import CameraRow
from core.records.sketches import Point, Sketch, StrokeRole

SUFFIX = ".amodal"
if TYPE_CHECKING:
    from core.geometry.calibration.files.imported import ImportedCamera

# ways that are looked for, and whose outcome is then proposed
_PROPOSED = (CalibrationMethod.POINT_CLOUD, CalibrationMethod.CARS, CalibrationMethod.PEOPLE)
# roles that go on being drawn until another one is chosen
_SEVERAL = (StrokeRole.PLACE, StrokeRole.STRAIGHT)
_NUMBERS = ("height_m", "length_m", "focal_px")


class CalibrationController(QObject):
    """Holds the tab's state. Solving takes a few milliseconds, so it is done at every move of the mouse.

    Signals:
        changed(CalibrationState)
        stick_changed(object): a Stick under the cursor, or None.
    """

    changed = Signal(object)
    stick_changed = Signal(object)

    def __init__(self, session: ProjectSession) -> None:
        super().__init__()
        self._session = session
        self._drafts: dict[int, Sketch] = {}
        self._wanted_role: StrokeRole | None = None
        self._imported: tuple[ImportedCamera, ...] = ()
        self._file = ""
        self._proposed: dict[str, Any] = {}
        self._waiting: dict[int, tuple[CalibrationRecord, dict[str, Any]]] = {}
        self._saving: dict[str, Any] | None = None
        self.state = CalibrationState()

    # ---- what it is about -----------------------------------------------------------------------

    def show(self, camera: CameraRow | None) -> None:
        """Takes a camera; what was drawn for another one is kept until it is chosen again."""
        before = self.state.camera
        if (before and before.id) == (camera and camera.id):
            self._set(replace(self.state, camera=camera))
            return
        if before is not None and self.state.sketch is not None:
            self._drafts[before.id] = self.state.sketch
        self._imported = ()
        self._set_aside()
        draft = None if camera is None else self._drafts.pop(camera.id, None)
        self._set(CalibrationState(camera, self.state.size))
        self._take_sketch(draft)
        self._take_waiting()
        self.refresh()

    def set_size(self, size: tuple[int, int] | None) -> None:
        """Says how large the picture in the middle is."""
        if size != self.state.size:
            self._set(replace(self.state, size=size))
            self._solve()

    def refresh(self) -> None:
        """Reads the camera's calibrations anew."""
        camera = self.state.camera
        if camera is None:
            return
        project = self._session.project

        def read() -> list[CalibrationRow]:
            from core.store.queries.calibrations import calibration_history

            with project.read() as connection:
                return calibration_history(connection, camera.id)

        def done(rows: list[CalibrationRow]) -> None:
            if self.state.camera is not None and self.state.camera.id == camera.id:
                self._set(replace(self.state, history=tuple(rows)))
                self._solve()

        self._session.in_background(read, done, tag="calibrations")

    def on_touched(self, touched: Touched) -> None:
        """Follows edits, undo and redo."""
        if {"camera", "calibration"} & set(touched.rows):
            self.refresh()

    # ---- drawing --------------------------------------------------------------------------------

    def begin(self, way: CalibrationMethod) -> None:
        """Starts to draw in one of the ways, from what was drawn that way last, where there is something."""
        if self.state.way is way:
            return
        for row in self.state.history:
            if row.record.method is way:
                self.draw_on(row)
                return
        self._take_sketch(Sketch(way))

    def draw_on(self, row: CalibrationRow) -> None:
        """Takes up again what an earlier calibration was drawn from."""
        from core.geometry.calibration.sketch import from_evidence

        sketch = from_evidence(row.evidence)
        self._take_sketch(sketch or Sketch(row.record.method))

    def start_over(self) -> None:
        """Takes away all that is drawn, but not the numbers."""
        if self.state.sketch is not None:
            self._take_sketch(replace(self.state.sketch, strokes=()))

    def leave(self) -> None:
        """Ends drawing without keeping anything."""
        self._imported = ()
        self._take_sketch(None)
        self._take_waiting()

    def choose_role(self, role: StrokeRole) -> None:
        """Says what the next stroke will be; straight things until they are chosen once more."""
        over = role is StrokeRole.STRAIGHT and self._wanted_role is role
        self._wanted_role = None if over else role
        self._solve()

    def place(self, x: float, y: float) -> None:
        """Draws a point."""
        sketch, role = self.state.sketch, self.state.role
        if sketch is None or role is None:
            return
        sketch, handle = drawing.with_point(sketch, role, (x, y))
        if drawing.unfinished(sketch) is None and role is self._wanted_role and role not in _SEVERAL:
            self._wanted_role = None
        self._set(replace(self.state, sketch=sketch, selected=handle))
        self._solve()

    def select(self, handle: drawing.Handle | None) -> None:
        """Says which point the keys move."""
        self._set(replace(self.state, selected=handle))

    def move(self, handle: drawing.Handle, x: float, y: float) -> None:
        """Moves a point."""
        sketch = self.state.sketch
        if sketch is not None and drawing.point_of(sketch, handle) is not None:
            self._set(replace(self.state, sketch=drawing.moved(sketch, handle, (x, y)), selected=handle))
            self._solve()

    def nudge(self, dx: float, dy: float) -> None:
        """Moves the selected point a little."""
        sketch, handle = self.state.sketch, self.state.selected
        point = None if sketch is None or handle is None else drawing.point_of(sketch, handle)
        if handle is not None and point is not None:
            self.move(handle, point[0] + dx, point[1] + dy)

    def take_back(self) -> None:
        """Takes back the point that was drawn last."""
        if self.state.sketch is not None:
            self._change(drawing.taken_back(self.state.sketch))

    def escape(self) -> None:
        """Lets go of an unfinished stroke, else of the selected point."""
        sketch = self.state.sketch
        if sketch is not None and drawing.unfinished(sketch) is not None:
            self._change(drawing.without_stroke(sketch, len(sketch.strokes) - 1))
        else:
            self.select(None)

    def remove(self, stroke: int) -> None:
        """Takes one stroke away."""
        if self.state.sketch is not None and stroke < len(self.state.sketch.strokes):
            self._change(drawing.without_stroke(self.state.sketch, stroke))

    # ---- numbers --------------------------------------------------------------------------------

    def set_number(self, name: str, value: float | None) -> None:
        """Takes height_m, length_m or focal_px."""
        sketch = self.state.sketch
        if sketch is not None and name in _NUMBERS and getattr(sketch, name) != value:
            changed: dict[str, Any] = {name: value}
            self._change(replace(sketch, **changed))

    def set_sides(self, sides_m: Point | None) -> None:
        """Takes the rectangle's sides in metres."""
        if self.state.sketch is not None and self.state.sketch.sides_m != sides_m:
            self._change(replace(self.state.sketch, sides_m=sides_m))

    def set_place(self, stroke: int, place: Point | None) -> None:
        """Takes where a point is on the map."""
        sketch = self.state.sketch
        if sketch is not None and stroke < len(sketch.strokes) and sketch.strokes[stroke].place != place:
            self._change(drawing.told(sketch, stroke, place))

    def set_degrees(self, degrees: bool) -> None:
        """Says whether places are latitude and longitude."""
        if self.state.sketch is not None and self.state.sketch.degrees != degrees:
            self._change(replace(self.state.sketch, degrees=degrees))

    def set_keep_lens(self, keep: bool) -> None:
        """Says whether the lens in force is kept."""
        if self.state.sketch is not None and self.state.sketch.keep_lens != keep:
            self._change(replace(self.state.sketch, keep_lens=keep))

    # ---- importing ------------------------------------------------------------------------------

    def import_file(self, path: Path) -> None:
        """Reads a calibration file of any known tool; nothing is saved until it is accepted."""
        size = self.state.size

        def read() -> Sequence[ImportedCamera]:
            if SUFFIX in path.suffix.lower():
                # opening and closing the project's own files would end the locks that this process holds
                raise CalibrationFileError(f"{path.name} is a project.", "Choose a calibration file.")
            from core.geometry.calibration.files.any_file import read_calibration_file

            return read_calibration_file(path, size)

        def done(found: Sequence[ImportedCamera]) -> None:
            self._set_aside()
            self._imported, self._file = tuple(found), path.name
            self._set(
                replace(
                    self.state, way=CalibrationMethod.IMPORT, sketch=None, role=None, selected=None, step="",
                    problem="", way_out="", choices=tuple(one.name for one in found),
                )
            )  # fmt: skip
            camera = self.state.camera
            same = next((one.name for one in found if camera is not None and one.name == camera.name), "")
            self.choose_import(same or (found[0].name if found else ""))

        def refused(problem: BaseException) -> None:
            if not isinstance(problem, AmodalError):
                raise problem
            self._set_aside()
            self._imported = ()
            self._set(
                replace(
                    self.state, way=CalibrationMethod.IMPORT, sketch=None, role=None, step="", candidate=None,
                    choices=(), choice="", problem=problem.problem, way_out=problem.way_out,
                )
            )  # fmt: skip
            self._draw_ground()

        self._session.in_background(read, done, refused, tag="import calibration")

    def choose_import(self, name: str) -> None:
        """Chooses one camera of the file."""
        from core.geometry.calibration.files.imported import result_of_import
        from core.geometry.calibration.result import to_record

        found = next((one for one in self._imported if one.name == name), None)
        if found is not None:
            self._set(replace(self.state, choice=name, candidate=to_record(result_of_import(found))))
            self._draw_ground()

    # ---- proposals ------------------------------------------------------------------------------

    def propose(self, camera_id: int, record: CalibrationRecord, evidence: dict[str, Any]) -> None:
        """Shows what a job found, to be accepted or discarded; not before what is being made is over.

        Args:
            evidence: what it rests on, as plain JSON.
        """
        self._waiting[camera_id] = (record, evidence)
        self._take_waiting()

    def _take_waiting(self) -> None:
        camera = self.state.camera
        if camera is None:
            return
        if self.state.way in (None, *_PROPOSED) and camera.id in self._waiting:
            record, self._proposed = self._waiting.pop(camera.id)
            self._take_sketch(None)
            self._set(replace(self.state, way=record.method, candidate=record))
            self._draw_ground()
        self._set(replace(self.state, waiting=camera.id in self._waiting))

    def _set_aside(self) -> None:
        """Keeps the proposal that is shown until what comes before it is over."""
        camera, record = self.state.camera, self.state.candidate
        if self.state.way in _PROPOSED and camera is not None and record is not None:
            self._waiting[camera.id] = (record, self._proposed)
            self._set(replace(self.state, way=None, candidate=None, waiting=True))

    # ---- keeping --------------------------------------------------------------------------------

    def accept(self) -> None:
        """Saves what is drawn or imported as a new version, and puts it in force."""
        camera, record, size = self.state.camera, self.state.candidate, self.state.size
        if camera is None or record is None:
            return
        drawn = self._evidence(size)
        saving = {"camera": camera.id} | drawn
        if saving == self._saving:
            return
        self._saving = saving

        def verb() -> Touched:
            from core.store.edits.calibrations import save_calibration

            try:
                return save_calibration(self._session.history, camera.id, record, drawn)
            except Exception:
                self._saving = None  # it is still there to be accepted again
                raise

        def done(_: Touched) -> None:
            # who went on drawing meanwhile keeps that
            self._saving = None
            now = self.state.camera
            if now is not None and {"camera": now.id} | self._evidence(self.state.size) == saving:
                self.leave()

        self._session.perform(verb, done)

    def use(self, calibration_id: int) -> None:
        """Puts an earlier calibration in force."""

        def verb() -> Touched:
            from core.store.edits.calibrations import use_calibration

            return use_calibration(self._session.history, calibration_id)

        self._session.perform(verb)

    # ---- the stick under the cursor -------------------------------------------------------------

    def hover(self, x: float, y: float) -> None:
        """Stands a stick of a man's height where the cursor is."""
        record = self._shown_record()
        size = self.state.size
        self.stick_changed.emit(None if record is None or size is None else stick_at(record, size, x, y))

    # ---- details --------------------------------------------------------------------------------

    def _change(self, sketch: Sketch) -> None:
        selected = self.state.selected
        if selected is not None and drawing.point_of(sketch, selected) is None:
            selected = None
        self._set(replace(self.state, sketch=sketch, selected=selected))
        self._solve()

    def _take_sketch(self, sketch: Sketch | None) -> None:
        self._wanted_role = None
        if sketch is not None:
            self._set_aside()
        self._set(
            replace(
                self.state, sketch=sketch, way=None if sketch is None else sketch.way, selected=None,
                choices=(), choice="", candidate=None, problem="", way_out="", step="", role=None,
            )
        )  # fmt: skip
        self._solve()

    def _solve(self) -> None:
        """What follows from the drawing: the next step, or a camera, or why there is none."""
        sketch, size = self.state.sketch, self.state.size
        if sketch is None or size is None:
            self._draw_ground()
            return
        from core.geometry.calibration.result import from_record, to_record
        from core.geometry.calibration.sketch import next_role, next_step, residuals_of, solve_sketch

        role = drawing.unfinished(sketch) or self._wanted_role or next_role(sketch)
        step, problem, way_out, candidate = next_step(sketch), "", "", None
        residuals: dict[tuple[int, int], float] = {}
        if not step:
            try:
                present = self.state.in_force
                lens = None if present is None else from_record(present.record)[0]
                sure = None if present is None else present.record.uncertainty
                result = solve_sketch(sketch, *size, lens, 0.0 if sure is None else sure.focal_percent)
                candidate, residuals = to_record(result), residuals_of(sketch, result)
            except AmodalError as error:
                problem, way_out = error.problem, error.way_out
        self._set(
            replace(
                self.state, role=role, step=step, candidate=candidate, residuals=residuals,
                problem=problem, way_out=way_out,
            )
        )  # fmt: skip
        self._draw_ground()

    def _draw_ground(self) -> None:
        record, size = self._shown_record(), self.state.size
        ground = GroundDrawing() if record is None or size is None else ground_drawing(record, size)
        ranges = () if record is None else ranges_seen(record)
        is_new = self.state.candidate is not None
        self._set(replace(self.state, ground=ground, ground_is_new=is_new, ranges=ranges))
        self.stick_changed.emit(None)  # it stood on another ground; it comes back as the cursor moves

    def _shown_record(self) -> CalibrationRecord | None:
        """What is drawn over the frame: what would be accepted; in force, while nothing is being made."""
        if self.state.candidate is not None:
            return self.state.candidate
        present = self.state.in_force
        return present.record if present is not None and self.state.way is None else None

    def _evidence(self, size: tuple[int, int] | None) -> dict[str, Any]:
        from core.geometry.calibration.sketch import to_evidence

        if self.state.sketch is not None and size is not None:
            return to_evidence(self.state.sketch, *size)
        if self.state.way in _PROPOSED:
            return self._proposed
        return {"way": CalibrationMethod.IMPORT.value, "file": self._file, "name": self.state.choice}

    def _set(self, state: CalibrationState) -> None:
        self.state = state
        self.changed.emit(state)
