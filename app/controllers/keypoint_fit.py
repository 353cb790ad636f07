"""The live fit: what follows from points; a car's in milliseconds, at every move of the mouse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.records.fits import BodyFit, Fit, FitVerdict, VehicleFit
from core.records.keypoints import KeypointSet, PlacedPoint
from core.records.masks import MaskPatch

if TYPE_CHECKING:
    from core.fitting.vehicles.fitter import VehicleFitter
    from core.fitting.vehicles.guided import GuidedFitter
    from core.geometry.visibility import RayMesh


@dataclass(frozen=True, slots=True, eq=False)
class Fitting:
    """What fits cars of one frame; made off the main thread.

    Attributes:
        fitter: of the frame's camera; None where it is not calibrated.
        others: instance id and mesh of the frame's other fitted cars, which may stand in front.
        guided: fits the car that is shown by what is known of it besides its points; None where nothing is.
        mask: the part of it that is seen, or None.
        calibration_id: the calibration that it rests on.
        shape_space: name and hash of the space that it rests on.
        problem: why the calibration cannot be used, or "".
    """

    fitter: VehicleFitter | None = None
    others: tuple[tuple[int, RayMesh], ...] = ()
    guided: GuidedFitter | None = None
    mask: MaskPatch | None = None
    calibration_id: int | None = None
    shape_space: str = ""
    problem: str = ""

    @property
    def by_mask(self) -> bool:
        """Whether fits rest on the car's mask, too."""
        return self.guided is not None and self.guided.rests_on_mask


@dataclass(frozen=True, slots=True, eq=False)
class FitAnswer:
    """What follows from a set of points.

    Attributes:
        fit: with its verdict; None where nothing can fit.
        ghosts: where the fit puts all points, with their tags; empty where it does not know.
        outline: of the fitted object, polygons in canvas coordinates.
        carried: whether it rests on another view of the track rather than on this one's points alone.
    """

    fit: Fit | None = None
    ghosts: tuple[PlacedPoint, ...] = ()
    outline: tuple[NDArray[np.float64], ...] = ()
    carried: bool = False

    @property
    def holds(self) -> bool:
        """Whether the pose is held, and left and right are as they are called."""
        return self.fit is not None and self.fit.verdict is FitVerdict.GOOD and not self.fit.swapped

    @property
    def sure(self) -> bool:
        """Whether the ghosts can be taken over as they are."""
        return self.holds or (self.carried and bool(self.ghosts))

    @property
    def exchanged(self) -> bool:
        """Whether the points fit only with left and right exchanged."""
        return self.fit is not None and self.fit.swapped

    def fitted(self, flip: Sequence[int]) -> NDArray[np.float64]:
        """(n, 2) where the fit puts each point as it is called now, pixels; (0, 2) where it does not know.

        Args:
            flip: what each point is called with left and right exchanged.
        """
        if self.fit is None or not self.ghosts:
            return np.zeros((0, 2))
        pixels = np.array([[point.x, point.y] for point in self.ghosts])
        return pixels[list(flip)] if self.fit.swapped else pixels


@dataclass(slots=True, eq=False)
class LiveFit:
    """Fits one car again and again.

    Attributes:
        fitting: what fits.
        size_px: L of its box.
        carried: a fit brought along the track, which holds until the points say more.
        last: of the points that were fitted last: the next fit begins there.
    """

    fitting: Fitting
    size_px: float
    carried: VehicleFit | None = None
    last: FitAnswer = field(default_factory=FitAnswer)
    waiting = False  # its answers are at once those of the newest points

    def forget(self) -> None:
        """Begins anew, as for points that have nothing to do with those fitted last."""
        self.last = FitAnswer()

    def close(self) -> None:
        """Has nothing under way."""

    def answer(self, points: KeypointSet) -> FitAnswer:
        """What follows from the points."""
        fitter = self.fitting.guided or self.fitting.fitter
        if fitter is None:
            return FitAnswer()
        from core.fitting.vehicles.carry import settled
        from core.fitting.vehicles.evidence import evidence_of
        from core.fitting.vehicles.fit_mesh import fit_outline

        evidence = evidence_of(points, self.size_px)
        before = self.last.fit if not self.last.carried else None
        fit = fitter.fit(evidence, before if isinstance(before, VehicleFit) else self.carried)
        leans = self.carried is not None and fit.verdict in _WEAK
        if leans and self.carried is not None:
            fit = settled(fitter, self.carried, evidence)
        if fit.verdict not in SHOWN or not all(np.isfinite(fit.translation)):
            self.last = FitAnswer(fit)
            return self.last
        ghosts = proposed(fit, self.fitting, self.size_px)
        outline = tuple(fit_outline(fit, fitter.camera, fitter.space))
        self.last = FitAnswer(fit, ghosts, outline, leans)
        return self.last


_WEAK = (FitVerdict.TOO_FEW_POINTS, FitVerdict.AMBIGUOUS)
SHOWN = (FitVerdict.GOOD, FitVerdict.AMBIGUOUS)


def proposed(fit: VehicleFit, fitting: Fitting, size_px: float) -> tuple[PlacedPoint, ...]:
    """Where a fit puts all points of a car, with the tags that other cars and its mask speak for.

    Args:
        fitting: of the car's frame, calibrated.
        size_px: L of its box.
    """
    from core.fitting.vehicles.mask_tags import hidden_off_mask
    from core.fitting.vehicles.predict import predict

    assert fitting.fitter is not None
    ghosts = predict(fit, fitting.fitter.camera, fitting.fitter.space, fitting.others)
    return ghosts if fitting.mask is None else hidden_off_mask(ghosts, fitting.mask, size_px)


def front_in_picture(answer: FitAnswer, fitting: Fitting) -> float | None:
    """Where the fitted car's front points in the picture, radians from right towards down."""
    fit, fitter = answer.fit, fitting.fitter
    if not isinstance(fit, VehicleFit) or fitter is None or not answer.ghosts:
        return None
    from core.fitting.vehicles.fit_mesh import fit_pose

    ends = fitter.camera.project(fit_pose(fit).apply(np.array([[-1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])))
    way = ends[1] - ends[0]
    return float(np.arctan2(way[1], way[0])) if np.isfinite(way).all() else None


def faces_away(fit: BodyFit) -> bool:
    """Whether a fitted person's back is seen: the way ahead leads away along the line of sight."""
    turn = np.reshape(fit.rotation, (3, 3))
    return bool(turn[:, 2] @ np.array(fit.translation) > 0)


def hider_name(ghost: PlacedPoint, names: Mapping[int, str]) -> str:
    """What hides a point, such as "car 33", or ""."""
    return "" if ghost.hider is None else names.get(ghost.hider, f"object {ghost.hider}")
