"""The camera in metres: how to calibrate, what to draw next, what follows from it, and what was before."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.states.calibration import CalibrationState
from app.states.calibration_witnesses import WitnessState
from app.views.flow import FlowLayout
from app.views.icons import IconLabel, TextButton
from app.views.sources.calibration_check import CalibrationCheck
from app.views.sources.calibration_facts import WAYS, CalibrationFacts
from app.views.sources.calibration_numbers import CalibrationNumbers
from app.views.sources.job_strip import JobStrip
from app.views.text import frame, label, scroller, set_role
from app.words import ago
from core.records.cameras import CalibrationMethod, CalibrationRow
from core.records.jobs import JobRow, JobState
from core.records.sketches import DRAWN_WAYS, StrokeRole

_STRAIGHT = (StrokeRole.STRAIGHT, "Straight things")
_ROLES = {
    CalibrationMethod.RECTANGLE: (_STRAIGHT,),
    CalibrationMethod.VANISHING_POINTS: (
        (StrokeRole.FIRST, "Along the road"),
        (StrokeRole.SECOND, "Across it"),
        (StrokeRole.LENGTH, "Known length"),
        _STRAIGHT,
    ),
    CalibrationMethod.HORIZON: (
        (StrokeRole.HORIZON, "Horizon"),
        (StrokeRole.UPRIGHT, "Upright things"),
        _STRAIGHT,
    ),
    CalibrationMethod.GROUND_POINTS: ((StrokeRole.PLACE, "Points"), _STRAIGHT),
}
_ROLE_TIPS = {
    StrokeRole.STRAIGHT: "Where straight things look bent: poles, kerbs, walls, best near the picture's "
    "edges. They tell how the lens bends.",
}
_TIPS = {
    CalibrationMethod.RECTANGLE: "Four corners of a rectangle on the road, and both its sides in metres.",
    CalibrationMethod.VANISHING_POINTS: "Lines along the road and straight across it.",
    CalibrationMethod.HORIZON: "The horizon and the camera's height.",
    CalibrationMethod.GROUND_POINTS: "Four points or more, and where they are on a map.",
}
_STRAIGHT_OVER = "Click Straight things once more to go on with the rest."
_KEYS = "Drag points; arrows nudge (Ctrl fine, Shift far); Backspace takes back; Enter accepts."


_CARS_TIP = (
    "Fits the cars that have keypoints, and says whether they are as large as cars are and stand on the road."
)
_PEOPLE_TIP = (
    "Measures the people who were mined, from head to foot, and says whether they are as tall as people are, "
    "near and far."
)


class CalibrationTab(QWidget):
    """The tab.

    Signals:
        way_chosen(object): a CalibrationMethod to draw in.
        role_chosen(object): a StrokeRole to draw next.
        import_wanted(), camera_chosen(str): a file, and the camera of it.
        cloud_wanted(): a point cloud. cars_wanted(), people_wanted(): its cars, its people.
        cancelled(int), resumed(int), closed(int): the id of the job that looks for the road in one.
        accepted(), left(), cleared(): keep what is drawn, end drawing, draw anew.
        use_wanted(int): an earlier calibration's id.
        edit_wanted(object): a CalibrationRow to draw on from.
    """

    way_chosen = Signal(object)
    role_chosen = Signal(object)
    import_wanted = Signal()
    camera_chosen = Signal(str)
    cloud_wanted = Signal()
    cars_wanted = Signal()
    people_wanted = Signal()
    cancelled = Signal(int)
    resumed = Signal(int)
    closed = Signal(int)
    accepted = Signal()
    left = Signal()
    cleared = Signal()
    use_wanted = Signal(int)
    edit_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._way: CalibrationMethod | None = None
        self._able = self._searching = self._asking_cars = self._asking_people = False
        self._role_chips: dict[StrokeRole, TextButton] = {}
        self._history: tuple[CalibrationRow, ...] | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(12)
        self._intro = label("", "soft", wrap=True)
        column.addWidget(self._intro)
        column.addWidget(self._ways())
        self.strip = JobStrip()
        self.strip.cancelled.connect(self.cancelled)
        self.strip.resumed.connect(self.resumed)
        self.strip.closed.connect(self.closed)
        column.addWidget(self.strip)
        self._roles = QWidget()
        self._role_row = FlowLayout(self._roles, 6)
        self._role_group = QButtonGroup(self)
        self._role_group.setExclusive(False)
        column.addWidget(self._roles)
        self._roles.hide()
        self.cameras = QComboBox()
        self.cameras.setAccessibleName("Camera of the file")
        self.cameras.textActivated.connect(self.camera_chosen)
        column.addWidget(self.cameras)
        self.numbers = CalibrationNumbers()
        column.addWidget(self.numbers)
        column.addWidget(self._note())
        self._heading = label("", "caption")
        column.addWidget(self._heading)
        self.facts = CalibrationFacts()
        column.addWidget(self.facts)
        self.cars = CalibrationCheck("AGAINST ITS CARS", "car", _CARS_TIP)
        column.addWidget(self.cars)
        self.people = CalibrationCheck("AGAINST ITS PEOPLE", "person", _PEOPLE_TIP)
        column.addWidget(self.people)
        self._history_title = label("EARLIER AND IN FORCE", "caption")
        column.addWidget(self._history_title)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        column.addLayout(self._rows)
        column.addStretch(1)
        outer.addWidget(scroller(page), 1)
        self._foot = QWidget()
        outer.addWidget(self._foot)
        self._make_foot()
        self.show_state(CalibrationState())

    def show_state(self, state: CalibrationState) -> None:
        """Draws the state."""
        able = state.camera is not None and state.size is not None
        making = state.way is not None
        self._intro.setText(_intro(state))
        for way, chip in self._chips.items():
            chip.setEnabled(able)
            chip.setChecked(state.way is way)
        self._import.setEnabled(state.camera is not None)
        self._import.setChecked(state.way is CalibrationMethod.IMPORT)
        self._able = state.camera is not None
        self._cloud.setChecked(state.way is CalibrationMethod.POINT_CLOUD)
        self._cars_chip.setChecked(state.way is CalibrationMethod.CARS)
        self._people_chip.setChecked(state.way is CalibrationMethod.PEOPLE)
        self._show_able()
        if state.way is not self._way:
            self._way = state.way
            self.numbers.clear()
            self._make_roles()
        for role, chip in self._role_chips.items():
            chip.setChecked(state.role is role)
        self._show_choices(state)
        self.numbers.setVisible(state.sketch is not None)
        if state.sketch is not None:
            self.numbers.show_sketch(state.sketch, state.in_force is not None)
        self._show_note(state)
        present = state.in_force
        shown = state.candidate or (present.record if present is not None and not making else None)
        self._heading.setText("NOT SAVED YET" if making else "IN FORCE")
        self._heading.setVisible(shown is not None)
        self.facts.setVisible(shown is not None)
        if shown is not None:
            self.facts.show_record(shown, state.ranges)
        for part in (self.cars, self.people):
            part.set_checkable(shown is not None and shown.normal is not None)
        self._foot.setVisible(making)
        self.accept_button.setEnabled(state.candidate is not None)
        self._clear.setEnabled(state.sketch is not None and bool(state.sketch.strokes))
        if state.history != self._history:
            self._show_history(state)

    def show_job(self, job: JobRow | None) -> None:
        """Draws the search for the road in a point cloud; one at a time."""
        self._searching = job is not None and job.state in (JobState.QUEUED, JobState.RUNNING)
        self.strip.show_job(job)
        self._show_able()

    def show_cars(self, state: WitnessState) -> None:
        """Draws what goes on with the camera's cars, and what they say."""
        self._asking_cars = bool(state.busy)
        self.cars.show_state(state)
        self._show_able()

    def show_people(self, state: WitnessState) -> None:
        """Draws what goes on with the camera's people, and what they say."""
        self._asking_people = bool(state.busy)
        self.people.show_state(state)
        self._show_able()

    # ---- parts ----------------------------------------------------------------------------------

    def _ways(self) -> QWidget:
        area = QWidget()
        flow = FlowLayout(area, 6)
        self._chips: dict[CalibrationMethod, TextButton] = {}
        for way in DRAWN_WAYS:
            chip = TextButton(WAYS[way], "chip")
            chip.setToolTip(_TIPS[way])
            chip.clicked.connect(lambda _=False, way=way: self.way_chosen.emit(way))
            self._chips[way] = chip
            flow.addWidget(chip)
        self._cloud = TextButton("Point cloud…", "chip")
        self._cloud.setToolTip("The road in a PLY file, or in COLMAP's points; the lens must be known.")
        self._cloud.clicked.connect(self.cloud_wanted)
        flow.addWidget(self._cloud)
        self._cars_chip = TextButton("From the cars", "chip")
        self._cars_chip.setToolTip(
            "By the keypoints of thirty cars or so: their sizes, and the road they stand on."
        )
        self._cars_chip.clicked.connect(self.cars_wanted)
        flow.addWidget(self._cars_chip)
        self._people_chip = TextButton("From the people", "chip")
        self._people_chip.setToolTip(
            "By twenty people or so who were mined: they stand upright, and are 1.75 m tall on average."
        )
        self._people_chip.clicked.connect(self.people_wanted)
        flow.addWidget(self._people_chip)
        self._import = TextButton("From a file…", "chip")
        self._import.setToolTip("OpenCV, ROS, COLMAP, KITTI, AI City, or our own JSON.")
        self._import.clicked.connect(self.import_wanted)
        flow.addWidget(self._import)
        return area

    def way_button(self, way: CalibrationMethod) -> TextButton:
        """The button that chooses a way."""
        others = {
            CalibrationMethod.POINT_CLOUD: self._cloud,
            CalibrationMethod.CARS: self._cars_chip,
            CalibrationMethod.PEOPLE: self._people_chip,
        }
        return others[way] if way in others else self._chips[way]

    def _show_able(self) -> None:
        self._cloud.setEnabled(self._able and not self._searching)
        self._cars_chip.setEnabled(self._able and not self._asking_cars)
        self._people_chip.setEnabled(self._able and not self._asking_people)

    def _make_roles(self) -> None:
        for button in self._role_group.buttons():
            self._role_group.removeButton(button)
            self._role_row.removeWidget(button)
            button.deleteLater()
        self._role_chips = {}
        for role, text in _ROLES.get(self._way, ()) if self._way is not None else ():
            chip = TextButton(text, "chip")
            chip.setToolTip(_ROLE_TIPS.get(role, ""))
            chip.clicked.connect(lambda _=False, role=role: self.role_chosen.emit(role))
            self._role_chips[role] = chip
            self._role_group.addButton(chip)
            self._role_row.addWidget(chip)
        self._roles.setVisible(bool(self._role_chips))

    def _note(self) -> QWidget:
        self._note_frame = frame("note")
        row = QHBoxLayout(self._note_frame)
        row.setContentsMargins(10, 8, 10, 8)
        row.setSpacing(9)
        self._note_icon = IconLabel("edit", "accent", 18)
        row.addWidget(self._note_icon, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(3)
        self.problem = label("", wrap=True)
        self.way_out = label("", "soft", wrap=True)
        words.addWidget(self.problem)
        words.addWidget(self.way_out)
        row.addLayout(words, 1)
        return self._note_frame

    def _show_note(self, state: CalibrationState) -> None:
        if state.problem:
            role, icon, token, first, second = "warning", "warning", "warn", state.problem, state.way_out
        elif state.role is StrokeRole.STRAIGHT:
            first = "Click an end of something straight, a point half-way along it, and its other end."
            role, icon, token, second = "note", "edit", "accent", _STRAIGHT_OVER
        elif state.step:
            role, icon, token, first, second = "note", "edit", "accent", state.step, _KEYS
        elif state.candidate is not None and state.candidate.normal is not None:
            first = "Does the grid lie on the road, and are the 1.75 m sticks as tall as people?"
            second = _KEYS if state.sketch is not None else ""
            role, icon, token = "note", "eye", "accent"
        else:
            self._note_frame.hide()
            return
        set_role(self._note_frame, "role", role)
        self._note_icon.set_icon(icon, token)
        self.problem.setText(first)
        self.way_out.setText(second)
        self.way_out.setVisible(bool(second))
        self._note_frame.show()

    def _show_choices(self, state: CalibrationState) -> None:
        self.cameras.setVisible(len(state.choices) > 1)
        if [self.cameras.itemText(n) for n in range(self.cameras.count())] != list(state.choices):
            self.cameras.clear()
            self.cameras.addItems(list(state.choices))
        self.cameras.setCurrentText(state.choice)

    def _show_history(self, state: CalibrationState) -> None:
        self._history = state.history
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._history_title.setVisible(bool(state.history))
        for row in state.history:
            self._rows.addWidget(self._history_row(row))

    def _history_row(self, row: CalibrationRow) -> QWidget:
        card = frame("well")
        line = QHBoxLayout(card)
        line.setContentsMargins(10, 6, 8, 6)
        line.setSpacing(6)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(label(f"{row.version}  {WAYS[row.record.method]}"))
        words.addWidget(label(f"{row.annotator}, {ago(row.created_at)}", "faint"))
        line.addLayout(words, 1)
        if row.record.method in DRAWN_WAYS:
            edit = TextButton("Draw on", "plain")
            edit.setToolTip("Takes up again what it was drawn from; it stays as it is.")
            edit.clicked.connect(lambda: self.edit_wanted.emit(row))
            line.addWidget(edit)
        if row.in_force:
            line.addWidget(label("in force", "ok"))
        else:
            use = TextButton("Use this one", "plain")
            use.clicked.connect(lambda: self.use_wanted.emit(row.id))
            line.addWidget(use)
        return card

    def _make_foot(self) -> None:
        column = QVBoxLayout(self._foot)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(frame("line"))
        row = QHBoxLayout()
        row.setContentsMargins(16, 10, 16, 10)
        row.setSpacing(8)
        leave = TextButton("Discard", "plain")
        leave.setToolTip("Ends drawing; nothing is saved.")
        leave.clicked.connect(self.left)
        self._clear = TextButton("Clear")
        self._clear.setToolTip("Takes away all that is drawn, but not the numbers.")
        self._clear.clicked.connect(self.cleared)
        self.accept_button = TextButton("Accept", "primary", "check")
        self.accept_button.setToolTip(
            "Saves it as a new version, which is then in force. Undo takes it back."
        )
        self.accept_button.clicked.connect(self.accepted)
        row.addWidget(leave)
        row.addStretch(1)
        row.addWidget(self._clear)
        row.addWidget(self.accept_button)
        column.addLayout(row)


def _intro(state: CalibrationState) -> str:
    if state.camera is None:
        return "Choose a camera at the left."
    if state.size is None:
        return "Choose one of its sources at the left, to draw on its picture; or import a file."
    if state.in_force is None and state.way is None:
        return (
            f"{state.camera.name} is not calibrated yet. Without it everything in 2D works; "
            "metres, poses and 3D need it. Choose a way:"
        )
    if state.way is None:
        return "Calibrate anew:"
    waits = " What was looked for is found: it is shown after this." if state.waiting else ""
    return f"Nothing is saved until you accept it.{waits}"
