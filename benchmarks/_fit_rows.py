"""Fits as rows of a project, for what is measured without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.records.fits import Fit, FitRow


def fit_row(number: int, fit: Fit, shape_space: str) -> FitRow:
    """The first version of the fit of an object, in force, made by a job from nothing that has a name."""
    from core.records.fits import FitRow

    return FitRow(
        id=number,
        instance_id=number,
        version=1,
        fit=fit,
        keypoint_set_id=None,
        mask_id=None,
        calibration_id=None,
        shape_space=shape_space,
        review=None,
        review_reason=None,
        reviewer=None,
        annotator=None,
        created_at=0.0,
        in_force=True,
        stale=False,
    )
