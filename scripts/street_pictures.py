"""Pictures of the demo that need somebody to work in it: `street_pictures DEMO OUT`.

Called by scripts/screenshots.sh, for docs/images. In a copy of the demo the largest car that nothing covers
gets four of its visible points: the Keypoints workspace shows what the fit makes of them, 3D shows the
car among the coarse fits. Then its objects are cut out, and Compose shows some of them. At last each object
is called unoccluded or occluded as the simulation knows it: Train shows a classifier that learned that, and
Evaluate two rules of mining measured by it.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.geometry.boxes import iou_matrix
from core.jobs.demo import CLIP_NAME, PROJECT_NAME

if TYPE_CHECKING:
    from core.records.project import InstanceRow

SIZE = (1440, 900)
POINTS = 4
SEED = 57  # of a composite in which cars hide each other
TRAINED: Mapping[str, Any] = {"what": "classifier", "name": "First verdicts", "epochs": 8, "device": "cpu"}
_SAME_IOU = 0.7
_LIMIT_MS = 60_000
_LOOK_EVERY_MS = 20
_STILL_MS = 2_500


def main(folder: Path, out: Path) -> int:
    """Keeps the pictures of a demo, which stays as it is."""
    from app.places import OVERRIDE

    with tempfile.TemporaryDirectory(prefix="amodal-pictures-") as own:
        os.environ[OVERRIDE] = str(Path(own) / "config")
        copied = Path(own) / "demo"
        shutil.copytree(folder, copied, ignore=shutil.ignore_patterns("screenshots"))
        out.mkdir(parents=True, exist_ok=True)
        keep_pictures(copied / PROJECT_NAME, out)
    return 0


def keep_pictures(path: Path, out: Path) -> None:
    """Opens the window, places the points, and keeps pictures of Keypoints, 3D, Compose and Train."""
    from app.composition.window import Shell
    from app.qt_setup import make_application
    from app.views.compose.compose_view import ComposeView
    from app.views.evaluate.evaluate_view import EvaluateView
    from app.views.fits.fits_view import FitsView
    from app.views.keypoints.keypoints_view import KeypointsView
    from app.views.training.training_view import TrainingView

    instance_id, points = nearest_car(path)
    application = make_application(["street_pictures"])
    shell = Shell(application)
    shell.settings.set("theme", "dark")
    shell.window.resize(*SIZE)
    shell.show()
    shell.open_project(path)
    until(lambda: shell.opened is not None)
    assert shell.opened is not None

    shell.opened.show_in("keypoints", [instance_id])
    view = shell.window.findChild(KeypointsView)
    assert view is not None
    item = view.pane.item
    until(lambda: item.state.instance_id == instance_id and view.pane.canvas.image is not None)
    seen = [index for index, tag in enumerate(points["tags"]) if tag == "visible"]
    for index in seen[:POINTS]:
        item.picked.emit(index)
        item.placed.emit(*points["pixels"][index])
    keep(shell.window, out / "keypoints.png")
    shell.commands.run("keypoints.accept")
    pause(_STILL_MS)

    shell.opened.show_in("fits", [instance_id])
    fits = shell.window.findChild(FitsView)
    assert fits is not None
    until(lambda: bool(fits.viewport.scene.objects) and fits.canvas.image is not None)
    for action in ("fits.free", "fits.zoom"):
        shell.commands.run(action)
    keep(shell.window, out / "fits.png")

    do(path, "cut", {})
    shell.opened.go_to("compose")
    compose = shell.window.findChild(ComposeView)
    assert compose is not None
    until(lambda: compose.canvas.image is not None)
    compose.head.seed.taken.emit(SEED)
    until(lambda: f"seed {SEED}:" in compose.pair.main.title)
    hidden = max(compose.layers.layers, key=lambda layer: layer.hidden_percent or 0)
    compose.layers.chosen.emit(hidden.key)
    for action in ("compose.amodal", "compose.modal"):
        shell.commands.run(action)
    keep(shell.window, out / "compose.png")

    judge(path)
    do(path, "train", TRAINED)
    shell.opened.go_to("training")
    train = shell.window.findChild(TrainingView)
    assert train is not None
    until(lambda: bool(train.gallery.views) and bool(train.charts.views))
    keep(shell.window, out / "train.png")
    measure(path)
    shell.opened.go_to("evaluate")
    evaluate = shell.window.findChild(EvaluateView)
    assert evaluate is not None
    until(lambda: bool(evaluate.figures.table.rows))
    for action in ("evaluate.mark", "evaluate.below"):
        shell.commands.run(action)
    until(lambda: len(evaluate.figures.table.columns) == 2)
    evaluate.bars.figure_chosen.emit("label_accuracy")
    for action in ("evaluate.right", "evaluate.right"):
        shell.commands.run(action)
    until(lambda: evaluate.object.state.image is not None)
    keep(shell.window, out / "evaluate.png")
    shell.window.close()
    application.processEvents()


def measure(path: Path) -> None:
    """Measures two rules of mining by what was said of each object."""
    for rule, name in (("ours", "Our tests"), ("walt", "WALT's rule")):
        do(path, "judge", {"rule": rule})
        do(path, "evaluate", {"what": "mining", "name": name})


def do(path: Path, kind: str, settings: Mapping[str, Any]) -> None:
    """Does a job of the project, in a process as the window does."""
    from core.jobs.launch import launch
    from core.jobs.registry import create
    from core.store.project import Project

    with Project.open(path) as project:
        job_id = create(project, kind, settings)
    if launch(path, job_id).wait() != 0:
        raise SystemExit(f"street_pictures: the demo's job {kind} failed")


def judge(path: Path) -> None:
    """Calls every object that is found in its place what it is in truth."""
    from core.records.occlusion import Verdict
    from core.store.edits.verdicts import set_verdict
    from core.store.history import History
    from core.store.project import Project

    whole = {found.id: one["occlusion"] == 0.0 for found, one in known_objects(path)}
    with Project.open(path) as project:
        history = History(project, "Simulation")
        set_verdict(history, [id_ for id_, is_whole in whole.items() if is_whole], Verdict.UNOCCLUDED)
        set_verdict(history, [id_ for id_, is_whole in whole.items() if not is_whole], Verdict.OCCLUDED)


def keep(window: Any, picture: Path) -> None:
    """Keeps a picture of the window once it has come to rest."""
    pause(_STILL_MS)
    window.grab().save(str(picture))
    print(picture)


def nearest_car(path: Path) -> tuple[int, dict[str, Any]]:
    """The car with the largest box of those that were found whole; its true keypoints, in pixels."""
    from core.records.detections import Category
    from core.records.occlusion import OcclusionLabel

    best: tuple[float, int, dict[str, Any]] = (0.0, 0, {})
    for found, one in known_objects(path):
        if found.category is not Category.CAR or found.label is not OcclusionLabel.UNOCCLUDED:
            continue
        area = one["box"][2] * one["box"][3]
        if one["category"] == "car" and one["occlusion"] == 0.0 and area > best[0]:
            best = (area, found.id, one["points"])
    if not best[1]:
        raise SystemExit("street_pictures: no car of the demo is found whole")
    return best[1], best[2]


def known_objects(path: Path) -> Iterator[tuple[InstanceRow, dict[str, Any]]]:
    """Each object that was found, with the true one that it covers best, where that is enough."""
    from core.store.project import Project
    from core.store.queries.frames import frames_of
    from core.store.queries.instances import of_frame
    from core.store.queries.sources import list_sources

    truth = json.loads(path.with_name(CLIP_NAME).with_suffix(".truth.json").read_text(encoding="utf-8"))
    with Project.open(path, read_only=True) as project, project.read() as connection:
        (source,) = list_sources(connection, project)
        for frame, picture in zip(frames_of(connection, source.id), truth["pictures"], strict=True):
            seen = [one for one in picture["objects"] if one["box"]]
            for found in of_frame(connection, frame.id):
                box = (found.box.x, found.box.y, found.box.w, found.box.h)
                overlaps = iou_matrix([one["box"] for one in seen], [box])[:, 0] if seen else [0.0]
                best = max(range(len(overlaps)), key=lambda place: overlaps[place])
                if overlaps[best] > _SAME_IOU:
                    yield found, seen[best]


def until(met: Callable[[], bool]) -> None:
    """Runs the event loop until something is so."""
    for _ in range(_LIMIT_MS // _LOOK_EVERY_MS):
        if met():
            return
        pause(_LOOK_EVERY_MS)
    raise TimeoutError("the window did not come so far")


def pause(milliseconds: int) -> None:
    """Runs the event loop for a while; unlike QTest.qWait it leaves other threads their turn."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
