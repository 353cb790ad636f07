"""What was found in the footage, and what tests and people say of it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
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

track = Table(
    "track",
    metadata,
    id_column(),
    Column("source_id", ForeignKey("source.id"), nullable=False, index=True),
    Column("sequence_id", ForeignKey("sequence.id"), nullable=False, index=True),
    Column("category", Text, nullable=False),
    Column("first_time_s", Float, nullable=False),
    Column("last_time_s", Float, nullable=False),
    Column("instance_count", Integer, nullable=False),
    Column("stationary", Boolean, nullable=False, server_default="0"),
    Column("state", Text, nullable=False, server_default="live"),  # live | gone
    Column("job_id", ForeignKey("job.id")),
    sqlite_autoincrement=True,
)

_KEYPOINTS = ("state", "category", "thinned", "label", "points_placed", "id")

_KEYPOINT_FILTERS = ("verdict", "size", "track_id")

_PROPOSED = ("state", "category", "thinned", "keypoint_certainty", "id", "label")
_IS_PROPOSED = text("keypoint_certainty IS NOT NULL")

_FITTED = ("fit_id", "state", "track_id", "keypoint_set_id", "mask_id")

_QUEUE = ("state", "thinned", "verdict", "uncertainty", "id")

_QUEUE_FILTERS = ("label", "category", "score", "size", "reasons", "captured_at")

instance = Table(
    "instance",
    metadata,
    id_column(),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("frame_id", ForeignKey("frame.id"), nullable=False, index=True),
    Column("track_id", ForeignKey("track.id"), index=True),
    Column("time_s", Float, nullable=False),
    Column("captured_at", Float),  # as the frame's
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
    # no longer detected either, but a person has touched it: it stays, with what was said of it
    Column("missing", Boolean, nullable=False, server_default="0"),
    Column("stationary", Boolean, nullable=False, server_default="0"),
    Column("thinned", Boolean, nullable=False, server_default="0"),
    Column("machine_label", Text),  # a test's, a network's or an import's
    Column("machine_origin", Text),
    Column("margin", Float),  # -1..1; see OcclusionDecision
    # bit set of the tests that call it occluded: 1 overlap, 2 border, 4 static, 8 walt,
    # 16 classifier
    Column("reasons", Integer, nullable=False, server_default="0"),
    Column("verdict", Text),  # the last a person gave
    Column("verdict_annotator_id", ForeignKey("annotator.id")),
    Column("verdict_at", Float),
    Column("category_annotator_id", ForeignKey("annotator.id")),  # who corrected the category, if anyone
    Column("job_id", ForeignKey("job.id")),
    # These follow from the columns above (core/store/derived.py) and stand here for the indexes.
    Column("size", Float, nullable=False),  # L of the box
    # the smaller of |margin| and find_margin, small is uncertain; 2: neither is known
    Column("uncertainty", Float, nullable=False),
    Column("label", Text),  # in force: a person's verdict, else the machine's; none where rejected
    Column("label_origin", Text),
    # The versions in force, in the tables keypoint_set and fit, and how many points the keypoints have.
    # They stand last because format 2 added them to the tables that were there.
    Column("keypoint_set_id", Integer),
    Column("points_placed", Integer, nullable=False, server_default="0"),
    Column("fit_id", Integer),
    # These stand last because format 6 added them.
    # 0..1, how far above the least that is kept the score of a network's find is; NULL: nothing says so
    Column("find_margin", Float),
    # 0..1, the mean certainty of points that a network placed and nobody has confirmed, else NULL
    Column("keypoint_certainty", Float),
    CheckConstraint("w > 0 AND h > 0", name="box_has_area"),
    CheckConstraint("size = max(w, h)", name="size_follows"),
    CheckConstraint(
        "uncertainty = min(coalesce(abs(margin), 2.0), coalesce(find_margin, 2.0))",
        name="uncertainty_follows",
    ),
    CheckConstraint(
        "label IS (CASE WHEN verdict IS NULL THEN machine_label WHEN verdict = 'rejected' THEN NULL"
        " ELSE verdict END)",
        name="label_follows",
    ),
    CheckConstraint(
        "label_origin IS (CASE WHEN verdict IS NULL THEN machine_origin ELSE 'human' END)",
        name="label_origin_follows",
    ),
    # The review queue (core/store/queries/queue.py): least certain first, then by id. The columns after
    # the id are there so that every filter is decided by the index alone.
    Index("ix_instance_queue", *_QUEUE, *_QUEUE_FILTERS, "source_id", "camera_id"),
    Index("ix_instance_camera_queue", "camera_id", *_QUEUE, *_QUEUE_FILTERS, "source_id"),
    Index("ix_instance_source_queue", "source_id", *_QUEUE, *_QUEUE_FILTERS, "camera_id"),
    # The keypoint queue (core/store/queries/keypoint_queue.py): fewest points first, of each label in turn.
    Index("ix_instance_keypoint_queue", *_KEYPOINTS, *_KEYPOINT_FILTERS, "source_id", "camera_id"),
    Index("ix_instance_source_keypoint_queue", "source_id", *_KEYPOINTS, *_KEYPOINT_FILTERS, "camera_id"),
    # what networks placed points on, to be looked at: the least certain first
    Index("ix_instance_proposed", *_PROPOSED, *_KEYPOINT_FILTERS, "source_id", sqlite_where=_IS_PROPOSED),
    Index(
        "ix_instance_source_proposed", "source_id", *_PROPOSED, *_KEYPOINT_FILTERS, sqlite_where=_IS_PROPOSED
    ),
    # those that have keypoints, for jobs and exports
    Index("ix_instance_with_keypoints", "source_id", "id", sqlite_where=text("keypoint_set_id IS NOT NULL")),
    # what the list of fits asks of the object of each: whether it is gone, and, for some filters, more
    Index(
        "ix_instance_gone_fit", "fit_id", "state", sqlite_where=text("state = 'gone' AND fit_id IS NOT NULL")
    ),
    Index("ix_instance_fit", *_FITTED, sqlite_where=text("fit_id IS NOT NULL")),
    # the timeline of a source, with all that its marks are drawn from
    Index("ix_instance_timeline", "source_id", "state", "time_s", "label", "verdict"),
    sqlite_autoincrement=True,
)

mask = Table(
    "mask",
    metadata,
    id_column(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
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
    sqlite_autoincrement=True,
)

# the whole extent, hidden part and all, as the network says that found the object; the newest find's
whole_mask = Table(
    "whole_mask",
    metadata,
    Column("instance_id", ForeignKey("instance.id"), primary_key=True),
    Column("height", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("counts", LargeBinary, nullable=False),  # as a mask's
    Column("job_id", ForeignKey("job.id")),
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
    Column("test", Text, primary_key=True),  # overlap | border | static | walt | classifier
    Column("value", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("occluded", Boolean, nullable=False),
    Column("margin", Float, nullable=False),
    Column("by_instance_id", Integer),
    Column("detail", Text, nullable=False),
    Column("job_id", ForeignKey("job.id")),
    sqlite_with_rowid=False,
)

review = Table(
    "review",
    metadata,
    id_column(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("annotator_id", ForeignKey("annotator.id"), nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text),  # of a rejection: bad picture | wrong detection
    Column("decided_at", Float, nullable=False),
    UniqueConstraint("instance_id", "annotator_id"),
    Index("ix_review_annotator", "annotator_id", "instance_id"),
    sqlite_autoincrement=True,
)
