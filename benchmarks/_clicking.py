"""An annotator, simulated: clicks the visible point that lies worst, and accepts when all lie right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._street_cars import CarView
from core.fitting.vehicles.evidence import KeypointEvidence, evidence_of, sharp_sigma_px
from core.fitting.vehicles.fit_mesh import fit_keypoints
from core.fitting.vehicles.fitter import VehicleFitter
from core.geometry.cameras import Camera
from core.records.fits import VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.shapes import KeypointTag
from core.shapes.space import CarShapeSpace

Array = NDArray[np.float64]
Bits = NDArray[np.bool_]

RIGHT_SHARE = 0.05
MOST_CLICKS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Annotated:
    """One car after the annotator was there.

    Attributes:
        right: (12,) after no click, one click, and so on: which of all points lie right.
        fit: the last one. evidence: what was clicked.
        refits_s: seconds of processor time that each fit took.
        occlusion: of the car.
    """

    right: tuple[Bits, ...]
    fit: VehicleFit
    evidence: KeypointEvidence
    refits_s: tuple[float, ...]
    occlusion: float

    @property
    def clicks(self) -> int:
        """How many there were."""
        return len(self.right) - 1

    def right_after(self, clicks: int) -> float:
        """Share of all twelve points; of a car that was accepted before, as it was then."""
        return float(self.right[min(clicks, self.clicks)].mean())


def annotate(fitter: VehicleFitter, view: CarView, rng: np.random.Generator, by_sight: bool) -> Annotated:
    """One car, from the fit without a click on.

    Clicks are off by 1 % of the box's size along each axis, and by 1 px at least. A click stays where it was
    placed; every other point is where the fit puts it.

    Args:
        fitter: refits after each click.
        by_sight: accepts when all visible points lie right; else only when the hidden ones do, too, or no
            visible point is left that could be bettered.
    """
    noise_px = sharp_sigma_px(view.size_px)
    pixels = np.full((len(view.pixels), 2), np.nan)
    right: list[Bits] = []
    times: list[float] = []
    fit: VehicleFit | None = None
    while True:
        evidence = evidence_of(_clicked(pixels), view.size_px)
        began = time.thread_time()
        fit = fitter.fit(evidence, fit)
        times.append(time.thread_time() - began)
        error = _errors(fit, fitter.camera, fitter.space, pixels, view)
        right.append(error <= RIGHT_SHARE)
        wanted = view.visible if by_sight else np.ones_like(view.visible)
        # a click that is right is not bettered by another
        left = view.visible & (np.isnan(pixels[:, 0]) | (error > RIGHT_SHARE))
        if right[-1][wanted].all() or not left.any() or len(times) > MOST_CLICKS:
            return Annotated(tuple(right), fit, evidence, tuple(times), view.occlusion)
        worst = int(np.where(left, error, -1.0).argmax())
        pixels[worst] = view.pixels[worst] + rng.normal(0.0, noise_px, 2)


def median_clicks(cars: Sequence[Annotated]) -> float:
    """Clicks a car."""
    return float(np.median([car.clicks for car in cars]))


def share_right(cars: Sequence[Annotated], clicks: int = MOST_CLICKS + 1) -> float:
    """Share of all points of all cars that lie right after so many clicks, or when accepted."""
    return float(np.mean([car.right_after(clicks) for car in cars]))


def table(rows: Sequence[tuple[str, Sequence[Annotated]]], clicks: int = 6) -> str:
    """The curves as a table in Markdown."""
    head = ["", "cars", *(str(count) for count in range(clicks + 1)), "accepted", "clicks: median, mean, p90"]
    lines = [_line(head), _line(["---"] * len(head))]
    percent: Callable[[float], str] = lambda share: f"{100 * share:.1f}"  # noqa: E731
    for name, cars in rows:
        if not cars:
            continue
        counts = [car.clicks for car in cars]
        told = f"{np.median(counts):.0f}, {np.mean(counts):.2f}, {np.percentile(counts, 90):.0f}"
        curve = [percent(share_right(cars, count)) for count in range(clicks + 1)]
        lines.append(_line([name, str(len(cars)), *curve, percent(share_right(cars)), told]))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _clicked(pixels: Array) -> KeypointSet:
    return KeypointSet(
        Template.CAR,
        tuple(
            PlacedPoint(float(x), float(y), KeypointTag.VISIBLE) if np.isfinite(x) else None
            for x, y in pixels
        ),
    )


def _errors(fit: VehicleFit, camera: Camera, space: CarShapeSpace, clicked: Array, view: CarView) -> Array:
    """(12,) distance of each point from the truth, over the box's size; inf where there is no point."""
    ghosts = camera.project(fit_keypoints(fit, space))
    points = np.where(np.isfinite(clicked), clicked, ghosts)
    error = np.linalg.norm(points - view.pixels, axis=1) / view.size_px
    return np.where(np.isfinite(error), error, np.inf)
