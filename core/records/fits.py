"""Where a car or a person is and how it is shaped, in plain numbers: what fits say and the store keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FitVerdict(StrEnum):
    """What a fit says of itself."""

    GOOD = "good"
    AMBIGUOUS = "ambiguous"  # another pose explains the points as well, or the pose is hardly held
    TOO_FEW_POINTS = "too_few_points"
    OUTSIDE_SHAPE_SPACE = "outside_shape_space"  # no car of the space, or no usual body, explains it


class FitMethod(StrEnum):
    """How a fit was come by."""

    GROUND = "ground"  # one frame, place and heading on the plane
    FREE = "free"  # one frame, six degrees of freedom
    TRACK = "track"  # one shape for all frames of a track
    COARSE = "coarse"  # from the mask's outline and the track's motion, no keypoints
    TRAFFIC4D = "traffic4d"  # Traffic4D's objective, for comparison
    BODY = "body"  # a person in one frame, by optimisation
    BODY_TRACK = "body_track"  # a person in all frames of a track, with one shape and a smooth way
    HMR2 = "hmr2"  # a person by HMR 2.0's network, put on the ground
    ADAPTER = "adapter"  # a person by another system, put on the ground

    @property
    def is_of_people(self) -> bool:
        """Whether it fits people; else it fits cars."""
        return self in _OF_PEOPLE


_OF_PEOPLE = frozenset({FitMethod.BODY, FitMethod.BODY_TRACK, FitMethod.HMR2, FitMethod.ADAPTER})


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
class Fit:
    """One object in one frame: what fits of cars and of people have in common.

    Attributes:
        method, verdict: how it was come by, and what it says of itself.
        reason: one plain sentence behind a verdict that is not good, or worth a look; else "".
        rotation: nine numbers, row by row, and translation: three; object frame to camera frame, metres.
        place_m: (x forward, y left) on the ground's own frame (`GroundPlane.frame`), or None without a plane.
        heading_rad: on the ground, from its x towards its y, or None without a plane.
        shape: coefficients beta of the shape space or body model, in sigmas.
        size_m: length, width and height.
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
class VehicleFit(Fit):
    """One car in one frame: its frame is x forward, y left, z up, on the ground below its middle."""


class Foot(StrEnum):
    """A person's own left and right foot."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class BodyFit(Fit):
    """One person in one frame: a body model, shaped, posed and placed.

    The body's frame is SMPL's, x to the person's left, y up, z forward, with its origin in the pelvis joint:
    a point of the body that is posed without turning its root is X there, and R (X - pelvis) + t in the
    camera's frame (`core.shapes.body.placed`).

    Attributes:
        place_m: the ground below the pelvis.
        heading_rad: where the pelvis faces.
        size_m: how deep and how wide the posed body is on the ground, and how tall it stands upright.
        residuals_px, outliers: of COCO's 17 keypoints.
        pose: three numbers for each joint of the model but its root: axis times angle against the parent.
        contacts: the feet that stand on the ground.
        height_ratio: of the body's picture to the box of the person; None without a box.
        pose_sigmas_rad: for each joint but the root, its standard deviation (root mean square over its three
            axes); None where the fit does not tell.
    """

    pose: tuple[float, ...]
    contacts: tuple[Foot, ...]
    height_ratio: float | None
    pose_sigmas_rad: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class FitRow:
    """A fit as it stands in a project: one version of an instance's.

    Attributes:
        id, instance_id: which, and whose.
        version: counted from 1 for each instance.
        fit: its numbers: a VehicleFit, or a BodyFit of a person.
        keypoint_set_id, mask_id, calibration_id: the versions that it was made from.
        shape_space: name and hash of the space or the body model that it was made with.
        review, review_reason, reviewer: what a person says of it, if anything.
        annotator: whose edit made it, or None for a job.
        created_at: when, seconds UTC epoch.
        in_force: whether it is the one that the instance has now.
        stale: whether keypoints, mask or calibration in force are newer than those it was made from.
    """

    id: int
    instance_id: int
    version: int
    fit: Fit
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


@dataclass(frozen=True, slots=True)
class FitMadeFrom:
    """The versions that a fit rests on.

    Attributes:
        keypoint_set_id: the keypoints, or None where it used none.
        mask_id: the mask, or None where it used none.
        calibration_id: the camera's calibration.
        shape_space: name and hash of the shape space or the body model.
    """

    keypoint_set_id: int | None
    mask_id: int | None
    calibration_id: int | None
    shape_space: str


class FitOrder(StrEnum):
    """What a list of fits is sorted by."""

    RMS = "rms"  # root mean square of the residuals, pixels
    SIGMA = "sigma"  # of the place, metres
    DISTANCE = "distance"  # from the camera, metres
    LENGTH = "length"  # of the car, metres
    STATURE = "stature"  # of the person, metres
    VERDICT = "verdict"  # too few points, outside the shape space, ambiguous, good
    REVIEW = "review"  # nobody looked, rejected, accepted
    NEWEST = "newest"  # by when it was made


@dataclass(frozen=True, slots=True)
class FitFilter:
    """Which of the fits in force a list shows; None and empty mean any.

    Attributes:
        people: True for those of people, False for those of cars.
        verdicts, methods: what they say of themselves, and how they were come by.
        review: "none" (nobody looked), "any" (somebody did), or a FitReview's value.
        stale: True for those made from what is no longer in force, False for the others.
    """

    camera_id: int | None = None
    source_id: int | None = None
    track_id: int | None = None
    people: bool | None = None
    verdicts: tuple[FitVerdict, ...] = ()
    methods: tuple[FitMethod, ...] = ()
    review: str | None = None
    stale: bool | None = None
