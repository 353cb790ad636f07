"""Fits a car from few points or none, with its outline, its motion and its track's shape beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.guided_model import Guide, GuidedModel
from core.fitting.vehicles.levenberg_marquardt import Sightings
from core.fitting.vehicles.outline import Outline
from core.fitting.vehicles.search import OUTLIER_SQUARE, Found
from core.fitting.vehicles.verdict import looks_wrong
from core.records.fits import FitMethod, FitVerdict, VehicleFit
from core.records.masks import MaskPatch

Array = NDArray[np.float64]

# fewer ends than this leave a car's place or size open
_FEWEST_ENDS = 6
_ENOUGH_POINTS = 4
# the vertex that reaches farthest changes from step to step, and the last steps gain next to nothing
_TOLERANCE = 1e-2
_LEAST_HEADING_RAD = 0.1
_LEAST_SHAPE_SIGMA = 1e-3
_SAME_IN_ALL_FRAMES = 0.15
# of an outline's noise, within which a car meets it, though it be one of a size that no car has
_NEAR_SIGMAS = 2.0


class GuidedFitter(VehicleFitter):
    """A `VehicleFitter` of one car in one frame, of which something is known before its points.

    Without a point the fit is coarse. Points that contradict the outline win.
    """

    def __init__(self, fitter: VehicleFitter, guide: Guide) -> None:
        """The first one of a fitter takes some milliseconds more, which work out its hull.

        Args:
            fitter: of the frame's camera, which must have a ground.
            guide: what is known.

        Raises:
            ValueError: the fitter's camera has no ground.
        """
        if fitter.plane is None:
            raise ValueError("a car is guided on a ground only")
        # whether left and right are exchanged is left to the plain fitter: here headings are known
        settings = replace(fitter.settings, try_swapped=False, tolerance=_TOLERANCE)
        super().__init__(fitter.camera, fitter.plane, fitter.space, settings)
        self.guide, self._plain = guide, fitter
        hull = fitter.hull if fitter.space.mesh is not None else None
        self.model: GuidedModel = GuidedModel(fitter.camera, fitter.plane, self.model.basis, hull, guide)

    @property
    def fewest_points(self) -> int:
        """None where the outline has ends enough."""
        return 0 if self._ends >= _FEWEST_ENDS else 1

    @property
    def rests_on_mask(self) -> bool:
        """Whether the car's mask has a say, by its outline or through the coarse fit's heading."""
        return self.model.has_outline or self.guide.heading_rad is not None

    @property
    def _ends(self) -> int:
        """In how many directions the car may be taken to end where its mask does."""
        return 0 if self.guide.outline is None else int(self.guide.outline.free.sum())

    def fit(self, evidence: KeypointEvidence, start: VehicleFit | None = None) -> VehicleFit:
        """See `VehicleFitter.fit`; of method COARSE where there is no point."""
        fit = super().fit(evidence, start)
        placed = int(evidence.used.sum())
        if fit.verdict is FitVerdict.TOO_FEW_POINTS:
            fit = replace(fit, reason=_too_little(placed))
        if not placed:
            return replace(fit, method=FitMethod.COARSE)
        if placed >= _ENOUGH_POINTS and fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE:
            plain = self._plain.fit(evidence)
            if plain.verdict is not FitVerdict.TOO_FEW_POINTS:
                return plain
        return fit

    def _is_lost(self, seen: Sightings, found: Found) -> bool:
        """Where the points are off: an outline neither makes up for them nor speaks against them.

        One point that disagrees, as while it is dragged past its place, is no reason: the others and the
        outline hold the car.
        """
        agreeing = (seen.weights[0] > 0) & ~found.outliers[0]
        square = float(np.minimum(found.squares[0, agreeing], OUTLIER_SQUARE).sum())
        off = looks_wrong(square, 2.0 * float(agreeing.sum()))
        return off or int(found.outliers.sum()) > 1 or bool(found.unseen.any())

    def _freedom(self, points: NDArray[np.intp]) -> NDArray[np.intp]:
        return 2 * points + self._ends - (3 if self.guide.heading_rad is None else 2)


def _too_little(placed: int) -> str:
    if not placed:
        return "Too little of the outline is the car's own. Place a point."
    points = "one point" if placed == 1 else f"{placed} points"
    return f"What is known of the car and {points} do not hold it. Place a point on another side of it."


def guide_of(
    outline: Outline | None, coarse: VehicleFit | None = None, of_track: Sequence[VehicleFit] = ()
) -> Guide:
    """What is known of a car, as a guide.

    Args:
        outline: of its mask in this frame.
        coarse: its coarse fit in this frame, of which the heading is taken where it holds one.
        of_track: fits of the same car by the evidence of other frames, each frame's own; or one alone where
            all share a shape (`fit_track`). Their shape is taken.
    """
    heading, turn = None, _LEAST_HEADING_RAD
    if coarse is not None and coarse.sigmas is not None and _holds_heading(coarse):
        heading, turn = coarse.heading_rad, max(turn, coarse.sigmas.heading_rad)
    shape, spread = shape_of(of_track)
    seen = outline if outline is not None and bool(np.isfinite(outline.supports_px).all()) else None
    return Guide(seen, heading, turn, shape, spread)


def _holds_heading(coarse: VehicleFit) -> bool:
    """A mask with a shadow is that of no car, and its heading is still right: it comes from the motion."""
    near = coarse.rms_px <= _NEAR_SIGMAS * coarse.sigma_px
    return coarse.verdict is FitVerdict.GOOD or (coarse.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE and near)


def shape_of(fits: Sequence[VehicleFit]) -> tuple[Array, Array] | tuple[None, None]:
    """The shape that fits of one car tell together, and its standard deviations; None where none holds one.

    Each fit's own prior, a unit Gaussian, is taken out and put in once for all; between coefficients nothing
    is known of how they go together.
    """
    told = [fit for fit in fits if fit.verdict is FitVerdict.GOOD and fit.sigmas is not None and fit.shape]
    if not told:
        return None, None
    count = min(len(fit.shape) for fit in told)
    information, pull = np.ones(count), np.zeros(count)
    for fit in told:
        assert fit.sigmas is not None
        precision = 1 / np.clip(np.array(fit.sigmas.shape[:count]), _LEAST_SHAPE_SIGMA, 1.0) ** 2
        information += precision - 1
        pull += precision * np.array(fit.shape[:count])
    # what no car of the space has stays the same from frame to frame
    return pull / information, np.maximum(np.sqrt(1 / information), _SAME_IN_ALL_FRAMES)


def in_front(mask: MaskPatch, others: Sequence[MaskPatch]) -> list[MaskPatch]:
    """Those masks of a frame that lie lower in the picture than a car's, and so before it on the ground."""
    return [other for other in others if other.bits.size and _bottom(other) > _bottom(mask)]


def _bottom(mask: MaskPatch) -> int:
    return mask.y + int(mask.bits.shape[0])
