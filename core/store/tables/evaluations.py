"""Evaluations: their figures, their pictures, how each object came out, and what is asked for."""

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
    text,
)

from core.store.tables.base import id_column, metadata

evaluation = Table(
    "evaluation",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("subject", Text, nullable=False),  # run | predictions | mining | annotators | fits
    Column("truth", Text, nullable=False),  # as core.records.evaluations.Truth
    Column("purpose", Text),  # of the network that is evaluated
    Column("run_id", ForeignKey("run.id")),
    Column("file", Text, nullable=False, server_default=""),  # of predictions, without its folder
    Column("job_id", ForeignKey("job.id")),
    Column("settings", JSON, nullable=False),
    Column("data", JSON, nullable=False),  # what it was measured by
    Column("truth_key", Text, nullable=False, server_default=""),
    Column("seed", Integer, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("state", Text, nullable=False),  # running | done | stopped | failed
    Column("pictures", Integer, nullable=False, server_default="0"),
    Column("objects", Integer, nullable=False, server_default="0"),
    Column("notes", Text, nullable=False, server_default=""),
    Column("hidden", Boolean, nullable=False, server_default="0"),
    Column("started_at", Float),
    Column("finished_at", Float),
    Index("ix_evaluation_listed", "hidden", "id"),
    sqlite_autoincrement=True,
)

# slices are a word (all | occlusion | distance | size | hour | category | tag) and the number of a bin;
# -1: of those objects that is not known
evaluation_figure = Table(
    "evaluation_figure",
    metadata,
    Column("evaluation_id", ForeignKey("evaluation.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("bin", Integer, primary_key=True),
    Column("value", Float, nullable=False),
    Column("low", Float),  # of the interval at 95 %
    Column("high", Float),
    Column("count", Integer, nullable=False),
    sqlite_with_rowid=False,
)

evaluation_curve = Table(
    "evaluation_curve",
    metadata,
    Column("evaluation_id", ForeignKey("evaluation.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("bin", Integer, primary_key=True),
    Column("points", JSON, nullable=False),  # two lists: x, y
)

evaluation_confusion = Table(
    "evaluation_confusion",
    metadata,
    Column("evaluation_id", ForeignKey("evaluation.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("slice", Text, primary_key=True),
    Column("bin", Integer, primary_key=True),
    Column("words", JSON, nullable=False),  # two lists: of the rows, of the columns
    Column("counts", JSON, nullable=False),  # a list for each row
)

evaluation_picture = Table(
    "evaluation_picture",
    metadata,
    Column("evaluation_id", ForeignKey("evaluation.id"), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("frame_id", ForeignKey("frame.id")),
    Column("recipe_id", ForeignKey("recipe.id")),
    Column("name", Text, nullable=False),
    Column("camera_id", ForeignKey("camera.id")),
    Column("hour", Integer),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    sqlite_with_rowid=False,
)

_BINS = ("occlusion_bin", "distance_bin", "size_bin", "hour_bin")
_ASKED = ("category", "said", "tags", "tag_pairs", "outcome", "detail")

# rows of one evaluation lie together; what is drawn over a picture stands apart
evaluation_object = Table(
    "evaluation_object",
    metadata,
    Column("evaluation_id", ForeignKey("evaluation.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("picture", Integer, nullable=False),
    Column("instance_id", Integer),
    Column("place", Integer),
    Column("category", Text, nullable=False),
    Column("said", Text),
    Column("outcome", Text, nullable=False),  # found | missed | extra | right | wrong
    Column("badness", Float, nullable=False),  # 0 to 1
    Column("score", Float),
    Column("x", Float, nullable=False),
    Column("y", Float, nullable=False),
    Column("w", Float, nullable=False),
    Column("h", Float, nullable=False),
    Column("occlusion", Float),
    Column("distance_m", Float),
    Column("box_iou", Float),
    Column("mask_iou", Float),
    Column("hidden_iou", Float),
    Column("points_right", Integer),
    Column("points_placed", Integer),
    Column("tags_right", Integer),
    Column("tags_told", Integer),
    Column("rotation_rad", Float),
    Column("place_m", Float),
    Column("tags", Integer, nullable=False),  # bits
    Column("wrong_tags", Integer, nullable=False),
    Column("tag_pairs", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    # bins of the above (core/records/slices.py), for the index
    Column("occlusion_bin", Integer, nullable=False),
    Column("distance_bin", Integer, nullable=False),
    Column("size_bin", Integer, nullable=False),
    Column("hour_bin", Integer, nullable=False),
    # worst first; what stands after the number decides every filter by the index alone
    Index("ix_evaluation_object_worst", "evaluation_id", text("badness DESC"), "number", *_BINS, *_ASKED),
    Index("ix_evaluation_object_instance", "instance_id", sqlite_where=text("instance_id IS NOT NULL")),
    sqlite_with_rowid=False,
)

evaluation_said = Table(
    "evaluation_said",
    metadata,
    Column("evaluation_id", ForeignKey("evaluation.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("told", JSON, nullable=False),  # box, points and pose, of what was said and of the truth
    Column("height", Integer),  # of the picture, where there are masks
    Column("width", Integer),
    Column("whole", LargeBinary),  # as a mask's counts
    Column("modal", LargeBinary),
    Column("true_whole", LargeBinary),
    Column("true_modal", LargeBinary),
)

# objects that somebody asked to be looked at again
review_request = Table(
    "review_request",
    metadata,
    id_column(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("evaluation_id", ForeignKey("evaluation.id")),
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("answered_at", Float),  # a verdict was given since
    Index("ix_review_request_open", "instance_id", sqlite_where=text("answered_at IS NULL")),
    sqlite_autoincrement=True,
)
