"""Composites in the Compose workspace: shuffled, and a layer of one dragged along its line of sight.

    python -m benchmarks.composing [--moves 240] [--shuffles 30] [--size 640x360] [--project FILE]

A simulated street is cut out and opened in the real window, with the view from above beside the composite.

A shuffle is measured from the key until the composite is painted: after a pause in which the window has drawn
it ahead, as while a person looks, and one after the other without a pause. Beside it stands what the composer
alone takes, in the same run.

Then a layer is dragged by mouse events up and down, 60 a second. A step is measured from when it was due
until a composite is painted that has the layer there, or where a later step has taken it: each counts, those
too that were overtaken. "Holds the window" is the time between two moments at which the window can answer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.canvas import display

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from core.records.recipes import Move

STEP_LIMIT_MS = 50.0
FRAMES, FPS = 48, 0.5
EVERY_S = 1 / 60  # a move of the mouse
PAUSE_S = 0.8
SWING = 0.12  # of the layer's distance, there and back


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print a table, and return the figures in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.composing")
    parser.add_argument("--moves", type=int, default=240)
    parser.add_argument("--shuffles", type=int, default=30)
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--project", type=Path, default=None, help="one that is cut, instead of a new one")
    options = parser.parse_args(arguments)
    width, height = (int(part) for part in options.size.split("x"))
    with display(), tempfile.TemporaryDirectory() as folder:
        from app.qt_setup import make_application
        from app.theme import ThemeKeeper

        path = options.project
        if path is None:
            path = Path(folder) / "street.amodal"
            make_street(path, width, height, options.frames)
        application = make_application(["composing"])
        ThemeKeeper(application, Path(folder) / "drawn").apply("dark", 10)
        figures = measure(application, path, options.moves, options.shuffles)
    report(figures)
    return figures


def make_street(path: Path, width: int, height: int, frames: int) -> None:
    """A project whose objects are fitted and cut out."""
    from core.jobs.registry import create
    from core.jobs.runner import run_job
    from core.jobs.street_project import make_street_project
    from core.store.project import Project
    from core.synthesis.street.settings import StreetSettings
    from core.synthesis.street.street import Street, StreetCamera

    street = Street(
        StreetSettings(
            width=width, height=height, fps=FPS, frame_count=frames, seed=7, cars=44, parked=6, people=10
        )
    )
    make_street_project(path, [StreetCamera(street, street.default_mount())], keypoints=True)
    for kind in ("background", "fit", "cut"):
        with Project.open(path) as project:
            job_id = create(project, kind, {})
        run_job(path, job_id)


def measure(application: QApplication, path: Path, moves: int, shuffles: int) -> dict[str, float]:
    """Shuffles, then drags, in a window of 1440 x 900."""
    from app.composition.compose import build_compose
    from app.session import ProjectSession
    from core.store.project import Project

    session = ProjectSession(Project.open(path), "bench")
    workspace = build_compose(session, lambda *_: None, lambda _: None, lambda _: None)
    session.touched.connect(workspace.on_touched)
    view: Any = workspace.widget
    view.resize(1440, 900)
    view.show()
    workspace.on_shown()
    window = _Window(application, view, workspace)
    window.begin()
    window.shuffle(shuffles, pause_s=PAUSE_S, name="shuffle")
    window.shuffle(shuffles, pause_s=0.0, name="at_once")
    window.drag(moves)
    figures: dict[str, float] = {}
    for name, values in window.times.items():
        for word, percent in (("p50", 50), ("p95", 95)):
            figures[f"{name}_{word}"] = float(np.percentile(values, percent)) if values else float("nan")
    figures["longest_ms"] = max(window.times["held"], default=float("nan"))
    figures["moves"], figures["layers"] = float(len(window.times["step"])), window.layers
    figures["width"] = float(view.pair.main.item.state.width)
    figures["step_limit"] = STEP_LIMIT_MS
    workspace.on_hidden()
    workspace.close()
    session.close()
    view.close()
    application.processEvents()
    return figures


class _Window:
    """The workspace in a window, with a watch on what takes its time."""

    def __init__(self, application: QApplication, view: Any, workspace: Any) -> None:
        names = ("shuffle", "at_once", "render", "step", "outline", "held", "above")
        self.times: dict[str, list[float]] = {name: [] for name in names}
        self.layers = 0.0
        self._application, self._view = application, view
        self._controller: Any = workspace.handlers["compose.all_on"].__self__

    def begin(self) -> None:
        """Waits for the first composite."""
        self._until(lambda: self._controller.shown is not None and not self._view.head.place_text)
        self._rest(PAUSE_S)

    def shuffle(self, count: int, *, pause_s: float, name: str) -> None:
        """Shuffles so often; keeps how long until another composite was painted."""
        browser = self._controller.browser
        sizes = []
        for _ in range(count):
            before = self._controller.shown
            began = time.perf_counter()
            browser.shuffle()
            self._until(lambda before=before: self._controller.shown is not before)
            self._application.sendPostedEvents()  # paints
            self.times[name].append((time.perf_counter() - began) * 1e3)
            sizes.append(len(self._controller.shown.recipe.objects))
            if pause_s:
                self._rest(pause_s)
                # in the pause: what the composer alone takes for it, everything at hand
                bench, recipe = browser.bench, self._controller.shown.recipe
                began = time.perf_counter()
                bench._composer.render(recipe)
                self.times["render"].append((time.perf_counter() - began) * 1e3)
        self.layers = float(np.median(sizes))

    def drag(self, moves: int) -> None:
        """Drags the layer that has most room, up and down."""
        from PySide6.QtCore import QEvent, QPointF, Qt
        from PySide6.QtGui import QMouseEvent

        from app.views.viewport.viewport import Viewport

        controller, canvas = self._controller, self._view.canvas
        layer = self._roomiest()
        viewport = canvas.viewport()
        rows, columns = layer.modal.bits.nonzero()
        middle = len(rows) // 2
        x, y = float(layer.modal.x + columns[middle]), float(layer.modal.y + rows[middle])
        start = canvas.to_widget(x, y)
        swing = canvas.screen_scale * self._swing_px(layer)

        def send(kind: QEvent.Type, place: QPointF, held: Qt.MouseButton) -> None:
            button = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
            self._application.sendEvent(
                viewport,
                QMouseEvent(
                    kind, place, viewport.mapToGlobal(place), button, held, Qt.KeyboardModifier.NoModifier
                ),
            )

        wanted: dict[Move, int] = {}  # the newest step that led to a place
        due_at: list[float] = []
        answered = 0
        answer = self._watch_above(Viewport)

        def look() -> None:
            """Takes note of steps that are painted."""
            nonlocal answered
            began = time.perf_counter()
            self._application.processEvents()
            ended = time.perf_counter()
            self.times["held"].append((ended - began) * 1e3)
            drawn = controller._drawn
            if drawn is None or drawn.selected is None:
                return
            step = wanted.get(drawn.recipe.objects[drawn.selected].move)
            if step is not None and step >= answered:
                now = time.perf_counter()
                self.times["step"] += [(now - due) * 1e3 for due in due_at[answered : step + 1]]
                answered = step + 1

        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        self._application.processEvents()
        send(QEvent.Type.MouseButtonPress, start, left)
        due = time.perf_counter()
        for number in range(moves):
            place = start + QPointF(0.0, -swing * np.sin(2 * np.pi * number / 90))
            due = max(due + EVERY_S, time.perf_counter() - EVERY_S)  # a mouse drops what nobody has read
            while time.perf_counter() < due:
                look()
                time.sleep(0.0002)
            send(QEvent.Type.MouseMove, place, left)
            if controller._held is None:
                continue  # not yet far enough to be a drag
            due_at.append(due)
            wanted[controller._held.free] = len(due_at) - 1
            began = time.perf_counter()
            look()
            self.times["outline"].append((time.perf_counter() - min(due, began)) * 1e3)
        self._until(lambda: not controller._lane.busy)
        look()
        answer()
        send(QEvent.Type.MouseButtonRelease, start, none)
        controller.settle()

    def _watch_above(self, owner: type) -> Any:
        """Keeps how long each picture from above takes; gives what ends that."""
        whole = owner._draw  # type: ignore[attr-defined]
        times = self.times["above"]

        def timed(viewport: Any) -> None:
            began = time.perf_counter()
            whole(viewport)
            times.append((time.perf_counter() - began) * 1e3)

        owner._draw = timed  # type: ignore[attr-defined]

        def end() -> None:
            owner._draw = whole  # type: ignore[attr-defined]

        return end

    def _roomiest(self) -> Any:
        """The layer that is free at most places of its swing, the nearest of as many."""
        from app.controllers.compose_slide import hold
        from core.errors import AmodalError

        best: tuple[int, Any] = (-1, None)
        shown = self._controller.shown
        for layer in shown.state.layers:
            try:
                held = hold(shown, layer.key)
            except AmodalError:
                continue
            free = 0
            for way in np.sin(np.linspace(0, 2 * np.pi, 24)):
                held.drag(0.0, -float(way) * self._swing_px(layer))
                free += not held.blocked
            if free > best[0] and layer.modal is not None and layer.modal.bits.sum() > 60:
                best = free, layer
        assert best[1] is not None
        return best[1]

    def _swing_px(self, layer: Any) -> float:
        """How far it swings in the picture, about: its foot by a share of its depth below the horizon."""
        return max(4.0, SWING * (layer.box[3] - 0.3 * self._view.pair.main.item.state.height))

    def _rest(self, seconds: float) -> None:
        ends = time.perf_counter() + seconds
        self._until(lambda: time.perf_counter() > ends)
        self._until(lambda: not self._controller._lane.busy)

    def _until(self, met: Any, limit_s: float = 120.0) -> None:
        ends = time.perf_counter() + limit_s
        while not met():
            if time.perf_counter() > ends:
                raise TimeoutError("the window did not come so far")
            self._application.processEvents()
            time.sleep(0.001)


def report(figures: dict[str, float]) -> None:
    """Print the table."""
    rows = (
        ("a shuffle after a pause, until it is painted", "shuffle", ""),
        ("a shuffle at once after another", "at_once", ""),
        ("the composer alone, everything at hand", "render", ""),
        ("a step of a drag, until its picture is painted", "step", f"limit {STEP_LIMIT_MS:.0f} ms at p95"),
        ("the outline alone", "outline", ""),
        ("holds the window, each time", "held", f"longest {figures['longest_ms']:.0f} ms"),
        ("the street from above, within that", "above", ""),
    )
    print(f"{'ms':<50}{'p50':>8}{'p95':>8}", file=sys.stderr)
    for words, name, note in rows:
        p50, p95 = figures[f"{name}_p50"], figures[f"{name}_p95"]
        print(f"{words:<50}{p50:>8.1f}{p95:>8.1f}  {note}", file=sys.stderr)
    print(
        f"{figures['moves']:.0f} steps, {figures['layers']:.0f} layers, {figures['width']:.0f} px wide; "
        f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores",
        file=sys.stderr,
    )


if __name__ == "__main__":
    json.dump(main(sys.argv[1:]), sys.stdout, indent=1)
