"""A car's pose and shape as a fit says it, in plain numbers: what stages hand over and the store keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FitVerdict(StrEnum):
    """What a fit says of itself."""

    GOOD = "good"
    AMBIGUOUS = "ambiguous"  # another pose explains the points as well, or the pose is hardly held
    TOO_FEW_POINTS = "too_few_points"
    OUTSIDE_SHAPE_SPACE = "outside_shape_space"  # no car of the space explains the points


class FitMethod(StrEnum):
    """How a fit was come by."""

    GROUND = "ground"  # one frame, place and heading on the plane
    FREE = "free"  # one frame, six degrees of freedom
    TRACK = "track"  # one shape for all frames of a track
    COARSE = "coarse"  # from the mask's outline and the track's motion, no keypoints
    TRAFFIC4D = "traffic4d"  # Traffic4D's objective, for comparison


class FitReview(StrEnum):
    """What a person says of a fit."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FitSigmas:
    """Standard deviations of a fit's parameters, from its own Jacobian and the noise assumed.

    Attributes:
        along_m, across_m: of the place, along the line of sight on the ground and across it; for a free fit,
            of the depth and the larger of the two others.
        place: the covariance of the place on the ground's own axes, (xx, xy, yy) in square metres; None for a
            free fit.
        heading_rad: of the heading; for a free fit, of the rotation (root mean square over its axes).
        shape: of each coefficient, 1 where the evidence says nothing of it.
    """

    along_m: float
    across_m: float
    place: tuple[float, float, float] | None
    heading_rad: float
    shape: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class VehicleFit:
    """One car in one frame.

    Attributes:
        method, verdict: how it was come by, and what it says of itself.
        reason: one plain sentence behind a verdict that is not good, or worth a look; else "".
        rotation: nine numbers, row by row, and translation: three; car frame to camera frame, metres.
        place_m: (x forward, y left) on the ground's own frame (`GroundPlane.frame`), or None without a plane.
        heading_rad: on the ground, from its x towards its y, or None without a plane.
        shape: coefficients beta of the shape space, in sigmas.
        size_m: length, width and height of that car.
        rms_px: root mean square of the residuals of the points used; 0 where none was.
        sigma_px: the noise that was assumed of a sharp point, pixels.
        residuals_px: for each keypoint, its distance from where the fit puts it; None where it is not placed.
        outliers: keypoints that disagree with the fit, by index.
        used: how many points the fit rests on.
        swapped: whether the points fit only with left and right exchanged.
        sigmas: standard deviations, or None where the fit is not determined.
    """

    method: FitMethod
    verdict: FitVerdict
    reason: str
    rotation: tuple[float, ...]
    translation: tuple[float, float, float]
    place_m: tuple[float, float] | None
    heading_rad: float | None
    shape: tuple[float, ...]
    size_m: tuple[float, float, float]
    rms_px: float
    sigma_px: float
    residuals_px: tuple[float | None, ...]
    outliers: tuple[int, ...]
    used: int
    swapped: bool
    sigmas: FitSigmas | None

    @property
    def is_coarse(self) -> bool:
        """Whether it rests on an outline instead of keypoints."""
        return self.method is FitMethod.COARSE


@dataclass(frozen=True, slots=True)
class FitRow:
    """A fit as it stands in a project: one version of an instance's.

    Attributes:
        id, instance_id: which, and whose.
        version: counted from 1 for each instance.
        fit: its numbers.
        keypoint_set_id, mask_id, calibration_id: the versions that it was made from.
        shape_space: name and hash of the space that it was made with.
        review, review_reason, reviewer: what a person says of it, if anything.
        annotator: whose edit made it, or None for a job.
        created_at: when, seconds UTC epoch.
        in_force: whether it is the one that the instance has now.
        stale: whether keypoints, mask or calibration in force are newer than those it was made from.
    """

    id: int
    instance_id: int
    version: int
    fit: VehicleFit
    keypoint_set_id: int | None
    mask_id: int | None
    calibration_id: int | None
    shape_space: str
    review: FitReview | None
    review_reason: str | None
    reviewer: str | None
    annotator: str | None
    created_at: float
    in_force: bool
    stale: bool
