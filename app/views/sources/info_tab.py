"""What is known of the chosen source and its camera, and what was odd about it."""

from __future__ import annotations

import os
import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.states.sources import SourcesState
from app.views.icons import IconLabel, TextButton
from app.views.sources.camera_list import offset_text
from app.views.text import frame, label, scroller
from app.words import duration, plural
from core.records.media import SourceKind
from core.records.project import CameraRow, SourceRow


class InfoTab(QWidget):
    """The tab.

    Signals:
        wanted(str): the id of an action that was pressed here.
    """

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._area = scroller(QWidget())
        outer.addWidget(self._area)

    def show_state(self, state: SourcesState) -> None:
        """Draws the state."""
        page = QWidget()
        page.setObjectName("page")
        column = QVBoxLayout(page)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(14)
        source, camera = state.source, state.camera
        if camera is None:
            column.addWidget(label("Choose a camera or a source at the left.", "soft"))
        for warning in state.warnings if source is not None else ():
            column.addWidget(_warning(warning))
        if source is not None:
            column.addWidget(_facts("SOURCE", _source_facts(source, camera)))
            column.addLayout(self._buttons(source))
        if camera is not None:
            column.addWidget(_facts("CAMERA", _camera_facts(camera)))
            edit = TextButton("Name and clock…", "", "edit")
            edit.clicked.connect(lambda: self.wanted.emit("sources.edit_camera"))
            column.addWidget(edit, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self._area.setWidget(page)

    def _buttons(self, source: SourceRow) -> QHBoxLayout:
        row = QHBoxLayout()
        hide = TextButton("Hide")
        hide.setToolTip("Takes it off the lists; undo brings it back. The footage itself is not touched.")
        hide.clicked.connect(lambda: self.wanted.emit("sources.hide"))
        if not source.found:
            find = TextButton("Find…", "primary", "find")
            find.clicked.connect(lambda: self.wanted.emit("sources.find"))
            row.addWidget(find)
        row.addWidget(hide)
        row.addStretch(1)
        return row


def _source_facts(source: SourceRow, camera: CameraRow | None) -> list[tuple[str, str]]:
    kind = "video" if source.kind is SourceKind.VIDEO else "folder of pictures"
    facts = [
        ("Name", source.name),
        ("Kind", f"{kind}, recorded here" if source.recorded else kind),
        ("Size", f"{source.width} × {source.height}"),
        ("Frames", f"{source.frame_count:,}"),
        ("Length", duration(source.duration_s)),
    ]
    if source.duration_s > 0 and source.frame_count > 1:
        facts.append(("Pace", f"{(source.frame_count - 1) / source.duration_s:.2f} frames a second"))
    if source.captured_from is not None and source.captured_to is not None:
        offset = camera.utc_offset_s if camera else 0.0
        facts.append(("Taken from", _moment(source.captured_from + offset)))
        facts.append(("to", _moment(source.captured_to + offset)))
    else:
        facts.append(("Taken", "not known"))
    facts.append(("Objects", f"{source.instance_count:,}" if source.instance_count else "not mined yet"))
    place = os.path.normpath(source.path)
    facts.append(("Place", place if source.found else f"{place} (not found)"))
    return facts


def _camera_facts(camera: CameraRow) -> list[tuple[str, str]]:
    return [
        ("Name", camera.name),
        ("Clock", offset_text(camera.utc_offset_s)),
        ("Footage", f"{plural(camera.source_count, 'source')}, {plural(camera.frame_count, 'frame')}"),
    ]


def _facts(title: str, facts: list[tuple[str, str]]) -> QWidget:
    area = QWidget()
    grid = QGridLayout(area)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(6)
    grid.addWidget(label(title, "caption"), 0, 0, 1, 2)
    for row, (name, value) in enumerate(facts, start=1):
        grid.addWidget(label(name, "soft"), row, 0, Qt.AlignmentFlag.AlignTop)
        text = label(_breakable(value), wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        grid.addWidget(text, row, 1)
    grid.setColumnStretch(1, 1)
    return area


def _warning(text: str) -> QWidget:
    area = frame("warning")
    row = QHBoxLayout(area)
    row.setContentsMargins(10, 8, 10, 8)
    row.setSpacing(9)
    row.addWidget(IconLabel("warning", "warn", 18), 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(label(text, wrap=True), 1)
    return area


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def _breakable(text: str) -> str:
    """A path with places where a line may break: after each separator (an invisible space)."""
    return text.replace("/", "/\u200b").replace("\\", "\\\u200b")
