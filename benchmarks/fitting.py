"""How well single cars are fitted on the ground, how near to what is possible, how fast, and with which tags.

    python -m benchmarks fitting

Cars of the default space by ALGORITHMS 10's set-up: reference camera, 15 to 60 m, 2 px noise, 40 % of the
visible points left out. The bound is Cramer and Rao's with the shape's prior (Van Trees 1968): the median
error is compared with the median length of draws from the bound's Gaussian.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._fitting_scenes import FAR_M, NEAR_M, TrueCar, car_at, draw_cars, reference_camera
from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fit_mesh import fit_ray_mesh
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.ground_model import POSE, GroundModel
from core.fitting.vehicles.predict import predict
from core.fitting.vehicles.shape_basis import basis_of
from core.fitting.vehicles.traffic4d import fit_traffic4d
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.records.detections import Category
from core.records.fits import FitVerdict, VehicleFit
from core.records.shapes import KeypointTag
from core.shapes.keypoints import COUNT, FLIP
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space
from core.synthesis.street.mounts import far_mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera
from core.synthesis.street.truth import StreetObject

Array = NDArray[np.float64]

NOISE_PX, DROPPED = 2.0, 0.4
FEWEST = 4  # ALGORITHMS' peers start with EPnP, which needs four
DRAWS = 200


@dataclass(frozen=True, slots=True)
class FittingFigures:
    """What was measured; metres, degrees, milliseconds of one core's time.

    Attributes:
        cars: with at least four points left; place_m, place_p90_m, heading_deg: errors of all of them.
        place_bound, heading_bound: medians over the bound's.
        turned_round: headings off by more than 90 degrees. not_good: fits that call themselves no good.
        three_place_m, three_heading_deg, three_turned_round, three_good_turned_round: cars with three points.
        swapped_found, swapped_wrong: cars with left and right exchanged, 5 points and more: share that is
            found out, and good fits among them off by more than 30 degrees.
        fit_ms, fit_p95_ms: one car from nothing; drag_ms, drag_p95_ms: with the fit before as a start;
        cars_a_second: in batches; predict_ms, predict_p95_ms: with 20 other cars;
        scipy_ms, scipy_place_m, fit_place_m: scipy.optimize.least_squares from eight headings, and both
            medians on the same cars.
        self_tags, other_tags: share of the street's points that are truly so of which the fit says so, of
            cars at 15 to 60 m; self_points, other_points: how many those are.
        self_tags_all, other_tags_all, self_points_all, other_points_all: at all distances.
    """

    cars: int
    place_m: float
    place_p90_m: float
    heading_deg: float
    place_bound: float
    heading_bound: float
    turned_round: int
    not_good: int
    three_place_m: float
    three_heading_deg: float
    three_turned_round: int
    three_good_turned_round: int
    swapped_found: float
    swapped_wrong: int
    fit_ms: float
    fit_p95_ms: float
    drag_ms: float
    drag_p95_ms: float
    cars_a_second: float
    predict_ms: float
    predict_p95_ms: float
    scipy_ms: float
    scipy_place_m: float
    fit_place_m: float
    self_tags: float
    self_points: int
    other_tags: float
    other_points: int
    self_tags_all: float
    self_points_all: int
    other_tags_all: float
    other_points_all: int


@dataclass(frozen=True, eq=False)
class _Errors:
    place: Array
    heading: Array
    good: NDArray[np.bool_]


def main(cars: int = 3000, streets: int = 3) -> dict[str, float | int]:
    """Measures and prints."""
    space = default_space()
    camera, plane = reference_camera()
    drawn = draw_cars(space, camera, plane, cars, seed=1)
    rng = np.random.default_rng(2)
    views = [car.evidence(rng, NOISE_PX, DROPPED) for car in drawn]
    fitter = VehicleFitter(camera, plane, space)
    counts = np.array([view.used.sum() for view in views])
    chosen = np.flatnonzero(counts >= FEWEST)
    errors = _errors(fitter, [drawn[i] for i in chosen], [views[i] for i in chosen])
    bound = _bound(space, camera, plane, [drawn[i] for i in chosen], [views[i] for i in chosen])
    three = np.flatnonzero(counts == 3)
    few = _errors(fitter, [drawn[i] for i in three], [views[i] for i in three])
    swapped = _swapped(fitter, drawn[:600])
    speed = _speed(fitter, [views[i] for i in chosen[:300]])
    peer = _scipy(fitter, [drawn[i] for i in chosen[:40]], [views[i] for i in chosen[:40]])
    near, every = _street_tags(space, streets)
    figures = FittingFigures(
        cars=len(chosen),
        place_m=float(np.median(errors.place)),
        place_p90_m=float(np.percentile(errors.place, 90)),
        heading_deg=_degrees(np.median(errors.heading)),
        place_bound=float(np.median(errors.place) / bound[0]),
        heading_bound=float(np.median(errors.heading) / bound[1]),
        turned_round=int((errors.heading > np.pi / 2).sum()),
        not_good=int((~errors.good).sum()),
        three_place_m=float(np.median(few.place)),
        three_heading_deg=_degrees(np.median(few.heading)),
        three_turned_round=int((few.heading > np.pi / 2).sum()),
        three_good_turned_round=int((few.good & (few.heading > np.pi / 2)).sum()),
        swapped_found=swapped[0],
        swapped_wrong=swapped[1],
        fit_ms=speed[0],
        fit_p95_ms=speed[1],
        drag_ms=speed[2],
        drag_p95_ms=speed[3],
        cars_a_second=speed[4],
        predict_ms=speed[5],
        predict_p95_ms=speed[6],
        scipy_ms=peer[0],
        scipy_place_m=peer[1],
        fit_place_m=peer[2],
        self_tags=near.share(KeypointTag.SELF_OCCLUDED),
        self_points=near.counts[KeypointTag.SELF_OCCLUDED],
        other_tags=near.share(KeypointTag.OTHER_OCCLUDED),
        other_points=near.counts[KeypointTag.OTHER_OCCLUDED],
        self_tags_all=every.share(KeypointTag.SELF_OCCLUDED),
        self_points_all=every.counts[KeypointTag.SELF_OCCLUDED],
        other_tags_all=every.share(KeypointTag.OTHER_OCCLUDED),
        other_points_all=every.counts[KeypointTag.OTHER_OCCLUDED],
    )
    for name, value in asdict(figures).items():
        print(f"{name}: {round(value, 3)}")
    _print_views(space, camera, plane)
    _print_traffic4d(fitter)
    return asdict(figures)


def _errors(fitter: VehicleFitter, cars: Sequence[TrueCar], views: Sequence[KeypointEvidence]) -> _Errors:
    fits = fitter.fit_many(views)
    place = [np.hypot(*(np.array(fit.place_m) - car.place)) for car, fit in zip(cars, fits, strict=True)]
    heading = [_wrapped((fit.heading_rad or 0.0) - car.heading) for car, fit in zip(cars, fits, strict=True)]
    good = [fit.verdict is FitVerdict.GOOD for fit in fits]
    return _Errors(np.array(place), np.array(heading), np.array(good))


def _bound(
    space: CarShapeSpace,
    camera: Camera,
    plane: GroundPlane,
    cars: Sequence[TrueCar],
    views: Sequence[KeypointEvidence],
) -> tuple[float, float]:
    """Median place and heading errors of draws from the bound, over all components that the cars have."""
    model = GroundModel(camera, plane, basis_of(space, space.components))
    prior = np.diag([0.0] * POSE + [1.0] * space.components)
    rng = np.random.default_rng(3)
    places, headings = [], []
    for car, view in zip(cars, views, strict=True):
        slope = model.project(np.concatenate([car.place, [car.heading], car.beta])[None])[1][0]
        slope = (slope * np.where(view.used, 1 / NOISE_PX, 0.0)).reshape(len(prior), -1)
        spread = np.linalg.inv(slope @ slope.T + prior)[:POSE, :POSE]
        drawn = rng.multivariate_normal(np.zeros(POSE), spread, DRAWS)
        places.append(np.hypot(drawn[:, 0], drawn[:, 1]))
        headings.append(np.abs(drawn[:, 2]))
    return float(np.median(places)), float(np.median(headings))


def _swapped(fitter: VehicleFitter, cars: Sequence[TrueCar]) -> tuple[float, int]:
    rng = np.random.default_rng(4)
    flip = list(FLIP)
    views = [car.evidence(rng, NOISE_PX, 0.0) for car in cars]
    kept = [index for index, view in enumerate(views) if view.used.sum() >= 5]
    fits = fitter.fit_many(
        [
            KeypointEvidence(views[i].pixels[flip], views[i].sigma_px[flip], np.array(views[i].seen)[flip])
            for i in kept
        ]
    )
    wrong = [_wrapped((fit.heading_rad or 0) - cars[i].heading) for i, fit in zip(kept, fits, strict=True)]
    bad = sum(
        turn > np.pi / 6 and fit.verdict is FitVerdict.GOOD for turn, fit in zip(wrong, fits, strict=True)
    )
    return float(np.mean([fit.swapped for fit in fits])), int(bad)


def _speed(fitter: VehicleFitter, views: Sequence[KeypointEvidence]) -> tuple[float, ...]:
    fits = [fitter.fit(view) for view in views]
    alone = _times(lambda index: fitter.fit(views[index]), len(views))
    # each point of the first 40 cars moved by a pixel, as a drag does
    moved = [KeypointEvidence(view.pixels + 1.0, view.sigma_px, view.seen) for view in views]
    drag = _times(lambda index: fitter.fit(moved[index], fits[index]), len(views))
    began = time.thread_time()
    fitter.fit_many(views)
    rate = len(views) / (time.thread_time() - began)
    space, camera = fitter.space, fitter.camera
    others = [(index, fit_ray_mesh(fit, space)) for index, fit in enumerate(fits[:20])]
    seen = _times(lambda index: predict(fits[index], camera, space, others), len(fits))
    return (*_middle(alone), *_middle(drag), rate, *_middle(seen))


def _scipy(
    fitter: VehicleFitter, cars: Sequence[TrueCar], views: Sequence[KeypointEvidence]
) -> tuple[float, float, float]:
    """least_squares with the same Jacobian, starts and prior; its Huber is on each coordinate."""
    from scipy.optimize import least_squares

    model = fitter.model
    assert isinstance(model, GroundModel)
    headings = np.arange(8) * np.pi / 4
    off, ours = [], []
    began = time.thread_time()
    for car, view in zip(cars, views, strict=True):
        seen = fitter.sightings([view])
        one = _ScipyCar(model, seen.pixels[0], seen.weights[0])
        starts = model.starts(seen.pixels, seen.weights, headings)[0]
        found = [
            least_squares(one.residuals, start, one.slope, loss="huber", f_scale=2.0, max_nfev=60)
            for start in starts
            if np.isfinite(model.project(start[None])[0]).all()
        ]
        best = min(found, key=lambda solution: solution.cost)
        off.append(np.hypot(*(best.x[:2] - car.place)))
    spent = (time.thread_time() - began) / len(cars)
    for car, view in zip(cars, views, strict=True):
        ours.append(np.hypot(*(np.array(fitter.fit(view).place_m) - car.place)))
    return spent * 1e3, float(np.median(off)), float(np.median(ours))


@dataclass(frozen=True, eq=False)
class _ScipyCar:
    """One car's residuals and their slope, with the prior, as SciPy wants them."""

    model: GroundModel
    pixels: Array
    weights: Array

    def residuals(self, state: Array) -> Array:
        wrong = (self.model.project(state[None])[0][0] - self.pixels) * self.weights
        return np.concatenate([np.nan_to_num(wrong, nan=1e6).reshape(-1), state[POSE:]])

    def slope(self, state: Array) -> Array:
        by = (self.model.project(state[None])[1][0] * self.weights).reshape(len(state), -1)
        return np.concatenate([np.nan_to_num(by).T, np.eye(len(state))[POSE:]])


def _street_tags(space: CarShapeSpace, streets: int) -> tuple[_Tags, _Tags]:
    """Points of cars that three visible points or more give a fit: within 15 to 60 m, and at any distance.

    Points that a still thing hides are left out: fits know of cars only. The pictures are a third of the
    reference camera's, and so is their noise.
    """
    near, every = _Tags(), _Tags()
    for seed in range(5, 5 + 2 * streets, 2):
        street = Street(StreetSettings(width=640, height=360, frame_count=160, seed=seed, cars=50, people=0))
        for place in (street.default_mount(), far_mount(street.layout, 640, 360)):
            view = StreetCamera(street, place)
            fitter = VehicleFitter(place.camera, place.ground, space)
            rng = np.random.default_rng(seed)
            for index in range(0, 160, 20):
                cars = [item for item in view.frame(index).objects if item.category is Category.CAR]
                _count_tags(fitter, cars, rng, near, every)
    return near, every


def _count_tags(
    fitter: VehicleFitter, cars: Sequence[StreetObject], rng: np.random.Generator, near: _Tags, every: _Tags
) -> None:
    fits = fitter.fit_many([_street_view(item, fitter.camera, rng) for item in cars])
    known = [
        (item, fit)
        for item, fit in zip(cars, fits, strict=True)
        if fit.verdict in (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)
    ]
    meshes = {item.track_id: fit_ray_mesh(fit, fitter.space) for item, fit in known}
    numbers = {item.track_id for item in cars}
    for item, fit in known:
        others = [(who, mesh) for who, mesh in meshes.items() if who != item.track_id]
        said = predict(fit, fitter.camera, fitter.space, others)
        for tag, hider, point in zip(item.points.tags, item.points.hiders, said, strict=True):
            by_car = hider is not None and hider.track_id in numbers
            if tag is KeypointTag.OTHER_OCCLUDED and not by_car:
                continue
            every.add(tag, point.tag)
            if NEAR_M <= item.distance_m <= FAR_M:
                near.add(tag, point.tag)


class _Tags:
    """How many points truly have each tag, and of how many of those the fit says so."""

    def __init__(self) -> None:
        self.counts: dict[KeypointTag, int] = dict.fromkeys(KeypointTag, 0)
        self.right: dict[KeypointTag, int] = dict.fromkeys(KeypointTag, 0)

    def add(self, true: KeypointTag, said: KeypointTag) -> None:
        self.counts[true] += 1
        self.right[true] += true is said

    def share(self, tag: KeypointTag) -> float:
        return self.right[tag] / max(self.counts[tag], 1)


def _street_view(item: StreetObject, camera: Camera, rng: np.random.Generator) -> KeypointEvidence:
    noise = NOISE_PX * camera.width / 1920
    seen = np.array([tag is KeypointTag.VISIBLE for tag in item.points.tags])
    pixels = np.where(seen[:, None], item.points.pixels + rng.normal(0, noise, (COUNT, 2)), np.nan)
    return KeypointEvidence(pixels, np.where(seen, noise, np.inf), seen)


def _print_views(space: CarShapeSpace, camera: Camera, plane: GroundPlane) -> None:
    """ALGORITHMS 5.3's table: 72 headings, 1.5 px, on the ground and without it."""
    sets = {
        "all 12": range(COUNT),
        "one side (6)": [0, 2, 4, 6, 8, 10],
        "side and rear (8)": [0, 2, 4, 6, 8, 10, 7, 11],
        "rear 4": [6, 7, 10, 11],
        "2 wheels and 2 lights of a side": [0, 2, 4, 6],
    }
    print("median error / more than 30 degrees off / of those called good, at 15 and 40 m")
    for name, ids in sets.items():
        for ground in (plane, None):
            fitter = VehicleFitter(camera, ground, space)
            parts = []
            for distance in (15.0, 40.0):
                rng = np.random.default_rng(7)
                cars = [
                    car_at(space, camera, plane, np.array([distance, 0.0]), heading, np.zeros(1))
                    for heading in np.linspace(-np.pi, np.pi, 72, endpoint=False)
                ]
                kept = np.isin(np.arange(COUNT), list(ids))
                views = [
                    KeypointEvidence(
                        np.where(kept[:, None], car.pixels + rng.normal(0, 1.5, (COUNT, 2)), np.nan),
                        np.where(kept, 1.5, np.inf),
                    )
                    for car in cars
                ]
                parts.append(_turns(cars, fitter.fit_many(views)))
            print(f"{name}, {'ground' if ground is not None else 'free'}: {'; '.join(parts)}")


def _print_traffic4d(fitter: VehicleFitter) -> None:
    """Traffic4D's joint solution of 12 cars over 8 frames, without the ground that single fits are given."""
    assert fitter.plane is not None
    rng = np.random.default_rng(8)
    tracks: list[list[TrueCar]] = []
    for _ in range(12):
        heading, beta = float(rng.uniform(-np.pi, np.pi)), rng.normal(size=fitter.space.components)
        begin = np.array([rng.uniform(20, 40), rng.uniform(-8, 8)])
        ahead = np.array([np.cos(heading), np.sin(heading)])
        tracks.append(
            [
                car_at(fitter.space, fitter.camera, fitter.plane, begin + ahead * step, heading, beta)
                for step in range(8)
            ]
        )
    views = [[car.evidence(rng, NOISE_PX, 0.0) for car in track] for track in tracks]
    found = fit_traffic4d(fitter.camera, fitter.space, views)
    theirs, ours = [], []
    for track, seen, fits in zip(tracks, views, found.fits, strict=True):
        for car, fit, single in zip(track, fits, fitter.fit_many(seen), strict=True):
            ours.append(np.linalg.norm(car.pose.translation - single.translation))
            if fit is not None:
                theirs.append(np.linalg.norm(car.pose.translation - fit.translation))
    print(
        f"Traffic4D on 12 cars of 8 frames: {len(theirs)} of 96 fitted, median {np.median(theirs):.2f} m, "
        f"p90 {np.percentile(theirs, 90):.2f} m; single fits {np.median(ours):.2f} and "
        f"{np.percentile(ours, 90):.2f} m"
    )


def _turns(cars: Sequence[TrueCar], fits: Sequence[VehicleFit]) -> str:
    from core.geometry.poses import rotation_angle

    turns = np.array(
        [
            float(rotation_angle(car.pose.rotation, np.reshape(fit.rotation, (3, 3))))
            for car, fit in zip(cars, fits, strict=True)
        ]
    )
    good = np.array([fit.verdict is FitVerdict.GOOD for fit in fits])
    far = turns > np.pi / 6
    return f"{_degrees(np.median(turns)):.1f} / {100 * far.mean():.0f} % / {(far & good).sum()}"


def _times(work: Callable[[int], object], count: int) -> Array:
    spent = []
    for index in range(count):
        began = time.thread_time()
        work(index)
        spent.append(time.thread_time() - began)
    return np.array(spent) * 1e3


def _middle(times: Array) -> tuple[float, float]:
    return float(np.median(times)), float(np.percentile(times, 95))


def _wrapped(angle: float) -> float:
    return float(np.abs((angle + np.pi) % (2 * np.pi) - np.pi))


def _degrees(radians: float | np.floating) -> float:
    return float(np.rad2deg(radians))
