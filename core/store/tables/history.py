"""What people changed, with what takes it back."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Float, ForeignKey, Index, Table, Text

from core.store.tables.base import id_column, metadata

edit = Table(
    "edit",
    metadata,
    id_column(),
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("at", Float, nullable=False),
    # undone can be redone; abandoned: undone, then overtaken by a new edit; kept: undo passes it by
    Column("state", Text, nullable=False, server_default="done"),  # done | undone | abandoned | kept
    Column("undone_at", Float),
    Column("changes", JSON, nullable=False),  # [{table, id, before, after}], see core/store/history.py
    Index("ix_edit_stack", "annotator_id", "state", "id"),
    sqlite_autoincrement=True,
)
