"""Folders of pictures: order, capture times, sizes, and pictures that go missing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import FootageMissingError, MediaError
from core.media.folder_index import natural_key
from core.media.folder_times import spread_equal_times
from core.media.open_reader import open_reader
from core.media.source import CaptureTimes, index_source
from core.records.media import SourceKind

SIZE = (40, 30)


def picture(
    path: Path,
    value: int = 100,
    *,
    size: tuple[int, int] = SIZE,
    taken: str | None = None,
    subsec: str | None = None,
    offset: str | None = None,
    orientation: int | None = None,
) -> Path:
    """A picture of one grey, with EXIF where asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    details = exif.get_ifd(0x8769)
    for tag, text in ((0x9003, taken), (0x9291, subsec), (0x9011, offset)):
        if text is not None:
            details[tag] = text
    if orientation is not None:
        exif[0x0112] = orientation
    Image.new("RGB", size, (value, value, value)).save(path, exif=exif)
    return path


def names(folder: Path, capture: CaptureTimes = CaptureTimes()) -> list[str | None]:
    return [frame.name for frame in index_source(folder, capture=capture).frames]


def test_natural_order_with_sub_folders(tmp_path: Path) -> None:
    for name in (
        "b/img2.jpg",
        "b/img10.jpg",
        "a/IMG1.png",
        "img3.webp",
        "img1.bmp",
        ".hidden/x.jpg",
        "notes.txt",
    ):
        if name.endswith("txt"):
            (tmp_path / name).write_text("hello")
        else:
            picture(tmp_path / name)
    assert names(tmp_path) == ["a/IMG1.png", "b/img2.jpg", "b/img10.jpg", "img1.bmp", "img3.webp"]


@given(st.lists(st.text(max_size=12), max_size=20))
def test_any_names_have_an_order(some: list[str]) -> None:
    ordered = sorted(some, key=natural_key)
    backwards = some[::-1]
    assert sorted(backwards, key=natural_key) == ordered


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_numbers_in_names_order_as_numbers(a: int, b: int) -> None:
    assert (natural_key(f"f{a}.jpg") < natural_key(f"f{b}.jpg")) == (a < b)


def test_numbered_pictures_get_nominal_times(tmp_path: Path) -> None:
    for number in (1, 2, 3, 10):
        picture(tmp_path / f"{number:03}.jpg", number)
    table = index_source(tmp_path, capture=CaptureTimes(fps=30))
    assert table.kind is SourceKind.FOLDER
    assert (table.width, table.height) == SIZE
    assert table.time_base == Fraction(1, 30)
    assert [frame.pts for frame in table.frames] == [1, 2, 3, 10]
    assert table.frames[-1].time_s == pytest.approx(9 / 30)
    assert all(frame.captured_at is None and frame.keyframe for frame in table.frames)
    assert table.warnings == ()
    assert "25 pictures a second are assumed" in index_source(tmp_path).warnings[0]


def test_nominal_times_count_from_a_given_start(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"{number}.jpg")
    table = index_source(tmp_path, capture=CaptureTimes(start=1000.0, fps=2))
    assert [frame.captured_at for frame in table.frames] == [1000.0, 1000.5, 1001.0]


def test_names_that_are_no_numbers_count_by_their_place(tmp_path: Path) -> None:
    for name in ("left.jpg", "front.jpg", "right.jpg"):
        picture(tmp_path / name)
    assert [frame.pts for frame in index_source(tmp_path).frames] == [0, 1, 2]


def test_exif_time_with_fraction_and_zone(tmp_path: Path) -> None:
    picture(tmp_path / "b.jpg", taken="2021:05:01 14:23:11", subsec="25", offset="+02:00")
    picture(tmp_path / "a.jpg", taken="2021:05:01 12:23:12", subsec="5", offset="+00:00")
    table = index_source(tmp_path)
    noon = datetime(2021, 5, 1, 14, 23, 11, 250_000, tzinfo=timezone(timedelta(hours=2)))
    assert [frame.name for frame in table.frames] == ["b.jpg", "a.jpg"]
    assert table.frames[0].captured_at == pytest.approx(noon.timestamp())
    assert table.frames[1].captured_at == pytest.approx(noon.timestamp() + 1.25)
    assert table.frames[1].time_s == pytest.approx(1.25)


def test_exif_time_without_zone_is_utc(tmp_path: Path) -> None:
    for second in (11, 12):
        picture(tmp_path / f"{second}.jpg", taken=f"2021:05:01 14:23:{second}")
    taken = index_source(tmp_path).frames[0].captured_at
    assert taken == datetime(2021, 5, 1, 14, 23, 11, tzinfo=UTC).timestamp()


def test_burst_within_one_second_is_spread_over_it(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / f"{number}.jpg", taken="2021:05:01 14:23:11")
    picture(tmp_path / "4.jpg", taken="2021:05:01 14:23:15")
    times = [frame.time_s for frame in index_source(tmp_path).frames]
    assert times == pytest.approx([0, 0.25, 0.5, 0.75, 4])


@given(st.lists(st.integers(0, 50), min_size=1, max_size=40))
def test_spread_times_ascend_and_stay_in_their_second(seconds: list[int]) -> None:
    times = sorted(float(second) for second in seconds)
    spread = spread_equal_times(times)
    assert all(a < b for a, b in pairwise(spread))
    assert all(0 <= new - old < 1 for old, new in zip(times, spread, strict=True))


def test_names_as_walt_writes_them(tmp_path: Path) -> None:
    for name in ("2021-05-01T14-23-11.123456.jpg", "2021-05-01T14-23-10.500000.jpg"):
        picture(tmp_path / name)
    table = index_source(tmp_path)
    assert table.frames[1].captured_at == pytest.approx(
        datetime(2021, 5, 1, 14, 23, 11, 123456, tzinfo=UTC).timestamp(), abs=1e-5
    )
    assert table.frames[1].time_s == pytest.approx(0.623456, abs=1e-6)


def test_pattern_goes_before_exif(tmp_path: Path) -> None:
    picture(tmp_path / "cam7 05.01.2021 142311.jpg", taken="1999:01:01 00:00:00")
    picture(tmp_path / "other.jpg", taken="1999:01:01 00:00:01")
    table = index_source(tmp_path, capture=CaptureTimes(pattern="cam7 %m.%d.%Y %H%M%S"))
    assert [frame.captured_at for frame in table.frames] == [
        datetime(2021, 5, 1, 14, 23, 11, tzinfo=UTC).timestamp()
    ]
    assert "1 pictures have no capture time" in table.warnings[0]


def test_pattern_that_fits_nothing_is_an_error(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    with pytest.raises(MediaError, match="gives no time for any of the 1 pictures"):
        index_source(tmp_path, capture=CaptureTimes(pattern="%Y"))


def test_csv_times_reorder_pictures(tmp_path: Path) -> None:
    for name in ("a.jpg", "in/b.jpg", "c.jpg"):
        picture(tmp_path / "pictures" / name)
    table = tmp_path / "times.csv"
    table.write_text("name,time\nc.jpg,2021-05-01T00:00:00Z\nb.jpg,1619827201.5\na.jpg,2021-05-01 00:00:03\n")
    frames = index_source(tmp_path / "pictures", capture=CaptureTimes(csv=table)).frames
    assert [(frame.name, frame.time_s) for frame in frames] == [("c.jpg", 0), ("in/b.jpg", 1.5), ("a.jpg", 3)]


@pytest.mark.parametrize("content", ["", "nothing here\n", "a;b;c\nd;e;f\n", "\0\0\0"])
def test_csv_without_times(tmp_path: Path, content: str) -> None:
    picture(tmp_path / "a.jpg")
    table = tmp_path / "times.csv"
    table.write_text(content)
    with pytest.raises(MediaError, match="has no line"):
        index_source(tmp_path, capture=CaptureTimes(csv=table))
    with pytest.raises(MediaError, match="cannot be read"):
        index_source(tmp_path, capture=CaptureTimes(csv=tmp_path / "gone.csv"))


def test_few_odd_exif_times_do_not_drop_the_rest(tmp_path: Path) -> None:
    for number in range(5):
        picture(tmp_path / f"{number}.jpg", taken="2021:05:01 14:23:11" if number == 2 else None)
    assert len(index_source(tmp_path).frames) == 5


def test_pictures_stand_upright(tmp_path: Path) -> None:
    image = np.zeros((30, 40, 3), np.uint8)
    image[:15, :20] = 250  # top left
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its left side: turn clockwise to see it upright
    Image.fromarray(image).save(tmp_path / "a.png", exif=exif)
    table = index_source(tmp_path)
    assert (table.width, table.height) == (30, 40)
    with open_reader(table.kind, tmp_path, table.frames) as reader:
        upright = reader.read(table.frames[0].pts).image
    assert upright.shape == (40, 30, 3)
    assert upright[:20, 15:].min() == 250  # top left turned clockwise is top right
    assert upright[:20, :15].max() == upright[20:].max() == 0


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    if mode == "I;16":
        Image.fromarray(np.full((30, 40), 200 * 257, np.uint16)).save(path)
    else:
        Image.new("RGB", SIZE, (255, 255, 255)).convert(mode).save(path)
    table = index_source(tmp_path)
    with open_reader(table.kind, tmp_path, table.frames) as reader:
        image = reader.read(table.frames[0].pts).image
    assert image.shape == (30, 40, 3)
    assert image.dtype == np.uint8
    assert (image == (200 if mode == "I;16" else 255)).all()


def test_sizes_that_differ_from_most_are_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "0.jpg", size=(20, 20))
    for number in range(1, 5):
        picture(tmp_path / f"{number}.jpg")
    table = index_source(tmp_path)
    assert (table.width, table.height) == SIZE
    assert [frame.name for frame in table.frames] == ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    assert any("0.jpg" in warning and "40 x 30" in warning for warning in table.warnings)


def test_files_that_are_no_pictures_are_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "1.jpg")
    (tmp_path / "2.jpg").write_text("a letter")
    (tmp_path / "3.jpg").write_bytes(b"")
    picture(tmp_path / "0.png").rename(tmp_path / "4.jpg")  # a PNG by content is a picture still
    table = index_source(tmp_path)
    assert [frame.name for frame in table.frames] == ["1.jpg", "4.jpg"]
    assert any("2.jpg, 3.jpg" in warning for warning in table.warnings)


def test_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(MediaError, match="holds no pictures"):
        index_source(tmp_path)
    (tmp_path / "a.jpg").write_text("x")
    with pytest.raises(MediaError, match="None of the 1 picture files"):
        index_source(tmp_path)


def test_huge_picture_is_refused(tmp_path: Path) -> None:
    # a PNG header that claims 30,000 x 30,000 pixels
    import struct
    import zlib

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "bomb.png").write_bytes(data + struct.pack(">I", 0) + b"IEND\xaeB`\x82")
    with pytest.raises(MediaError):
        index_source(tmp_path)


def test_picture_that_disappears(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / f"{number}.jpg", 10 * number)
    table = index_source(tmp_path)
    (tmp_path / "2.jpg").unlink()
    with open_reader(table.kind, tmp_path, table.frames) as reader:
        with pytest.raises(MediaError, match=r"2\.jpg is no longer in the folder"):
            reader.read(table.frames[2].pts)
        assert reader.read(table.frames[3].pts).pts == table.frames[3].pts
        assert [frame.pts for frame in reader.iterate()] == [table.frames[row].pts for row in (0, 1, 3)]
        assert [pts for pts, _ in reader.problems] == [table.frames[2].pts]


def test_picture_that_changes_or_is_cut(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"{number}.jpg", 10 * number)
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "3.jpg", quality=95)
    (tmp_path / "3.jpg").write_bytes((tmp_path / "3.jpg").read_bytes()[:-900])
    table = index_source(tmp_path)
    picture(tmp_path / "1.jpg", 77)
    with open_reader(table.kind, tmp_path, table.frames) as reader:
        with pytest.raises(MediaError, match=r"1\.jpg is not the one that was added"):
            reader.read(table.frames[1].pts)
        with pytest.raises(MediaError, match=r"3\.jpg is damaged"):
            reader.read(table.frames[3].pts)


def test_folder_that_disappears(tmp_path: Path) -> None:
    picture(tmp_path / "in" / "a.jpg")
    table = index_source(tmp_path / "in")
    (tmp_path / "in").rename(tmp_path / "away")
    with pytest.raises(FootageMissingError):
        open_reader(table.kind, table.path, table.frames)


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "out/../../secret.jpg", "link.jpg", ""])
def test_names_never_leave_the_folder(tmp_path: Path, name: str) -> None:
    secret = picture(tmp_path / "secret.jpg")
    folder = tmp_path / "folder"
    picture(folder / "out" / "a.jpg")
    (folder / "link.jpg").symlink_to(secret)
    table = index_source(folder)
    assert [frame.name for frame in table.frames] == ["out/a.jpg"]
    from dataclasses import replace

    lured = replace(table.frames[0], name=name)
    with open_reader(table.kind, folder, [lured]) as reader, pytest.raises(MediaError, match="outside"):
        reader.read(lured.pts)


def test_every_nth_picture_between_bounds(tmp_path: Path) -> None:
    for number in range(20):
        picture(tmp_path / f"{number}.png", 10 * number)
    table = index_source(tmp_path)
    with open_reader(table.kind, tmp_path, table.frames) as reader:
        given = list(reader.iterate(3, 16, every=4))
    assert [frame.pts for frame in given] == [3, 7, 11, 15]
    assert [int(frame.image[0, 0, 0]) for frame in given] == [30, 70, 110, 150]


@pytest.mark.real_data
def test_junction(real_data: Path) -> None:
    table = index_source(real_data / "junction" / "frames", capture=CaptureTimes(fps=30))
    assert (len(table.frames), table.width, table.height) == (499, 640, 360)
    assert table.frames[0].name == "001.jpg"
    assert table.frames[-1].time_s == pytest.approx(498 / 30)
