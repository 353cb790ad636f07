"""The tables of a project file, as SQLAlchemy Core. docs/file-format.md explains them for people.

Large blobs stand in tables of their own, so that rows that are scanned stay thin.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

annotator = Table("annotator", metadata, _id(), Column("name", Text, nullable=False, unique=True))

camera = Table(
    "camera",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("utc_offset_s", Float, nullable=False, server_default="0"),
    Column("created_at", Float, nullable=False),
)

source = Table(
    "source",
    metadata,
    _id(),
    Column("camera_id", ForeignKey("camera.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
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
)

sequence = Table(
    "sequence",
    metadata,
    _id(),
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
    _id(),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("sequence_id", ForeignKey("sequence.id"), nullable=False, index=True),
    Column("pts", Integer, nullable=False),
    Column("time_s", Float, nullable=False),
    Column("captured_at", Float),
    Column("hour", Integer),  # of day at the camera, from captured_at; NULL where unknown
    Column("content_hash", LargeBinary, nullable=False),
    Column("keyframe", Boolean, nullable=False),
    Column("name", Text),
    UniqueConstraint("source_id", "pts"),
)

job = Table(
    "job",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("state", Text, nullable=False, index=True),
    Column("progress", Float, nullable=False, server_default="0"),
    Column("message", Text, nullable=False, server_default=""),
    Column("log", Text, nullable=False, server_default=""),
    Column("error", Text),
    Column("checkpoint", JSON),
    Column("result", JSON),
    Column("cancel_requested", Boolean, nullable=False, server_default="0"),
    Column("pid", Integer),
    Column("heartbeat_at", Float),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
)

background = Table(
    "background",
    metadata,
    _id(),
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
)

track = Table(
    "track",
    metadata,
    _id(),
    Column("source_id", ForeignKey("source.id"), nullable=False, index=True),
    Column("sequence_id", ForeignKey("sequence.id"), nullable=False, index=True),
    Column("category", Text, nullable=False),
    Column("first_time_s", Float, nullable=False),
    Column("last_time_s", Float, nullable=False),
    Column("instance_count", Integer, nullable=False),
    Column("stationary", Boolean, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="live"),  # live | gone
    Column("job_id", ForeignKey("job.id")),
)

instance = Table(
    "instance",
    metadata,
    _id(),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("frame_id", ForeignKey("frame.id"), nullable=False, index=True),
    Column("track_id", ForeignKey("track.id"), index=True),
    Column("time_s", Float, nullable=False),
    Column("hour", Integer),
    Column("category", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("x", Float, nullable=False),
    Column("y", Float, nullable=False),
    Column("w", Float, nullable=False),
    Column("h", Float, nullable=False),
    Column("origin", Text, nullable=False),  # heuristic | network | human | import
    Column("detector", Text, nullable=False),
    Column("mask_id", Integer),  # the version in force, in table mask
    Column("state", Text, nullable=False, server_default="live"),  # live | gone: no longer detected
    Column("stationary", Boolean, nullable=False, server_default="0"),
    Column("thinned", Boolean, nullable=False, server_default="0"),
    Column("machine_label", Text),
    Column("machine_origin", Text),
    Column("margin", Float),  # -1..1; see OcclusionDecision
    Column("uncertainty", Float, nullable=False, server_default="2"),  # |margin|; 2: no test ran
    Column("label", Text),  # in force: a person's, else the machine's
    Column("label_origin", Text),
    Column("verdict", Text),  # the last a person gave
    Column("verdict_annotator_id", ForeignKey("annotator.id")),
    Column("verdict_at", Float),
    Column("job_id", ForeignKey("job.id")),
    CheckConstraint("w > 0 AND h > 0", name="box_has_area"),
    # the review queue: least certain first, then by id; narrow filters have an index of their own
    Index("ix_instance_queue", "state", "thinned", "uncertainty", "id"),
    Index("ix_instance_verdict_queue", "state", "thinned", "verdict", "uncertainty", "id"),
    Index("ix_instance_label_queue", "state", "thinned", "label", "uncertainty", "id"),
    Index("ix_instance_source_queue", "source_id", "state", "thinned", "uncertainty", "id"),
    Index("ix_instance_source_time", "source_id", "time_s", "id"),
)

mask = Table(
    "mask",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("counts", LargeBinary, nullable=False),  # COCO compressed RLE of the whole picture
    Column("area", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("annotator_id", ForeignKey("annotator.id")),
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("instance_id", "version"),
)

crop = Table(
    "crop",
    metadata,
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("x", Integer, nullable=False),  # the crop's place in the picture, with its margin
    Column("y", Integer, nullable=False),
    Column("w", Integer, nullable=False),
    Column("h", Integer, nullable=False),
    Column("data", LargeBinary, nullable=False),  # JPEG, RGB
)

occlusion_test = Table(
    "occlusion_test",
    metadata,
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("test", Text, primary_key=True),  # overlap | border | static | walt
    Column("value", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("occluded", Boolean, nullable=False),
    Column("margin", Float, nullable=False),
    Column("by_instance_id", Integer),
    Column("detail", Text, nullable=False),
    Column("job_id", ForeignKey("job.id")),
    Index("ix_occlusion_test_reason", "test", "occluded", "instance_id"),
)

review = Table(
    "review",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text),  # of a rejection: bad picture | wrong detection
    Column("decided_at", Float, nullable=False),
    UniqueConstraint("instance_id", "annotator_id"),
)

edit = Table(
    "edit",
    metadata,
    _id(),
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("changes", JSON, nullable=False),  # [{table, id, before, after}], see core/store/history.py
    Column("at", Float, nullable=False),
    Column("state", Text, nullable=False, server_default="done"),  # done | undone | abandoned
    Column("undone_at", Float),
)
