"""The 3D viewport: 500 cars or 100 people turned about, one car dragged, a click answered, by any OpenGL.

    python -m benchmarks.viewport [--cars 500] [--people 100] [--frames 60]

Beside it, in the same run and turned the same way, VisPy's own scene with the same objects: one merged mesh
visual of the finest level of all of them, as a scene graph would hold them without levels of detail.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._crowd import crowd
from benchmarks._fit_rows import fit_row
from benchmarks.canvas import display

if TYPE_CHECKING:
    from app.states.scene import Scene
    from app.views.viewport.viewport import Viewport

WIDTH, HEIGHT = 800, 600
FRAMES_LIMIT = 20.0
WARM_UP = 5


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print a table, and return the figures; times in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewport")
    parser.add_argument("--cars", type=int, default=500)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args(arguments)
    with display():
        cars, people = measure(options.cars, options.people, options.frames)
    report(cars, f"{options.cars} cars")
    report(people, f"{options.people} people")
    return cars | {f"people_{name}": value for name, value in people.items()}


def measure(cars: int, people: int, frames: int) -> tuple[dict[str, float], dict[str, float]]:
    """The figures of a street of cars, and of a square of people."""
    from app.qt_setup import make_application

    application = make_application(["viewport"])
    found = []
    for build, count in ((street, cars), (crowd, people)):
        began = time.perf_counter()
        scene = build(count)
        built = {"build_scene": (time.perf_counter() - began) * 1e3}
        found.append(built | measure_scene(application, scene, frames))
    return found[0], found[1]


def measure_scene(application: Any, scene: Scene, frames: int) -> dict[str, float]:
    """Each view with all of a scene in sight, then the other figures."""
    from app.states.scene import Look
    from app.views.viewport.looking import AboveLook, FreeLook
    from app.views.viewport.viewport import Viewport

    figures: dict[str, float] = {}
    view = Viewport()
    view.resize(WIDTH, HEIGHT)
    view.show()
    view.set_scene(scene)
    views: dict[str, tuple[Look, Any]] = {
        "free": (Look.FREE, FreeLook(target=(45.0, 0.0, 0.0), elevation_rad=0.45, distance_m=75.0)),
        "near": (Look.FREE, FreeLook(target=(20.0, 0.0, 0.0), elevation_rad=0.3, distance_m=18.0)),
        "above": (Look.ABOVE, AboveLook(55.0, 0.0, 0.2)),
        "camera": (Look.CAMERA, None),
    }
    for name, (look, looks) in views.items():
        view.set_look(look)
        if looks is not None:
            set_looks(view, look, looks)
        spans = turn(view, application, frames)
        figures |= {
            f"{name}_p50": float(np.percentile(spans, 50)),
            f"{name}_p95": float(np.percentile(spans, 95)),
        }
    if view.problem:
        raise SystemExit(f"OpenGL cannot be used: {view.problem}")
    view.set_look(Look.FREE)
    figures |= drag(view, application, scene, frames)
    figures |= click(view, frames)
    view.release()
    view.close()
    figures["scene_graph_p50"] = scene_graph(application, scene, frames)
    figures["free_ratio"] = figures["free_p50"] / figures["scene_graph_p50"]
    figures["frames_a_second"] = 1e3 / max(figures[f"{name}_p50"] for name in views)
    return figures


def street(count: int) -> Scene:
    """Cars of random shapes on ten lanes of a road, before the reference camera."""
    from app.controllers.fits_scene import CarShop, scene_of, world_of
    from core.geometry.cameras import pinhole
    from core.geometry.ground_plane import GroundPlane, pose_on_ground
    from core.records.fits import FitMethod, FitVerdict, VehicleFit
    from core.shapes.space_file import default_space

    space = default_space()
    down = np.deg2rad(15.0)
    plane = GroundPlane(np.array([0.0, -np.cos(down), -np.sin(down)]), 6.0)
    world = world_of(pinhole(1920, 1080, 1400.0), plane)
    rng = np.random.default_rng(0)
    rows = []
    for number in range(count):
        place = (10.0 + 1.8 * (number // 10) + rng.uniform(-0.5, 0.5), 3.2 * (number % 10 - 4.5))
        pose = pose_on_ground(plane, place, rng.uniform(-0.2, 0.2))
        x, y, z = pose.translation.tolist()
        fit = VehicleFit(
            method=FitMethod.GROUND,
            verdict=FitVerdict.GOOD,
            reason="",
            rotation=tuple(pose.rotation.ravel().tolist()),
            translation=(x, y, z),
            place_m=place,
            heading_rad=0.0,
            shape=tuple(rng.normal(size=5).tolist()),
            size_m=(4.5, 1.8, 1.5),
            rms_px=float(rng.uniform(0, 4)),
            sigma_px=1.0,
            residuals_px=(None,) * 12,
            outliers=(),
            used=8,
            swapped=False,
            sigmas=None,
        )
        rows.append(fit_row(number + 1, fit, space.label))
    cars = CarShop({space.label: space}).cars(world, rows, {}, {})
    picture = rng.integers(60, 120, (1080, 1920, 3), dtype=np.uint8)
    return scene_of(world, picture, cars, selected=1)


def set_looks(view: Viewport, look: Any, wanted: Any) -> None:
    """Looks from a chosen place."""
    from dataclasses import replace

    view._looks = replace(view._looks, **{look.value: wanted})


def turn(view: Viewport, application: Any, frames: int) -> list[float]:
    """Times of drawing, reading back and painting while the view is turned or moved a little."""
    spans = []
    for number in range(frames + WARM_UP):
        view.turn_by(2.0 if number % 40 < 20 else -2.0, 0.0)
        began = time.perf_counter()
        view.repaint()
        if number >= WARM_UP:
            spans.append((time.perf_counter() - began) * 1e3)
        application.processEvents()
    return spans


def drag(view: Viewport, application: Any, scene: Scene, frames: int) -> dict[str, float]:
    """One car moved, as while its keypoints are dragged: the update alone, and with its frame."""
    from dataclasses import replace

    car = scene.objects[0]
    updates, shown = [], []
    for number in range(frames):
        levels = tuple(level + np.float32(0.001 * number) for level in car.levels)
        began = time.perf_counter()
        view.update_car(replace(car, levels=levels))
        updates.append((time.perf_counter() - began) * 1e3)
        view.repaint()
        shown.append((time.perf_counter() - began) * 1e3)
        application.processEvents()
    return {"update_p50": float(np.percentile(updates, 50)), "drag_p50": float(np.percentile(shown, 50))}


def click(view: Viewport, frames: int) -> dict[str, float]:
    """Which car is under the cursor, at random places."""
    rng = np.random.default_rng(1)
    spans = []
    for x, y in rng.uniform((0, 0), (WIDTH, HEIGHT), (frames, 2)):
        began = time.perf_counter()
        view.car_at(float(x), float(y))
        spans.append((time.perf_counter() - began) * 1e3)
    return {"pick_p50": float(np.percentile(spans, 50)), "pick_p95": float(np.percentile(spans, 95))}


def scene_graph(application: Any, scene: Scene, frames: int) -> float:
    """VisPy's own canvas and mesh visual with everything at the finest level; median of its frames."""
    from vispy import scene as graph

    canvas = graph.SceneCanvas(size=(WIDTH, HEIGHT), show=True, vsync=False)
    view = canvas.central_widget.add_view()
    view.camera = graph.TurntableCamera(fov=45, distance=75, elevation=25, azimuth=90, center=(45, 0, 0))
    places, faces, start = [], [], 0
    for car in scene.objects:
        places.append(car.levels[0][:, :3])
        faces.append(car.form.faces[0] + start)
        start += len(car.levels[0])
    graph.visuals.Mesh(
        np.concatenate(places),
        np.concatenate(faces),
        color=(0.4, 0.8, 0.7, 1),
        shading="smooth",
        parent=view.scene,
    )
    spans = []
    for number in range(frames // 4 + 2):
        view.camera.azimuth = 90 + number
        began = time.perf_counter()
        canvas.render()
        if number >= 2:
            spans.append((time.perf_counter() - began) * 1e3)
        application.processEvents()
    canvas.close()
    return float(np.percentile(spans, 50))


def report(figures: dict[str, float], what: str) -> None:
    """Prints the figures with their limits."""
    rate = figures["frames_a_second"]
    print(f"{what} at {WIDTH} x {HEIGHT}, milliseconds a frame (drawn, read back, painted), p50 and p95")
    for name in ("free", "near", "above", "camera"):
        print(f"  {name:<8} {figures[f'{name}_p50']:7.1f} {figures[f'{name}_p95']:7.1f}")
    met = "met" if rate >= FRAMES_LIMIT else "MISSED"
    print(f"slowest view: {rate:.0f} frames a second (limit {FRAMES_LIMIT:.0f}): {met}")
    whole, ratio = figures["scene_graph_p50"], figures["free_ratio"]
    print(f"VisPy's scene graph, all at the finest level: {whole:.0f} ms; ratio {ratio:.2f}")
    print(f"one of them updated: {figures['update_p50']:.2f} ms, with its frame {figures['drag_p50']:.1f} ms")
    print(f"under the cursor: {figures['pick_p50']:.2f} ms, p95 {figures['pick_p95']:.2f} ms")
    print(f"scene of {what} built: {figures['build_scene']:.0f} ms")


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1:]), indent=2))
