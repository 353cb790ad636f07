"""A source on the canvas with its scrubber: the middle of the Sources workspace."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QStackedWidget, QVBoxLayout, QWidget

from app.states.sources import Picture, PlayerState
from app.views.canvas.image_canvas import ImageCanvas
from app.views.icons import IconButton, IconLabel, TextButton
from app.views.text import ElidedLabel, frame, label
from app.words import duration

_PATIENCE_MS = 200


class Player(QWidget):
    """The player.

    Signals:
        seek_wanted(int): a frame by its place.
        play_wanted(): play or pause.
        step_wanted(int): some frames on or back.
        find_wanted(): look in a folder for footage that is missing.
        file_wanted(): the person knows which file it is.
    """

    seek_wanted = Signal(int)
    play_wanted = Signal()
    step_wanted = Signal(int)
    find_wanted = Signal()
    file_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._image: object = None
        self.canvas = ImageCanvas()
        self._patience = QTimer(self)  # a word that flashes up for a moment only disturbs
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(lambda: self.canvas.show_message("Decoding…"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.canvas)
        self._stack.addWidget(self._problem_page())
        column.addWidget(self._stack, 1)
        column.addWidget(self._bar())

    def show_state(self, state: PlayerState) -> None:
        """Draws the state."""
        problem = state.picture is Picture.PROBLEM
        self._stack.setCurrentIndex(1 if problem else 0)
        if problem:
            self._problem_text.setText(state.problem)
            self._way_out.setText(state.way_out)
            icon, token = ("missing", "warn") if state.missing else ("error", "bad")
            self._problem_icon.set_icon(icon, token)
            self._find.setVisible(state.missing)
            self._file.setVisible(state.missing)
        if state.image is not self._image:
            self._image = state.image
            self.canvas.set_image(state.image)
        if state.picture is Picture.DECODING and state.image is None:
            self._patience.start()
        else:
            self._patience.stop()
            self.canvas.show_message("")
        self._show_place(state)

    def _show_place(self, state: PlayerState) -> None:
        able = state.count > 0 and state.picture is not Picture.NOTHING
        self._controls.setEnabled(able)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(state.count - 1, 0))
        self.slider.setPageStep(max(state.count // 20, 1))
        self.slider.setValue(state.index)
        self.slider.blockSignals(False)
        self._play.set_icon("pause" if state.playing else "play")
        self._play.setToolTip("Pause" if state.playing else "Play")
        if not able:
            self._time.setText("")
            self._place.set_whole("")
            return
        self._time.setText(f"{_clock(state.time_s)} / {_clock(state.duration_s)}")
        frames = f"frame {state.index + 1:,} of {state.count:,}"
        self._place.set_whole(f"{state.clock}   {frames}" if state.clock else frames)

    def _problem_page(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(60, 20, 60, 20)
        column.setSpacing(10)
        column.addStretch(1)
        self._problem_icon = IconLabel("error", "bad", 44)
        self._problem_text = label("", "heading", wrap=True)
        self._way_out = label("", "soft", wrap=True)
        self._find = TextButton("Find moved footage…", "primary", "find")
        self._find.clicked.connect(self.find_wanted)
        self._file = TextButton("Choose the file…", "plain")
        self._file.clicked.connect(self.file_wanted)
        column.addWidget(self._problem_icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for text in (self._problem_text, self._way_out):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(text)
        column.addWidget(self._find, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._file, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _bar(self) -> QWidget:
        self._controls = frame("panel")
        column = QVBoxLayout(self._controls)
        column.setContentsMargins(14, 8, 14, 8)
        column.setSpacing(2)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Place in the source")
        self.slider.valueChanged.connect(self.seek_wanted)
        column.addWidget(self.slider)
        row = QHBoxLayout()
        row.setSpacing(4)
        back = IconButton("previous", "One frame back")
        back.clicked.connect(lambda: self.step_wanted.emit(-1))
        self._play = IconButton("play", "Play", size=20)
        self._play.clicked.connect(self.play_wanted)
        forward = IconButton("next", "One frame on")
        forward.clicked.connect(lambda: self.step_wanted.emit(1))
        for button in (back, self._play, forward):
            row.addWidget(button)
        self._time = label("", "soft")
        self._time.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        row.addSpacing(8)
        row.addWidget(self._time)
        row.addStretch(1)
        self._place = ElidedLabel(role="faint", mode=Qt.TextElideMode.ElideRight)
        row.addWidget(self._place)
        fit = IconButton("fit", "Show the whole picture")
        fit.clicked.connect(self.canvas.fit)
        row.addWidget(fit)
        column.addLayout(row)
        return self._controls


def _clock(seconds: float) -> str:
    """A place in a source, such as 0:12.4."""
    if seconds >= 3600:
        return duration(seconds)
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}"
