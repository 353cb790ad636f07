"""The store: a project of a million instances, and edits while a job writes at full speed.

    python -m benchmarks.store [--instances 1000000] [--edits 300] [--folder DIR]

Each figure of ours stands beside bare sqlite3 doing the same on the same disk in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PAGES = 200
PAGE_ROWS = 100


def main(arguments: Sequence[str] = ()) -> dict[str, float]:
    """Measure, print, and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store")
    parser.add_argument("--instances", type=int, default=1_000_000)
    parser.add_argument("--edits", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=None)
    parser.add_argument("--opened", type=Path, default=None, help=argparse.SUPPRESS)
    parser.add_argument("--bare", type=Path, default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.instances < 50_000:
        parser.error("fewer than 50,000 instances have not enough pages")
    if options.opened is not None or options.bare is not None:
        figures = bare_pages(options.bare) if options.bare else measure_opening(options.opened)
        print(json.dumps(figures))
        return figures
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        figures = run(Path(folder), options.instances, options.edits)
    for name, value, limit in report(figures):
        print(f"{name:<64} {value:>12}   {limit}")
    return figures


def run(folder: Path, instances: int, edits: int) -> dict[str, float]:
    """All figures; times in milliseconds, memory in megabytes."""
    from benchmarks._store_data import (
        fill,
    )  # imports the store, which the processes that measure do themselves

    path = folder / "million.amodal"
    started = time.perf_counter()
    fill(path, instances)
    figures = {"instances": instances, "build_s": time.perf_counter() - started}
    figures["file_mb"] = path.stat().st_size / 1e6
    for part in ("--opened", "--bare"):
        forget(path)
        command = [sys.executable, "-m", "benchmarks.store", part, str(path)]
        figures |= json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    figures |= measure_edits(path, edits)
    return figures


def forget(path: Path) -> None:
    """Ask the system to drop the file from its cache, as after a restart of the machine."""
    if hasattr(os, "posix_fadvise"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_opening(path: Path) -> dict[str, float]:
    """Opening, first page, pages and counts, each for us and for bare sqlite3, in this process."""
    figures: dict[str, float] = {}
    imported = time.perf_counter()
    from core.records.detections import Category
    from core.records.occlusion import OcclusionLabel
    from core.records.project import QueueFilter
    from core.store.project import Project
    from core.store.queries import instances, queue

    figures["import_ms"] = (time.perf_counter() - imported) * 1e3
    opened = time.perf_counter()
    project = Project.open(path)
    figures["open_ms"] = (time.perf_counter() - opened) * 1e3
    everything = QueueFilter()

    def page(after: tuple[float, int] | None, wanted: QueueFilter = everything) -> Any:
        with project.read() as connection:
            keys = queue.page_keys(connection, wanted, after, PAGE_ROWS)
            instances.by_ids(connection, [key.id for key in keys])
        return keys

    figures["first_page_ms"] = timed(lambda: page(None))
    for visit in ("cold", "warm"):
        times = []
        last = page(None)[-1]
        for _ in range(PAGES):
            started = time.perf_counter()
            last = page(last)[-1]
            times.append((time.perf_counter() - started) * 1e3)
        figures[f"page_{visit}_ms"] = statistics.median(times)
        figures[f"page_{visit}_p95_ms"] = sorted(times)[int(0.95 * PAGES)]
    for name, wanted in {
        "unseen": QueueFilter(verdict="none"),
        "camera, occluded": QueueFilter(camera_id=1, label=OcclusionLabel.OCCLUDED),
        "source, hour": QueueFilter(source_id=1, hour=22),
        "cars by reason": QueueFilter(categories=(Category.CAR,), reason="static", include_thinned=True),
    }.items():
        first = page(None, wanted)
        figures[f"page_ms ({name})"] = timed(lambda w=wanted, f=first: page(f[-1], w), 20)
    with project.read() as connection:
        figures["count_ms"] = timed(lambda: queue.count(connection, everything))
    figures["rss_mb"] = peak_bytes() / 1e6
    project.close()
    return figures


def peak_bytes() -> int:
    """The most memory that this process held. (The system's ru_maxrss counts its parent's, too.)"""
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text(encoding="ascii").splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) * 1024
    import psutil

    return int(psutil.Process().memory_info().rss)


def bare_pages(path: Path) -> dict[str, float]:
    """The same opening and pages by plain SQL for a known verdict, without any of our code."""
    started = time.perf_counter()
    raw = sqlite3.connect(path)
    raw.execute("SELECT count(*) FROM meta").fetchone()
    opened = (time.perf_counter() - started) * 1e3
    keys = (
        "SELECT uncertainty, id FROM instance WHERE state = 'live' AND thinned = 0 AND verdict IS NULL "
        "AND uncertainty >= ? AND (uncertainty > ? OR id > ?) ORDER BY uncertainty, id LIMIT ?"
    )
    figures = {"bare_open_ms": opened}
    for visit in ("cold", "warm"):
        times = []
        last = (0.0, 0)
        for _ in range(PAGES):
            started = time.perf_counter()
            found = raw.execute(keys, (last[0], last[0], last[1], PAGE_ROWS)).fetchall()
            marks = ",".join("?" * len(found))
            raw.execute(f"SELECT * FROM instance WHERE id IN ({marks})", [i for _, i in found]).fetchall()
            times.append((time.perf_counter() - started) * 1e3)
            last = found[-1]
        figures[f"bare_page_{visit}_ms"] = statistics.median(times)
    raw.close()
    return figures


def timed(action: Callable[[], Any], repeats: int = 1) -> float:
    """Median milliseconds of an action."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def measure_edits(path: Path, edits: int) -> dict[str, float]:
    """Verdicts on single instances, alone and beside a job in another process that never stops writing."""
    from core.records.occlusion import Verdict
    from core.store.edits.verdicts import set_verdict
    from core.store.history import History
    from core.store.project import Project

    figures = dict(zip(("bare_commit_ms", "bare_commit_p99_ms"), bare_commits(path, edits), strict=True))
    with Project.open(path) as project:
        history = History(project, "Ann")

        pause = random.Random(3)

        def series(first: int) -> tuple[float, float]:
            times = []
            for n in range(edits):
                started = time.perf_counter()
                set_verdict(history, [first + n], Verdict.OCCLUDED)
                times.append((time.perf_counter() - started) * 1e3)
                # a very quick person, but no clock: at even steps each edit would meet the job's slices alike
                time.sleep(pause.uniform(0.005, 0.03))
            return spread(times)

        series(1)
        figures["edit_alone_ms"], figures["edit_alone_p99_ms"] = series(1 + edits)
        before = rows_in(path)
        command = [sys.executable, "-m", "benchmarks._store_data", str(path)]
        job = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert job.stdout is not None
            job.stdout.readline()  # it writes now
            started = time.perf_counter()
            figures["edit_beside_job_ms"], figures["edit_beside_job_p99_ms"] = series(1 + 2 * edits)
            figures["job_rows_per_s"] = (rows_in(path) - before) / (time.perf_counter() - started)
        finally:
            job.kill()
            job.wait()
    return figures


def bare_commits(path: Path, count: int) -> tuple[float, float]:
    """One-row commits by bare sqlite3 as safe (WAL, FULL) on the same disk, while nobody else writes."""
    beside = path.with_name("bare.db")
    raw = sqlite3.connect(beside, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    raw.execute("PRAGMA synchronous = FULL")
    raw.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, verdict TEXT)")
    times = []
    for _ in range(count):
        started = time.perf_counter()
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("INSERT INTO t (verdict) VALUES ('occluded')")
        raw.execute("COMMIT")
        times.append((time.perf_counter() - started) * 1e3)
        time.sleep(0.01)
    raw.close()
    return spread(times)


def spread(times: list[float]) -> tuple[float, float]:
    """(median, 99th percentile)."""
    return statistics.median(times), sorted(times)[min(len(times) - 1, int(0.99 * len(times)))]


def rows_in(path: Path) -> int:
    """The newest instance's id."""
    raw = sqlite3.connect(path)
    try:
        return int(raw.execute("SELECT max(id) FROM instance").fetchone()[0])
    finally:
        raw.close()


def report(f: dict[str, float]) -> list[tuple[str, str, str]]:
    """Lines of (what, figure, limit or comparison)."""
    lines = [
        (f"project of {f['instances']:,.0f} instances: built in", f"{f['build_s']:.0f} s", ""),
        ("its file", f"{f['file_mb']:.0f} MB", ""),
        ("opened (cold cache), without imports", f"{f['open_ms']:.0f} ms", "limit 1,000 ms"),
        ("imports of the store", f"{f['import_ms']:.0f} ms", ""),
        ("first page of the queue (cold cache)", f"{f['first_page_ms']:.1f} ms", "limit 100 ms"),
        (
            "page of 100 rows, median (limit 5 ms)",
            f"{f['page_warm_ms']:.2f} ms",
            ratio(f["page_warm_ms"], f["bare_page_warm_ms"]),
        ),
        ("page of 100 rows, p95", f"{f['page_warm_p95_ms']:.2f} ms", ""),
        (
            "page of 100 rows never read before (cold cache), median",
            f"{f['page_cold_ms']:.2f} ms",
            ratio(f["page_cold_ms"], f["bare_page_cold_ms"]),
        ),
    ]
    lines += [
        (name.replace("page_ms", "page"), f"{value:.2f} ms", "limit 5 ms")
        for name, value in f.items()
        if name.startswith("page_ms (")
    ]
    lines += [
        ("count of all", f"{f['count_ms']:.0f} ms", "in the background"),
        ("memory of the process that opened and paged it", f"{f['rss_mb']:.0f} MB", "limit 500 MB"),
        (
            "bare sqlite3 commit, median / p99",
            f"{f['bare_commit_ms']:.2f} ms",
            f"{f['bare_commit_p99_ms']:.2f} ms",
        ),
        (
            "edit alone, median",
            f"{f['edit_alone_ms']:.2f} ms",
            ratio(f["edit_alone_ms"], f["bare_commit_ms"]),
        ),
        ("edit alone, p99", f"{f['edit_alone_p99_ms']:.2f} ms", ""),
        (
            "edit beside a job at full speed, median (limit 3 ms)",
            f"{f['edit_beside_job_ms']:.2f} ms",
            ratio(f["edit_beside_job_ms"], f["bare_commit_ms"]),
        ),
        (
            "edit beside a job at full speed, p99 (limit 25 ms)",
            f"{f['edit_beside_job_p99_ms']:.2f} ms",
            ratio(f["edit_beside_job_p99_ms"], f["bare_commit_p99_ms"]),
        ),
        (
            "instances that the job wrote meanwhile",
            f"{f['job_rows_per_s']:,.0f} /s",
            "with mask, crop and test",
        ),
    ]
    return lines


def ratio(ours: float, bare: float) -> str:
    """Ours over bare sqlite3's."""
    return f"{ours / bare:.1f} x bare sqlite3"


if __name__ == "__main__":
    main(sys.argv[1:])
