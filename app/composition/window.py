"""Puts the window together, and opens and closes projects in it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication

from app import file_dialogs
from app.actions import START, ActionBook, load_actions
from app.background import Background
from app.commands import Commands
from app.composition.faults import FaultDesk
from app.composition.keys import KeyDesk, readable
from app.composition.preferences import show_preferences
from app.controllers.start import StartController
from app.crash_log import CrashLog
from app.kept_json import read_json, write_json
from app.places import config_folder, data_folder
from app.settings import Settings, load_form
from app.states.toasts import Toast, Tone
from app.theme import ThemeKeeper
from app.views.start_page import StartPage
from app.window import MainWindow
from core.errors import AmodalError

if TYPE_CHECKING:
    from app.composition.open_project import OpenProject
    from core.store.project import Project

log = logging.getLogger(__name__)
_IDLE_MS = 700
_FILTER = "Amodal Studio projects (*.amodal)"


class Shell(QObject):
    """The window and what it needs before any project is open.

    Args:
        application: the one there is.
        crash_log: of this run, or None where none can be written.
    """

    def __init__(self, application: QApplication, crash_log: CrashLog | None = None) -> None:
        super().__init__()
        folder = config_folder()
        self._application = application
        self._layout_path = folder / "window.json"
        self.settings = Settings(folder / "settings.json", load_form())
        self.book = ActionBook(load_actions(), read_json(folder / "keys.json", {}))
        self.theme = ThemeKeeper(application, folder / "drawn")
        self._apply_theme()
        self.settings.on_change(self._on_setting)
        self.start = StartController(folder / "recent.json", self._demo_folder, _demo_command)
        self._page = StartPage({action.id: self._key_text(action.id) for action in self.book})
        self.window = MainWindow(self._page)
        self.window.toasts.seconds = self.settings["toast_seconds"]
        self.opened: OpenProject | None = None
        self.commands = Commands(self.book, self.window, self._handlers(), self._checked())
        self.commands.fill(self.window.menuBar())
        self.keys = KeyDesk(self.window, self.commands, folder / "keys.json")
        self.faults = FaultDesk(self.window, crash_log)
        self._work = Background(1, self._on_open_error)
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(_IDLE_MS)
        self._idle.timeout.connect(lambda: self._work.run(_warm_up))
        self._add_tools()
        self._join()
        self.window.restore_layout(read_json(self._layout_path, {}).get("geometry", ""))

    def show(self) -> None:
        """Shows the window."""
        self._page.show_state(self.start.state)
        self.window.show()
        QTimer.singleShot(0, self.faults.offer_last_crash)
        self._idle.start()

    # ---- projects -------------------------------------------------------------------------------

    def open_project(self, path: Path, footage: list[Path] | None = None, *, create: bool = False) -> None:
        """Opens a project, closing the one that is open; errors are shown and change nothing.

        Args:
            footage: files and folders to add once it is open.
            create: make it first.
        """
        path = path.absolute()
        self._idle.stop()
        self.start.opening(path)

        def work() -> Project:
            from core.store.project import Project

            return Project.create(path) if create else Project.open(path)

        def done(project: Project) -> None:
            self._take_project(project)
            if footage and self.opened is not None:
                self.opened.add_footage([str(entry) for entry in footage])

        self._work.run(work, done, tag="open")

    def close_project(self) -> None:
        """Goes back to the start page."""
        if self.opened is None:
            return
        self.start.left(self.opened.path, self.window.place)
        self.opened.close()
        self.opened = None
        self.window.toasts.clear()
        self.window.show_start()
        self.commands.replace(self._handlers(), self._checked(), set())
        self.commands.go_to(START, None)
        self.start.refresh()

    def close(self) -> None:
        """Ends everything; the window is gone after this."""
        self._idle.stop()
        self.close_project()
        self.start.close()
        self._work.close()
        try:
            write_json(self._layout_path, {"geometry": self.window.layout_state()})
        except OSError as problem:
            log.warning("the window's place cannot be kept: %s", problem)
        self.theme.close()

    def _take_project(self, project: Project) -> None:
        from app.composition.open_project import OpenProject

        self.close_project()
        self.window.toasts.clear()  # what was wrong with another project is no news here
        self.start.opening(None)
        self.start.opened(project.path)
        self.opened = OpenProject(self.window, self.commands, self.settings, project, self.faults.show_bug)
        tips = {
            workspace.id: f"{workspace.title}  {self._key_text(f'view.{workspace.id}')}".strip()
            for workspace in self.opened.workspaces
        }
        self.window.set_workspaces(self.opened.workspaces, tips)
        self.commands.replace(
            self._handlers() | self.opened.handlers(),
            self._checked() | self.opened.checked(),
            self.opened.disabled(),
        )
        places = [workspace.id for workspace in self.opened.workspaces]
        left_in = self.start.place_of(project.path.absolute())
        self.opened.go_to(left_in if left_in in places else places[0])

    def _on_open_error(self, problem: BaseException) -> None:
        self.start.opening(None)
        if isinstance(problem, AmodalError):
            self.show_error(problem)
        else:
            log.error("an error that nobody expected", exc_info=problem)
            self.faults.show_bug(problem)

    def show_error(self, error: AmodalError) -> None:
        """Shows an expected error with its way out."""
        self.window.toasts.show_toast(Toast(Tone.ERROR, error.problem, error.way_out, stays=True))

    # ---- wishes ---------------------------------------------------------------------------------

    def ask_new(self, footage: list[Path] | None = None) -> None:
        """Asks for a new project's file and makes it."""
        name = footage[0].stem if footage else "street"
        path = self._ask_save("New project", self._last_folder() / f"{name}.amodal")
        if path is not None:
            self.open_project(path, footage, create=not path.exists())

    def ask_open(self) -> None:
        """Asks for a project's file and opens it."""
        chosen = file_dialogs.ask_file(self.window, "Open project", str(self._last_folder()), _FILTER)
        if chosen:
            self.open_project(Path(chosen))

    def _ask_save(self, title: str, suggestion: Path) -> Path | None:
        # one that is there is opened, never replaced
        chosen = file_dialogs.ask_new_file(self.window, title, str(suggestion), _FILTER, replaces=False)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == ".amodal" else path.with_name(path.name + ".amodal")

    def _on_drop(self, paths: list[Path]) -> None:
        footage = self.start.dropped(paths)
        if footage:
            self.ask_new(footage)

    def _last_folder(self) -> Path:
        for recent in self.start.state.recents:
            if recent.path.parent.is_dir():
                return recent.path.parent
        return Path.home()

    def _demo_folder(self) -> Path:
        chosen = str(self.settings["demo_folder"]).strip()
        return Path(chosen) if chosen else data_folder() / "demo"

    def _quit(self) -> None:
        self.window.close()

    def _go_to(self, place: str) -> None:
        if self.opened is not None:
            self.opened.go_to(place)

    def _switch_theme(self) -> None:
        from app.theme import current_theme

        self.settings.set("theme", "light" if current_theme().dark else "dark")

    def _toggle_full_screen(self) -> None:
        if self.window.isFullScreen():
            self.window.showNormal()
        else:
            self.window.showFullScreen()

    def _show_settings(self) -> None:
        show_preferences(self.window, self.settings, self._work, self._look_at_body)

    def _look_at_body(self) -> None:
        """Whoever keeps the settings as they are may have put another file where the body's was."""
        if self.opened is not None:
            self.opened.session.look_at_body()

    def _on_setting(self, name: str) -> None:
        if name in ("theme", "text_size"):
            self._apply_theme()
        elif name == "toast_seconds":
            self.window.toasts.seconds = self.settings["toast_seconds"]
        elif name == "body_file" and self.opened is not None:
            self.opened.session.use_body(self.settings["body_file"])

    def _apply_theme(self) -> None:
        self.theme.apply(self.settings["theme"], self.settings["text_size"])

    # ---- joining --------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, Callable[[], None]]:
        return {
            "file.new": self.ask_new,
            "file.open": self.ask_open,
            "file.demo": self.start.demo,
            "file.close": self.close_project,
            "file.settings": self._show_settings,
            "file.quit": self._quit,
            "view.theme": self._switch_theme,
            "view.fullscreen": self._toggle_full_screen,
            "help.palette": lambda: self.keys.show_palette(),
            "help.keys": lambda: self.keys.show_sheet(),
            "help.edit_keys": lambda: self.keys.show_editor(),
            "help.log": lambda: self.faults.show_log_folder(),
            "help.about": lambda: self.faults.show_about(),
        }

    def _checked(self) -> dict[str, Callable[[], bool]]:
        return {"view.fullscreen": self.window.isFullScreen}

    def _add_tools(self) -> None:
        for tool, title, action in (("history", "History", "edit.history"), ("jobs", "Jobs", "view.jobs")):
            self.window.rail.add_tool(tool, title, tool, f"{title}  {self._key_text(action)}")

    def _join(self) -> None:
        page, start = self._page, self.start
        page.new_wanted.connect(lambda: self.ask_new())
        page.open_wanted.connect(self.ask_open)
        page.demo_wanted.connect(start.demo)
        page.demo_stopped.connect(start.stop_demo)
        page.recent_wanted.connect(lambda path: self.open_project(path))
        page.recent_removed.connect(start.forget)
        page.dropped.connect(self._on_drop)
        start.changed.connect(page.show_state)
        start.open_wanted.connect(lambda path, footage: self.open_project(path, footage))
        start.failed.connect(self.show_error)
        self.window.place_wanted.connect(self._go_to)
        self.window.closing.connect(self.close)

    def _key_text(self, action_id: str) -> str:
        keys = self.book.keys(action_id) if action_id in self.book else ()
        return readable(keys[0]) if keys else ""


def _warm_up() -> None:
    """Imports the store while the person looks at the start page, so that a project opens sooner."""
    import core.store.history
    import core.store.project  # noqa: F401


def _demo_command(folder: Path) -> list[str]:
    from core.jobs.spawn import program_command

    return program_command("demo", str(folder))
