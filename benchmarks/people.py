"""How well people are fitted from seventeen points, alone and over tracks, how honestly, how fast.

    python -m benchmarks people

People in poses wider than the prior's own (`_drawn_people`) before the reference camera, 2 px of noise on all
points; the same with their lower legs hidden; and the people of simulated streets, single and over tracks.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._drawn_people import TrueBody, draw_people
from benchmarks._fitting_scenes import reference_camera
from benchmarks._street_people import StreetPerson, people_of
from core.fitting.people import degrees
from core.fitting.people.chain import left_jacobian
from core.fitting.people.evidence import BodyEvidence
from core.fitting.people.fitter import BodyFitter
from core.fitting.people.objective import Sightings
from core.fitting.people.predict import body_ray_mesh, predict_person
from core.fitting.people.prior import pose_prior
from core.fitting.people.track import fit_body_track
from core.geometry.ground_plane import GroundPlane
from core.geometry.poses import rotation_angle, rotation_from_vector
from core.records.boxes import Box
from core.records.fits import BodyFit, FitVerdict
from core.records.shapes import KeypointTag
from core.shapes.body.placed import NamedBody, named_body, placed_body
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera

Array = NDArray[np.float64]

NOISE_PX = 2.0
_LOWER_LEGS = (13, 14, 15, 16)


@dataclass(frozen=True, eq=False)
class _Truth:
    spot: Array
    heading: float
    joints: Array
    pose: Array | None = None


def main(people: int = 400, streets: tuple[int, ...] = (5, 7)) -> dict[str, float]:
    """Measures and prints."""
    body = named_body()
    camera, plane = reference_camera()
    fitter = BodyFitter(camera, plane, body)
    figures: dict[str, float] = {"width": _width()}
    drawn = {metres: draw_people(body, float(metres), people, seed=metres) for metres in (15, 30)}
    for metres, true in drawn.items():
        rng = np.random.default_rng(5)
        seen = [one.evidence(rng, NOISE_PX) for one in true]
        truth = [_Truth(one.spot, one.heading, one.body.joints, one.pose) for one in true]
        figures |= _figures(f"drawn_{metres}m", truth, fitter.fit_many(seen), body)
        figures |= _hidden(f"hidden_legs_{metres}m", fitter, true, seen)
    figures |= _streets(body, streets)
    figures |= _speed(fitter, drawn[15][: min(people, 192)])
    for name, value in figures.items():
        print(f"{name}: {round(value, 3)}")
    return figures


def _width() -> float:
    """How wide drawn poses are against the prior: the root of the mean square of their distance in sigmas."""
    from benchmarks._drawn_people import drawn_pose

    prior, rng = pose_prior(), np.random.default_rng(1)
    away = np.array([degrees.degrees_of(drawn_pose(rng)) for _ in range(500)]) - prior.mean
    return float(np.sqrt(np.einsum("ni,ij,nj->n", away, prior.precision, away).mean() / degrees.COUNT))


def _figures(
    name: str, truth: Sequence[_Truth], fits: Sequence[BodyFit], body: NamedBody
) -> dict[str, float]:
    """Errors of all, and of good ones how far the sigmas are right."""
    joints, place, heading, sigmas = [], [], [], []
    poses: list[Array] = []
    turned = 0
    for true, fit in zip(truth, fits, strict=True):
        placed = placed_body(fit, body.model).joints
        away = np.linalg.norm((placed - placed[0]) - (true.joints - true.joints[0]), axis=1)[1:]
        joints.append(away * 1000)
        off = np.array(fit.place_m) - true.spot
        turn = _wrapped((fit.heading_rad or 0.0) - true.heading)
        place.append(float(np.hypot(*off)))
        heading.append(turn)
        if fit.verdict is FitVerdict.GOOD and fit.sigmas is not None and fit.pose_sigmas_rad is not None:
            turned += turn > np.pi / 2
            along = true.spot / np.hypot(*true.spot)
            across = np.array([-along[1], along[0]])
            sigmas.append(
                [
                    abs(off @ along) / fit.sigmas.along_m,
                    abs(off @ across) / fit.sigmas.across_m,
                    turn / fit.sigmas.heading_rad,
                ]
            )
            if true.pose is not None:
                said = rotation_from_vector(np.reshape(fit.pose, (-1, 3)))
                wrong = rotation_angle(said, rotation_from_vector(true.pose[1:])) / np.sqrt(3)
                poses.append(wrong / np.array(fit.pose_sigmas_rad))
    out = {
        f"{name}_people": float(len(fits)),
        f"{name}_joints_mm": float(np.median([one.mean() for one in joints])),
        f"{name}_joint_by_joint_mm": float(np.median(joints)),
        f"{name}_place_m": float(np.median(place)),
        f"{name}_place_p90_m": float(np.percentile(place, 90)),
        f"{name}_heading_deg": float(np.rad2deg(np.median(heading))),
        f"{name}_good": float(np.mean([fit.verdict is FitVerdict.GOOD for fit in fits])),
        f"{name}_good_turned_round": float(turned),
    }
    for index, what in enumerate(("along", "across", "heading")):
        for times in (1, 2, 3):
            out[f"{name}_{what}_within_{times}"] = float((np.array(sigmas)[:, index] <= times).mean())
    if poses:
        for times in (1, 2, 3):
            out[f"{name}_pose_within_{times}"] = float((np.array(poses) <= times).mean())
    print(name, dict(Counter(fit.verdict.value for fit in fits)))
    return out


def _hidden(
    name: str, fitter: BodyFitter, true: Sequence[TrueBody], seen: Sequence[BodyEvidence]
) -> dict[str, float]:
    """The lower legs hidden by something, and the box cut there: the verdict must say so."""
    hidden = [_without_legs(one) for one in seen]
    fits = fitter.fit_many(hidden)
    off = [np.array(fit.place_m) - one.spot for fit, one in zip(fits, true, strict=True)]
    held = [
        abs(away @ one.spot) / np.hypot(*one.spot) / fit.sigmas.along_m
        for away, one, fit in zip(off, true, fits, strict=True)
        if fit.sigmas is not None
    ]
    return {
        f"{name}_said": float(np.mean(["feet are hidden" in fit.reason for fit in fits])),
        f"{name}_good": float(np.mean([fit.verdict is FitVerdict.GOOD for fit in fits])),
        f"{name}_place_m": float(np.median(np.linalg.norm(off, axis=1))),
        f"{name}_along_within_1": float((np.array(held) <= 1).mean()),
        f"{name}_along_within_2": float((np.array(held) <= 2).mean()),
    }


def _without_legs(one: BodyEvidence) -> BodyEvidence:
    used, tags = one.used.copy(), list(one.tags)
    for index in _LOWER_LEGS:
        used[index], tags[index] = False, KeypointTag.OTHER_OCCLUDED
    knees = float(one.points[[13, 14], 1].min())
    box = Box(one.box.x, one.box.y, one.box.w, max(knees - one.box.y, 1.0))
    return BodyEvidence(one.points, used, one.sigma_px, tuple(tags), box)


def _streets(body: NamedBody, seeds: tuple[int, ...]) -> dict[str, float]:
    """People who walk on pavements and cross roads, seen every eighth frame, in pictures of a third the size.

    Most walk on a pavement 12 cm above the plane. "level" fits each with the plane that the person walks on.
    """
    truth: list[_Truth] = []
    fits: dict[str, list[BodyFit]] = {"single": [], "level": [], "track": []}
    rng = np.random.default_rng(3)
    for seed in seeds:
        settings = StreetSettings(width=640, height=360, frame_count=160, seed=seed, cars=12, people=20)
        street = Street(settings)
        mount = street.default_mount()
        view = StreetCamera(street, mount)
        frames = list(range(0, settings.frame_count, 8))
        tracks: dict[int, list[tuple[int, StreetPerson]]] = {}
        for index in frames:
            for one in people_of(view, index, body):
                tracks.setdefault(one.item.track_id, []).append((index, one))
        fitter = BodyFitter(mount.camera, mount.ground, body)
        for track in tracks.values():
            seen = [one.evidence(mount, rng, NOISE_PX / 3) for _, one in track]
            truth += [_Truth(one.spot, one.heading, one.body.joints) for _, one in track]
            fits["single"] += fitter.fit_many(seen)
            times = [index / settings.fps for index, _ in track]
            fits["track"] += [fit for fit in fit_body_track(fitter, seen, times) if fit is not None]
            for evidence, (_, one) in zip(seen, track, strict=True):
                height = float(mount.ground.heights(one.item.pose.translation))
                level = GroundPlane(mount.ground.normal, mount.ground.height - height)
                fits["level"].append(BodyFitter(mount.camera, level, body).fit(evidence))
    figures: dict[str, float] = {}
    for name, found in fits.items():
        figures |= _figures(f"street_{name}", truth, found, body)
    return figures


def _speed(fitter: BodyFitter, true: Sequence[TrueBody]) -> dict[str, float]:
    rng = np.random.default_rng(6)
    seen = [one.evidence(rng, NOISE_PX) for one in true]
    fitter.fit(seen[0])
    began = time.process_time()
    fits = fitter.fit_many(seen)
    batched = len(seen) / (time.process_time() - began)
    began = time.process_time()
    for one in seen[:24]:
        fitter.fit(one)
    alone = 24 / (time.process_time() - began)
    began = time.process_time()
    costs = [_one_by_one(fitter, one) for one in seen[:3]]
    peer = 3 / (time.process_time() - began)
    others = [body_ray_mesh(fit, fitter.body) for fit in fits[1:5]]
    spent = []
    for fit in fits[:40]:
        began = time.process_time()
        predict_person(fit, fitter.camera, fitter.body, others)
        spent.append((time.process_time() - began) * 1e3)
    print("costs of the peer's best, and of the fitter's:", np.round(costs, 2))
    return {
        "batched_people_a_second": batched,
        "single_people_a_second": alone,
        "scipy_people_a_second": peer,
        "over_scipy": batched / peer,
        "predict_ms": float(np.median(spent)),
        **_cuda(fitter, seen),
    }


def _one_by_one(fitter: BodyFitter, evidence: BodyEvidence) -> tuple[float, float]:
    """scipy's L-BFGS-B of the same cost from the same starts, one start after another."""
    from scipy.optimize import minimize

    ends = [fitter.ends(evidence)]
    arrays = fitter.sightings([evidence], ends)
    places = fitter.starts.places(arrays[0], arrays[1], ends)[0]
    seen, objective = Sightings(*arrays), fitter.objective
    kit, chain = objective.kit, objective.chain
    best = np.inf
    for turn, place, pose in zip(fitter.starts.turns, places, fitter.starts.poses, strict=True):
        start = chain.state(turn[None], place[None], np.zeros((1, chain.betas)), pose[None])

        def cost(steps: Array) -> tuple[float, Array]:
            local = objective.at(chain.moved(start, steps[None]), seen)  # noqa: B023
            slope = 2 * local.gradient[0]
            slope[:3] = left_jacobian(kit, steps[None, None, :3])[0, 0].T @ slope[:3]
            value = float(local.cost[0])
            return (value, slope) if np.isfinite(value) else (1e9, np.zeros_like(slope))

        found = minimize(cost, np.zeros(chain.parameters), jac=True, method="L-BFGS-B")
        best = min(best, float(found.fun))
    found = fitter.searched(*arrays, [list(evidence.tags)], ends)
    return best, float(found.best.local.cost[0])


def _cuda(fitter: BodyFitter, seen: Sequence[BodyEvidence]) -> dict[str, float]:
    """The figure of a GPU; none where there is no GPU."""
    import torch

    if not torch.cuda.is_available():
        print("cuda_people_a_second: no GPU is at hand")
        return {}
    there = BodyFitter(fitter.camera, fitter.plane, fitter.body, device="cuda")
    many = list(seen) * 4
    there.fit_many(many[:32])
    torch.cuda.synchronize()
    began = time.perf_counter()
    there.fit_many(many)
    return {"cuda_people_a_second": len(many) / (time.perf_counter() - began)}


def _wrapped(angle: float) -> float:
    return float(np.abs((angle + np.pi) % (2 * np.pi) - np.pi))
