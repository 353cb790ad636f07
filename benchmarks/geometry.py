"""How exact a drawn camera is where each point is a pixel off, and how fast it is known what is hidden.

    python -m benchmarks geometry

The reference camera (1920x1080, f = 1,400 px, 6 m high, 15 degrees down) sees a rectangle, or lines of two
directions, 200 times elsewhere; each point is drawn 1 px off (standard deviation, x and y). The peer for what
is hidden is open3d's ray casting (Embree) of the same scene.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import CalibrationError
from core.geometry.calibration.lens import Lens
from core.geometry.calibration.rectangle import calibrate_rectangle
from core.geometry.calibration.result import CalibrationResult
from core.geometry.calibration.vanishing_points import KnownLength, calibrate_vanishing_points
from core.geometry.cameras import Camera, pinhole
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.poses import Pose, compose, heading_rotation
from core.geometry.visibility import NOBODY, RayMesh, Sight, ray_mesh, sight
from core.geometry.visibility_scene import VisibilityScene
from core.shapes.space_file import default_space

Array = NDArray[np.float64]
Indices = NDArray[np.integer]
Calibrate = Callable[[Array], CalibrationResult]

VIEWS = 200
MOST_FOCAL_PERCENT = MOST_HEIGHT_PERCENT = 1.5
MOST_NORMAL_DEG = 0.5
MOST_SIGHT_MS = 2.0
MOST_DEPTH_ERROR = 1e-6
CARS = 10
SCENES = 40
CAMERA = pinhole(1920, 1080, 1400.0)
PITCH_RAD = np.deg2rad(15.0)
PLANE = GroundPlane(np.array([0.0, -np.cos(PITCH_RAD), -np.sin(PITCH_RAD)]), 6.0)
LENS = Lens(1920, 1080)
# a road of 8 m between its outer lines, 26 m of it, and three lines across; then a known length of 6 m
ALONG = [[[-13.0, y, 0.0], [13.0, y, 0.0]] for y in (-4.0, 0.0, 4.0)]
ACROSS = [[[x, -5.0, 0.0], [x, 5.0, 0.0]] for x in (-8.0, 0.0, 8.0)]
LENGTH = [[[-4.0, -3.0, 0.0], [-4.0, 3.0, 0.0]]]


@dataclass(frozen=True, slots=True)
class Exactness:
    """Errors over the views: of focal length and height in percent, of the normal in degrees.

    Attributes:
        median: of the absolute errors.
        spread: root mean square of the errors.
        stated: median of the standard deviations that the calibrations state.
        share: root mean square of each error over what its own view states; 1 where all of them are right.
        refused: views that were refused, with a reason, and are in none of these.
    """

    median: tuple[float, float, float]
    spread: tuple[float, float, float]
    stated: tuple[float, float, float]
    share: tuple[float, float, float]
    refused: int


@dataclass(frozen=True, slots=True)
class SightFigures:
    """What is told of a car's twelve points among ten stand-ins for cars, medians, milliseconds.

    Attributes:
        numpy_ms: with all meshes ready; numpy_p95_ms: its 95th percentile.
        moved_ms: with the car's own mesh made ready anew, as while a person drags it.
        open3d_ms: the peer's ray casting, its scene ready.
        open3d_moved_ms: with the scene built anew, as it must be once a car has moved.
        ratio, moved_ratio: numpy over open3d.
        points: how many points were compared.
        agree: the share of them of which both say the same: hidden by itself, and by which other.
        by_own, by_other: the shares that the car itself and another one hide.
    """

    numpy_ms: float
    numpy_p95_ms: float
    moved_ms: float
    open3d_ms: float
    open3d_moved_ms: float
    ratio: float
    moved_ratio: float
    points: int
    agree: float
    by_own: float
    by_other: float


def rectangle(width_m: float, length_m: float) -> tuple[Array, Calibrate]:
    """Corners about their middle, the longer side along x, and what makes a camera of their pixels."""
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * [length_m / 2, width_m / 2, 0.0]
    return corners, lambda pixels: calibrate_rectangle(LENS, pixels, length_m, width_m)


def two_directions() -> tuple[Array, Calibrate]:
    """The ends of the lines, and what makes a camera of their pixels."""
    ends = np.array([*ALONG, *ACROSS, *LENGTH]).reshape(-1, 3)

    def calibrate(pixels: Array) -> CalibrationResult:
        lines = list(pixels.reshape(-1, 2, 2))
        first, second, (length,) = lines[:3], lines[3:6], lines[6:]
        return calibrate_vanishing_points(LENS, first, second, KnownLength(length, 6.0))

    return ends, calibrate


def exactness(
    drawn: tuple[Array, Calibrate], ahead_m: tuple[float, float], turn_rad: tuple[float, float], seed: int
) -> Exactness:
    """Draws the same thing in many places.

    Args:
        drawn: (n, 3) points on the ground about their middle, metres, and what makes a camera of them.
        ahead_m: how far away its middle is; turn_rad: how far it is turned from the way the camera looks,
            to either side.
    """
    points, calibrate = drawn
    rng = np.random.default_rng(seed)
    errors: list[list[float]] = []
    stated: list[list[float]] = []
    refused = 0
    while len(errors) + refused < VIEWS:
        place = (rng.uniform(*ahead_m), rng.uniform(-4.0, 4.0))
        heading = rng.choice([-1.0, 1.0]) * rng.uniform(*turn_rad)
        pixels = CAMERA.project(pose_on_ground(PLANE, place, heading).apply(points))
        if not CAMERA.contains(pixels).all():
            continue
        try:
            result = calibrate(pixels + rng.normal(0.0, 1.0, pixels.shape))
        except CalibrationError:
            refused += 1
            continue
        said = result.uncertainty
        assert said is not None
        errors.append(_errors(result))
        stated.append([said.focal_percent, said.height_percent, said.normal_deg])
    found, sure = np.array(errors), np.array(stated)
    return Exactness(
        _three(np.median(np.abs(found), axis=0)),
        _three(np.sqrt(np.mean(found**2, axis=0))),
        _three(np.median(sure, axis=0)),
        _three(np.sqrt(np.mean((found / sure) ** 2, axis=0))),
        refused,
    )


def depth_error(camera: Camera, count: int = 100_000) -> float:
    """Greatest relative difference of the depth of ground that a pixel sees from that of the ground there."""
    rng = np.random.default_rng(5)
    points = PLANE.frame().apply(
        np.column_stack([rng.uniform([5, -60], [200, 60], (count, 2)), np.zeros(count)])
    )
    pixels = camera.project(points)
    inside = camera.contains(pixels)
    depth = PLANE.depth(camera, pixels[inside])
    return float(np.abs(depth / points[inside, 2] - 1.0).max())


def sight_figures() -> SightFigures:
    """Scenes of ten cars in a queue, and each of them asked after its points."""
    space = default_space()
    assert space.mesh is not None
    faces = space.mesh.proxy_faces
    rng = np.random.default_rng(6)
    numpy_s, moved_s, cast_s, built_s = [], [], [], []
    told: list[tuple[Sight, Sight]] = []
    for _ in range(SCENES):
        poses = _queue(rng)
        beta = rng.normal(size=(CARS, 5))
        cars = [pose.apply(one) for pose, one in zip(poses, space.proxy_vertices(beta), strict=True)]
        points = [pose.apply(one) for pose, one in zip(poses, space.keypoints(beta), strict=True)]
        meshes = [ray_mesh(car, faces) for car in cars]
        scene, owns = VisibilityScene([(car, faces) for car in cars]), np.zeros(12, dtype=np.intp)
        scene.sight(points[0], owns)  # builds what is built only once
        for own in range(CARS):
            mine, spent = _timed(sight, points[own], meshes, own)
            numpy_s.append(spent)
            theirs, spent = _timed(scene.sight, points[own], owns + own)
            cast_s.append(spent)
            told.append((mine, theirs))
            moved_s.append(_timed(_moved, points[own], meshes, own, cars[own], faces)[1])
        built_s.append(_timed(_built, points[0], owns, cars, faces)[1])
    same = np.array([(mine.by_own == other.by_own) & (mine.hider == other.hider) for mine, other in told])
    numpy_ms, moved_ms, cast_ms, built_ms = (
        1e3 * float(np.median(each)) for each in (numpy_s, moved_s, cast_s, built_s)
    )
    return SightFigures(
        numpy_ms=numpy_ms,
        numpy_p95_ms=1e3 * float(np.percentile(numpy_s, 95)),
        moved_ms=moved_ms,
        open3d_ms=cast_ms,
        open3d_moved_ms=built_ms,
        ratio=numpy_ms / cast_ms,
        moved_ratio=moved_ms / built_ms,
        points=same.size,
        agree=float(same.mean()),
        by_own=float(np.mean([mine.by_own for mine, _ in told])),
        by_other=float(np.mean([mine.hider != NOBODY for mine, _ in told])),
    )


def main() -> dict[str, object]:
    """Measures and prints."""
    lane, road = rectangle(3.5, 6.0), rectangle(7.0, 20.0)
    drawn = {
        "rectangle 7x20 m along the road": exactness(road, (18.0, 35.0), (0.0, 0.35), seed=1),
        "rectangle 7x20 m, any heading": exactness(road, (18.0, 35.0), (0.0, np.pi), seed=2),
        "rectangle 3.5x6 m, 16 m away": exactness(lane, (16.0, 16.0), (0.0, 0.35), seed=3),
        "two directions, 15 to 75 degrees": exactness(
            two_directions(), (24.0, 40.0), (np.deg2rad(15.0), np.deg2rad(75.0)), seed=4
        ),
    }
    print(f"limits: {MOST_FOCAL_PERCENT} %, {MOST_HEIGHT_PERCENT} %, {MOST_NORMAL_DEG} deg (median)")
    for name, found in drawn.items():
        print(
            f"{name}: median {_words(found.median)}; spread {_words(found.spread)}; "
            f"stated {_words(found.stated)}; error over its own stated deviation "
            f"{', '.join(f'{one:.2f}' for one in found.share)}; {found.refused} of {VIEWS} refused"
        )
    bent = pinhole(1920, 1080, 1400.0, distortion=(-0.2, 0.04, 0.0, 0.0))
    depths = {"pinhole": depth_error(CAMERA), "bent lens": depth_error(bent)}
    for name, worst in depths.items():
        print(f"depth of ground, {name}: off by {worst:.1e} at most (limit {MOST_DEPTH_ERROR:.0e})")
    seen = sight_figures()
    print(
        f"twelve points among {CARS} cars: {seen.numpy_ms:.2f} ms (p95 {seen.numpy_p95_ms:.2f}, limit "
        f"{MOST_SIGHT_MS}), {seen.ratio:.2f} x open3d's {seen.open3d_ms:.2f} ms; once a car has moved "
        f"{seen.moved_ms:.2f} ms, {seen.moved_ratio:.2f} x open3d's {seen.open3d_moved_ms:.2f} ms; "
        f"both say the same of {seen.agree:.2%} of {seen.points} points ({seen.by_own:.0%} hidden "
        f"by the car itself, {seen.by_other:.0%} by another)"
    )
    return {
        "drawn": {name: asdict(found) for name, found in drawn.items()},
        "depth": depths,
        "sight": asdict(seen),
        "most_focal_percent": MOST_FOCAL_PERCENT,
        "most_height_percent": MOST_HEIGHT_PERCENT,
        "most_normal_deg": MOST_NORMAL_DEG,
        "most_depth_error": MOST_DEPTH_ERROR,
        "most_sight_ms": MOST_SIGHT_MS,
    }


def _errors(result: CalibrationResult) -> list[float]:
    assert result.plane is not None
    angle = 2 * np.arcsin(np.linalg.norm(result.plane.normal - PLANE.normal) / 2)
    focal = result.camera.focal[0] / CAMERA.focal[0] - 1
    return [100 * focal, 100 * (result.plane.height / PLANE.height - 1), float(np.rad2deg(angle))]


def _queue(rng: np.random.Generator) -> list[Pose]:
    """Cars in two lanes before a crossing, seen along the road or aslant: each hides parts of the next."""
    road = pose_on_ground(PLANE, (rng.uniform(18.0, 30.0), rng.uniform(-3.0, 3.0)), rng.uniform(-0.8, 0.8))
    spots = [(6.0 * row, side) for row in range(CARS // 2) for side in (-1.7, 1.7)]
    return [
        compose(
            road, Pose(heading_rotation(rng.uniform(-0.1, 0.1)), np.array([x + rng.uniform(-0.5, 0.5), y, 0]))
        )
        for x, y in spots
    ]


def _moved(points: Array, meshes: list[RayMesh], own: int, car: Array, faces: Indices) -> Sight:
    """What is asked while a person drags one car."""
    return sight(points, [*meshes[:own], ray_mesh(car, faces), *meshes[own + 1 :]], own)


def _built(points: Array, owns: Indices, cars: list[Array], faces: Indices) -> Sight:
    """The same of open3d, whose scene cannot be changed."""
    return VisibilityScene([(car, faces) for car in cars]).sight(points, owns)


def _timed(work: Callable[..., Sight], *given: object) -> tuple[Sight, float]:
    began = time.perf_counter()
    made = work(*given)
    return made, time.perf_counter() - began


def _three(values: Array) -> tuple[float, float, float]:
    focal, height, normal = values.tolist()
    return focal, height, normal


def _words(values: tuple[float, float, float]) -> str:
    return f"{values[0]:.2f} %, {values[1]:.2f} %, {values[2]:.2f} deg"


if __name__ == "__main__":
    main()
