"""Motion mining of real footage, all of it, against decoding it to RGB alone.

Peer: PyAV decoding the same file to RGB arrays with all its threads, before and after, in a process of its
own: the job tells the C library to keep freed memory, which would make the peer faster too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

CLIP = Path(__file__).resolve().parents[2] / "shared" / "data" / "suburb" / "suburb.mp4"
TARGET_RATIO = 0.3


def main() -> dict[str, Any]:
    """Prints and gives frames a second of both, and their ratio."""
    if not CLIP.exists():
        return {"skipped": "the real footage in ../shared/data is absent here"}
    from core.jobs.registry import create
    from core.jobs.runner import run_job
    from core.store import job_rows
    from core.store.project import Project

    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.amodal"
        Project.create(path).close()

        def do(kind: str, **settings: Any) -> float:
            with Project.open(path) as project:
                job_id = create(project, kind, settings)
            started = time.perf_counter()
            run_job(path, job_id)
            elapsed_s = time.perf_counter() - started
            with Project.open(path, read_only=True) as project, project.read() as connection:
                row = job_rows.get_job(connection, job_id)
            results[f"{kind}_result"] = row.result if row else {}
            return elapsed_s

        results["add_s"] = do("add", path=str(CLIP))
        results["background_s"] = do("background")
        # the first run pays for imports; every run after it writes the same rows again
        do("mine", detector="motion", end_s=1.0)
        before = _decode_fps()
        mine_s = do("mine", detector="motion")
        after = _decode_fps()
    frames = results["mine_result"]["frames"]
    results["decode_fps"] = (before + after) / 2
    results["mine_fps"] = frames / mine_s
    results["ratio"] = results["mine_fps"] / results["decode_fps"]
    print(
        f"suburb.mp4, {frames} frames: decoding to RGB {results['decode_fps']:.0f} a second, "
        f"mining {results['mine_fps']:.0f} a second, ratio {results['ratio']:.2f} (target {TARGET_RATIO})"
    )
    return results


def _decode_fps() -> float:
    told = subprocess.run(
        [sys.executable, "-c", _DECODE, str(CLIP)], capture_output=True, text=True, check=True
    )
    return float(told.stdout)


_DECODE = """
import sys, time
import av
started = time.perf_counter()
count = 0
with av.open(sys.argv[1]) as container:
    container.streams.video[0].thread_type = "AUTO"
    for frame in container.decode(video=0):
        frame.to_ndarray(format="rgb24")
        count += 1
print(count / (time.perf_counter() - started))
"""


if __name__ == "__main__":
    json.dump(main(), sys.stdout, indent=1)
