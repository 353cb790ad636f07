"""To format 4: fits of people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations


def apply(op: Operations) -> None:
    """Add the column fit.body; what was there is a car's, and has none. Lists sort people by stature."""
    op.add_column("fit", sa.Column("body", sa.JSON))
    columns = [
        "height_m",
        "id",
        "camera_id",
        "source_id",
        "verdict_rank",
        "review_rank",
        "method",
        "in_force",
    ]
    op.create_index("ix_fit_stature", "fit", columns, sqlite_where=sa.text("in_force = 1"))
