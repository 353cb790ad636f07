"""Runs of training, their numbers and pictures, and which of them are in use."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from core.store.tables.base import id_column, metadata

run = Table(
    "run",
    metadata,
    id_column(),
    Column("purpose", Text, nullable=False),  # detector | classifier | prelabeller | hidden_points
    Column("name", Text, nullable=False),
    Column("job_id", ForeignKey("job.id")),
    Column("settings", JSON, nullable=False),
    Column("data", JSON, nullable=False),  # what it learns from
    Column("architecture", JSON, nullable=False),  # enough to build the network anew
    Column("seed", Integer, nullable=False),
    Column("device", Text, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("state", Text, nullable=False),  # running | done | stopped | failed
    Column("step", Integer, nullable=False, server_default="0"),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("epochs", Integer, nullable=False),
    Column("seconds", Float, nullable=False, server_default="0"),
    Column("best", Text),  # names of files in NAME.files/runs
    Column("last", Text),
    Column("metric", Text, nullable=False),  # by which the best is chosen
    Column("value", Float),
    Column("best_step", Integer),
    Column("notes", Text, nullable=False, server_default=""),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    Column("started_at", Float),
    Column("finished_at", Float),
    Index("ix_run_purpose", "purpose", "hidden", "id"),
    sqlite_autoincrement=True,
)

run_metric = Table(
    "run_metric",
    metadata,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("value", Float, nullable=False),
    sqlite_with_rowid=False,
)

run_picture = Table(
    "run_picture",
    metadata,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("step", Integer, nullable=False),  # of the newest: older ones are written over
    Column("caption", Text, nullable=False),
    Column("picture", LargeBinary, nullable=False),  # JPEG
    Column("truth", LargeBinary, nullable=False),  # JPEG
)

# the models that a job worked with: what it labelled, it labelled by them
job_model = Table(
    "job_model",
    metadata,
    Column("job_id", ForeignKey("job.id"), primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("run_id", ForeignKey("run.id")),  # NULL: it came with the program
    Column("name", Text, nullable=False),  # of the run, as it was then
    Column("weights", Text, nullable=False),  # name of the file with them, which their hash is a part of
    sqlite_with_rowid=False,
)

# which run serves each purpose in this project
model_in_use = Table(
    "model_in_use",
    metadata,
    id_column(),
    Column("purpose", Text, nullable=False, unique=True),
    Column("run_id", ForeignKey("run.id"), nullable=False),
    Column("annotator_id", ForeignKey("annotator.id")),
    Column("chosen_at", Float, nullable=False),
    sqlite_autoincrement=True,
)
