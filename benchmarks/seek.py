"""Seeking, stepping back and cached frames, against bare PyAV on the same files in the same run.

    python -m benchmarks.seek [--seeks 60] [--steps 200]

The peer seeks to the keyframe and decodes to RGB up to the frame, as PyAV's documentation shows, with
PyAV's default threads and with all of them; ratios are against the faster of the two. Each frame is
sought by all in turn, so that other work on the machine falls on all alike.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from core.media.frame_service import FrameService
from core.media.open_reader import open_reader
from core.media.source import index_source
from core.records.media import DecodedFrame, SourceTable

SUBURB = Path(__file__).resolve().parents[2] / "shared" / "data" / "suburb" / "suburb.mp4"
WIDTH, HEIGHT, FRAMES, GOP = 1280, 720, 500, 250
RATIO_LIMIT = 1.3
STEP_LIMIT_MS = 50.0
CHILD = [sys.executable, "-m", "core.media.decode_child"]


def main(arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Measure, print a table, and return the figures; times in milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seek")
    parser.add_argument("--seeks", type=int, default=60)
    parser.add_argument("--steps", type=int, default=200)
    options = parser.parse_args(arguments)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "gop250.mp4"
        write_video(made)
        for path in [made, *([SUBURB] if SUBURB.exists() else [])]:
            figures[path.stem] = measure(path, options.seeks, options.steps)
            report(path.name, figures[path.stem])
    return figures


def write_video(path: Path) -> None:
    """A 720p H.264 file with B-frames and two groups of 250 pictures: noise, stripes, moving squares."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    scene = (120 + 60 * np.sin(x / 40)[..., None] + 40 * np.cos(y / 25)[..., None] * (1, 0.5, -1)).astype(int)
    noise = rng.integers(-6, 7, (2 * HEIGHT, WIDTH, 1))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = GOP
        stream.codec_context.options = {"preset": "fast", "sc_threshold": "0", "bf": "3"}
        for number in range(FRAMES):
            start = int(rng.integers(0, HEIGHT))
            image = np.clip(scene + noise[start : start + HEIGHT], 0, 255).astype(np.uint8)
            for car in range(6):
                left = (number * (3 + car) + car * 190) % (WIDTH - 120)
                image[80 + 100 * car : 150 + 100 * car, left : left + 120] = 40 * car
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))


def measure(path: Path, seeks: int, steps: int) -> dict[str, float]:
    """All figures of one file."""
    table = index_source(path)
    wanted = random.Random(0).sample([frame.pts for frame in table.frames], min(seeks, len(table.frames)))
    figures = measure_seeks(table, wanted)
    figures |= measure_steps(table, min(steps, len(table.frames) * 8 // 10))
    figures |= measure_bulk(table)
    return figures


class Asker:
    """Asks a frame service and waits for the answer."""

    def __init__(self, table: SourceTable, **settings: Any) -> None:
        self._service = FrameService(CHILD, **settings)
        self._service.open(1, table.kind, table.path, table.frames)
        self.cached = self._service.cached

    def __call__(self, pts: int) -> DecodedFrame:
        done = threading.Event()
        answers: list[Any] = []

        def take(answer: Any) -> None:
            answers.append(answer)
            done.set()

        self._service.request(1, pts, take, take)
        done.wait(60)
        if not isinstance(answers[0], DecodedFrame):
            raise answers[0]
        return answers[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._service.close()


def bare_seek(path: Path, thread_type: str) -> Callable[[int], Any]:
    """Seek and decode the way PyAV's documentation shows, on a file that stays open."""
    container = av.open(str(path))
    stream = container.streams.video[0]
    stream.thread_type = thread_type

    def seek(pts: int) -> Any:
        container.seek(pts, stream=stream)
        for frame in container.decode(stream):
            if frame.pts >= pts:
                return frame.to_ndarray(format="rgb24")
        return None

    return seek


def measure_seeks(table: SourceTable, wanted: Sequence[int]) -> dict[str, float]:
    """Random seeks through the bare reader and through the child process, and their peers."""
    with (
        open_reader(table.kind, table.path, table.frames) as reader,
        Asker(table, decode_ahead=False) as asker,
    ):
        ways: dict[str, Callable[[int], Any]] = {
            "bare": bare_seek(table.path, "SLICE"),
            "bare_threads": bare_seek(table.path, "AUTO"),
            "reader": reader.read,
            "service": asker,
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for way in ways.values():
            way(table.frames[0].pts)
        for number, pts in enumerate(wanted):
            names = list(ways)
            for name in names[number % 4 :] + names[: number % 4]:
                times[name].append(_timed(lambda way=ways[name], pts=pts: way(pts)))
                time.sleep(0.01)  # decoder threads that were fed ahead must not fall on the next one's time
    figures = {f"{name}_p50": float(np.percentile(spans, 50)) for name, spans in times.items()}
    figures |= {f"{name}_p95": float(np.percentile(spans, 95)) for name, spans in times.items()}
    peer = min(figures["bare_p95"], figures["bare_threads_p95"])
    figures["seek_ratio_reader"] = figures["reader_p95"] / peer
    figures["seek_ratio_service"] = figures["service_p95"] / peer
    return figures


def measure_steps(table: SourceTable, steps: int) -> dict[str, float]:
    """Stepping back through the child process as fast as frames come and at 30 a second; cached frames."""
    start = len(table.frames) * 95 // 100
    figures: dict[str, float] = {}
    for name, pause_s in (("fast", 0.0), ("30hz", 1 / 30)):
        with Asker(table) as asker:
            asker(table.frames[start].pts)
            times = []
            for step in range(1, steps + 1):
                times.append(_timed(lambda pts=table.frames[start - step].pts: asker(pts)))
                time.sleep(max(pause_s - times[-1] / 1e3, 0.0))
            figures[f"step_back_{name}_p50"] = float(np.percentile(times, 50))
            figures[f"step_back_{name}_p95"] = float(np.percentile(times, 95))
            figures[f"step_back_{name}_max"] = max(times)
            figures |= measure_cached(asker, table.frames[start - steps].pts)
    return figures


def measure_cached(asker: Asker, pts: int) -> dict[str, float]:
    """A frame that is in the cache, through a request and looked up at once."""
    asked = [_timed(lambda: asker(pts)) for _ in range(200)]
    looked_up = [_timed(lambda: asker.cached(1, pts)) for _ in range(200)]
    return {
        "cached_request_p95": float(np.percentile(asked, 95)),
        "cached_p95": float(np.percentile(looked_up, 95)),
    }


def measure_bulk(table: SourceTable) -> dict[str, float]:
    """Decoding everything to RGB: frames a second of ours and of PyAV, the best of three each, and the
    processor time that one frame takes, which other work on the machine changes less."""
    ours: list[tuple[float, float]] = []
    bare: list[tuple[float, float]] = []
    for _ in range(3):
        with open_reader(table.kind, table.path, table.frames) as reader:
            ours.append(_rate(frame.image for frame in reader.iterate()))
        bare.append(_rate(bare_bulk(table.path)))
    figures = {
        "iterate_fps": max(fps for fps, _ in ours),
        "bare_fps": max(fps for fps, _ in bare),
        "iterate_cpu_ms": min(cpu_ms for _, cpu_ms in ours),
        "bare_cpu_ms": min(cpu_ms for _, cpu_ms in bare),
    }
    figures["bulk_ratio"] = figures["iterate_fps"] / figures["bare_fps"]
    figures["bulk_cpu_ratio"] = figures["iterate_cpu_ms"] / figures["bare_cpu_ms"]
    return figures


def bare_bulk(path: Path) -> Iterator[NDArray[np.uint8]]:
    """All frames as PyAV decodes them on all threads."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def _rate(images: Iterable[NDArray[np.uint8]]) -> tuple[float, float]:
    """Pictures a second, and processor milliseconds for one."""
    began, cpu_began = time.perf_counter(), time.process_time()
    count = sum(1 for _ in images)
    return count / (time.perf_counter() - began), (time.process_time() - cpu_began) * 1e3 / count


def report(name: str, figures: dict[str, float]) -> None:
    """Print one file's table."""
    print(f"\n{name}{'ms: p50':>40}{'p95':>10}", file=sys.stderr)
    for way, words in (
        ("bare", "PyAV, default threads"),
        ("bare_threads", "PyAV, all threads"),
        ("reader", "our reader"),
        ("service", "our child process"),
    ):
        print(
            f"  random seek, {words:<30}{figures[way + '_p50']:>10.1f}{figures[way + '_p95']:>10.1f}",
            file=sys.stderr,
        )
    for pace, words in (("fast", "as fast as they come"), ("30hz", "at 30 a second")):
        p50, p95 = figures[f"step_back_{pace}_p50"], figures[f"step_back_{pace}_p95"]
        print(
            f"  step back, {words:<32}{p50:>10.1f}{p95:>10.1f}  (limit {STEP_LIMIT_MS:.0f})", file=sys.stderr
        )
    print(f"  cached frame, by request {figures['cached_request_p95']:>38.2f}", file=sys.stderr)
    print(f"  cached frame, at once {figures['cached_p95']:>41.3f}", file=sys.stderr)
    for way in ("reader", "service"):
        print(
            f"  seek p95 ratio, {way:<20}{figures['seek_ratio_' + way]:>10.2f}  (limit {RATIO_LIMIT})",
            file=sys.stderr,
        )
    print(
        f"  decode all to RGB: ours {figures['iterate_fps']:.0f}/s, PyAV {figures['bare_fps']:.0f}/s,"
        f" ratio {figures['bulk_ratio']:.2f}; processor a frame: ours {figures['iterate_cpu_ms']:.2f} ms,"
        f" PyAV {figures['bare_cpu_ms']:.2f} ms, ratio {figures['bulk_cpu_ratio']:.2f}",
        file=sys.stderr,
    )


def _timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1e3


if __name__ == "__main__":
    json.dump(main(sys.argv[1:]), sys.stdout, indent=1)
