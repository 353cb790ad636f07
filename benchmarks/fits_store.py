"""Keypoints and fits in a project of a million instances: the list by any order, and the keypoint queue.

    python -m benchmarks.fits_store [--instances 1000000] [--folder DIR]

A third of the instances have keypoints and a fit, and as many an earlier fit that is no longer in force. The
limit is that of the review queue's pages (`benchmarks.store`): 5 ms, with the rows that are shown. The queue
of keypoints, in the same run, is the peer: it says how busy the machine is.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy.schema import CreateIndex

PAGES = 100
PAGE_ROWS = 100

_SETS = """
INSERT INTO keypoint_set (instance_id, version, template, points, placed, origin, created_at)
SELECT id, 1, 'car',
       '[[1.5,2.5,"visible","network",0.5],null,null,null,null,null,null,null,null,null,null,null]',
       1 + abs(random()) % 12, 'network', 0
FROM instance WHERE id % 3 = 0
"""
_FITS = """
INSERT INTO fit (instance_id, camera_id, source_id, version, method, verdict, reason, rotation, translation,
                 shape, length_m, width_m, height_m, distance_m, rms_px, noise_px, residuals, outliers, used,
                 swapped, sigma_m, keypoint_set_id, shape_space, created_at, in_force, verdict_rank,
                 review_rank)
SELECT i.id, i.camera_id, i.source_id, v.version, 'ground',
       CASE i.id % 4 WHEN 0 THEN 'ambiguous' ELSE 'good' END, '',
       '[0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9]', '[1.0,2.0,30.0]', '[0.1,0.2,0.3,0.4,0.5]',
       3.5 + (abs(random()) % 1000) / 500.0, 1.8, 1.5, 10 + (abs(random()) % 50000) / 1000.0,
       (abs(random()) % 100000) / 10000.0, 1.0,
       '[1.1,1.2,1.3,1.4,1.5,1.6,1.7,1.8,1.9,2.0,2.1,2.2]', '[]', 12, 0,
       (abs(random()) % 100000) / 100000.0, i.keypoint_set_id, 'default', 0, v.version = 2,
       CASE i.id % 4 WHEN 0 THEN 2 ELSE 3 END, 0
FROM instance i JOIN (SELECT 1 AS version UNION ALL SELECT 2) v WHERE i.keypoint_set_id IS NOT NULL
"""


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print, and return the figures, milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fits_store")
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args(arguments)
    from benchmarks._store_data import fill

    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "million.amodal"
        fill(path, options.instances)
        add_fits(path)
        figures = {"file_mb": path.stat().st_size / 1e6} | measure(path)
    for name, value in figures.items():
        print(f"{name:<52} {value:12.2f}")
    return figures


def add_fits(path: Path) -> None:
    """Keypoints and two fits on every third instance."""
    from core.store import tables

    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA cache_size = -262144")
    raw.execute("BEGIN")
    indexes = [
        *tables.fit.indexes,
        *(i for i in tables.instance.indexes if "keypoint" in str(i.name) or "fit" in str(i.name)),
    ]
    for index in indexes:
        raw.execute(f"DROP INDEX {index.name}")
    raw.execute(_SETS)
    raw.execute(
        "UPDATE instance SET (keypoint_set_id, points_placed) = (SELECT k.id, k.placed FROM keypoint_set k"
        " WHERE k.instance_id = instance.id) WHERE id % 3 = 0"
    )
    raw.execute(_FITS)
    raw.execute(
        "UPDATE instance SET fit_id = (SELECT f.id FROM fit f WHERE f.instance_id = instance.id"
        " AND f.version = 2) WHERE id % 3 = 0"
    )
    for index in indexes:
        raw.execute(str(CreateIndex(index)))
    raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def measure(path: Path) -> dict[str, float]:
    """Pages of the lists with the rows that are shown, first ones and ones far inside, and the counts."""
    from core.records.fits import FitFilter, FitOrder, FitVerdict
    from core.records.keypoints import KeypointFilter
    from core.records.project import QueueFilter
    from core.store.project import Project
    from core.store.queries import fits, instances, keypoint_queue, queue
    from core.store.queries.keypoints import keypoints_in_force

    figures: dict[str, float] = {}
    with Project.open(path) as project:

        def fit_page(order: FitOrder, chosen: FitFilter, after: fits.FitKey | None) -> fits.FitKey | None:
            with project.read() as connection:
                keys = fits.fit_page(connection, chosen, order, after, PAGE_ROWS)
                fits.fits_by_ids(connection, [key.id for key in keys])
            return keys[-1] if keys else None  # and begin anew

        def review_page(after: queue.QueueKey | None) -> queue.QueueKey:
            with project.read() as connection:
                keys = queue.page_keys(connection, QueueFilter(), after, PAGE_ROWS)
                instances.by_ids(connection, [key.id for key in keys])
            return keys[-1]

        figures["review queue, a page"] = paged(review_page)
        for order in FitOrder:
            figures[f"fits by {order.value}, a page"] = paged(
                lambda after, order=order: fit_page(order, FitFilter(), after)
            )
        for name, chosen in {
            "ambiguous": FitFilter(verdicts=(FitVerdict.AMBIGUOUS,)),
            "of a camera, nobody looked": FitFilter(camera_id=2, review="none"),
            "not stale": FitFilter(stale=False),
        }.items():
            figures[f"fits {name}, a page"] = paged(
                lambda after, chosen=chosen: fit_page(FitOrder.RMS, chosen, after)
            )

        def queue_page(
            chosen: KeypointFilter, after: keypoint_queue.KeypointKey | None
        ) -> keypoint_queue.KeypointKey | None:
            with project.read() as connection:
                keys = keypoint_queue.page_keys(connection, chosen, after, PAGE_ROWS)
                instances.by_ids(connection, [key.id for key in keys])
                keypoints_in_force(connection, [key.id for key in keys])
            return keys[-1] if keys else None  # and begin anew

        for name, wanted in {
            "all": KeypointFilter(),
            "of a source, open": KeypointFilter(source_id=3, done=False),
            "of a camera, large": KeypointFilter(camera_id=2, min_size_px=100),
            "done": KeypointFilter(done=True),
        }.items():
            figures[f"keypoint queue {name}, a page"] = paged(
                lambda after, wanted=wanted: queue_page(wanted, after)
            )
        with project.read() as connection:
            figures["fits, all ids"] = timed(lambda: fits.all_fit_ids(connection, FitFilter()))
            figures["fits, count"] = timed(lambda: fits.count(connection, FitFilter()))
            figures["keypoint queue, all ids"] = timed(
                lambda: keypoint_queue.all_ids(connection, KeypointFilter())
            )
            figures["keypoint queue, count"] = timed(
                lambda: keypoint_queue.count(connection, KeypointFilter())
            )
    return figures


def paged(page: Callable[[object], object]) -> float:
    """Median time of a page, over the first hundred, milliseconds."""
    times = []
    after: object = None
    for _ in range(PAGES):
        started = time.perf_counter()
        after = page(after)
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


if __name__ == "__main__":
    main(sys.argv[1:])
