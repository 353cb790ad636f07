"""People in the Keypoints workspace: how far the hand goes in which order, when the fit holds, and a drag.

    python -m benchmarks.people_keypoints [--people 100] [--moves 300] [--dragged 4] [--folder DIR]

People in drawn poses stand 15 m before the reference camera (`_drawn_people`). For each order of placing
their points the way from point to point is added up, in parts of the person's size, and the bits of Fitts'
law, log2(way / width + 1), where a point is 2 % of the size wide; and with 2 px of noise the fewest points
are found, in that order, from which on the fit holds. Then, on a simulated street of 1080p in the real
window, a wrist is dragged as `benchmarks.keypoints` drags a car's point, while the process beside the window
fits: with `chrt`, that process is kept at ordinary priority, so that it cannot hold a processor against the
window.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.canvas import display
from benchmarks.keypoints import HEIGHT, MOVE_LIMIT_MS, WIDTH, DraggingWindow, same_box

NOISE_PX = 2.0
WIDE = 0.02  # of a person's size: how wide a point is to aim at
DISTANCE_M = 15.0
SEED = 7
TALL_PX = 40.0


def orders() -> dict[str, tuple[int, ...]]:
    """The orders that are compared: the workspace's, and others that one might think of."""
    from app.controllers.keypoint_looks import PERSON_ORDER

    right, left = (6, 8, 10, 12, 14, 16), (5, 7, 9, 11, 13, 15)
    return {
        "once around the body, then the face": tuple(int(index) for index in PERSON_ORDER),
        "the face, then once around": (0, 2, 4, *right, *left[::-1], 3, 1),
        "COCO's": tuple(range(17)),
        "head to foot, right and left in turn": (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15),
        "limb by limb": (0, 2, 1, 4, 3, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15),
        "trunk, legs, arms, face": (6, 5, 12, 11, 14, 16, 13, 15, 8, 10, 7, 9, 0, 2, 1, 4, 3),
    }  # fmt: skip


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print tables, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.people_keypoints")
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--moves", type=int, default=300)
    parser.add_argument("--dragged", type=int, default=4)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(arguments)
    figures = ways(options.people)
    with display(), tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures |= drags(Path(folder), options.dragged, options.moves)
    return figures


def ways(count: int) -> dict[str, float]:
    """The hand's way and the points that the fit needs, for each order."""
    from benchmarks._drawn_people import draw_people
    from benchmarks._fitting_scenes import reference_camera
    from core.fitting.people.fitter import BodyFitter
    from core.shapes.body.placed import named_body

    body = named_body()
    camera, plane = reference_camera()
    fitter = BodyFitter(camera, plane, body)
    people = draw_people(body, DISTANCE_M, count, SEED)
    rng = np.random.default_rng(SEED)
    told = [one.evidence(rng, NOISE_PX) for one in people]
    figures: dict[str, float] = {}
    print(f"{'order':<40} {'way, sizes':>11} {'Fitts, bits':>12} {'points until the fit holds':>27}")
    for number, (name, order) in enumerate(orders().items()):
        steps = [
            np.linalg.norm(np.diff(one.pixels[list(order)], axis=0), axis=1) / max(one.box.w, one.box.h)
            for one in people
        ]
        way = float(np.mean([step.sum() for step in steps]))
        bits = float(np.mean([np.log2(step / WIDE + 1).sum() for step in steps]))
        needed = _needed(fitter, told, order)
        median, most = (float(np.percentile(needed, percent)) for percent in (50, 90))
        print(f"{name:<40} {way:>11.2f} {bits:>12.1f} {median:>15.0f}, nine in ten {most:.0f}")
        figures |= {
            f"order_{number}_way": way,
            f"order_{number}_bits": bits,
            f"order_{number}_points": median,
        }
    return figures


def _needed(fitter: Any, told: Sequence[Any], order: Sequence[int]) -> list[int]:
    """For each person the fewest points in an order from which on the fit is good; 18 where it never is."""
    from dataclasses import replace

    from core.records.fits import FitVerdict

    needed = [18] * len(told)
    for count in range(17, fitter.fewest_points - 1, -1):
        used = np.isin(np.arange(17), order[:count])
        fits = fitter.fit_many([replace(one, used=one.used & used) for one in told])
        for place, fit in enumerate(fits):
            if fit.verdict is FitVerdict.GOOD and needed[place] in (18 if count == 17 else -1, count + 1):
                needed[place] = count
    return needed


def drags(folder: Path, dragged: int, moves: int) -> dict[str, float]:
    """Drags a wrist of each of some people, in a window of 1440 x 900."""
    from app.composition.keypoints import build_keypoints
    from app.qt_setup import make_application
    from app.session import ProjectSession
    from app.theme import ThemeKeeper
    from core.jobs.fit.people.live_server import LiveServer
    from core.jobs.spawn import program_command
    from core.jobs.street_project import make_street_project
    from core.store.project import Project
    from core.synthesis.street.settings import StreetSettings
    from core.synthesis.street.street import Street, StreetCamera

    path = folder / "street.amodal"
    street = Street(StreetSettings(width=WIDTH, height=HEIGHT, frame_count=1, seed=5, people=14))
    make_street_project(path, [StreetCamera(street, street.default_mount())])
    application = make_application(["people"])
    ThemeKeeper(application, folder / "drawn").apply("dark", 10)
    session = ProjectSession(Project.open(path), "bench")
    command = program_command("people-server", str(path))
    if _is_real_time() and shutil.which("chrt"):
        command = ["chrt", "-o", "0", *command]
    session._person_fits = LiveServer(command)
    workspace = build_keypoints(session, lambda *_: None)
    session.touched.connect(workspace.on_touched)
    view: Any = workspace.widget
    view.resize(1440, 900)
    view.show()
    workspace.on_shown()
    window = DraggingWindow(application, view, workspace, session)
    window.fits_beside = True
    hand: Any = workspace.handlers["keypoints.exchange"].__self__  # type: ignore[attr-defined]
    fitted: list[float] = []
    hand._fit.fitted.connect(lambda: fitted.append(time.perf_counter()))
    began = done = 0.0
    for truth in _people(path)[:dragged]:
        _place(window, view, workspace, hand, truth)
        fitted.clear()
        began = time.perf_counter()
        window.move(*truth["pixels"][10], moves)
        done += len(fitted) / (time.perf_counter() - began) / dragged
    figures = {
        f"{name}_{word}": float(np.percentile(values, percent))
        for name, values in window.times.items()
        if len(values)
        for word, percent in (("p50", 50), ("p95", 95))
    }
    figures["fits_per_s"], figures["moves"] = done, float(len(window.times["move"]))
    workspace.on_hidden()
    workspace.close()
    session.close()
    view.close()
    application.processEvents()
    print(
        f"a move, from when it was due until it is painted: {figures['move_p50']:.1f} ms, "
        f"95th percentile {figures['move_p95']:.1f} ms (limit {MOVE_LIMIT_MS:.0f} ms), "
        f"{figures['moves']:.0f} moves; {done:.1f} fits a second beside it"
    )
    return figures


def _place(window: DraggingWindow, view: Any, workspace: Any, hand: Any, truth: dict[str, Any]) -> None:
    """Places a person's points as the truth has them, but for a pixel."""
    rng = np.random.default_rng(SEED)
    item = view.pane.item
    workspace.show_instances([window.instance(truth)])
    window.until(lambda: item.state.box is not None and same_box(item.state.box, truth["box"]))
    window.until(lambda: view.pane.canvas.image is not None)
    for index, (x, y) in enumerate(truth["pixels"]):
        item.picked.emit(index)
        item.placed.emit(float(x + rng.normal()), float(y + rng.normal()))
    window.until(lambda: not hand.waiting)
    held = item.state.points[10]
    truth["pixels"][10] = (held.x, held.y)
    window.until(lambda: view.inset.shown)


def _people(path: Path) -> list[dict[str, Any]]:
    """The street's people that nothing hides: box, and where their points are; the largest first."""
    from core.geometry.calibration.result import from_record
    from core.shapes.body.coco import coco_keypoints
    from core.shapes.body.gait import on_ground
    from core.shapes.body.model import upright
    from core.shapes.body.placed import named_body
    from core.store.project import Project
    from core.store.queries.calibrations import calibration_in_force

    truth = json.loads(path.with_name("street.truth.json").read_text(encoding="utf-8"))
    with Project.open(path) as project, project.read() as connection:
        row = calibration_in_force(connection, 1)
    assert row is not None
    camera, _ = from_record(row.record)
    body, found = named_body(), []
    for one in truth["pictures"][0]["objects"]:
        if (
            one["category"] != "person"
            or not one["box"]
            or one["occlusion"] > 0.02
            or one["box"][3] < TALL_PX
        ):
            continue
        posed = on_ground(body.model.posed(np.array(one["body_pose"]), np.array(one["shape"])))
        turn = np.reshape(one["pose"]["rotation"], (3, 3))
        points = upright(coco_keypoints(posed, body.face)) @ turn.T + np.array(one["pose"]["translation"])
        found.append({"box": one["box"], "pixels": [tuple(place) for place in camera.project(points)]})
    return sorted(found, key=lambda one: -max(one["box"][2:]))


def _is_real_time() -> bool:
    return hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
