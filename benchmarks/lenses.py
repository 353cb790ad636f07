"""What a lens that bends costs poses by PnP, and what seeing through it takes.

    python -m benchmarks lenses

The reference camera (1920 x 1080, f = 1,400 px, 6 m high, 15 degrees down) with k1 = -0.30, k2 = 0.10 and a
little tangential distortion; 400 cars of the default space at 10 to 60 m, all twelve points in the picture,
exact, and the true shapes. So what is off is the lens alone. Three ways: points straightened, as the heads do
it; the lens ignored; and one K for each object, linear about the middle of its points.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from core.evaluation.poses import depth_errors, place_errors, rotation_errors
from core.geometry.cameras import Camera
from core.geometry.distortion import padded
from core.geometry.ground_plane import GroundPlane, pose_on_ground
from core.geometry.poses import Pose
from core.networks.lens import bent, straightened
from core.networks.pnp.layer import PnPResult, solve_pnp
from core.shapes.space_file import default_space

CARS, ROUNDS = 400, 5
MATRIX = np.array([[1400.0, 0.0, 959.5], [0.0, 1400.0, 539.5], [0.0, 0.0, 1.0]])
CAMERA = Camera(1920, 1080, MATRIX, (-0.30, 0.10, 0.001, -0.001))
DOWN_RAD = np.deg2rad(15.0)
GROUND = GroundPlane(np.array([0.0, -np.cos(DOWN_RAD), -np.sin(DOWN_RAD)]), 6.0)


def cars() -> tuple[Tensor, Tensor, list[Pose]]:
    """(n, 12, 2) pixels, (n, 12, 3) shapes, and the poses."""
    rng, space = np.random.default_rng(0), default_space()
    poses: list[Pose] = []
    pixels, shapes = [], []
    while len(poses) < CARS:
        place = rng.uniform(10, 60), rng.uniform(-25, 25)
        pose = pose_on_ground(GROUND, place, rng.uniform(-np.pi, np.pi))
        points = space.keypoints(rng.normal(0.0, 0.8, 5))
        seen = CAMERA.project(pose.apply(points))
        if CAMERA.contains(seen).all():
            poses.append(pose)
            pixels.append(seen)
            shapes.append(points)
    return torch.from_numpy(np.stack(pixels)).float(), torch.from_numpy(np.stack(shapes)).float(), poses


def linear(pixels: Tensor, matrix: Tensor, distortion: Tensor) -> Tensor:
    """(n, 3, 3) what takes rays to pixels near the middle of each object's points."""
    middle = 0.5 * (pixels.amin(dim=1) + pixels.amax(dim=1))[:, None]
    ideal, _ = straightened(middle, matrix, distortion)
    columns = []
    for axis in torch.eye(2):
        ends = [bent(ideal + side * axis, matrix, distortion) for side in (1.0, -1.0)]
        columns.append(0.5 * (ends[0] - ends[1])[:, 0])
    slope = torch.stack(columns, dim=2)
    local = torch.eye(3).repeat(len(pixels), 1, 1)
    local[:, :2, :2] = slope
    local[:, :2, 2] = (middle.mT - slope @ ideal.mT)[..., 0]
    return local @ matrix


def told(name: str, found: PnPResult, poses: list[Pose]) -> dict[str, float]:
    """Medians and 90th percentiles of the errors, printed."""
    turns, places = np.stack([one.rotation for one in poses]), np.stack([one.translation for one in poses])
    errors = {
        "rotation deg": np.degrees(rotation_errors(found.rotation.numpy(), turns)),
        "place m": place_errors(found.translation.numpy(), places),
        "depth share": depth_errors(found.translation.numpy(), places),
    }
    out = {"held": float(found.held.float().mean())}
    for error, values in errors.items():
        out |= {error: float(np.median(values)), f"{error}, p90": float(np.percentile(values, 90))}
    print(f"{name}: " + ", ".join(f"{key} {value:.4g}" for key, value in out.items()))
    return out


def main() -> dict[str, object]:
    """Measures and prints."""
    torch.set_num_threads(1)
    pixels, shapes, poses = cars()
    matrix = torch.from_numpy(MATRIX).float().expand(CARS, 3, 3)
    distortion = torch.from_numpy(padded(CAMERA.distortion)).float().expand(CARS, 14)
    times = []
    for _ in range(ROUNDS):
        begun = time.thread_time()
        straight, there = straightened(pixels, matrix, distortion)
        times.append(time.thread_time() - begun)
    assert there.all()
    moved = (straight - pixels).norm(dim=2)
    report: dict[str, object] = {
        "straightened": told("straightened", solve_pnp(straight, shapes, matrix), poses),
        "ignored": told("ignored", solve_pnp(pixels, shapes, matrix), poses),
        "one linear K": told(
            "one linear K", solve_pnp(pixels, shapes, linear(pixels, matrix, distortion)), poses
        ),
        "ms a car": 1000 * min(times) / CARS,
        "median shift px": float(moved.median()),
    }
    print(f"{report['ms a car']:.3f} ms a car; the lens moves points by {report['median shift px']:.1f} px")
    return report


if __name__ == "__main__":
    main()
