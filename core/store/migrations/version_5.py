"""To format 5: runs of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations

_NOTHING = sa.text("''")
_ZERO = sa.text("'0'")


def apply(op: Operations) -> None:
    """Add the tables run, run_metric, run_picture and model_in_use; no table that was there is touched."""
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("job_id", sa.Integer),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("settings", "data", "architecture")),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("epoch", sa.Integer, nullable=False, server_default=_ZERO),
        sa.Column("epochs", sa.Integer, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False, server_default=_ZERO),
        sa.Column("best", sa.Text),
        sa.Column("last", sa.Text),
        sa.Column("metric", sa.Text, nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("best_step", sa.Integer),
        sa.Column("notes", sa.Text, nullable=False, server_default=_NOTHING),
        sa.Column("hidden", sa.Boolean, nullable=False, server_default=_ZERO),
        sa.Column("started_at", sa.Float),
        sa.Column("finished_at", sa.Float),
        _reference("run", "job"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_purpose", "run", ["purpose", "hidden", "id"])
    op.create_table(
        "run_metric",
        sa.Column("run_id", sa.Integer, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
        _reference("run_metric", "run"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_picture",
        sa.Column("run_id", sa.Integer, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("caption", sa.Text, nullable=False),
        sa.Column("picture", sa.LargeBinary, nullable=False),
        sa.Column("truth", sa.LargeBinary, nullable=False),
        _reference("run_picture", "run"),
    )
    op.create_table(
        "model_in_use",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("run_id", sa.Integer, nullable=False),
        sa.Column("annotator_id", sa.Integer),
        sa.Column("chosen_at", sa.Float, nullable=False),
        _reference("model_in_use", "run"),
        _reference("model_in_use", "annotator"),
        sa.UniqueConstraint("purpose", name="uq_model_in_use_purpose"),
        sqlite_autoincrement=True,
    )


def _reference(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=f"fk_{table}_{other}_id")
