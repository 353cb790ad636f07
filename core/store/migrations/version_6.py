"""To format 6: what models label, which of them it was, and how certain they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.operations import Operations

_BEFORE = "uncertainty = coalesce(abs(margin), 2.0)"
_SINCE = "uncertainty = min(coalesce(abs(margin), 2.0), coalesce(find_margin, 2.0))"
_PROPOSED = (
    *("state", "category", "thinned", "keypoint_certainty", "id"),
    *("label", "verdict", "size", "track_id"),
)


def apply(op: Operations) -> None:
    """Add the tables job_model and whole_mask, and to instance how certain its find and its points are.

    No row of instance is rewritten but those whose points a network placed.
    """
    op.create_table(
        "job_model",
        sa.Column("job_id", sa.Integer, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("run_id", sa.Integer),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("weights", sa.Text, nullable=False),
        _reference("job_model", "job"),
        _reference("job_model", "run"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "whole_mask",
        sa.Column("instance_id", sa.Integer, primary_key=True),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("counts", sa.LargeBinary, nullable=False),
        sa.Column("job_id", sa.Integer),
        _reference("whole_mask", "instance"),
        _reference("whole_mask", "job"),
    )
    op.add_column("instance", sa.Column("find_margin", sa.Float))
    op.add_column("instance", sa.Column("keypoint_certainty", sa.Float))
    _follow_finds(op)
    op.execute(_CERTAINTY)
    only = sa.text("keypoint_certainty IS NOT NULL")
    op.create_index("ix_instance_proposed", "instance", [*_PROPOSED, "source_id"], sqlite_where=only)
    op.create_index("ix_instance_source_proposed", "instance", ["source_id", *_PROPOSED], sqlite_where=only)


def _follow_finds(op: Operations) -> None:
    """Let the CHECK on the uncertainty ask of the find, too.

    It holds of every row as it stands, for find_margin is NULL in all of them; so the text of the table is
    changed, as SQLite's manual has it (lang_altertable, 7), and no million rows are copied.
    """
    connection = op.get_bind()
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    try:
        changed = connection.exec_driver_sql(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?)"
            " WHERE type = 'table' AND name = 'instance' AND instr(sql, ?) > 0",
            (_BEFORE, _SINCE, _BEFORE),
        ).rowcount
        connection.exec_driver_sql(f"PRAGMA schema_version = {int(version) + 1}")  # all read it anew
    finally:
        connection.exec_driver_sql("PRAGMA writable_schema = OFF")
    if changed != 1:
        raise RuntimeError("the CHECK on instance.uncertainty is not the one of format 5")


# a point's score stands in fifth place and is left out where it is 1; one that is not placed is null
_CERTAINTY = """
UPDATE instance SET keypoint_certainty = (
    SELECT sum(CASE point.type WHEN 'null' THEN 0.0 ELSE coalesce(json_extract(point.value, '$[4]'), 1.0) END)
        / count(*)
    FROM keypoint_set, json_each(keypoint_set.points) AS point
    WHERE keypoint_set.id = instance.keypoint_set_id
)
WHERE keypoint_set_id IN (SELECT id FROM keypoint_set WHERE origin = 'network') AND points_placed > 0
"""


def _reference(table: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([f"{other}_id"], [f"{other}.id"], name=f"fk_{table}_{other}_id")
