"""A stock of 100,000 pieces and sets of recipes: what is loaded, how quickly composites are drawn, and bytes.

    python -m benchmarks.recipes_store [--pieces 100000] [--recipes 10000] [--folder DIR]

The pieces are as large as cars at random places of the ground of one camera of 960x540 pixels, forty to a
track, with cut-outs of 28 kB each, twice those of the demo. The peer of loading, in the same
run: to read all cut-outs once, as a composer does that loads them at start. The limit of a set is 2,000 kB
for 10,000 recipes. Times are of the processor, so that other work does not count.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 960, 540
CUTOUT_BYTES = 28_000
TRACK_PIECES = 40
DRAWN = 2_000


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipes_store")
    parser.add_argument("--pieces", type=int, default=100_000)
    parser.add_argument("--recipes", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--child", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child is not None:
        _measure_drawing(options.child)
        return {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = Path(folder) / "stock.amodal"
        fill(path, options.pieces)
        figures = {"file_mb": path.stat().st_size / 1e6}
        # in a process of its own, whose memory holds nothing else
        command = [sys.executable, "-m", "benchmarks.recipes_store", "--child", str(path)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        for line in said.splitlines():
            name, _, value = line.rpartition("\t")
            figures[name] = float(value)
        figures |= _measure_set(path, options.recipes)
        figures["read all crops, s"] = _read_all_crops(path)
    figures["loading the stock, share of reading all crops"] = (
        figures["load the stock, s"] / figures["read all crops, s"]
    )
    for name, value in figures.items():
        print(f"{name:<60} {value:12.3f}")
    return figures


def fill(path: Path, count: int) -> None:
    """Make a project of so many pieces."""
    from core.geometry.masks import patch_to_rle
    from core.records.masks import MaskPatch
    from core.store.project import Project
    from core.store.recipe_columns import footprint_column

    Project.create(path).close()
    draws = np.random.default_rng(3)
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous = OFF")
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("BEGIN")
    _insert(raw, "camera", name="Gate", created_at=0)
    _insert(
        raw,
        "source",
        camera_id=1,
        kind="video",
        relative_path="a.mp4",
        absolute_path="/a.mp4",
        content_hash=b"1",
        byte_size=9,
        width=WIDTH,
        height=HEIGHT,
        time_base_num=1,
        time_base_den=25,
        frame_count=count,
        duration_s=count / 10,
        warnings="[]",
        added_at=0,
    )
    _insert(raw, "sequence", source_id=1, ordinal=0, first_pts=0, last_pts=0, frame_count=1)
    ground = _png(np.full((HEIGHT, WIDTH, 3), 110, np.uint8))
    _insert(
        raw,
        "background",
        camera_id=1,
        version=1,
        frame_count=1,
        hours="[]",
        width=WIDTH,
        height=HEIGHT,
        image=ground,
        support=ground,
        created_at=0,
    )
    for i in range(1, count + 1):
        track = (i - 1) // TRACK_PIECES + 1
        if (i - 1) % TRACK_PIECES == 0:
            times = {"first_time_s": i / 10, "last_time_s": (i + TRACK_PIECES) / 10}
            _insert(
                raw,
                "track",
                source_id=1,
                sequence_id=1,
                category="car",
                instance_count=TRACK_PIECES,
                **times,
            )
        # 6 m high, f = 700 px: about where things stand in the demo
        far, aside = draws.uniform(10, 60), draws.uniform(-0.5, 0.5)
        w, h = max(8, int(4 * 700 / far)), max(8, int(1.6 * 700 / far))
        x = int(np.clip(WIDTH / 2 + aside * 700 - w / 2, 0, WIDTH - w))
        y = int(np.clip(HEIGHT / 2 - 250 + 700 * 6 / far - h, 0, HEIGHT - h))
        rows, columns = np.mgrid[:h, :w]
        bits = ((rows - h / 2) / (h / 2)) ** 2 + ((columns - w / 2) / (w / 2)) ** 2 <= 1
        corners = tuple(
            (round(1000 * (far + a)), round(1000 * (-aside * far + b)))
            for a, b in ((-2.2, -0.9), (2.2, -0.9), (2.2, 0.9), (-2.2, 0.9))
        )
        box = {"x": x, "y": y, "w": w, "h": h}
        when = {"time_s": i / 10}
        _insert(
            raw,
            "frame",
            source_id=1,
            sequence_id=1,
            pts=i,
            content_hash=i.to_bytes(8, "big"),
            keyframe=1,
            **when,
        )
        _insert(
            raw,
            "instance",
            camera_id=1,
            source_id=1,
            frame_id=i,
            track_id=track,
            category="car",
            score=0.9,
            origin="network",
            detector="onnx",
            mask_id=i,
            margin=0.5,
            machine_label="unoccluded",
            machine_origin="heuristic",
            label="unoccluded",
            label_origin="heuristic",
            size=max(w, h),
            uncertainty=0.5,
            **when,
            **box,
        )
        _insert(
            raw,
            "mask",
            instance_id=i,
            version=1,
            height=HEIGHT,
            width=WIDTH,
            origin="network",
            counts=patch_to_rle(MaskPatch(x, y, bits), HEIGHT, WIDTH).counts,
            created_at=0,
            area=int(bits.sum()),
        )
        light = {f"light_{of}": 9 for of in ("red", "green", "blue", "pixels")}
        _insert(
            raw,
            "cutout",
            instance_id=i,
            mask_id=i,
            background_id=1,
            created_at=0,
            **box,
            **light,
            **{f"background_{of}": 9 for of in ("red", "green", "blue")},
            pixels=draws.bytes(CUTOUT_BYTES * 9 // 10),
            planes=draws.bytes(CUTOUT_BYTES // 10),
        )
        _insert(
            raw,
            "piece",
            cutout_id=i,
            instance_id=i,
            camera_id=1,
            track_id=track,
            category="car",
            standing=0,
            area=int(bits.sum()),
            mask_id=i,
            carries_fit=0,
            light_q8=256,
            footprint=footprint_column(corners),
            created_at=0,
            in_force=1,
            **when,
            **box,
        )
        if i % 10_000 == 0:
            raw.execute("COMMIT")
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            raw.execute("BEGIN")
    raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()


def _insert(raw: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" * len(values))
    raw.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


def _measure_drawing(path: Path) -> None:
    """Opens the project, loads the stock and draws; prints names and figures."""
    from core.jobs.compose.draw import RecipeDrawer, split_settings
    from core.jobs.compose.stock import load_stock
    from core.jobs.composite_settings import ComposeSettings
    from core.store.project import Project
    from core.store.queries.cameras import list_cameras

    settings = ComposeSettings()
    before = _memory_mb()
    began = time.process_time()
    with Project.open(path, read_only=True) as project:
        opened = time.process_time()
        with project.read() as connection:
            [camera] = list_cameras(connection)
        stock = load_stock(project, camera, split_settings(settings))
        loaded = time.process_time()
        drawer = RecipeDrawer([stock], settings)
        drawer.recipe(0)
        first = time.process_time()
        objects = sum(len(drawer.recipe(number).recipe.objects) for number in range(DRAWN))
        drawn = time.process_time()
    print(f"open the project, s\t{opened - began}")
    print(f"load the stock, s\t{loaded - opened}")
    print(f"the first recipe after that, s\t{first - loaded}")
    print(f"recipes a second\t{DRAWN / (drawn - first)}")
    print(f"objects in a recipe\t{objects / DRAWN}")
    print(f"the stock in memory, MB\t{stock.stock.nbytes / 1e6}")
    print(f"most memory of the process, above what it began with, MB\t{_memory_mb() - before}")


def _measure_set(path: Path, count: int) -> dict[str, float]:
    """The job, and what its set takes of the file."""
    from core.jobs.registry import create
    from core.jobs.runner import run_job
    from core.store.project import Project
    from core.store.queries.recipes import occlusion_histogram, recipe_page, recipe_sets

    def used() -> int:
        raw = sqlite3.connect(path)
        pages, free, size = (
            raw.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        raw.close()
        return (pages - free) * size

    before = used()
    with Project.open(path) as project:
        job_id = create(project, "compose", {"count": count})
    began = time.process_time()
    run_job(path, job_id)
    took = time.process_time() - began
    with Project.open(path) as project, project.read() as connection:
        began = time.process_time()
        [found] = recipe_sets(connection)
        listed = time.process_time()
        occlusion_histogram(connection, found.id)
        told = time.process_time()
        page = recipe_page(connection, found.id, limit=100)
        paged = time.process_time()
    grown = used() - before
    return {
        "the job, recipes a second": count / took,
        "kB of 10,000 recipes": grown * 10 / count,
        "objects in each": float(np.mean([len(row.recipe.objects) for row in page])),
        "list of sets, ms": 1e3 * (listed - began),
        "histogram of the set, ms": 1e3 * (told - listed),
        "page of 100 recipes, ms": 1e3 * (paged - told),
    }


def _read_all_crops(path: Path) -> float:
    raw = sqlite3.connect(path)
    began = time.process_time()
    total = sum(
        len(pixels) + len(planes) for pixels, planes in raw.execute("SELECT pixels, planes FROM cutout")
    )
    took = time.process_time() - began
    raw.close()
    assert total > 0
    return took


def _memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _png(image: np.ndarray) -> bytes:
    import cv2

    encoded, data = cv2.imencode(".png", image)
    assert encoded
    return bytes(data)


if __name__ == "__main__":
    main(sys.argv[1:])
