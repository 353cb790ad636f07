"""The frame asked for is the frame shown, for every frame of files with painted numbers."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from core.media.open_reader import open_reader
from core.media.source import index_source
from core.records.media import SourceTable
from tests.media.painted import Recipe, number_in, sequential, write_packed_avi, write_painted, write_trimmed

_OPEN_GOP = {"x264-params": "open-gop=1:keyint=16:bframes=3:scenecut=0"}
# a frame every 40 ms, give or take a bit, and a hole of almost a second
VFR_MS = [40 * n + (n * n * 7) % 31 + (900 if n > 40 else 0) for n in range(80)]

RECIPES = [
    Recipe("gop250.mp4", options={"bf": "3", "sc_threshold": "0"}, gop=250, frames=300),
    Recipe("vfr.mp4", options={"bf": "3"}, times_ms=VFR_MS),
    Recipe("bframes.mkv", options={"bf": "3"}),
    Recipe("open_gop.mkv", options=_OPEN_GOP, gop=16),
    Recipe("open_gop.ts", options=_OPEN_GOP, gop=16),
    Recipe("refresh.ts", options={"x264-params": "intra-refresh=1:keyint=20:bframes=0"}, gop=20),
    Recipe("bframes.avi", codec="mpeg4", options={"bf": "2"}),
    Recipe("h264.avi", options={"bf": "3"}),
    Recipe("mjpeg.avi", codec="mjpeg"),
    Recipe("bare.h264", options={"bf": "3"}),
    Recipe("hevc.mp4", codec="libx265", options={"x265-params": "log-level=none:open-gop=1:keyint=24"}),
    Recipe(
        "vp9.webm",
        codec="libvpx-vp9",
        options={"auto-alt-ref": "1", "lag-in-frames": "12", "deadline": "realtime", "cpu-used": "8"},
    ),
]
MAKERS: dict[str, Callable[[Path], Path]] = {
    **{recipe.name: (lambda folder, recipe=recipe: write_painted(folder, recipe)) for recipe in RECIPES},
    "trimmed.mp4": lambda folder: write_trimmed(
        write_painted(folder, RECIPES[0]), folder / "trimmed.mp4", 30
    ),
    "clock_jumps_back.ts": lambda folder: _twice(write_painted(folder, RECIPES[4])),
    "packed.avi": lambda folder: write_packed_avi(folder / "packed.avi"),
    "packed_secretly.avi": lambda folder: write_packed_avi(folder / "packed_secretly.avi", says_so=False),
}


@dataclass(frozen=True)
class Painted:
    """A painted file, its table, every frame as PyAV decodes it from start to end, and their numbers."""

    path: Path
    table: SourceTable
    truth: list[NDArray[np.uint8]]
    numbers: list[int]


@pytest.fixture(scope="module", params=MAKERS)
def painted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Painted:
    path = MAKERS[request.param](tmp_path_factory.mktemp("painted"))
    truth = sequential(path)
    return Painted(path, index_source(path), truth, [number_in(image) for image in truth])


def _twice(path: Path) -> Path:
    twice = path.with_name("clock_jumps_back.ts")
    twice.write_bytes(2 * path.read_bytes())
    return twice


def test_the_truth_is_numbered_in_order(painted: Painted) -> None:
    count = len(painted.truth)
    if painted.path.name == "clock_jumps_back.ts":
        assert painted.numbers == [*range(count // 2), *range(count // 2)]
    else:
        first = 30 if painted.path.name == "trimmed.mp4" else 0
        assert painted.numbers == list(range(first, first + count))


def test_table_has_every_frame_once(painted: Painted) -> None:
    times = [frame.pts for frame in painted.table.frames]
    assert len(times) == len(painted.truth)
    assert times == sorted(set(times))
    assert painted.table.frames[0].keyframe
    assert painted.table.frames[0].time_s == 0.0


def test_every_frame_in_random_order(painted: Painted) -> None:
    rows = list(range(len(painted.truth)))
    random.Random(0).shuffle(rows)
    with open_reader(painted.table.kind, painted.path, painted.table.frames) as reader:
        for row in rows:
            frame = reader.read(painted.table.frames[row].pts)
            assert frame.pts == painted.table.frames[row].pts
            np.testing.assert_array_equal(frame.image, painted.truth[row])


def test_every_frame_backwards_with_a_small_window(painted: Painted) -> None:
    frames = painted.table.frames
    keep_bytes = 10 * painted.truth[0].nbytes
    with open_reader(painted.table.kind, painted.path, frames, keep_bytes=keep_bytes) as reader:
        for row in range(len(frames) - 1, -1, -1):
            np.testing.assert_array_equal(reader.read(frames[row].pts).image, painted.truth[row])


def test_all_frames_in_a_row(painted: Painted) -> None:
    with open_reader(painted.table.kind, painted.path, painted.table.frames) as reader:
        images = [frame.image for frame in reader.iterate()]
        assert reader.problems == []
    assert len(images) == len(painted.truth)
    for image, truth in zip(images, painted.truth, strict=True):
        np.testing.assert_array_equal(image, truth)


@pytest.mark.parametrize("every", [1, 3, 40])
def test_some_frames_in_a_row(painted: Painted, every: int) -> None:
    frames = painted.table.frames
    with open_reader(painted.table.kind, painted.path, frames) as reader:
        given = list(reader.iterate(frames[7].pts, frames[-5].pts, every))
    wanted = range(7, len(frames) - 4, every)
    assert [frame.pts for frame in given] == [frames[row].pts for row in wanted]
    assert [number_in(frame.image) for frame in given] == [painted.numbers[row] for row in wanted]


def test_reading_while_iterating(painted: Painted) -> None:
    frames = painted.table.frames
    with open_reader(painted.table.kind, painted.path, frames) as reader:
        for row, frame in enumerate(reader.iterate()):
            assert number_in(frame.image) == painted.numbers[row]
            if row % 9 == 0:
                other = (row * 31 + 5) % len(frames)
                assert number_in(reader.read(frames[other].pts).image) == painted.numbers[other]


def test_the_same_table_on_each_run(painted: Painted) -> None:
    assert index_source(painted.path) == painted.table


def test_variable_frame_rate_keeps_its_times(tmp_path: Path) -> None:
    recipe = next(recipe for recipe in RECIPES if recipe.name == "vfr.mp4")
    table = index_source(write_painted(tmp_path, recipe))
    assert [round(frame.time_s * 1000) for frame in table.frames] == [time - VFR_MS[0] for time in VFR_MS]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "count"), [("suburb/suburb.mp4", 905), ("highway/highway.avi", 1699), ("plaza/plaza.mp4", 795)]
)
def test_real_footage(real_data: Path, name: str, count: int) -> None:
    path = real_data / name
    truth = [hash(image.tobytes()) for image in sequential(path)]
    table = index_source(path)
    assert len(table.frames) == len(truth) == count
    rows = random.Random(1).sample(range(count), 60)
    with open_reader(table.kind, path, table.frames) as reader:
        assert [hash(frame.image.tobytes()) for frame in reader.iterate()] == truth
        for row in rows:
            assert hash(reader.read(table.frames[row].pts).image.tobytes()) == truth[row]
