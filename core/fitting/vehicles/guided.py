"""Fits a car from few points or none, with its outline, its motion and its track's shape beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.fitting.vehicles.evidence import KeypointEvidence
from core.fitting.vehicles.fitter import VehicleFitter
from core.fitting.vehicles.guided_model import Guide, GuidedModel
from core.fitting.vehicles.levenberg_marquardt import Sightings
from core.fitting.vehicles.search import OUTLIER_SQUARE, Found
from core.fitting.vehicles.verdict import looks_wrong
from core.records.fits import FitMethod, FitVerdict, VehicleFit

# fewer ends than this leave a car's place or size open
_FEWEST_ENDS = 6
_ENOUGH_POINTS = 4
# the vertex that reaches farthest changes from step to step, and the last steps gain next to nothing
_TOLERANCE = 1e-2


class GuidedFitter(VehicleFitter):
    """A `VehicleFitter` of one car in one frame, of which something is known before its points.

    Without a point the fit is coarse. Points that contradict the outline win: it is then taken for the least
    that there is of the car, and at last for nothing.
    """

    def __init__(self, fitter: VehicleFitter, guide: Guide) -> None:
        """Takes some milliseconds, as what a car's outline can be is worked out.

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
        self.model = GuidedModel(fitter.camera, fitter.plane, self.model.basis, fitter.space, guide)

    @property
    def fewest_points(self) -> int:
        """None where the outline has ends enough."""
        outline = self.guide.outline
        return 0 if outline is not None and outline.closed >= _FEWEST_ENDS else 1

    def fit(self, evidence: KeypointEvidence, start: VehicleFit | None = None) -> VehicleFit:
        """See `VehicleFitter.fit`; of method COARSE where there is no point."""
        fit = super().fit(evidence, start)
        placed = int(evidence.used.sum())
        if not placed:
            return replace(fit, method=FitMethod.COARSE)
        if placed >= _ENOUGH_POINTS and fit.verdict is FitVerdict.OUTSIDE_SHAPE_SPACE:
            plain = self._plain.fit(evidence)
            if plain.swapped or plain.verdict is not FitVerdict.TOO_FEW_POINTS:
                return plain
        return fit

    def _doubtful(self, seen: Sightings, found: Found) -> NDArray[np.bool_]:
        """Also where the points alone are off: an outline that fits well does not make up for them."""
        doubtful = super()._doubtful(seen, found)
        squares = np.minimum(found.squares, OUTLIER_SQUARE).sum(axis=1)
        points = (seen.weights > 0).sum(axis=1)
        off = [looks_wrong(float(a), float(b)) for a, b in zip(squares, 2 * points, strict=True)]
        return np.asarray(doubtful | np.array(off))

    def _freedom(self, points: NDArray[np.intp]) -> NDArray[np.intp]:
        closed = 0 if self.guide.outline is None else self.guide.outline.closed
        return 2 * points + closed - (3 if self.guide.heading_rad is None else 2)
