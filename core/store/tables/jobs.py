"""Jobs, and what they said."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Integer, Table, Text

from core.store.tables.base import id_column, metadata

job = Table(
    "job",
    metadata,
    id_column(),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("message", Text, nullable=False, server_default=""),
    Column("error", Text),
    Column("checkpoint", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    Column("pid", Integer),
    Column("host", Text),  # where the process with that pid runs
    Column("heartbeat_at", Float),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    # numbers every change to any job, so that a window reads only what is new
    Column("revision", Integer, nullable=False, index=True),
    sqlite_autoincrement=True,
)

job_log = Table(
    "job_log",
    metadata,
    id_column(),
    Column("job_id", ForeignKey("job.id"), nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("text", Text, nullable=False),
)
