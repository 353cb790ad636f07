"""What composites are made of: cut-outs, pieces and recipes."""

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
    Table,
    Text,
    UniqueConstraint,
    text,
)

from core.store.tables.base import id_column, metadata

cutout = Table(
    "cutout",
    metadata,
    id_column(),
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
    id_column(),
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
    id_column(),
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
    id_column(),
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
