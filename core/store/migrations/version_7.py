"""To format 7: evaluations, and objects that are asked to be looked at again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations

_NOTHING = sa.text("''")
_ZERO = sa.text("'0'")
_BINS = ("occlusion_bin", "distance_bin", "size_bin", "hour_bin")
_ASKED = ("category", "said", "tags", "tag_pairs", "outcome", "detail")


def apply(op: Operations) -> None:
    """Add the tables of evaluations and review_request; no table that was there is touched."""
    op.create_table(
        "evaluation",
        sa.Column("id", sa.Integer, primary_key=True),
        *_many(sa.Text, "name", "subject", "truth"),
        sa.Column("purpose", sa.Text),
        sa.Column("run_id", sa.Integer),
        sa.Column("file", sa.Text, nullable=False, server_default=_NOTHING),
        sa.Column("job_id", sa.Integer),
        *_many(sa.JSON, "settings", "data"),
        sa.Column("truth_key", sa.Text, nullable=False, server_default=_NOTHING),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("pictures", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("objects", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("notes", sa.Text, nullable=False, server_default=_NOTHING),
        sa.Column("hidden", sa.Boolean, nullable=False, server_default=_ZERO),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        _reference("evaluation", "run"),
        _reference("evaluation", "job"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_evaluation_listed", "evaluation", ["hidden", "id"])
    _figures(op)
    op.create_table(
        "evaluation_picture",
        *_key("evaluation_picture", "place"),
        sa.Column("frame_id", sa.Integer),
        sa.Column("recipe_id", sa.Integer),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("camera_id", sa.Integer),
        sa.Column("hour", sa.Integer),
        *_many(sa.Integer, "width", "height"),
        *(_reference("evaluation_picture", other) for other in ("frame", "recipe", "camera")),
        sqlite_with_rowid=False,
    )
    _objects(op)
    op.create_table(
        "review_request",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("instance_id", sa.Integer, nullable=False),
        sa.Column("evaluation_id", sa.Integer),
        sa.Column("annotator_id", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.Float, nullable=False),
        sa.Column("answered_at", sa.Float),
        *(_reference("review_request", other) for other in ("instance", "evaluation", "annotator")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_review_request_open",
        "review_request",
        ["instance_id"],
        sqlite_where=sa.text("answered_at IS NULL"),
    )


def _figures(op: Operations) -> None:
    op.create_table(
        "evaluation_figure",
        *_sliced("evaluation_figure"),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("low", sa.Float),
        sa.Column("high", sa.Float),
        sa.Column("count", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table("evaluation_curve", *_sliced("evaluation_curve"), *_many(sa.JSON, "points"))
    op.create_table(
        "evaluation_confusion", *_sliced("evaluation_confusion"), *_many(sa.JSON, "words", "counts")
    )


def _objects(op: Operations) -> None:
    op.create_table(
        "evaluation_object",
        *_key("evaluation_object", "number"),
        sa.Column("picture", sa.Integer, nullable=False),
        sa.Column("instance_id", sa.Integer),
        sa.Column("place", sa.Integer),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("said", sa.Text),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("badness", sa.Float, nullable=False),
        sa.Column("score", sa.Float),
        *_many(sa.Float, "x", "y", "w", "h"),
        *(
            sa.Column(name, sa.Float)
            for name in ("occlusion", "distance_m", "box_iou", "mask_iou", "hidden_iou")
        ),
        *(
            sa.Column(name, sa.Integer)
            for name in ("points_right", "points_placed", "tags_right", "tags_told")
        ),
        sa.Column("rotation_rad", sa.Float),
        sa.Column("place_m", sa.Float),
        *_many(sa.Integer, "tags", "wrong_tags", "tag_pairs"),
        sa.Column("detail", sa.Text, nullable=False),
        *_many(sa.Integer, *_BINS),
        sqlite_with_rowid=False,
    )
    worst: list[Any] = ["evaluation_id", sa.text("badness DESC"), "number", *_BINS, *_ASKED]
    op.create_index("ix_evaluation_object_worst", "evaluation_object", worst)
    op.create_index(
        "ix_evaluation_object_instance",
        "evaluation_object",
        ["instance_id"],
        sqlite_where=sa.text("instance_id IS NOT NULL"),
    )
    op.create_table(
        "evaluation_said",
        *_key("evaluation_said", "number"),
        sa.Column("told", sa.JSON, nullable=False),
        sa.Column("height", sa.Integer),
        sa.Column("width", sa.Integer),
        *(sa.Column(name, sa.LargeBinary) for name in ("whole", "modal", "true_whole", "true_modal")),
    )


def _many(kind: Any, *names: str) -> list[sa.Column[Any]]:
    """Columns that always hold something."""
    return [sa.Column(name, kind, nullable=False) for name in names]


def _key(table: str, second: str) -> list[Any]:
    """The evaluation, and a number in it."""
    return [
        sa.Column("evaluation_id", sa.Integer, primary_key=True),
        sa.Column(second, sa.Integer, primary_key=True),
        _reference(table, "evaluation"),
    ]


def _sliced(table: str) -> list[Any]:
    """The evaluation, a name, and a slice."""
    return [
        sa.Column("evaluation_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("slice", sa.Text, primary_key=True),
        sa.Column("bin", sa.Integer, primary_key=True),
        _reference(table, "evaluation"),
    ]


def _reference(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=f"fk_{table}_{other}_id")
