"""Keypoints and fits: versions, of which one is in force."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.store.tables.base import first_of, id_column, metadata

keypoint_set = Table(
    "keypoint_set",
    metadata,
    id_column(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("template", Text, nullable=False),
    # a list with an entry for each of the template's points; see core/store/keypoint_columns.py
    Column("points", JSON, nullable=False),
    Column("placed", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("annotator_id", ForeignKey("annotator.id")),
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("instance_id", "version"),
    sqlite_autoincrement=True,
)

# the columns after the id are there so that every filter is decided by the index alone
_FIT_FILTERS = ("id", "camera_id", "source_id", "verdict_rank", "review_rank", "method", "in_force")

_IN_FORCE = text("in_force = 1")

fit = Table(
    "fit",
    metadata,
    id_column(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),  # these two as the instance's
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rotation", JSON, nullable=False),  # nine numbers, row by row, car to camera
    Column("translation", JSON, nullable=False),  # metres, camera frame
    Column("place", JSON(none_as_null=True)),  # metres on the ground
    Column("heading_rad", Float),
    Column("shape", JSON, nullable=False),
    Column("length_m", Float, nullable=False),
    Column("width_m", Float, nullable=False),
    Column("height_m", Float, nullable=False),
    Column("distance_m", Float, nullable=False),  # of the car from the camera
    Column("rms_px", Float, nullable=False),
    Column("noise_px", Float, nullable=False),  # assumed of a sharp point
    Column("residuals", JSON, nullable=False),
    Column("outliers", JSON, nullable=False),
    Column("used", Integer, nullable=False),
    Column("swapped", Boolean, nullable=False),
    Column("sigma_m", Float, nullable=False),  # of the place
    Column("sigmas", JSON(none_as_null=True)),
    # The versions that it was made from. No foreign keys: an undo may take them back, and a fit that a job
    # made meanwhile must not stand in its way; it is stale then.
    Column("keypoint_set_id", Integer),
    Column("mask_id", Integer),
    Column("calibration_id", Integer),
    Column("shape_space", Text, nullable=False),  # name and hash
    Column("review", Text),  # accepted | rejected
    Column("review_reason", Text),
    Column("reviewer_id", ForeignKey("annotator.id")),
    Column("reviewed_at", Float),
    Column("annotator_id", ForeignKey("annotator.id")),  # whose edit made it; NULL: a job
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    # whether it is the one that instance.fit_id names: for the indexes
    Column("in_force", Boolean, nullable=False),
    # These follow from the columns above (core/store/derived.py): the worst verdict and what nobody has
    # looked at come first.
    Column("verdict_rank", Integer, nullable=False),
    Column("review_rank", Integer, nullable=False),
    # Of a person: {"pose", "contacts", "height_ratio", "pose_sigmas_rad"}; NULL: a car. It stands last
    # because format 4 added it.
    Column("body", JSON(none_as_null=True)),
    CheckConstraint(
        "verdict_rank = (CASE verdict WHEN 'too_few_points' THEN 0 WHEN 'outside_shape_space' THEN 1"
        " WHEN 'ambiguous' THEN 2 ELSE 3 END)",
        name="verdict_rank_follows",
    ),
    CheckConstraint(
        "review_rank = (CASE WHEN review IS NULL THEN 0 WHEN review = 'rejected' THEN 1 ELSE 2 END)",
        name="review_rank_follows",
    ),
    UniqueConstraint("instance_id", "version"),
    # the list of fits (core/store/queries/fits.py), by each of its orders
    Index("ix_fit_rms", "rms_px", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_sigma", "sigma_m", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_distance", "distance_m", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_length", "length_m", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_stature", "height_m", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_verdict", *first_of("verdict_rank", _FIT_FILTERS), sqlite_where=_IN_FORCE),
    Index("ix_fit_review", *first_of("review_rank", _FIT_FILTERS), sqlite_where=_IN_FORCE),
    Index("ix_fit_newest", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    sqlite_autoincrement=True,
)
