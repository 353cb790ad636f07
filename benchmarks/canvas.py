"""The canvas and the review queue: a cached frame painted, a verdict's key answered, a million held.

    python -m benchmarks.canvas [--instances 1000000] [--keys 200] [--folder DIR]

A cached 1080p frame on our canvas stands beside bare pyqtgraph (GraphicsView, ViewBox, ImageItem.setImage)
in a window of the same size in the same run, taking turns.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

FRAME_LIMIT_MS = 10.0
MEMORY_LIMIT_MB = 500.0
FIRST_PAGE_LIMIT_MS = 100.0
WIDTH, HEIGHT = 1920, 1080
PAINTS = 120


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print a table, and return the figures; times in milliseconds, memory in megabytes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.canvas")
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=200)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(arguments)
    with display(), tempfile.TemporaryDirectory(dir=options.folder) as folder:
        from app.qt_setup import make_application
        from app.theme import ThemeKeeper

        application = make_application(["canvas"])
        ThemeKeeper(application, Path(folder) / "drawn").apply("dark", 10)
        figures = measure_painting(application)
        figures |= measure_review(application, Path(folder), options.instances, options.keys)
    report(figures)
    return figures


@contextmanager
def display() -> Iterator[None]:
    """A display for the windows: the one there is, else Xvfb, else Qt's offscreen platform."""
    if os.environ.get("DISPLAY") or os.environ.get("QT_QPA_PLATFORM") or sys.platform != "linux":
        yield
    elif shutil.which("Xvfb") is None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        yield
    else:
        import subprocess

        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1920x1200x24"]
        with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
            os.close(write)
            with os.fdopen(read) as told:
                os.environ["DISPLAY"] = f":{told.readline().strip()}"
            try:
                yield
            finally:
                server.terminate()


# ---- a cached frame -----------------------------------------------------------------------------


def measure_painting(application: QApplication) -> dict[str, float]:
    """A frame that is in memory, set and painted: ours, ours with forty masks over it, bare pyqtgraph."""
    import pyqtgraph as pg

    from app.views.canvas.image_canvas import ImageCanvas

    plain, full = ImageCanvas(), ImageCanvas()
    full.set_overlay(street_overlay(40))
    pg.setConfigOptions(imageAxisOrder="row-major")
    bare = pg.GraphicsView()
    box = pg.ViewBox(lockAspect=True, invertY=True)
    bare.setCentralItem(box)
    item = pg.ImageItem()
    box.addItem(item)
    pictures = frames(6)
    for view in (plain, full, bare):
        view.resize(1100, 680)
        view.show()
    item.setImage(pictures[0])
    box.autoRange(padding=0.01)
    ways: dict[str, tuple[Callable[[NDArray[np.uint8]], Any], Any]] = {
        "canvas": (plain.set_image, plain),
        "canvas_overlay": (full.set_image, full),
        "pyqtgraph": (lambda image: item.setImage(image, autoLevels=False), bare),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(PAINTS + 5):
        application.processEvents()
        for name, (show, view) in ways.items():
            began = time.perf_counter()
            show(pictures[number % len(pictures)])
            view.viewport().repaint()
            if number >= 5:
                times[name].append((time.perf_counter() - began) * 1e3)
    for view in (plain, full, bare):
        view.hide()
    figures = {f"{name}_p50": float(np.percentile(spans, 50)) for name, spans in times.items()}
    figures |= {f"{name}_p95": float(np.percentile(spans, 95)) for name, spans in times.items()}
    figures["canvas_ratio"] = figures["canvas_p50"] / figures["pyqtgraph_p50"]
    return figures


def frames(count: int) -> list[NDArray[np.uint8]]:
    """Pictures of noise in blocks, each another."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (count, HEIGHT // 8, WIDTH // 8, 3), dtype=np.uint8)
    return [np.ascontiguousarray(image.repeat(8, axis=0).repeat(8, axis=1)) for image in small]


def street_overlay(count: int) -> Any:
    """Boxes, round masks and labels over a frame, as on a full junction."""
    from app.states.overlay import Overlay, OverlayInstance, OverlayRole
    from app.states.review_marks import LabelMark, MarkShape
    from core.geometry.outlines import outline_segments
    from core.records.masks import MaskPatch

    rows, columns = np.mgrid[-1:1:80j, -1:1:140j]
    round_bits = rows**2 + columns**2 <= 1
    shapes = list(MarkShape)
    instances = []
    for number in range(count):
        left, top = 30 + 235 * (number % 8), 120 + 170 * (number // 8)
        instances.append(
            OverlayInstance(
                number,
                left - 0.5,
                top - 0.5,
                left + 139.5,
                top + 79.5,
                mask := MaskPatch(left, top, round_bits),
                outline_segments(mask),
                LabelMark(shapes[number % len(shapes)], number % 3 == 0),
                f"car {number}",
                "",
                OverlayRole.SELECTED if number == 3 else OverlayRole.NONE,
            )
        )
    return Overlay(tuple(instances))


# ---- the queue ----------------------------------------------------------------------------------


def measure_review(application: QApplication, folder: Path, instances: int, keys: int) -> dict[str, float]:
    """A verdict's key until its answer is on the screen, and the window on a large project."""
    import psutil

    from app.session import ProjectSession
    from benchmarks._store_data import fill
    from core.store.project import Project

    path = folder / "large.amodal"
    fill(path, instances)
    _give_masks(path)
    session = ProjectSession(Project.open(path), "Bench")
    picture = frames(1)[0]
    session.request_frame = _at_once(picture)  # type: ignore[method-assign]
    window = ReviewWindow(session)
    figures: dict[str, float] = {"instances": instances}
    began = time.perf_counter()
    window.show()
    window.until(lambda: window.rows > 0 and window.painted)
    figures["first_page"] = (time.perf_counter() - began) * 1e3
    figures |= window.press_keys(keys)
    window.until(lambda: window.complete)
    figures["all_ids_s"] = time.perf_counter() - began
    figures |= {f"full_{name}": value for name, value in window.press_keys(keys).items()}
    figures["window_mb"] = psutil.Process().memory_info().rss / 1e6
    window.close()
    application.processEvents()
    return figures


def _give_masks(path: Path) -> None:
    """Every mask of the made project becomes one that can be drawn: 90 x 60 pixels."""
    from core.geometry.masks import patch_to_rle
    from core.records.masks import MaskPatch

    code = patch_to_rle(MaskPatch(300, 200, np.ones((60, 90), dtype=np.bool_)), HEIGHT, WIDTH)
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA synchronous = OFF")
    with raw:
        raw.execute("UPDATE mask SET counts = ?", (code.counts,))
    raw.close()


def _at_once(picture: NDArray[np.uint8]) -> Callable[..., None]:
    from core.records.media import DecodedFrame

    def request(source_id: int, pts: int, on_frame: Callable[..., None], *_: object) -> None:
        on_frame(DecodedFrame(pts, picture))

    return request


class ReviewWindow:
    """The Review workspace in a window with the declared keys, and a watch on what it paints."""

    def __init__(self, session: Any) -> None:
        from PySide6.QtCore import QEvent, QObject
        from PySide6.QtWidgets import QMainWindow

        from app.actions import ActionBook, load_actions
        from app.commands import Commands
        from app.composition.review import build_review

        class PaintWatch(QObject):
            """Counts what a widget paints."""

            count = 0

            def eventFilter(self, watched: QObject, event: QEvent) -> bool:
                if event.type() == QEvent.Type.Paint:
                    self.count += 1
                return False

        self.session = session
        self.workspace = build_review(session)
        self.view: Any = self.workspace.widget
        self.window = QMainWindow()
        self.window.setCentralWidget(self.view)
        self.window.resize(1440, 900)
        self.committed = 0
        session.touched.connect(self.workspace.on_touched)
        session.touched.connect(self._count)
        self.commands = Commands(ActionBook(load_actions()), self.window, {}, {})
        self.commands.go_to("review", self.workspace)
        self._watch = PaintWatch()
        self.view.queue.grid.viewport().installEventFilter(self._watch)

    def show(self) -> None:
        """Shows the window and has the workspace read."""
        self.window.show()
        self.window.activateWindow()
        self.workspace.on_shown()

    @property
    def rows(self) -> int:
        """Rows of the queue that are known."""
        return int(self.view.queue.grid.model().rowCount())

    @property
    def painted(self) -> bool:
        """Whether the grid was painted since the rows came."""
        return self._watch.count > 1

    @property
    def complete(self) -> bool:
        """Whether all ids are known."""
        return bool(self.rows) and self.view.queue.count_text.startswith(f"{self.rows:,} inst")

    def until(self, met: Callable[[], bool], limit_s: float = 300.0) -> None:
        """Runs the event loop until something is so."""
        from PySide6.QtCore import QCoreApplication

        ends = time.perf_counter() + limit_s
        while not met():
            if time.perf_counter() > ends:
                raise TimeoutError("the window did not come so far")
            QCoreApplication.processEvents()
            time.sleep(0.0003)  # the threads that read and commit need the interpreter too

    def press_keys(self, count: int) -> dict[str, float]:
        """Verdicts in a row: until the next one is highlighted on the screen, and until it is committed."""
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest

        self.until(self.window.isActiveWindow)
        seen, kept = [], []
        grid = self.view.queue.grid
        for number in range(count):
            painted, committed, row = self._watch.count, self.committed, grid.currentIndex().row()
            key = (Qt.Key.Key_A, Qt.Key.Key_S)[number % 2]
            began = time.perf_counter()
            QTest.keyClick(grid, key)
            assert grid.currentIndex().row() == row + 1
            self.until(lambda painted=painted: self._watch.count > painted)
            seen.append((time.perf_counter() - began) * 1e3)
            self.until(lambda committed=committed: self.committed > committed)
            kept.append((time.perf_counter() - began) * 1e3)
            self.until(lambda row=row: grid.currentIndex().row() == row)
        return {
            "key_seen_p50": float(np.percentile(seen, 50)),
            "key_seen_p95": float(np.percentile(seen, 95)),
            "key_kept_p50": float(np.percentile(kept, 50)),
            "key_kept_p95": float(np.percentile(kept, 95)),
        }

    def close(self) -> None:
        """Closes the window and the project."""
        self.workspace.close()
        self.session.close()
        self.window.close()

    def _count(self, _: object) -> None:
        self.committed += 1


def report(figures: dict[str, float]) -> None:
    """Print the table."""
    rows = (
        ("cached 1080p frame painted, our canvas", "canvas", f"limit {FRAME_LIMIT_MS:.0f} ms"),
        ("the same with 40 masks, boxes and badges", "canvas_overlay", ""),
        ("the same frame, bare pyqtgraph", "pyqtgraph", ""),
        ("verdict's key until the next is highlighted", "key_seen", "while ids are read"),
        ("verdict's key until it is committed", "key_kept", ""),
        ("key until highlighted, all ids known", "full_key_seen", ""),
        ("key until committed, all ids known", "full_key_kept", ""),
    )
    print(f"{'ms':<52}{'p50':>8}{'p95':>8}", file=sys.stderr)
    for words, name, note in rows:
        print(
            f"{words:<52}{figures[name + '_p50']:>8.2f}{figures[name + '_p95']:>8.2f}  {note}",
            file=sys.stderr,
        )
    print(f"canvas / pyqtgraph, p50: {figures['canvas_ratio']:.2f}", file=sys.stderr)
    print(
        f"{figures['instances']:,.0f} instances: first page on the screen {figures['first_page']:.0f} ms"
        f" (limit {FIRST_PAGE_LIMIT_MS:.0f}), all ids after {figures['all_ids_s']:.1f} s,"
        f" process {figures['window_mb']:.0f} MB (limit {MEMORY_LIMIT_MB:.0f})",
        file=sys.stderr,
    )


if __name__ == "__main__":
    json.dump(main(sys.argv[1:]), sys.stdout, indent=1)
