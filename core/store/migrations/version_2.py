"""To format 2: keypoints and fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations

_KEYPOINTS = ("state", "category", "thinned", "label", "points_placed", "id", "verdict", "size", "track_id")
_FITTED = ("fit_id", "state", "track_id", "keypoint_set_id", "mask_id")
_FITS = ("id", "camera_id", "source_id", "verdict_rank", "review_rank", "method", "in_force")


def apply(op: Operations) -> None:
    """Add the tables keypoint_set and fit, and what names the rows in force in instance.

    The columns are added in place: no row of the old tables is rewritten, however many there are. The
    tables are written out here as they were in format 2, whatever later formats make of them.
    """
    _keypoint_set(op)
    _fit(op)
    op.add_column("instance", sa.Column("keypoint_set_id", sa.Integer))
    op.add_column(
        "instance", sa.Column("points_placed", sa.Integer, nullable=False, server_default=sa.text("'0'"))
    )
    op.add_column("instance", sa.Column("fit_id", sa.Integer))
    op.create_index("ix_instance_keypoint_queue", "instance", [*_KEYPOINTS, "source_id", "camera_id"])
    op.create_index("ix_instance_source_keypoint_queue", "instance", ["source_id", *_KEYPOINTS, "camera_id"])
    op.create_index(
        "ix_instance_gone_fit",
        "instance",
        ["fit_id", "state"],
        sqlite_where=sa.text("state = 'gone' AND fit_id IS NOT NULL"),
    )
    op.create_index("ix_instance_fit", "instance", [*_FITTED], sqlite_where=sa.text("fit_id IS NOT NULL"))
    op.create_index(
        "ix_instance_with_keypoints",
        "instance",
        ["source_id", "id"],
        sqlite_where=sa.text("keypoint_set_id IS NOT NULL"),
    )


def _keypoint_set(op: Operations) -> None:
    op.create_table(
        "keypoint_set",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("instance_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("template", sa.Text, nullable=False),
        sa.Column("points", sa.JSON, nullable=False),
        sa.Column("placed", sa.Integer, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("annotator_id", sa.Integer),
        sa.Column("job_id", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        *_references("keypoint_set", "instance", "annotator", "job"),
        sa.UniqueConstraint("instance_id", "version", name="uq_keypoint_set_instance_id_version"),
        sqlite_autoincrement=True,
    )


def _fit(op: Operations) -> None:
    op.create_table(
        "fit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("instance_id", sa.Integer, nullable=False),
        sa.Column("camera_id", sa.Integer, nullable=False),
        sa.Column("source_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("rotation", sa.JSON, nullable=False),
        sa.Column("translation", sa.JSON, nullable=False),
        sa.Column("place", sa.JSON),
        sa.Column("heading_rad", sa.Float),
        sa.Column("shape", sa.JSON, nullable=False),
        sa.Column("length_m", sa.Float, nullable=False),
        sa.Column("width_m", sa.Float, nullable=False),
        sa.Column("height_m", sa.Float, nullable=False),
        sa.Column("distance_m", sa.Float, nullable=False),
        sa.Column("rms_px", sa.Float, nullable=False),
        sa.Column("noise_px", sa.Float, nullable=False),
        sa.Column("residuals", sa.JSON, nullable=False),
        sa.Column("outliers", sa.JSON, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("swapped", sa.Boolean, nullable=False),
        sa.Column("sigma_m", sa.Float, nullable=False),
        sa.Column("sigmas", sa.JSON),
        sa.Column("keypoint_set_id", sa.Integer),
        sa.Column("mask_id", sa.Integer),
        sa.Column("calibration_id", sa.Integer),
        sa.Column("shape_space", sa.Text, nullable=False),
        sa.Column("review", sa.Text),
        sa.Column("review_reason", sa.Text),
        sa.Column("reviewer_id", sa.Integer),
        sa.Column("reviewed_at", sa.Float),
        sa.Column("annotator_id", sa.Integer),
        sa.Column("job_id", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("in_force", sa.Boolean, nullable=False),
        sa.Column("verdict_rank", sa.Integer, nullable=False),
        sa.Column("review_rank", sa.Integer, nullable=False),
        *_references("fit", "instance", "camera", "source", "annotator", "job"),
        sa.ForeignKeyConstraint(["reviewer_id"], ["annotator.id"], name="fk_fit_reviewer_id"),
        sa.CheckConstraint(
            "verdict_rank = (CASE verdict WHEN 'too_few_points' THEN 0 WHEN 'outside_shape_space' THEN 1"
            " WHEN 'ambiguous' THEN 2 ELSE 3 END)",
            name="verdict_rank_follows",
        ),
        sa.CheckConstraint(
            "review_rank = (CASE WHEN review IS NULL THEN 0 WHEN review = 'rejected' THEN 1 ELSE 2 END)",
            name="review_rank_follows",
        ),
        sa.UniqueConstraint("instance_id", "version", name="uq_fit_instance_id_version"),
        sqlite_autoincrement=True,
    )
    orders = {
        "rms": "rms_px",
        "sigma": "sigma_m",
        "distance": "distance_m",
        "length": "length_m",
        "verdict": "verdict_rank",
        "review": "review_rank",
        "newest": "id",
    }
    for name, column in orders.items():
        op.create_index(
            f"ix_fit_{name}",
            "fit",
            [column, *(other for other in _FITS if other != column)],
            sqlite_where=sa.text("in_force = 1"),
        )


def _references(table: str, *others: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=f"fk_{table}_{other}_id")
        for other in others
    ]
