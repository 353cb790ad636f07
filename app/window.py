"""The main window: rail, workspaces, menus, docks and status bar. It shows; others decide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QEvent, Qt, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.actions import START
from app.views.docks import Dock
from app.views.icons import IconLabel, icon_pixmap
from app.views.palette import Palette
from app.views.rail import Rail
from app.views.text import label, set_role
from app.views.toasts import Toasts
from app.workspace import Workspace

TITLE = "Amodal Studio"
_SMALLEST = (1000, 640)
_FIRST_SIZE = (1440, 900)


class MainWindow(QMainWindow):
    """The window's frame.

    Args:
        start_page: what is shown while no project is open.

    Signals:
        place_wanted(str): a workspace's or a dock's id, pressed on the rail.
        closing(): the person closes the window.
    """

    place_wanted = Signal(str)
    closing = Signal()

    def __init__(self, start_page: QWidget) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setWindowIcon(icon_pixmap("logo", "#ffffff", 128))
        self.setMinimumSize(*_SMALLEST)
        self._resize_to_screen()
        self._start_page = start_page
        self._workspaces: dict[str, Workspace] = {}
        self._docks: dict[str, Dock] = {}
        self.place = START
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.rail = Rail()
        self.rail.chosen.connect(self.place_wanted)
        self.rail.hide()
        row.addWidget(self.rail)
        self._stack_area = QWidget()
        stack_column = QVBoxLayout(self._stack_area)
        stack_column.setContentsMargins(0, 0, 0, 0)
        self._stack = QStackedWidget()
        self._stack.addWidget(start_page)
        stack_column.addWidget(self._stack)
        row.addWidget(self._stack_area, 1)
        self.setCentralWidget(middle)
        self.toasts = Toasts(self._stack_area)
        self.palette_popup = Palette(self._stack_area)
        self._make_status_bar()

    # ---- places ---------------------------------------------------------------------------------

    def show_start(self) -> None:
        """Goes to the start page and lets go of the workspaces."""
        self.place = START
        self.toasts.stand_over(None)
        self._stack.setCurrentWidget(self._start_page)
        self.rail.hide()
        self.rail.clear_places()
        for workspace in self._workspaces.values():
            self._stack.removeWidget(workspace.widget)
            workspace.widget.deleteLater()
        self._workspaces = {}
        for dock in self._docks.values():
            self.removeDockWidget(dock)
            dock.deleteLater()
        self._docks = {}
        self.statusBar().hide()
        self.setWindowTitle(TITLE)

    def set_workspaces(self, workspaces: Sequence[Workspace], tips: dict[str, str]) -> None:
        """Takes a project's workspaces, left to right as the data runs.

        Args:
            tips: workspace id -> what its button on the rail says, with the key.
        """
        for workspace in workspaces:
            self._workspaces[workspace.id] = workspace
            self._stack.addWidget(workspace.widget)
            tip = tips.get(workspace.id, workspace.title)
            self.rail.add_place(workspace.id, workspace.title, workspace.icon, tip)
        self.rail.show()
        self.statusBar().show()

    def workspace(self, place: str) -> Workspace | None:
        """The workspace of that id."""
        return self._workspaces.get(place)

    def go_to(self, place: str) -> None:
        """Brings a workspace to the front."""
        self.place = place
        self._stack.setCurrentWidget(self._workspaces[place].widget)
        self.rail.set_current(place)

    def add_dock(self, name: str, title: str, content: QWidget) -> Dock:
        """Adds a closed panel at the right."""
        dock = Dock(name, title, content)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.hide()
        self._docks[name] = dock
        dock.visibilityChanged.connect(self._share_docks)
        return dock

    def _share_docks(self) -> None:
        """Panels that are open one above the other get the same height."""
        shown = [dock for dock in self._docks.values() if not dock.isHidden()]
        if len(shown) > 1:
            self.resizeDocks(shown, [1] * len(shown), Qt.Orientation.Vertical)

    # ---- status bar -----------------------------------------------------------------------------

    def show_project(self, name: str, path: str, annotator: str, read_only: str) -> None:
        """Names the open project in the title and the status bar.

        Args:
            read_only: why it cannot be written, or "".
        """
        self.setWindowTitle(f"{name} – {TITLE}")
        self._project.setText(name)
        self._project.setToolTip(path)
        self._annotator.setText(annotator)
        self._kept.setText(f"Read only: {read_only}" if read_only else "Every change is kept")
        self._kept_icon.set_icon("warning" if read_only else "done", "warn" if read_only else "ok")
        set_role(self._kept, "role", "warn" if read_only else "")

    def show_jobs(self, text: str) -> None:
        """Says in the status bar what runs now, or nothing."""
        self._jobs.setText(text)
        self._jobs_icon.setVisible(bool(text))

    def _make_status_bar(self) -> None:
        bar = self.statusBar()
        bar.setSizeGripEnabled(False)
        self._project, self._annotator = label(""), label("")
        self._jobs, self._kept = label(""), label("")
        self._jobs_icon, self._kept_icon = IconLabel("running", "accent", 14), IconLabel("done", "ok", 14)
        bar.addWidget(_pair(IconLabel("file", "text_faint", 14), self._project))
        bar.addWidget(_pair(IconLabel("person", "text_faint", 14), self._annotator))
        bar.addPermanentWidget(_pair(self._jobs_icon, self._jobs))
        bar.addPermanentWidget(_pair(self._kept_icon, self._kept))
        self._jobs_icon.hide()
        bar.hide()

    # ---- the window itself ----------------------------------------------------------------------

    def layout_state(self) -> str:
        """The window's size and place, as text to keep."""
        return bytes(self.saveGeometry().toBase64().data()).decode("ascii")

    def restore_layout(self, text: str) -> None:
        """Takes size and place on again."""
        self.restoreGeometry(QByteArray.fromBase64(text.encode("ascii", errors="ignore")))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.palette_popup.hide()

    def _resize_to_screen(self) -> None:
        screen = QGuiApplication.primaryScreen()
        room = screen.availableGeometry() if screen is not None else self.geometry()
        self.resize(min(_FIRST_SIZE[0], room.width()), min(_FIRST_SIZE[1], room.height()))


def _pair(icon: IconLabel, text: QLabel) -> QWidget:
    pair = QWidget()
    row = QHBoxLayout(pair)
    row.setContentsMargins(8, 2, 8, 2)
    row.setSpacing(6)
    row.addWidget(icon)
    row.addWidget(text)
    return pair
