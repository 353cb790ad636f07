"""The job that lets a network place keypoints on the cars on which nobody has placed any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from core.jobs.context import JobContext
from core.jobs.footage import chosen_footage
from core.jobs.settings import KeypointsSettings
from core.mining.keypoints.protocol import FoundPoints, KeypointFinder
from core.mining.keypoints.registry import create_finder
from core.records.finds import Crop
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.project import SourceRow
from core.records.shapes import KeypointTag
from core.store.bulk import BulkWriter
from core.store.queries import keypoint_candidates
from core.store.writers.keypoints import FoundKeypoints, write_keypoints

_BATCH = 32


def run_keypoints(context: JobContext) -> dict[str, Any]:
    """Place keypoints on the cars of each source, from the crops that mining has kept.

    Raises:
        JobError: there is no such camera or source.
        DetectorUnavailableError, DetectionError: the network cannot be used.
    """
    settings = context.settings(KeypointsSettings)
    finder = create_finder(settings.onnx)
    footage = chosen_footage(context.project, settings.camera, settings.source)
    sources = [source for one in footage for source in one.sources]
    checkpoint = context.checkpoint
    checkpoint.setdefault("done", [])
    with context.project.bulk() as bulk:
        for number, source in enumerate(sources):
            if source.id not in checkpoint["done"]:
                _look_through(
                    context, settings, finder, bulk, source, number / len(sources), 1 / len(sources)
                )
    return {
        "with keypoints": checkpoint.get("found", 0),
        "without a crop": checkpoint.get("bare", 0),
    }


def _look_through(
    context: JobContext,
    settings: KeypointsSettings,
    finder: KeypointFinder,
    bulk: BulkWriter,
    source: SourceRow,
    begun: float,
    share: float,
) -> None:
    checkpoint = context.checkpoint
    wanted = keypoint_candidates.Wanted(
        source.id,
        min_size_px=settings.min_size_px,
        include_thinned=settings.include_thinned,
        redo=settings.redo,
    )
    with context.project.read() as connection:
        count = keypoint_candidates.count_wanting(connection, wanted, checkpoint.get("after", 0))
    done = 0
    while True:
        context.check_stop()
        with context.project.read() as connection:
            ids = keypoint_candidates.wanting_keypoints(
                connection, wanted, checkpoint.get("after", 0), _BATCH
            )
            batch = keypoint_candidates.with_crops(connection, ids)
        if not batch:
            break
        context.progress(
            begun + share * min(1.0, done / max(1, count)), f"Finding keypoints in {source.name}"
        )
        crops = [(one.instance_id, one.crop, _decoded(one.crop)) for one in batch]
        seen = [(i, crop, image) for i, crop, image in crops if crop is not None and image is not None]
        found = [
            FoundKeypoints(i, keypoints)
            for (i, crop, image), points in zip(
                seen, finder.find([image for _, _, image in seen]), strict=True
            )
            if (keypoints := _in_picture(points, crop, image.shape, source)).placed
        ]

        def write(connection: Connection, last: int = batch[-1].instance_id, found: Any = found) -> None:
            written = write_keypoints(connection, found, origin=LabelOrigin.NETWORK, job_id=context.job_id)
            checkpoint["found"] = checkpoint.get("found", 0) + written
            checkpoint["after"] = last
            context.save(connection)

        checkpoint["bare"] = checkpoint.get("bare", 0) + len(batch) - len(seen)
        bulk.run(write)
        done += len(batch)
    checkpoint["done"].append(source.id)
    checkpoint.pop("after", None)
    bulk.run(context.save)


def _decoded(crop: Crop | None) -> NDArray[np.uint8] | None:
    """(H, W, 3) uint8 RGB, or None where there is no picture."""
    if crop is None:
        return None
    image = cv2.imdecode(np.frombuffer(crop.data, np.uint8), cv2.IMREAD_COLOR)
    return None if image is None else np.ascontiguousarray(image[..., ::-1])


def _in_picture(points: FoundPoints, crop: Crop, shape: Sequence[int], source: SourceRow) -> KeypointSet:
    """Points of a crop, which may be shrunk, as the picture has them."""
    scale = np.array([crop.w / shape[1], crop.h / shape[0]])
    pixels = (points.pixels + 0.5) * scale + (crop.x - 0.5, crop.y - 0.5)
    tags = points.tags or (KeypointTag.VISIBLE,) * len(pixels)
    placed: list[PlacedPoint | None] = []
    for (x, y), score, tag in zip(pixels.tolist(), points.scores.tolist(), tags, strict=True):
        if not (np.isfinite(x) and np.isfinite(y)):
            placed.append(None)
            continue
        inside = -0.5 <= x <= source.width - 0.5 and -0.5 <= y <= source.height - 0.5
        if not inside:
            tag = KeypointTag.TRUNCATED
        placed.append(PlacedPoint(x, y, tag, LabelOrigin.NETWORK, score))
    return KeypointSet(Template.CAR, tuple(placed))
