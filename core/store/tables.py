"""The tables of a project file, as SQLAlchemy Core. docs/file-format.md explains them for people.

Large blobs stand in tables of their own, so that rows that are scanned stay thin. What follows from
other columns (the label in force, the uncertainty, the size) is held to them by a CHECK, so that no writer
can get it wrong: a machine can only write the machine's label, and a person's wins by definition. (SQLite
does not read an index alone for a generated column, and the queue needs that.) Ids are never used again
(AUTOINCREMENT), because the edit history and exported files name rows by them.
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
    text,
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


def _first_of(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return (name, *(other for other in names if other != name))


meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))

annotator = Table(
    "annotator", metadata, _id(), Column("name", Text, nullable=False, unique=True), sqlite_autoincrement=True
)

camera = Table(
    "camera",
    metadata,
    _id(),
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
    _id(),
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
    _id(),
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
    Column("captured_at", Float),  # seconds UTC epoch; NULL where nothing says
    Column("content_hash", LargeBinary, nullable=False),
    Column("keyframe", Boolean, nullable=False),
    Column("name", Text),
    UniqueConstraint("source_id", "pts"),
    Index("ix_frame_source_time", "source_id", "time_s"),
    Index("ix_frame_content_hash", "content_hash"),
    Index("ix_frame_name", "name", sqlite_where=text("name IS NOT NULL")),
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
    _id(),
    Column("job_id", ForeignKey("job.id"), nullable=False, index=True),
    Column("at", Float, nullable=False),
    Column("text", Text, nullable=False),
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
    sqlite_autoincrement=True,
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
    sqlite_autoincrement=True,
)

_KEYPOINTS = ("state", "category", "thinned", "label", "points_placed", "id")
_KEYPOINT_FILTERS = ("verdict", "size", "track_id")
_FITTED = ("fit_id", "state", "track_id", "keypoint_set_id", "mask_id")
_QUEUE = ("state", "thinned", "verdict", "uncertainty", "id")
_QUEUE_FILTERS = ("label", "category", "score", "size", "reasons", "captured_at")

instance = Table(
    "instance",
    metadata,
    _id(),
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
    # bit set of the tests that call it occluded: 1 overlap, 2 border, 4 static, 8 walt
    Column("reasons", Integer, nullable=False, server_default="0"),
    Column("verdict", Text),  # the last a person gave
    Column("verdict_annotator_id", ForeignKey("annotator.id")),
    Column("verdict_at", Float),
    Column("category_annotator_id", ForeignKey("annotator.id")),  # who corrected the category, if anyone
    Column("job_id", ForeignKey("job.id")),
    # These follow from the columns above (core/store/derived.py) and stand here for the indexes.
    Column("size", Float, nullable=False),  # L of the box
    Column("uncertainty", Float, nullable=False),  # |margin|, small is uncertain; 2: no test ran
    Column("label", Text),  # in force: a person's verdict, else the machine's; none where rejected
    Column("label_origin", Text),
    # The versions in force, in the tables keypoint_set and fit, and how many points the keypoints have.
    # They stand last because format 2 added them to the tables that were there.
    Column("keypoint_set_id", Integer),
    Column("points_placed", Integer, nullable=False, server_default="0"),
    Column("fit_id", Integer),
    CheckConstraint("w > 0 AND h > 0", name="box_has_area"),
    CheckConstraint("size = max(w, h)", name="size_follows"),
    CheckConstraint("uncertainty = coalesce(abs(margin), 2.0)", name="uncertainty_follows"),
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
    _id(),
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

keypoint_set = Table(
    "keypoint_set",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("template", Text, nullable=False),
    # a list with an entry for each of the template's points; see core/store/keypoint_columns.py
    Column("points", JSON, nullable=False),
    Column("placed", Integer, nullable=False),
    Column("origin", Text, nullable=False),
    Column("annotator_id", ForeignKey("annotator.id")),
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("instance_id", "version"),
    sqlite_autoincrement=True,
)

# the columns after the id are there so that every filter is decided by the index alone
_FIT_FILTERS = ("id", "camera_id", "source_id", "verdict_rank", "review_rank", "method", "in_force")
_IN_FORCE = text("in_force = 1")

fit = Table(
    "fit",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),  # these two as the instance's
    Column("source_id", ForeignKey("source.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rotation", JSON, nullable=False),  # nine numbers, row by row, car to camera
    Column("translation", JSON, nullable=False),  # metres, camera frame
    Column("place", JSON(none_as_null=True)),  # metres on the ground
    Column("heading_rad", Float),
    Column("shape", JSON, nullable=False),
    Column("length_m", Float, nullable=False),
    Column("width_m", Float, nullable=False),
    Column("height_m", Float, nullable=False),
    Column("distance_m", Float, nullable=False),  # of the car from the camera
    Column("rms_px", Float, nullable=False),
    Column("noise_px", Float, nullable=False),  # assumed of a sharp point
    Column("residuals", JSON, nullable=False),
    Column("outliers", JSON, nullable=False),
    Column("used", Integer, nullable=False),
    Column("swapped", Boolean, nullable=False),
    Column("sigma_m", Float, nullable=False),  # of the place
    Column("sigmas", JSON(none_as_null=True)),
    # The versions that it was made from. No foreign keys: an undo may take them back, and a fit that a job
    # made meanwhile must not stand in its way; it is stale then.
    Column("keypoint_set_id", Integer),
    Column("mask_id", Integer),
    Column("calibration_id", Integer),
    Column("shape_space", Text, nullable=False),  # name and hash
    Column("review", Text),  # accepted | rejected
    Column("review_reason", Text),
    Column("reviewer_id", ForeignKey("annotator.id")),
    Column("reviewed_at", Float),
    Column("annotator_id", ForeignKey("annotator.id")),  # whose edit made it; NULL: a job
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    # whether it is the one that instance.fit_id names: for the indexes
    Column("in_force", Boolean, nullable=False),
    # These follow from the columns above (core/store/derived.py): the worst verdict and what nobody has
    # looked at come first.
    Column("verdict_rank", Integer, nullable=False),
    Column("review_rank", Integer, nullable=False),
    CheckConstraint(
        "verdict_rank = (CASE verdict WHEN 'too_few_points' THEN 0 WHEN 'outside_shape_space' THEN 1"
        " WHEN 'ambiguous' THEN 2 ELSE 3 END)",
        name="verdict_rank_follows",
    ),
    CheckConstraint(
        "review_rank = (CASE WHEN review IS NULL THEN 0 WHEN review = 'rejected' THEN 1 ELSE 2 END)",
        name="review_rank_follows",
    ),
    UniqueConstraint("instance_id", "version"),
    # the list of fits (core/store/queries/fits.py), by each of its orders
    Index("ix_fit_rms", "rms_px", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_sigma", "sigma_m", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_distance", "distance_m", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_length", "length_m", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    Index("ix_fit_verdict", *_first_of("verdict_rank", _FIT_FILTERS), sqlite_where=_IN_FORCE),
    Index("ix_fit_review", *_first_of("review_rank", _FIT_FILTERS), sqlite_where=_IN_FORCE),
    Index("ix_fit_newest", *_FIT_FILTERS, sqlite_where=_IN_FORCE),
    sqlite_autoincrement=True,
)

cutout = Table(
    "cutout",
    metadata,
    _id(),
    Column("instance_id", ForeignKey("instance.id"), nullable=False, index=True),
    Column("mask_id", Integer, nullable=False),  # no foreign key, as in fit
    Column("background_id", ForeignKey("background.id")),  # that shadow and light were told from
    Column("x", Integer, nullable=False),  # its place in the picture, with its margin
    Column("y", Integer, nullable=False),
    Column("w", Integer, nullable=False),
    Column("h", Integer, nullable=False),
    Column(
        "light_red", Integer, nullable=False
    ),  # sums over the pixels where light is compared, of the frame
    Column("light_green", Integer, nullable=False),
    Column("light_blue", Integer, nullable=False),
    Column("light_pixels", Integer, nullable=False),
    Column("background_red", Integer, nullable=False),  # and of the background
    Column("background_green", Integer, nullable=False),
    Column("background_blue", Integer, nullable=False),
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    # last, so that the others are read without them
    Column("pixels", LargeBinary, nullable=False),  # PNG, RGB
    Column("planes", LargeBinary, nullable=False),  # PNG: the object's share, shadow, where light is compared
    sqlite_autoincrement=True,
)

# A cut-out with the versions that describe it. Nothing in a row changes but whether it is in force.
piece = Table(
    "piece",
    metadata,
    _id(),
    Column("cutout_id", ForeignKey("cutout.id"), nullable=False),
    Column("instance_id", ForeignKey("instance.id"), nullable=False),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),  # these six as the instance's
    Column("track_id", Integer),
    Column("category", Text, nullable=False),
    Column("time_s", Float, nullable=False),
    Column("captured_at", Float),
    # stands still in the background, and is drawn with the background's own pixels
    Column("standing", Boolean, nullable=False),
    Column("x", Integer, nullable=False),  # the box of its mask
    Column("y", Integer, nullable=False),
    Column("w", Integer, nullable=False),
    Column("h", Integer, nullable=False),
    Column("area", Integer, nullable=False),  # of its mask
    # The versions in force when it was made. No foreign keys: an undo may take them back.
    Column("mask_id", Integer, nullable=False),
    Column("keypoint_set_id", Integer),
    Column("fit_id", Integer),
    Column("calibration_id", Integer),
    Column("carries_fit", Boolean, nullable=False),  # whether that fit is good enough to label with
    Column("footprint", LargeBinary),  # corners on the ground; see core/store/recipe_columns.py
    Column(
        "light_q8", Integer, nullable=False
    ),  # how bright its frame was against its background, 256: alike
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    # whether it is the newest of its instance
    Column("in_force", Boolean, nullable=False),
    CheckConstraint("carries_fit = 0 OR fit_id IS NOT NULL", name="fit_is_named"),
    Index("ix_piece_instance", "instance_id", "in_force"),
    # what composites are drawn from
    Index("ix_piece_stock", "camera_id", "category", "id", sqlite_where=text("in_force = 1")),
    sqlite_autoincrement=True,
)

recipe_set = Table(
    "recipe_set",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("wanted", JSON(none_as_null=True)),  # parts of ten bins of occlusion; NULL: as it comes
    Column("hidden", Boolean, nullable=False, server_default="0"),  # a person took it off the lists
    Column("job_id", ForeignKey("job.id")),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("name"),
    sqlite_autoincrement=True,
)

recipe = Table(
    "recipe",
    metadata,
    _id(),
    Column("set_id", ForeignKey("recipe_set.id"), nullable=False),
    Column("camera_id", ForeignKey("camera.id"), nullable=False),
    Column("background_id", ForeignKey("background.id"), nullable=False),
    Column("sampler", Text, nullable=False),
    Column("split", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("composer_version", Integer, nullable=False),
    # these three are compact; see core/store/recipe_columns.py
    Column("objects", LargeBinary, nullable=False),
    Column("ignored", LargeBinary),
    Column("occlusion", LargeBinary, nullable=False),
    Column("edited_from", Integer),  # the recipe that a person made it from
    Column("annotator_id", ForeignKey("annotator.id")),  # whose edit made it; NULL: a job
    Column("created_at", Float, nullable=False),
    # a set in the order it was made; the columns after the id decide every filter and count
    Index("ix_recipe_set", "set_id", "id", "camera_id", "split", "edited_from"),
    sqlite_autoincrement=True,
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
    sqlite_with_rowid=False,
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
    Index("ix_review_annotator", "annotator_id", "instance_id"),
    sqlite_autoincrement=True,
)

edit = Table(
    "edit",
    metadata,
    _id(),
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
