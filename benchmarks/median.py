"""Time and memory of the median background: 1,000 frames at 1080p, against numpy's median.

    python -m benchmarks.median [--frames 1000] [--scratch FOLDER]

numpy's median holds all frames and a copy of them. Its memory is measured on a few frames and carried on in
a straight line, since 1,000 of them fit on few machines.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.media.background import BackgroundSample, median_background

WIDTH, HEIGHT = 1920, 1080
NAIVE_FRAMES = 40
LIMIT_BYTES = 10**9


@dataclass(frozen=True, slots=True)
class MedianFigures:
    """What was measured.

    Attributes:
        frames: how many pictures of 1920 by 1080.
        seconds: for all of the work; staging_s of them to make and stage the pictures.
        peak_bytes: the most memory that the process held.
        naive_bytes: what numpy's median takes for as many frames (straight line through two sizes).
        memory_ratio: peak_bytes / naive_bytes.
        error_levels: 99th percentile of the difference from the true background.
    """

    frames: int
    seconds: float
    staging_s: float
    peak_bytes: int
    naive_bytes: int
    memory_ratio: float
    error_levels: float


def scene() -> NDArray[np.uint8]:
    """The true background: soft stripes of colour."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    channels = [110 + 50 * np.sin(x / 90 + shift) + 30 * np.cos(y / 70) for shift in (0.0, 1.0, 2.0)]
    return np.stack(channels, axis=2).astype(np.uint8)


def frames(count: int) -> Iterator[NDArray[np.uint8]]:
    """The scene with noise and eight moving cars, one picture after the other."""
    rng = np.random.default_rng(0)
    truth = scene()
    noise = rng.integers(-3, 4, (2 * HEIGHT, WIDTH, 3), dtype=np.int16)
    for _ in range(count):
        start = int(rng.integers(0, HEIGHT))
        picture = (truth + noise[start : start + HEIGHT]).astype(np.uint8)
        for _ in range(8):
            x, y = int(rng.integers(0, WIDTH - 300)), int(rng.integers(0, HEIGHT - 160))
            picture[y : y + 160, x : x + 300] = rng.integers(0, 256, 3)
        yield picture


def peak_bytes() -> int:
    """The most memory this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def naive_peak(count: int) -> int:
    """The most memory that a process holds while numpy takes the median of so many frames."""
    script = (
        "import numpy as np\n"
        "from benchmarks.median import frames, peak_bytes\n"
        f"np.median(np.stack(list(frames({count}))), axis=0)\n"
        "print(peak_bytes())\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return int(ran.stdout)


def measure(count: int, scratch: Path) -> MedianFigures:
    """Make the background of so many frames in this process and weigh it."""
    staged_at = 0.0

    def watched() -> Iterator[BackgroundSample]:
        nonlocal staged_at
        for picture in frames(count):
            yield BackgroundSample(picture)
        staged_at = time.perf_counter()

    begin = time.perf_counter()
    made = median_background(watched(), width=WIDTH, height=HEIGHT, hour=None, scratch=scratch)
    seconds = time.perf_counter() - begin
    peak = peak_bytes()
    assert made is not None
    error = np.abs(made.image.astype(np.int16) - scene())
    few, many = naive_peak(NAIVE_FRAMES // 2), naive_peak(NAIVE_FRAMES)
    naive = many + (many - few) * (count - NAIVE_FRAMES) // (NAIVE_FRAMES - NAIVE_FRAMES // 2)
    return MedianFigures(
        frames=count,
        seconds=round(seconds, 1),
        staging_s=round(staged_at - begin, 1),
        peak_bytes=peak,
        naive_bytes=naive,
        memory_ratio=round(peak / naive, 4),
        error_levels=float(np.percentile(error, 99)),
    )


def main(count: int = 1000, scratch: Path | None = None) -> dict[str, float]:
    """Measure, print one line, and return the figures; `limit_bytes` is what peak_bytes must stay under."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        figures = measure(count, Path(folder))
    print(
        f"Median of {figures.frames} frames at 1080p: {figures.seconds} s "
        f"({figures.staging_s} s of it to make and stage them), peak memory "
        f"{figures.peak_bytes / 1e9:.2f} GB (limit {LIMIT_BYTES / 1e9:.0f} GB), {figures.memory_ratio} x "
        f"numpy's {figures.naive_bytes / 1e9:.1f} GB, 99 % of pixels within {figures.error_levels:.0f} levels"
    )
    return {**asdict(figures), "limit_bytes": LIMIT_BYTES}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.median")
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--scratch", type=Path, default=None, help="folder with 7 GB of room")
    asked = parser.parse_args()
    sys.exit(int(main(asked.frames, asked.scratch)["peak_bytes"] > LIMIT_BYTES))
