"""Opens the window, looks at the start page and every workspace, keeps a picture of each, and closes.

For machines without a display, for the pictures in docs/, and as the first start of a new build.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from app.places import OVERRIDE

if TYPE_CHECKING:
    from app.composition.window import Shell

SIZE = (1440, 900)
_LOOK_EVERY_MS = 400
_STILL_LOOKS = 6  # a decoding process may need two seconds to start and to show its first frame
_LONGEST_S = 40.0
# more to see in a place: action -> what the picture's name ends in
_VIEWS = {"fits": (("fits.from_camera", "-camera"), ("fits.from_above", "-above"))}


def main(arguments: list[str] | None = None) -> int:
    """Takes the tour; gives 0, or 1 where a place did not come to rest in time."""
    parser = argparse.ArgumentParser(prog="amodal tour", description="Keep a picture of every workspace.")
    parser.add_argument("project", nargs="?", type=Path, help="the project to open")
    parser.add_argument("--out", type=Path, help="folder for the pictures; none are kept without it")
    parser.add_argument(
        "--looks", type=int, default=_STILL_LOOKS, help="alike in a row, 0.4 s apart, until a picture is kept"
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="amodal-tour-") as folder:
        # the person's own settings and recent projects are neither shown nor changed
        os.environ[OVERRIDE] = folder
        return _walk(given.project, given.out, given.looks)


def _walk(project: Path | None, out: Path | None, looks: int) -> int:
    from PySide6.QtCore import QElapsedTimer, QTimer
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QApplication

    from app.start_up import run_window

    timer = QTimer()
    timer.setInterval(_LOOK_EVERY_MS)
    waited = QElapsedTimer()

    def start(shell: Shell) -> None:
        shell.window.resize(*SIZE)
        places: list[str] | None = None
        place = "start"
        last = QImage()
        still = 0
        seen, views_seen = "", 0  # what the picture's name ends in, and how many views were shown
        waited.start()

        def look() -> None:
            """Keeps a picture once several in a row are the same, then goes on."""
            nonlocal last, places, place, still, seen, views_seen
            if waited.elapsed() > _LONGEST_S * 1000:
                print(f"amodal tour: {place} did not come to rest", file=sys.stderr)
                _leave(shell, 1)
                return
            if place == "opening":
                if shell.opened is None:
                    return
                places = [workspace.id for workspace in shell.opened.workspaces]
                place = shell.window.place
            now = shell.window.grab().toImage()
            still = still + 1 if now == last else 0
            last = now
            if still < looks:
                return
            if out is not None:
                out.mkdir(parents=True, exist_ok=True)
                picture = out / f"{place}{seen}.png"
                now.save(str(picture))
                print(picture)
            waited.restart()
            last = QImage()
            if views := _VIEWS.get(place, ())[views_seen:]:
                # the same place, looked at otherwise
                action, seen = views[0]
                views_seen += 1
                shell.commands.run(action)
                return
            seen, views_seen = "", 0
            if place == "start" and project is not None:
                place = "opening"
                shell.open_project(project)
            elif places and place != places[-1]:
                assert shell.opened is not None
                place = places[places.index(place) + 1]
                shell.opened.go_to(place)
            else:
                _leave(shell, 0)

        timer.timeout.connect(look)
        timer.start()

    def _leave(shell: Shell, code: int) -> None:
        timer.stop()
        shell.window.close()
        QApplication.exit(code)

    return run_window(None, start)


if __name__ == "__main__":
    sys.exit(main())
