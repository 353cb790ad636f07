"""A point is dragged in the Keypoints workspace: fitted anew and drawn, at every move of the mouse.

    python -m benchmarks.keypoints [--moves 300] [--cars 6] [--no-inset] [--folder DIR]

A simulated street of 1080p is opened in the real window. On each of its largest cars whose fit holds, the
visible points are placed as the truth has them but for 1 % of the car's size; the rest is left to the fit.
Then one of them is dragged by mouse events along a circle of 12 px, 60 a second. A move is measured from when
it was due until the canvas, the list and the card are painted, so that it counts where it had to wait for the
car in 3D, which is drawn between two moves.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.canvas import display

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

MOVE_LIMIT_MS, FIT_LIMIT_MS = 16.0, 5.0
WIDTH, HEIGHT = 1920, 1080
NOISE = 0.01  # of the car's size
CIRCLE_PX = 12.0
EVERY_S = 1 / 60  # a move


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print a table, and return the figures in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.keypoints")
    parser.add_argument("--moves", type=int, default=300)
    parser.add_argument("--cars", type=int, default=6)
    parser.add_argument("--no-inset", action="store_true", help="switch the car in 3D off")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(arguments)
    with display(), tempfile.TemporaryDirectory(dir=options.folder) as folder:
        from app.qt_setup import make_application
        from app.theme import ThemeKeeper

        path = Path(folder) / "street.amodal"
        truths = make_street(path)
        application = make_application(["keypoints"])
        ThemeKeeper(application, Path(folder) / "drawn").apply("dark", 10)
        figures = measure(application, path, truths, options.cars, options.moves, inset=not options.no_inset)
    report(figures)
    return figures


def make_street(path: Path) -> list[dict[str, Any]]:
    """A project of one frame; its cars as the truth has them, the largest first."""
    from core.jobs.street_project import make_street_project
    from core.synthesis.street.settings import StreetSettings
    from core.synthesis.street.street import Street, StreetCamera

    street = Street(StreetSettings(width=WIDTH, height=HEIGHT, frame_count=1, seed=5))
    make_street_project(path, [StreetCamera(street, street.default_mount())])
    truth = json.loads(path.with_name("street.truth.json").read_text(encoding="utf-8"))
    cars = [one for one in truth["pictures"][0]["objects"] if one["category"] == "car" and one["box"]]
    return sorted(cars, key=lambda one: -max(one["box"][2:]))


def measure(
    application: QApplication,
    path: Path,
    truths: list[dict[str, Any]],
    cars: int,
    moves: int,
    *,
    inset: bool = True,
) -> dict[str, float]:
    """Drags a point of each of some cars, in a window of 1440 x 900."""
    from app.composition.keypoints import build_keypoints
    from app.session import ProjectSession
    from core.store.project import Project

    session = ProjectSession(Project.open(path), "bench")
    workspace = build_keypoints(session, lambda *_: None)
    session.touched.connect(workspace.on_touched)
    view: Any = workspace.widget
    view.resize(1440, 900)
    view.show()
    workspace.on_shown()
    view.inset.switch(inset)
    window = DraggingWindow(application, view, workspace, session)
    rng = np.random.default_rng(0)
    dragged = 0
    for truth in truths:
        dragged += window.drag(truth, moves, rng)
        if dragged == cars:
            break
    figures = {
        f"{name}_{word}": float(np.percentile(values, percent))
        for name, values in window.times.items()
        for word, percent in (("p50", 50), ("p95", 95))
    }
    figures["cars"], figures["moves"] = float(dragged), float(len(window.times["move"]))
    workspace.on_hidden()
    workspace.close()
    session.close()
    view.close()
    application.processEvents()
    return figures


class DraggingWindow:
    """The workspace in a window, with a watch on the time that its parts take."""

    def __init__(self, application: QApplication, view: Any, workspace: Any, session: Any) -> None:
        self.times: dict[str, list[float]] = {"move": [], "wait": [], "fit": [], "follow": [], "paint": []}
        if view.inset.switched_on:
            self.times |= {"scene": [], "inset": []}
        self._application, self._view, self._workspace = application, view, workspace
        self._session = session
        self._fit_ms = 0.0
        self.fits_beside = False  # a person's fits are not within the move

    def drag(self, truth: dict[str, Any], moves: int, rng: np.random.Generator) -> bool:
        """Places a car's visible points and drags the first of them around; False where no fit holds."""
        from app.controllers.keypoint_scene import KeypointScene
        from app.views.viewport.viewport import Viewport
        from core.fitting.vehicles.fitter import VehicleFitter
        from core.records.shapes import KeypointTag

        item, canvas = self._view.pane.item, self._view.pane.canvas
        self._workspace.show_instances([self.instance(truth)])
        self.until(lambda: item.state.instance_id is not None and canvas.image is not None)
        self.until(lambda: same_box(item.state.box, truth["box"]))
        noise = NOISE * max(truth["box"][2:])
        seen = [index for index, tag in enumerate(truth["points"]["tags"]) if tag == "visible"]
        for index in seen:
            x, y = np.array(truth["points"]["pixels"][index]) + rng.normal(0, noise, 2)
            item.picked.emit(index)
            self._view.choose_tag(KeypointTag.VISIBLE)
            item.placed.emit(float(x), float(y))
        if not seen or not item.state.sure:
            return False
        held = item.state.points[seen[0]]
        assert held is not None
        if self._view.inset.switched_on:
            self.until(lambda: self._view.inset.shown)
            self._rest()
        whole = VehicleFitter.fit

        def timed(fitter: Any, *given: Any) -> Any:
            began = time.perf_counter()
            answer = whole(fitter, *given)
            self._fit_ms += (time.perf_counter() - began) * 1e3
            return answer

        before = len(self.times["move"])
        VehicleFitter.fit = timed  # type: ignore[method-assign,assignment]
        try:
            with self._watched(KeypointScene, "_tell", "scene"), self._watched(Viewport, "_draw", "inset"):
                self.move(held.x, held.y, moves)
        finally:
            VehicleFitter.fit = whole  # type: ignore[method-assign]
        return len(self.times["move"]) > before

    def move(self, x: float, y: float, moves: int) -> None:
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent

        canvas = self._view.pane.canvas
        viewport = canvas.viewport()

        def send(kind: QEvent.Type, place: QPointF, held: Qt.MouseButton) -> None:
            button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
            event = QMouseEvent(
                kind, place, viewport.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier
            )
            self._application.sendEvent(viewport, event)

        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        self._application.processEvents()
        start = canvas.to_widget(x, y)
        send(QEvent.Type.MouseButtonPress, start, left)
        due = time.perf_counter()
        for number in range(moves):
            angle = 2 * np.pi * number / 60
            place = start + QPointF(CIRCLE_PX * np.sin(angle), CIRCLE_PX * (1 - np.cos(angle)))
            due = max(due + EVERY_S, time.perf_counter() - EVERY_S)  # a mouse drops what nobody has read
            while time.perf_counter() < due:
                self._application.processEvents()
                time.sleep(0.0002)
            self._fit_ms = 0.0
            began = time.perf_counter()
            send(QEvent.Type.MouseMove, place, left)
            followed = time.perf_counter()
            self._application.sendPostedEvents()  # paints
            ended = time.perf_counter()
            if self._fit_ms or self.fits_beside:
                self.times["move"].append((ended - due) * 1e3)
                self.times["wait"].append((began - due) * 1e3)
                self.times["fit"].append(self._fit_ms)
                self.times["follow"].append((followed - began) * 1e3 - self._fit_ms)
                self.times["paint"].append((ended - followed) * 1e3)
        send(QEvent.Type.MouseButtonRelease, start, none)

    @contextmanager
    def _watched(self, owner: type, method: str, name: str) -> Iterator[None]:
        """Keeps how long each call of a method takes."""
        whole = getattr(owner, method)

        def timed(*given: Any) -> None:
            began = time.perf_counter()
            whole(*given)
            self.times[name].append((time.perf_counter() - began) * 1e3)

        setattr(owner, method, timed)
        try:
            yield
        finally:
            setattr(owner, method, whole)

    def _rest(self, seconds: float = 0.5) -> None:
        """Until the inset has drawn the car with soft edges."""
        ends = time.perf_counter() + seconds
        self.until(lambda: time.perf_counter() > ends)

    def instance(self, truth: dict[str, Any]) -> int:
        from sqlalchemy import select

        from core.store import tables

        box = tables.instance.c
        with self._session.project.read() as connection:
            rows = connection.execute(select(box.id, box.x, box.y, box.w, box.h)).all()
        return next(int(row.id) for row in rows if np.allclose(row[1:], truth["box"]))

    def until(self, met: Any, limit_s: float = 120.0) -> None:
        ends = time.perf_counter() + limit_s
        while not met():
            if time.perf_counter() > ends:
                raise TimeoutError("the window did not come so far")
            self._application.processEvents()
            time.sleep(0.001)


def same_box(shown: tuple[float, ...] | None, wanted: Sequence[float]) -> bool:
    x, y, width, height = wanted
    return shown is not None and bool(
        np.allclose(shown, (x - 0.5, y - 0.5, x + width - 0.5, y + height - 0.5))
    )


def report(figures: dict[str, float]) -> None:
    """Print the table."""
    rows = (
        ("a move: fitted anew and drawn", "move", f"limit {MOVE_LIMIT_MS:.0f} ms at p95"),
        ("of it waiting for its turn", "wait", ""),
        ("the fit alone", "fit", f"limit {FIT_LIMIT_MS:.0f} ms"),
        ("tags, outline and what the panel says", "follow", ""),
        ("painting", "paint", ""),
        ("the car in 3D made, at most 20 times a second", "scene", ""),
        ("and drawn", "inset", ""),
    )
    print(f"{'ms':<44}{'p50':>8}{'p95':>8}", file=sys.stderr)
    for words, name, note in rows:
        if f"{name}_p50" not in figures:
            continue
        print(
            f"{words:<44}{figures[name + '_p50']:>8.2f}{figures[name + '_p95']:>8.2f}  {note}",
            file=sys.stderr,
        )
    print(f"{figures['moves']:.0f} moves of {figures['cars']:.0f} cars", file=sys.stderr)


if __name__ == "__main__":
    json.dump(main(sys.argv[1:]), sys.stdout, indent=1)
