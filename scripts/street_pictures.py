"""Pictures of workspaces that need a calibrated camera, on a simulated street: `street_pictures FOLDER OUT`.

Called by scripts/screenshots.sh, for docs/images. The largest car gets four of its visible points, so that
the picture shows what the fit makes of them.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZE = (1440, 900)
POINTS = 4
_LIMIT_MS = 60_000
_STILL_MS = 1_500


def main(folder: Path, out: Path) -> int:
    """Draws the street where it is not there yet, and keeps the pictures."""
    from app.places import OVERRIDE

    path = folder / "street.amodal"
    if not path.exists():
        make_street(path)
    with tempfile.TemporaryDirectory(prefix="amodal-pictures-") as own:
        os.environ[OVERRIDE] = own
        keep_pictures(path, out)
    return 0


def make_street(path: Path) -> None:
    """A few frames of a street, its camera calibrated."""
    from core.jobs.street_project import make_street_project
    from core.synthesis.street.settings import StreetSettings
    from core.synthesis.street.street import Street, StreetCamera

    path.parent.mkdir(parents=True, exist_ok=True)
    street = Street(StreetSettings(width=1280, height=720, fps=5.0, frame_count=8, cars=26))
    make_street_project(path, [StreetCamera(street, street.default_mount())])


def keep_pictures(path: Path, out: Path) -> None:
    """Opens the window, places the points, and keeps a picture of the Keypoints workspace."""
    from PySide6.QtTest import QTest

    from app.composition.window import Shell
    from app.qt_setup import make_application
    from app.views.keypoints.keypoints_view import KeypointsView

    application = make_application(["street_pictures"])
    shell = Shell(application)
    shell.settings.set("theme", "dark")
    shell.window.resize(*SIZE)
    shell.show()
    shell.open_project(path)
    until(lambda: shell.opened is not None)
    assert shell.opened is not None
    shell.opened.go_to("keypoints")
    view = shell.window.findChild(KeypointsView)
    assert view is not None
    item = view.pane.item
    until(lambda: item.state.box is not None and view.pane.canvas.image is not None)
    truth = true_points(path, item.state.box)
    seen = [index for index, tag in enumerate(truth["tags"]) if tag == "visible"]
    if not any(point is not None for point in item.state.points):
        for index in seen[:POINTS]:
            item.picked.emit(index)
            item.placed.emit(*truth["pixels"][index])
    QTest.mouseMove(view.pane.canvas.viewport(), view.pane.canvas.viewport().rect().center())
    QTest.qWait(_STILL_MS)
    out.mkdir(parents=True, exist_ok=True)
    picture = out / "keypoints.png"
    shell.window.grab().save(str(picture))
    print(picture)
    shell.window.close()
    application.processEvents()


def true_points(path: Path, box: tuple[float, float, float, float] | None) -> dict[str, Any]:
    """The true keypoints of the car of the first frame that has this box, in canvas coordinates."""
    assert box is not None
    truth = json.loads(path.with_name(f"{path.stem}.truth.json").read_text(encoding="utf-8"))
    left, top = box[0] + 0.5, box[1] + 0.5
    cars = [one for one in truth["pictures"][0]["objects"] if one["category"] == "car" and one["box"]]
    nearest = min(cars, key=lambda one: abs(one["box"][0] - left) + abs(one["box"][1] - top))
    points: dict[str, Any] = nearest["points"]
    return points


def until(met: Callable[[], bool]) -> None:
    """Runs the event loop until something is so."""
    from PySide6.QtTest import QTest

    for _ in range(_LIMIT_MS // 20):
        if met():
            return
        QTest.qWait(20)
    raise TimeoutError("the window did not come so far")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
