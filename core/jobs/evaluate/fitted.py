"""Fits as they are compared with a truth: where they put an object, and its points where they are known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.evaluation.fit_errors import Standing
from core.fitting.vehicles.fit_mesh import fit_keypoints
from core.jobs.bodies import Bodies
from core.records.fits import BodyFit, FitRow, VehicleFit
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.placed import placed_body
from core.shapes.space import CarShapeSpace
from core.shapes.space_file import default_space, load_space


@dataclass(frozen=True, slots=True, eq=False)
class SaidStanding:
    """What a fit says.

    Attributes:
        standing: where the object stands.
        drawn: (12, 3) keypoints of a car or (17, 3) COCO's of a person, camera frame, or None.
        shape: coefficients.
    """

    standing: Standing
    drawn: NDArray[np.float64] | None
    shape: tuple[float, ...]


class FittedObjects:
    """Reads fits of the program's own shape space and body, and of those of two files.

    Args:
        space, body: files of a shape space and of a body, or None.

    Raises:
        ShapeSpaceError: the file cannot be used.
    """

    def __init__(self, space: Path | None = None, body: Path | None = None) -> None:
        self._spaces = [default_space()] + ([] if space is None else [load_space(space.expanduser())])
        self._bodies = Bodies(body)

    def said(self, row: FitRow, is_person: bool) -> SaidStanding | None:
        """What a fit says of an object; None where it is of the other kind.

        Raises:
            BodyModelError: the file of the body cannot be used.
        """
        fit = row.fit
        turn, place = np.reshape(fit.rotation, (3, 3)), np.array(fit.translation)
        if is_person and isinstance(fit, BodyFit):
            body = self._bodies.of(row.shape_space)
            if body is None:
                return SaidStanding(Standing(True, turn, place, None), None, fit.shape)
            posed = placed_body(fit, body.model)
            drawn = coco_keypoints(posed, body.face)
            return SaidStanding(Standing(True, turn, place, posed.joints), drawn, fit.shape)
        if not is_person and isinstance(fit, VehicleFit):
            space = self._space(row.shape_space)
            points = None if space is None else fit_keypoints(fit, space)
            return SaidStanding(Standing(False, turn, place, points), points, fit.shape)
        return None

    def _space(self, label: str) -> CarShapeSpace | None:
        """The shape space of a fit's label: its hash counts, as files are called otherwise elsewhere."""
        return next((one for one in self._spaces if one.label.split()[-1:] == label.split()[-1:]), None)
