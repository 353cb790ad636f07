"""How well cars without keypoints are placed by their outlines, on the simulated street, and how fast.

    python -m benchmarks coarse

Masks are the truth's, of what is seen, and those of the motion detector where they share half of their pixels
with a car's. The peer, on the same masks, is what mining has without fits: the middle of the mask's lower
edge taken to the ground (WALT3D, section 3), with the heading of the way that it goes.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.coarse import OutlineSighting, fit_coarse
from core.fitting.vehicles.coarse_headings import headings_of
from core.fitting.vehicles.outline import outline_of
from core.geometry.ground_plane import place_on_ground
from core.geometry.masks import patch_area, patch_iou
from core.mining.detectors.registry import create_detector
from core.records.detections import Category, DetectorFrame
from core.records.fits import FitVerdict, VehicleFit
from core.records.masks import MaskPatch
from core.shapes.space_file import default_space
from core.synthesis.street.mounts import Mount, default_mount, far_mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera
from core.synthesis.street.truth import CoverKind, StreetFrame, StreetObject

Array = NDArray[np.float64]

MOST_MEDIAN_M, MOST_HEADING_DEG, LEAST_CARS_A_SECOND = 0.8, 6.0, 200.0
FURNITURE_SEEDS, FURNITURE_FRAMES = (4, 5, 6), 80
_SMALLEST_PX = 150
_SAME_IOU = 0.5
_HIDDEN = 0.02
_MOVING_M_S = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A car in one frame: its truth, and the mask that is fitted to.

    Attributes:
        place: (2,) on the ground's frame. heading: radians. speed: m/s.
    """

    truth: StreetObject
    time_s: float
    mask: MaskPatch
    hiders: Sequence[MaskPatch]
    place: Array
    heading: float


@dataclass(frozen=True, slots=True)
class CoarseFigures:
    """Of some cars' fits.

    Attributes:
        cars: how many sightings. good: share of them whose verdict is good, of which the rest is told.
        median_m, p90_m: place; heading_deg, heading_p90_deg: heading.
        turned: share with a heading off by more than 90 degrees.
        honest: median squared error of the place over its own sigmas, over that of a Gaussian; 1 is honest.
        beyond: share whose heading is off by more than three of its own sigmas; 0.3 % is a Gaussian's.
        peer_m, peer_deg: the peer's medians, on all of them.
    """

    cars: int
    good: float
    median_m: float
    p90_m: float
    heading_deg: float
    heading_p90_deg: float
    turned: float
    honest: float
    beyond: float
    peer_m: float
    peer_deg: float


def frames_of(seed: int, count: int, size: tuple[int, int]) -> tuple[Mount, list[StreetFrame]]:
    """A street's default camera and its frames, 0.16 s apart."""
    street = Street(StreetSettings(width=size[0], height=size[1], fps=6.25, frame_count=count, seed=seed))
    camera = StreetCamera(street, street.default_mount())
    return camera.mount, [camera.frame(index) for index in range(count)]


def by_truth(mount: Mount, frames: Sequence[StreetFrame]) -> list[Seen]:
    """Every car by what is really seen of it, with what stands before it."""
    found = []
    for frame in frames:
        for one in frame.objects:
            if one.category is Category.CAR and patch_area(one.modal) >= _SMALLEST_PX:
                found.append(_seen(mount, frame, one, one.modal))
    return found


def by_detector(mount: Mount, frames: Sequence[StreetFrame]) -> list[Seen]:
    """Cars by the motion detector's masks."""
    background = np.median(np.stack([frame.picture for frame in frames[::6]]), axis=0).astype(np.uint8)
    detector = create_detector("motion")
    found = []
    for frame in frames:
        masks = [
            one.mask
            for one in detector.detect([DetectorFrame(frame.picture, background)])[0]
            if one.mask is not None
        ]
        for one in frame.objects:
            if one.category is not Category.CAR or patch_area(one.modal) < _SMALLEST_PX:
                continue
            best = max(masks, key=lambda mask: patch_iou(mask, one.modal), default=None)
            if best is not None and patch_iou(best, one.modal) >= _SAME_IOU:
                found.append(_seen(mount, frame, one, best))
    return found


def _seen(mount: Mount, frame: StreetFrame, one: StreetObject, mask: MaskPatch) -> Seen:
    before = {cover.track_id for cover in one.covers} if one.occlusion > _HIDDEN else set()
    hiders = [other.modal for other in frame.objects if other.track_id in before]
    place, heading = place_on_ground(mount.ground, one.pose)
    return Seen(one, frame.time_s, mask, hiders, place, heading)


def speeds(seen: Sequence[Seen]) -> Array:
    """(n,) how fast each car drives, by the truth's places around."""
    tracks: dict[int, list[Seen]] = {}
    for one in seen:
        tracks.setdefault(one.truth.track_id, []).append(one)
    found = []
    for one in seen:
        near = [other for other in tracks[one.truth.track_id] if abs(other.time_s - one.time_s) < 0.4]
        first, last = near[0], near[-1]
        gap = last.time_s - first.time_s
        found.append(float(np.linalg.norm(last.place - first.place)) / gap if gap > 0 else 0.0)
    return np.array(found)


def fit(mount: Mount, seen: Sequence[Seen]) -> tuple[list[VehicleFit], tuple[Array, Array], float]:
    """The fits, the peer's places and headings, and cars a second of the fits with their outlines."""
    began = time.process_time()
    sightings = [
        OutlineSighting(outline_of(one.mask, mount.camera, one.hiders), one.time_s, one.truth.track_id)
        for one in seen
    ]
    fits = fit_coarse(mount.camera, mount.ground, default_space(), sightings)
    rate = len(seen) / (time.process_time() - began)
    contact = np.stack([one.outline.contact_px for one in sightings])
    points = mount.ground.frame().inverse().apply(mount.ground.points_or_nan(mount.camera, contact))[:, :2]
    ready = np.isfinite(points).all(axis=1)
    return fits, (points, headings_of(sightings, points, ready).heading), rate


def figures(
    seen: Sequence[Seen], fits: Sequence[VehicleFit], peer: tuple[Array, Array], chosen: NDArray[np.bool_]
) -> CoarseFigures | None:
    """Of the chosen sightings; None where there are none."""
    rows = np.flatnonzero(chosen).tolist()
    good = [row for row in rows if fits[row].verdict is FitVerdict.GOOD]
    if not good:
        return None
    off, turned, squares, beyond = [], [], [], []
    for row in good:
        one, found = seen[row], fits[row]
        assert found.place_m is not None
        assert found.heading_rad is not None
        assert found.sigmas is not None
        assert found.sigmas.place is not None
        wrong = np.array(found.place_m) - one.place
        xx, xy, yy = found.sigmas.place
        off.append(np.linalg.norm(wrong))
        turned.append(_turn_deg(found.heading_rad, one.heading))
        beyond.append(turned[-1] > 3 * np.rad2deg(found.sigmas.heading_rad))
        squares.append(wrong @ np.linalg.solve([[xx, xy], [xy, yy]], wrong))
    peer_off = [np.linalg.norm(peer[0][row] - seen[row].place) for row in rows]
    peer_turned = [_turn_deg(float(peer[1][row]), seen[row].heading) for row in rows]
    return CoarseFigures(
        cars=len(rows),
        good=len(good) / len(rows),
        median_m=float(np.median(off)),
        p90_m=float(np.quantile(off, 0.9)),
        heading_deg=float(np.median(turned)),
        heading_p90_deg=float(np.quantile(turned, 0.9)),
        turned=float(np.mean(np.array(turned) > 90)),
        honest=float(np.median(squares) / (2 * np.log(2))),
        beyond=float(np.mean(beyond)),
        peer_m=float(np.nanmedian(peer_off)),
        peer_deg=float(np.nanmedian(peer_turned)),
    )


def by_furniture(seeds: Sequence[int], frames: int, size: tuple[int, int]) -> dict[str, object]:
    """How honest headings are where still things cut masks that nobody told the fits of, by true masks.

    Three cameras: the default one, one 3 m high that looks 8 degrees down, and one far from the road.
    """
    seen: list[Seen] = []
    fits: list[VehicleFit] = []
    speed: list[Array] = []
    for seed in seeds:
        street = Street(
            StreetSettings(width=size[0], height=size[1], fps=6.25, frame_count=frames, seed=seed)
        )
        low = default_mount(street.layout, *size, above_m=3.0, down_rad=float(np.deg2rad(8.0)))
        for mount in (street.default_mount(), low, far_mount(street.layout, *size)):
            view = StreetCamera(street, mount)
            cars = [one for index in range(frames) for one in by_truth(mount, [view.frame(index)])]
            seen += cars
            fits += fit(mount, cars)[0]
            speed.append(speeds(cars))
    covered = {kind: np.array([_covered(one, kind) for one in seen]) for kind in CoverKind}
    moving, cut = np.concatenate(speed) > _MOVING_M_S, covered[CoverKind.STATIC] > _HIDDEN
    hidden = (covered[CoverKind.CAR] + covered[CoverKind.PERSON] > _HIDDEN) | (
        covered[CoverKind.BORDER] > _HIDDEN
    )
    nothing = (np.full((len(seen), 2), np.nan), np.zeros(len(seen)))
    out: dict[str, object] = {}
    for name, chosen in {
        "moving, cut by still things": moving & cut & ~hidden,
        "moving, cut by others": moving & hidden,
        "moving, whole": moving & ~cut & ~hidden,
        "standing, cut by still things": ~moving & cut & ~hidden,
        "standing, cut by others": ~moving & hidden,
        "standing, whole": ~moving & ~cut & ~hidden,
        "all": np.ones(len(seen), dtype=np.bool_),
    }.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # there is no peer
            got = figures(seen, fits, nothing, chosen)
        if got is not None:
            out[f"three cameras: {name}"] = asdict(got)
            print(
                f"three cameras, {name}: {got.cars} sightings, {got.good:.0%} good; heading "
                f"{got.heading_deg:.1f} deg, p90 {got.heading_p90_deg:.1f}; {got.turned:.1%} turned, "
                f"{got.beyond:.1%} beyond three sigmas; place {got.median_m:.2f} m, p90 {got.p90_m:.2f}"
            )
    return out


def _covered(one: Seen, kind: CoverKind) -> float:
    return sum(cover.share for cover in one.truth.covers if cover.kind is kind)


def _turn_deg(first: float, second: float) -> float:
    return float(np.rad2deg(np.abs((first - second + np.pi) % (2 * np.pi) - np.pi)))


def main(
    seeds: Sequence[int] = (1, 2), frames: int = 100, size: tuple[int, int] = (1280, 720)
) -> dict[str, object]:
    """Measure, print, and return the figures with their limits."""
    parts: dict[str, list[tuple[Mount, list[Seen]]]] = {"true masks": [], "motion detector's masks": []}
    for seed in seeds:
        mount, made = frames_of(seed, frames, size)
        parts["true masks"].append((mount, by_truth(mount, made)))
        parts["motion detector's masks"].append((mount, by_detector(mount, made)))
    out: dict[str, object] = {"limit_m": MOST_MEDIAN_M, "limit_deg": MOST_HEADING_DEG}
    for name, runs in parts.items():
        seen = [one for _, cars in runs for one in cars]
        fits: list[VehicleFit] = []
        peers, rates = [], []
        for mount, cars in runs:
            found, peer, rate = fit(mount, cars)
            fits += found
            peers.append(peer)
            rates.append(rate)
        places, headings = (np.concatenate([peer[part] for peer in peers]) for part in (0, 1))
        speed = np.concatenate([speeds(cars) for _, cars in runs])
        away = np.array([one.truth.distance_m for one in seen])
        hidden = np.array([one.truth.occlusion for one in seen]) > _HIDDEN
        parked = np.array([one.truth.parked for one in seen])
        moving, near = speed > _MOVING_M_S, (away >= 15) & (away <= 40)
        groups = {
            "moving, 15 to 40 m": moving & near & ~hidden,
            "moving, 40 to 80 m": moving & (away > 40) & (away <= 80) & ~hidden,
            "moving, partly hidden, 15 to 40 m": moving & near & hidden,
            "waiting, 15 to 40 m": ~moving & ~parked & near & ~hidden,
            "parked, 15 to 40 m": parked & near & ~hidden,
        }
        for group, chosen in groups.items():
            got = figures(seen, fits, (places, headings), chosen)
            if got is None:
                continue
            out[f"{name}: {group}"] = asdict(got)
            print(
                f"{name}, {group}: {got.cars} sightings, {got.good:.0%} good; place {got.median_m:.2f} m, "
                f"p90 {got.p90_m:.2f}; heading {got.heading_deg:.1f} deg, p90 {got.heading_p90_deg:.1f}; "
                f"{got.turned:.1%} turned, {got.beyond:.1%} beyond three sigmas; "
                f"squared errors {got.honest:.1f} x as said; "
                f"lower edge alone {got.peer_m:.2f} m, {got.peer_deg:.1f} deg"
            )
        out[f"{name}: cars a second"] = round(float(np.median(rates)), 1)
        print(f"{name}: {np.median(rates):.0f} cars a second of one core (limit {LEAST_CARS_A_SECOND:.0f})")
    out |= by_furniture(FURNITURE_SEEDS, FURNITURE_FRAMES, size)
    print(f"limits {MOST_MEDIAN_M} m and {MOST_HEADING_DEG} deg; load {os.getloadavg()[0]:.1f}")
    return out


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coarse")
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    main(asked.seeds, asked.frames)
