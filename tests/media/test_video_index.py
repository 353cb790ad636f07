"""Indexing videos that are cut, mislabelled, hostile or odd: a table with warnings, or one plain error."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from core.errors import FootageMissingError, MediaError
from core.media.open_reader import open_reader
from core.media.source import CaptureTimes, index_source
from core.media.video_packets import PacketFact
from core.media.video_timing import frames_by_times
from tests.media.painted import Recipe, number_in, sequential, write_painted

H264 = Recipe("h264.mkv", options={"bf": "2"}, frames=120)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_painted(tmp_path_factory.mktemp("made"), H264)


def _faststart(folder: Path) -> Path:
    """An MP4 whose table of contents stands first, as for the web."""
    source = write_painted(folder, Recipe("plain.mp4", options={"bf": "2"}, frames=120))
    path = folder / "web.mp4"
    with av.open(str(source)) as container, av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        stream = container.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in container.demux(stream):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    return path


def _assert_plain(error: MediaError, path: Path) -> None:
    assert path.name in error.problem
    assert error.problem.endswith(".")
    assert error.way_out.endswith(".") or error.way_out.endswith(".mp4")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.mp4", b""),
        ("text.mp4", b"This is a shopping list.\n" * 400),
        ("zeros.avi", bytes(50_000)),
        (
            "playlist.mp4",
            b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://localhost:1/a.ts\n#EXT-X-ENDLIST\n",
        ),
        ("concat.mp4", b"ffconcat version 1.0\nfile secret.mkv\n"),
        ("head.avi", b"RIFF" + struct.pack("<I", 4) + b"AVI "),
    ],
)
def test_what_is_no_video(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        index_source(path)
    _assert_plain(caught.value, path)


def test_playlist_of_a_real_video_is_not_followed(tmp_path: Path, made: Path) -> None:
    (tmp_path / "secret.mkv").write_bytes(made.read_bytes())
    path = tmp_path / "list.mkv"
    path.write_text("ffconcat version 1.0\nfile secret.mkv\n")
    with pytest.raises(MediaError, match="not a video"):
        index_source(path)


def test_picture_named_mp4(tmp_path: Path) -> None:
    path = tmp_path / "picture.mp4"
    Image.new("RGB", (64, 48), "red").save(path, format="JPEG")
    with pytest.raises(MediaError, match=r"picture\.mp4 is not a video"):
        index_source(path)


def test_single_picture_asks_for_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    Image.new("RGB", (64, 48), "red").save(path)
    with pytest.raises(MediaError, match="Add the folder"):
        index_source(path)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FootageMissingError):
        index_source(tmp_path / "gone.mp4")


def test_sound_without_picture(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        for _ in range(20):
            frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
            frame.sample_rate = 8000
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(MediaError, match="has no video"):
        index_source(path)


def test_video_without_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "nothing.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        container.start_encoding()
    with pytest.raises(MediaError) as caught:
        index_source(path)
    _assert_plain(caught.value, path)


def test_mp4_cut_before_its_table_of_contents(tmp_path: Path) -> None:
    whole = write_painted(tmp_path, Recipe("whole.mp4", frames=60))
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(MediaError, match="missing") as caught:
        index_source(path)
    assert "copy it again" in caught.value.way_out


@pytest.mark.parametrize("share", [0.3, 0.62, 0.9])
def test_cut_files_give_what_there_is(tmp_path: Path, share: float) -> None:
    for whole in (
        _faststart(tmp_path),
        write_painted(tmp_path, replace(H264, name="bframes.avi", codec="mpeg4")),
    ):
        path = tmp_path / f"cut_{whole.name}"
        path.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * share)])
        table = index_source(path)
        assert 12 < len(table.frames) < 120
        assert any("ends early" in warning for warning in table.warnings), table.warnings
        with open_reader(table.kind, path, table.frames) as reader:
            numbers = [number_in(frame.image) for frame in reader.iterate()]
            # B-frames at the cut may have lost the frame that they lean on
            assert numbers[: len(table.frames) - 3] == list(range(len(table.frames) - 3))
            assert number_in(reader.read(table.frames[-5].pts).image) == len(table.frames) - 5


def test_whole_file_has_no_warnings(made: Path) -> None:
    assert index_source(made).warnings == ()


def test_size_that_changes_within_a_file(tmp_path: Path) -> None:
    first = write_painted(tmp_path, Recipe("a.h264", frames=50, options={"bf": "0"}))
    second = write_painted(tmp_path, Recipe("b.h264", frames=20, size=(160, 112), options={"bf": "0"}))
    path = tmp_path / "both.h264"
    path.write_bytes(first.read_bytes() + second.read_bytes() + first.read_bytes())
    assert [image.shape[:2] for image in sequential(path)] == [(96, 128)] * 50 + [(112, 160)] * 20 + [
        (96, 128)
    ] * 50
    table = index_source(path)
    assert (table.width, table.height) == (128, 96)
    assert len(table.frames) == 100
    assert any("20 frames" in warning and "another size" in warning for warning in table.warnings)
    with open_reader(table.kind, path, table.frames) as reader:
        images = [frame.image for frame in reader.iterate()]
        assert [number_in(image) for image in images] == [*range(50), *range(50)]
        assert {image.shape for image in images} == {(96, 128, 3)}
        for row in (99, 50, 3, 60, 49):
            assert number_in(reader.read(table.frames[row].pts).image) == row % 50


def test_keyframes_alike_are_told_apart(tmp_path: Path) -> None:
    # a covered lens: all pictures and most packets are the same, only times and order differ
    path = tmp_path / "black.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25, options={"qmin": "5", "qmax": "5"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for number in range(40):
            image = np.full((48, 64, 3), 200 if number == 20 else 0, np.uint8)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    table = index_source(path)
    assert len(table.frames) == 40
    assert len({frame.content_hash for frame in table.frames}) == 2
    with open_reader(table.kind, path, table.frames) as reader:
        for row in (39, 20, 21, 0, 38):
            assert (reader.read(table.frames[row].pts).image.mean() > 100) == (row == 20)


def test_changed_file_is_noticed(tmp_path: Path, made: Path) -> None:
    path = tmp_path / made.name
    path.write_bytes(made.read_bytes())
    table = index_source(path)
    write_painted(tmp_path, replace(H264, options={"bf": "0", "crf": "40"}))
    with open_reader(table.kind, path, table.frames) as reader:
        for row in (70, 0):
            with pytest.raises(MediaError, match="not the video that was added"):
                reader.read(table.frames[row].pts)
        with pytest.raises(MediaError, match="not the video that was added"):
            list(reader.iterate())


def test_damage_costs_only_the_frames_it_touches(tmp_path: Path, made: Path) -> None:
    table = index_source(made)
    data = bytearray(made.read_bytes())
    with av.open(str(made)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    hurt = packets[60]
    assert hurt.pos is not None
    start = data.index(bytes(hurt))
    data[start + 4 : start + hurt.size] = os.urandom(hurt.size - 4)
    path = tmp_path / "hurt.mkv"
    path.write_bytes(data)
    with open_reader(table.kind, path, table.frames) as reader:
        good = [number_in(frame.image) for frame in reader.iterate() if frame.pts >= table.frames[72].pts]
        assert good == list(range(72, 120))
        assert 1 <= len(reader.problems) < 24
        assert number_in(reader.read(table.frames[10].pts).image) == 10
        assert number_in(reader.read(table.frames[100].pts).image) == 100


def test_no_such_frame(made: Path) -> None:
    table = index_source(made)
    with (
        open_reader(table.kind, made, table.frames) as reader,
        pytest.raises(MediaError, match="no frame at"),
    ):
        reader.read(table.frames[-1].pts + 1)


def test_capture_times(tmp_path: Path, made: Path) -> None:
    assert index_source(made).frames[0].captured_at is None
    table = index_source(made, capture=CaptureTimes(start=1_600_000_000.0))
    assert table.frames[25].captured_at == pytest.approx(1_600_000_001.0)
    named = tmp_path / "cam_2021-05-01T14-23-11.mkv"
    named.write_bytes(made.read_bytes())
    assert index_source(named).frames[0].captured_at == 1_619_878_991.0


def test_progress_ends_at_one(made: Path) -> None:
    heard: list[float] = []
    index_source(made, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0


def test_turned_pictures_stand_upright(tmp_path: Path) -> None:
    source = write_painted(tmp_path, Recipe("lying.mp4", frames=12))
    path = tmp_path / "turned.mp4"
    with av.open(str(source)) as container, av.open(str(path), "w") as out:
        stream = container.streams.video[0]
        copy = out.add_stream_from_template(stream)
        copy.set_display_rotation(90)
        for packet in container.demux(stream):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    table = index_source(path)
    assert (table.width, table.height) == (96, 128)
    with open_reader(table.kind, path, table.frames) as reader:
        image = reader.read(table.frames[7].pts).image
    assert image.shape == (128, 96, 3)
    # as ffmpeg shows it: a display matrix of 90 degrees turns the picture counterclockwise
    assert number_in(np.rot90(image, -1)) == 7


def _packet(pts: int | None, *, key: bool = False, discard: bool = False) -> PacketFact:
    return PacketFact(pts, pts, key, discard, bytes(16))


def test_frames_before_the_first_keyframe_are_left_out() -> None:
    # decoding order: B and P of a group whose keyframe was cut off, then an open group
    packets = [_packet(0), _packet(30, key=True), _packet(10), _packet(20), _packet(40)]
    shown = frames_by_times(packets)
    assert shown is not None
    assert [(frame.pts, frame.packet, frame.keyframe) for frame in shown] == [(30, 1, True), (40, 4, False)]


def test_keyframe_that_is_overtaken_is_no_start() -> None:
    # the frame at 50 is decoded before the keyframe at 40 and shown after it
    packets = [_packet(0, key=True), _packet(50), _packet(40, key=True), _packet(60)]
    shown = frames_by_times(packets)
    assert shown is not None
    assert [frame.keyframe for frame in shown] == [True, False, False, False]


@pytest.mark.parametrize("times", [[0, 10, None], [0, 10, 10], [None, 1, 2]])
def test_times_that_cannot_be_believed(times: list[int | None]) -> None:
    assert frames_by_times([_packet(time, key=True) for time in times]) is None
