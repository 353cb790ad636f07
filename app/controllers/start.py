"""The start page's wishes: recent projects, new ones, the demo, dropped files."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

from app.kept_json import read_json, write_json
from app.states.start import Making, RecentProject, StartState
from core.errors import AmodalError, JobError

_KEPT = 20
_PERCENT = re.compile(r"(\d{1,3}) ?%\s*(.*)")


class StartController(QObject):
    """Holds the start page's state.

    Args:
        path: the JSON file with the recent projects.
        demo_folder: gives the folder in which the demo is made.
        demo_command: gives the command line that makes the demo in a folder.

    Signals:
        changed(StartState)
        open_wanted(Path, object): a project to open, and footage to add to it (a list of paths, or empty).
        failed(AmodalError)
    """

    changed = Signal(object)
    open_wanted = Signal(object, object)
    failed = Signal(object)

    def __init__(
        self, path: Path, demo_folder: Callable[[], Path], demo_command: Callable[[Path], list[str]]
    ) -> None:
        super().__init__()
        self._path = path
        self._demo_folder = demo_folder
        self._demo_command = demo_command
        self._process: QProcess | None = None
        self._heard = ""
        self.state = StartState(recents=self._read())

    def refresh(self) -> None:
        """Looks again which recent projects are there."""
        self._set(replace(self.state, recents=self._read()))

    def opening(self, path: Path | None) -> None:
        """Says which project is being opened, or that none is."""
        self._set(replace(self.state, opening=path))

    def opened(self, path: Path) -> None:
        """Puts a project at the top of the recent ones."""
        path = path.absolute()
        others = tuple(recent for recent in self.state.recents if recent.path != path)
        self._keep((RecentProject(path, time.time(), True, self.place_of(path)), *others)[:_KEPT])

    def place_of(self, path: Path) -> str:
        """The id of the workspace in which a project was left, or "" where that is not known."""
        return next((recent.place for recent in self.state.recents if recent.path == path), "")

    def left(self, path: Path, place: str) -> None:
        """Keeps in which workspace a project was left."""
        recents = self.state.recents
        self._keep(
            tuple(replace(recent, place=place) if recent.path == path else recent for recent in recents)
        )

    def forget(self, path: Path) -> None:
        """Takes a project off the list; its file stays where it is."""
        self._keep(tuple(recent for recent in self.state.recents if recent.path != path))

    def dropped(self, paths: Sequence[Path]) -> list[Path]:
        """Opens a dropped project; gives back the dropped footage, for which a project must be chosen."""
        projects = [path for path in paths if path.suffix == ".amodal"]
        footage = [path for path in paths if path.suffix != ".amodal"]
        if projects:
            self.open_wanted.emit(projects[0], footage)
            return []
        return footage

    # ---- the demo -------------------------------------------------------------------------------

    def demo(self) -> None:
        """Opens the demo project, making it first if it is not there."""
        folder = self._demo_folder()
        made = _project_in(folder)
        if made is not None:
            self.open_wanted.emit(made, [])
            return
        if self._process is not None:
            return
        command = self._demo_command(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.readyRead.connect(self._hear)
        process.finished.connect(self._demo_ended)
        process.errorOccurred.connect(self._demo_broke)
        self._process, self._heard = process, ""
        self._set(replace(self.state, making=Making(None, "Starting…")))
        process.start(command[0], command[1:])

    def stop_demo(self) -> None:
        """Gives up making the demo; what was made so far is made anew next time."""
        process, self._process = self._process, None
        if process is not None:
            process.readyRead.disconnect(self._hear)
            process.finished.disconnect(self._demo_ended)
            process.errorOccurred.disconnect(self._demo_broke)
            process.kill()
            process.waitForFinished(3000)
            process.deleteLater()
        self._set(replace(self.state, making=None))

    def close(self) -> None:
        """Stops what is under way."""
        if self._process is not None:
            self.stop_demo()

    def _hear(self) -> None:
        if self._process is None:
            return
        self._heard += bytes(self._process.readAll().data()).decode(errors="replace")
        lines = [line for line in re.split(r"[\r\n]+", self._heard) if line.strip()]
        for line in reversed(lines):
            found = _PERCENT.search(line)
            if found:
                share = min(int(found[1]), 100) / 100
                self._set(replace(self.state, making=Making(share, found[2].strip() or "Making the demo…")))
                return

    def _demo_ended(self, code: int, _status: object) -> None:
        self._hear()
        self._process = None
        self._set(replace(self.state, making=None))
        made = _project_in(self._demo_folder())
        if code == 0 and made is not None:
            self.open_wanted.emit(made, [])
            return
        lines = [line.strip() for line in self._heard.splitlines() if line.strip()]
        reason = lines[-1].removeprefix("amodal: ") if lines else "It said nothing."
        self.failed.emit(JobError("The demo could not be made.", reason))

    def _demo_broke(self, problem: QProcess.ProcessError) -> None:
        if problem is QProcess.ProcessError.FailedToStart:
            self._process = None
            self._set(replace(self.state, making=None))
            self.failed.emit(
                JobError("The demo could not be started.", "Check that the program is installed whole.")
            )

    # ---- the list -------------------------------------------------------------------------------

    def _read(self) -> tuple[RecentProject, ...]:
        recents = []
        for entry in read_json(self._path, []):
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                path, at, place = Path(entry["path"]), entry.get("opened_at", 0.0), entry.get("place", "")
                recents.append(
                    RecentProject(
                        path,
                        at if isinstance(at, int | float) else 0.0,
                        path.is_file(),
                        place if isinstance(place, str) else "",
                    )
                )
        return tuple(recents[:_KEPT])

    def _keep(self, recents: tuple[RecentProject, ...]) -> None:
        self._set(replace(self.state, recents=recents))
        try:
            write_json(
                self._path,
                [
                    {"path": str(recent.path), "opened_at": recent.opened_at, "place": recent.place}
                    for recent in recents
                ],
            )
        except OSError as problem:
            self.failed.emit(
                AmodalError(
                    f"The list of recent projects cannot be kept: {problem.strerror}.",
                    f"Check the folder {self._path.parent}.",
                )
            )

    def _set(self, state: StartState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)


def _project_in(folder: Path) -> Path | None:
    """The finished project in the demo's folder, if there is one."""
    found = [path for path in sorted(folder.glob("*.amodal")) if not path.name.startswith("unfinished-")]
    return found[0] if found else None
