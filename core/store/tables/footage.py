"""The project itself, who works on it, its cameras, their footage and backgrounds."""

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
    UniqueConstraint,
    text,
)

from core.store.tables.base import id_column, metadata

meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

annotator = Table(
    "annotator",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)

camera = Table(
    "camera",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    # added to a capture time, it gives the camera's local time; the hour of day follows when asked
    Column("utc_offset_s", Float, nullable=False, server_default="0"),
    Column("calibration_id", Integer),  # the version in force, in table calibration
    Column("created_at", Float, nullable=False),
    sqlite_autoincrement=True,
)

calibration = Table(
    "calibration",
    metadata,
    id_column(),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("matrix", JSON, nullable=False),  # nine numbers, row by row
    Column("distortion", JSON, nullable=False),  # OpenCV's coefficients
    Column("normal", JSON(none_as_null=True)),  # of the ground, camera frame, up; NULL: no ground
    Column("height_m", Float),
    Column("residual_px", Float),
    Column("uncertainty", JSON(none_as_null=True)),
    Column("notes", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),  # what was drawn, so that it can be drawn on
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("camera_id", "version"),
    sqlite_autoincrement=True,
)

source = Table(
    "source",
    metadata,
    id_column(),
    Column("camera_id", ForeignKey("camera.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # video | folder
    # adding: not all frames are in yet; hidden: taken off the lists by a person, nothing is lost
    Column("state", Text, nullable=False, server_default="live"),
    Column("relative_path", Text, nullable=False),  # to the project file's folder, POSIX separators
    Column("absolute_path", Text, nullable=False),  # where it was found last
    Column("content_hash", LargeBinary, nullable=False),
    Column("byte_size", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("time_base_num", Integer, nullable=False),
    Column("time_base_den", Integer, nullable=False),
    Column("frame_count", Integer, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("captured_from", Float),
    Column("captured_to", Float),
    Column("recorded", Boolean, nullable=False, server_default="0"),
    Column("warnings", JSON, nullable=False),
    Column("added_at", Float, nullable=False),
    Index("ix_source_content_hash", "content_hash"),
    sqlite_autoincrement=True,
)

sequence = Table(
    "sequence",
    metadata,
    id_column(),
    Column("source_id", ForeignKey("source.id"), nullable=False, index=True),
    Column("ordinal", Integer, nullable=False),
    Column("first_pts", Integer, nullable=False),
    Column("last_pts", Integer, nullable=False),
    Column("frame_count", Integer, nullable=False),
    UniqueConstraint("source_id", "ordinal"),
)

frame = Table(
    "frame",
    metadata,
    id_column(),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("sequence_id", ForeignKey("sequence.id"), nullable=False, index=True),
    Column("pts", Integer, nullable=False),
    Column("time_s", Float, nullable=False),
    Column("captured_at", Float),  # seconds UTC epoch; NULL where nothing says
    Column("content_hash", LargeBinary, nullable=False),
    Column("keyframe", Boolean, nullable=False),
    Column("name", Text),
    UniqueConstraint("source_id", "pts"),
    Index("ix_frame_source_time", "source_id", "time_s"),
    Index("ix_frame_content_hash", "content_hash"),
    Index("ix_frame_name", "name", sqlite_where=text("name IS NOT NULL")),
)

background = Table(
    "background",
    metadata,
    id_column(),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),
    Column("hour", Integer),  # NULL: over all hours
    Column("version", Integer, nullable=False),
    Column("frame_count", Integer, nullable=False),
    Column("hours", JSON, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("image", LargeBinary, nullable=False),  # PNG, RGB
    Column("support", LargeBinary, nullable=False),  # PNG, 16 bit
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    Index("ix_background_camera_hour_version", "camera_id", "hour", "version"),
    sqlite_autoincrement=True,
)
