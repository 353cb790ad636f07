"""The tables of a project file, as SQLAlchemy Core. docs/file-format.md explains them for people.

Large blobs stand in tables of their own, so that rows that are scanned stay thin. What follows from
other columns (the label in force, the uncertainty, the size) is held to them by a CHECK, so that no writer
can get it wrong: a machine can only write the machine's label, and a person's wins by definition. (SQLite
does not read an index alone for a generated column, and the queue needs that.) Ids are never used again
(AUTOINCREMENT), because the edit history and exported files name rows by them.
"""

from core.store.tables.base import metadata
from core.store.tables.composites import cutout, piece, recipe, recipe_set
from core.store.tables.evaluations import (
    evaluation,
    evaluation_confusion,
    evaluation_curve,
    evaluation_figure,
    evaluation_object,
    evaluation_picture,
    evaluation_said,
    review_request,
)
from core.store.tables.fits import fit, keypoint_set
from core.store.tables.footage import (
    annotator,
    background,
    calibration,
    camera,
    frame,
    meta,
    sequence,
    source,
)
from core.store.tables.history import edit
from core.store.tables.jobs import job, job_log
from core.store.tables.objects import crop, instance, mask, occlusion_test, review, track, whole_mask
from core.store.tables.runs import job_model, model_in_use, run, run_metric, run_picture

__all__ = [
    "annotator",
    "background",
    "calibration",
    "camera",
    "crop",
    "cutout",
    "edit",
    "evaluation",
    "evaluation_confusion",
    "evaluation_curve",
    "evaluation_figure",
    "evaluation_object",
    "evaluation_picture",
    "evaluation_said",
    "fit",
    "frame",
    "instance",
    "job",
    "job_log",
    "job_model",
    "keypoint_set",
    "mask",
    "meta",
    "metadata",
    "model_in_use",
    "occlusion_test",
    "piece",
    "recipe",
    "recipe_set",
    "review",
    "review_request",
    "run",
    "run_metric",
    "run_picture",
    "sequence",
    "source",
    "track",
    "whole_mask",
]
