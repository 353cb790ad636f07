"""To format 3: cut-outs, pieces and recipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Add the tables cutout, piece, recipe_set and recipe; no table that was there is touched.

    They are written out here as they were in format 3, whatever later formats make of them.
    """
    _cutout(op)
    _piece(op)
    _recipe_set(op)
    _recipe(op)


def _cutout(op: Operations) -> None:
    op.create_table(
        "cutout",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("instance_id", sa.Integer, nullable=False),
        sa.Column("mask_id", sa.Integer, nullable=False),
        sa.Column("background_id", sa.Integer),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("x", "y", "w", "h")),
        *(sa.Column(f"light_{of}", sa.Integer, nullable=False) for of in ("red", "green", "blue", "pixels")),
        *(sa.Column(f"background_{of}", sa.Integer, nullable=False) for of in ("red", "green", "blue")),
        sa.Column("job_id", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("pixels", sa.LargeBinary, nullable=False),
        sa.Column("planes", sa.LargeBinary, nullable=False),
        *_references("cutout", "instance", "background", "job"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cutout_instance_id", "cutout", ["instance_id"])


def _piece(op: Operations) -> None:
    op.create_table(
        "piece",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("cutout_id", sa.Integer, nullable=False),
        sa.Column("instance_id", sa.Integer, nullable=False),
        sa.Column("camera_id", sa.Integer, nullable=False),
        sa.Column("track_id", sa.Integer),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("time_s", sa.Float, nullable=False),
        sa.Column("captured_at", sa.Float),
        sa.Column("standing", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("x", "y", "w", "h", "area")),
        sa.Column("mask_id", sa.Integer, nullable=False),
        sa.Column("keypoint_set_id", sa.Integer),
        sa.Column("fit_id", sa.Integer),
        sa.Column("calibration_id", sa.Integer),
        sa.Column("carries_fit", sa.Boolean, nullable=False),
        sa.Column("footprint", sa.LargeBinary),
        sa.Column("light_q8", sa.Integer, nullable=False),
        sa.Column("job_id", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("in_force", sa.Boolean, nullable=False),
        *_references("piece", "cutout", "instance", "camera", "job"),
        sa.CheckConstraint("carries_fit = 0 OR fit_id IS NOT NULL", name="fit_is_named"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_piece_instance", "piece", ["instance_id", "in_force"])
    op.create_index(
        "ix_piece_stock", "piece", ["camera_id", "category", "id"], sqlite_where=sa.text("in_force = 1")
    )


def _recipe_set(op: Operations) -> None:
    op.create_table(
        "recipe_set",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("wanted", sa.JSON),
        sa.Column("hidden", sa.Boolean, nullable=False, server_default=sa.text("'0'")),
        sa.Column("job_id", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        *_references("recipe_set", "job"),
        sa.UniqueConstraint("name", name="uq_recipe_set_name"),
        sqlite_autoincrement=True,
    )


def _recipe(op: Operations) -> None:
    op.create_table(
        "recipe",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("set_id", sa.Integer, nullable=False),
        sa.Column("camera_id", sa.Integer, nullable=False),
        sa.Column("background_id", sa.Integer, nullable=False),
        sa.Column("sampler", sa.Text, nullable=False),
        sa.Column("split", sa.Text, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("composer_version", sa.Integer, nullable=False),
        sa.Column("objects", sa.LargeBinary, nullable=False),
        sa.Column("ignored", sa.LargeBinary),
        sa.Column("occlusion", sa.LargeBinary, nullable=False),
        sa.Column("edited_from", sa.Integer),
        sa.Column("annotator_id", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.ForeignKeyConstraint(["set_id"], ["recipe_set.id"], name="fk_recipe_set_id"),
        *_references("recipe", "camera", "background", "annotator"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recipe_set", "recipe", ["set_id", "id", "camera_id", "split", "edited_from"])


def _references(table: str, *others: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=f"fk_{table}_{other}_id")
        for other in others
    ]
