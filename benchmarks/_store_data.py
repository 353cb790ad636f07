"""A large project, made quickly, and a job that writes without a pause of its own."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.schema import CreateIndex

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import Crop, FoundInstance
from core.records.masks import Rle
from core.records.occlusion import (
    LabelOrigin,
    OcclusionDecision,
    OcclusionLabel,
    OcclusionTest,
    TestOutcome,
)
from core.store import tables
from core.store.project import Project
from core.store.queries.frames import frames_of
from core.store.writers.decisions import write_decisions
from core.store.writers.detections import write_detections

CAMERAS = 4
PER_FRAME = 10

_INSTANCES = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count),
made AS MATERIALIZED (
  SELECT i, i / {per_frame} + 1 AS frame_id, (abs(random()) % 200001) / 100000.0 - 1.0 AS margin,
         10 + abs(random()) % 200 AS w, 10 + abs(random()) % 150 AS h
  FROM n
)
INSERT INTO instance (camera_id, source_id, frame_id, time_s, captured_at, category, score, x, y, w, h,
                      origin, detector, state, stationary, thinned, machine_label, machine_origin, margin,
                      reasons, size, uncertainty, label, label_origin)
SELECT f.source_id, f.source_id, f.id, f.time_s, f.captured_at,
       CASE abs(random()) % 5 WHEN 0 THEN 'person' WHEN 1 THEN 'truck' ELSE 'car' END,
       (abs(random()) % 1000) / 1000.0, i % 600, i % 300, w, h, 'heuristic', 'motion', 'live', 0,
       abs(random()) % 3 = 0, CASE WHEN margin < 0 THEN 'occluded' ELSE 'unoccluded' END, 'heuristic', margin,
       CASE WHEN margin < 0 THEN 1 << (abs(random()) % 3) ELSE 0 END,
       max(w, h), abs(margin),
       CASE WHEN margin < 0 THEN 'occluded' ELSE 'unoccluded' END, 'heuristic'
FROM made JOIN frame f ON f.id = made.frame_id
"""


def fill(path: Path, instances: int) -> None:
    """Make a project of that many instances with masks, a third of them thinned, over four cameras."""
    frames = -(-instances // PER_FRAME)
    Project.create(path).close()
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA cache_size = -262144")
    with raw:
        _sources(raw, frames)
        for index in tables.instance.indexes:
            raw.execute(f"DROP INDEX {index.name}")
        raw.execute(_INSTANCES.format(per_frame=PER_FRAME), {"count": instances})
        for index in tables.instance.indexes:
            raw.execute(str(CreateIndex(index)))
        raw.execute(
            "INSERT INTO mask (instance_id, version, height, width, counts, area, origin, created_at) "
            "SELECT id, 1, 1080, 1920, randomblob(80), 900, 'heuristic', 0 FROM instance"
        )
        raw.execute("UPDATE instance SET mask_id = id")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def _sources(raw: sqlite3.Connection, frames: int) -> None:
    share = -(-frames // CAMERAS)
    for n in range(1, CAMERAS + 1):
        raw.execute("INSERT INTO camera (id, name, created_at) VALUES (?, ?, 0)", (n, f"Camera {n}"))
        raw.execute(
            "INSERT INTO source (id, camera_id, kind, relative_path, absolute_path, content_hash, byte_size,"
            " width, height, time_base_num, time_base_den, frame_count, duration_s, warnings, added_at)"
            " VALUES (?, ?, 'video', '', '', randomblob(16), 1, 1920, 1080, 1, 25, ?, ?, '[]', 0)",
            (n, n, share, share / 25),
        )
        raw.execute(
            "INSERT INTO sequence (id, source_id, ordinal, first_pts, last_pts, frame_count)"
            " VALUES (?, ?, 0, 0, ?, ?)",
            (n, n, share - 1, share),
        )
        raw.execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :share) "
            "INSERT INTO frame (source_id, sequence_id, pts, time_s, captured_at, content_hash, keyframe) "
            "SELECT :s, :s, i, i / 25.0, 1700000000 + i * 2.0, randomblob(16), 1 FROM n",
            {"s": n, "share": share},
        )


def full_speed_job(path: Path) -> None:
    """Write detections with masks, crops and tests for new frames until it is killed."""
    picture = bytes(range(256)) * 16  # 4 KiB, as a crop has
    code = Rle(1080, 1920, bytes(range(48, 112)) * 3)
    found = [
        FoundInstance(
            Box(150.0 * n, 100.0, 90.0, 60.0), Category.CAR, 0.8, code, 900, Crop(0, 0, 96, 64, picture)
        )
        for n in range(PER_FRAME)
    ]
    outcomes = (TestOutcome(OcclusionTest.OVERLAP, 0.2, 0.05, True, -0.4, None, "20 % covered"),)

    def write(connection: Connection, frames: Sequence[int]) -> None:
        for frame in frames:
            ids = write_detections(connection, frame, found, detector="motion", origin=LabelOrigin.HEURISTIC)
            write_decisions(
                connection, [OcclusionDecision(i, OcclusionLabel.OCCLUDED, -0.4, outcomes) for i in ids]
            )

    with Project.open(path) as project, project.bulk() as bulk:
        after = last = bulk.run(
            lambda connection: connection.exec_driver_sql("SELECT max(pts) FROM frame").scalar_one()
        )
        while True:
            first = last + 1
            last += 2000
            rows = [
                {
                    "source_id": 1,
                    "sequence_id": 1,
                    "pts": pts,
                    "time_s": pts / 25,
                    "content_hash": pts.to_bytes(16, "big"),
                    "keyframe": True,
                }
                for pts in range(first, last + 1)
            ]
            bulk.insert(tables.frame, rows)
            with project.read() as connection:
                new = [f.id for f in frames_of(connection, 1, after_pts=first - 1)]
            if first == after + 1:
                print("writing", flush=True)
            bulk.each(new, write)


if __name__ == "__main__":
    full_speed_job(Path(sys.argv[1]))
