"""Median backgrounds against scenes whose background is known."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import DiskFullError, MediaError
from core.media.background import BackgroundSample, BackgroundSettings, median_background
from core.media.background_exposure import fit_exposures
from core.media.background_reference import find_reference
from core.media.background_scratch import SampleScratch, scratch_bytes
from core.records.media import Background

WIDTH, HEIGHT = 160, 120
Image = NDArray[np.uint8]


def street(seed: int = 0, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """A background: soft patches of colour between 40 and 200 levels, with some sharp lines on them."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(40, 200, (height // 20 + 1, width // 20 + 1, 3)).astype(np.float32)
    image = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    image[height // 2 : height // 2 + 2] += 30
    image[:, width // 3] -= 25
    return np.clip(image, 30, 215).astype(np.uint8)


def noisy(image: Image, rng: np.random.Generator, sigma: float = 2.0) -> Image:
    return np.clip(image + rng.normal(0, sigma, image.shape), 0, 255).astype(np.uint8)


def with_traffic(image: Image, rng: np.random.Generator, cars: int = 3) -> tuple[Image, NDArray[np.bool_]]:
    """The image with some blobs at random places, and where they are."""
    image, mask = image.copy(), np.zeros(image.shape[:2], np.bool_)
    for _ in range(cars):
        x, y = rng.integers(0, WIDTH - 30), rng.integers(0, HEIGHT - 20)
        image[y : y + 20, x : x + 30] = rng.integers(0, 256, 3)
        mask[y : y + 20, x : x + 30] = True
    return image, mask


def make(samples: list[BackgroundSample], scratch: Path, **settings: object) -> Background:
    made = median_background(
        samples,
        width=WIDTH,
        height=HEIGHT,
        hour=None,
        scratch=scratch,
        settings=BackgroundSettings(**settings),  # type: ignore[arg-type]
    )
    assert made is not None
    return made


def error(image: Image, truth: Image) -> NDArray[np.float64]:
    """(H, W) the largest difference over the channels, levels."""
    return np.abs(image.astype(np.float64) - truth).max(axis=2)


def test_moving_blobs_are_gone_without_any_mask(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(1), street()
    made = make([BackgroundSample(with_traffic(noisy(truth, rng), rng)[0]) for _ in range(40)], tmp_path)
    assert np.percentile(error(made.image, truth), 99) <= 3
    assert made.frame_count == 40
    assert made.support.max() <= 40
    assert np.median(made.support) > 25


def test_with_masks_it_is_exactly_numpys_median_of_what_they_leave(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(2), street()
    pictures = [with_traffic(noisy(truth, rng), rng) for _ in range(15)]
    made = make(
        [BackgroundSample(image, mask) for image, mask in pictures],
        tmp_path,
        mask_margin_px=0,
        match_exposure=False,
        find_motion=False,
        tile_bytes=15 * WIDTH * 3 * 7,  # bands of seven rows, the last of one
    )
    stack = np.stack([image for image, _ in pictures]).astype(np.float64)
    hidden = np.stack([mask for _, mask in pictures])
    stack[hidden] = np.nan
    expected = np.floor(np.nanmedian(stack, axis=0) + 0.5)
    np.testing.assert_array_equal(made.image, expected)
    np.testing.assert_array_equal(made.support, (~hidden).sum(axis=0))


def test_the_size_of_the_bands_changes_nothing(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(3), street()
    samples = [BackgroundSample(with_traffic(noisy(truth, rng), rng)[0]) for _ in range(12)]
    whole = make(samples, tmp_path)
    rows = make(samples, tmp_path, tile_bytes=1)
    np.testing.assert_array_equal(whole.image, rows.image)
    np.testing.assert_array_equal(whole.support, rows.support)


def test_a_mask_is_widened_by_its_margin(tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[50:60, 40:60] = True
    samples = [BackgroundSample(street(), mask), BackgroundSample(street(), np.zeros_like(mask))]
    made = make(samples, tmp_path, mask_margin_px=4)
    assert (made.support[50:60, 36:64] == 1).all()
    assert made.support[55, 35] == 2


def test_what_is_masked_in_every_picture_has_no_support_and_the_median_of_everything(tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[:40] = True
    truth = street()
    made = make([BackgroundSample(truth, mask)] * 3, tmp_path, mask_margin_px=0)
    assert (made.support[:40] == 0).all()
    assert (made.support[40:] == 3).all()
    np.testing.assert_array_equal(made.image, truth)


def jumping_exposures(truth: Image, rng: np.random.Generator, count: int = 40) -> list[Image]:
    """As many too dark as too bright; two in ten have the truth's own exposure."""
    pictures = []
    for number in range(count):
        gain, offset = (1.0, 0.0) if number % 10 < 2 else ((0.7, -5.0), (1.2, 8.0))[number % 2]
        picture, _ = with_traffic(truth, rng)
        pictures.append(noisy(np.clip(picture * gain + offset, 0, 255).astype(np.uint8), rng))
    return pictures


def test_exposure_jumps_do_not_show(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(4), street()
    pictures = jumping_exposures(truth, rng)
    made = make([BackgroundSample(picture) for picture in pictures], tmp_path)
    assert np.percentile(error(made.image, truth), 98) <= 4
    # the plain median of the same pictures is off by more in places: the test could fail
    plain = np.median(np.stack(pictures), axis=0)
    assert np.percentile(error(plain.astype(np.uint8), truth), 98) > 8


def test_a_jump_that_blinds_part_of_the_picture_leaves_the_other_samples_to_tell(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(5), street()
    pictures = [noisy(truth, rng) for _ in range(12)]
    bright = truth * 1.6
    pictures += [np.clip(bright + rng.normal(0, 2, truth.shape), 0, 255).astype(np.uint8) for _ in range(10)]
    made = make([BackgroundSample(p) for p in pictures], tmp_path, find_motion=False)
    assert np.percentile(error(made.image, truth), 99) <= 4
    blinded = (truth.astype(float) * 1.6 > 262).any(axis=2)
    assert blinded.any()
    assert made.support[blinded].max() == 12


def test_gain_and_offset_are_found_beside_passing_cars() -> None:
    rng, truth = np.random.default_rng(6), street()
    gains = rng.uniform(0.75, 1.2, 30)
    offsets = rng.uniform(-8, 8, 30)
    pictures = [
        noisy(np.clip(with_traffic(truth, rng)[0] * g + o, 0, 255).astype(np.uint8), rng)
        for g, o in zip(gains, offsets, strict=True)
    ]
    points = np.stack([picture[2::4, 2::4].reshape(-1, 3) for picture in pictures])
    fitted = fit_exposures(points)
    assert fitted.usable.all()
    corrected = points * fitted.gain[:, None] + fitted.offset[:, None]
    spread = np.abs(corrected - np.median(corrected, axis=0))
    # what is left over is the pictures' own noise (median of |2-level normal| is 1.35) plus rounding
    assert np.median(spread) < 2.0


def test_black_and_blinded_pictures_are_left_out(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(7), street()
    pictures = [noisy(truth, rng) for _ in range(9)]
    pictures += [np.zeros_like(truth), np.full_like(truth, 255)]
    made = make([BackgroundSample(picture, hour=6) for picture in pictures], tmp_path)
    assert made.frame_count == 9
    assert np.percentile(error(made.image, truth), 99) <= 3


def parked(share: float, late: bool, count: int = 40) -> list[Image]:
    """A striped van that stands in `share` of the samples, one stretch of time, and some traffic."""
    rng, truth = np.random.default_rng(8), street()
    first = count - round(share * count) if late else 0
    pictures = []
    for number in range(count):
        picture, _ = with_traffic(truth, rng, cars=1)
        if first <= number < first + round(share * count):
            picture[40:80, 60:110] = (200, 190, 40)
            picture[50:60, 65:105] = (30, 30, 60)
        pictures.append(noisy(picture, rng))
    return pictures


@pytest.mark.parametrize("share", [0.3, 0.55])
@pytest.mark.parametrize("late", [False, True])
def test_a_parked_car_disappears(tmp_path: Path, share: float, late: bool) -> None:
    made = make([BackgroundSample(picture) for picture in parked(share, late)], tmp_path)
    assert np.percentile(error(made.image, street()), 99) <= 4


def test_a_parked_car_that_a_detector_sees_disappears_however_long_it_stands(tmp_path: Path) -> None:
    van = np.zeros((HEIGHT, WIDTH), np.bool_)
    van[40:80, 60:110] = True
    pictures = parked(0.85, late=True)
    masks = [van if number >= 6 else np.zeros_like(van) for number in range(40)]
    samples = [BackgroundSample(p, m) for p, m in zip(pictures, masks, strict=True)]
    made = make(samples, tmp_path)
    assert np.percentile(error(made.image, street()), 98) <= 5
    assert made.support[45:75, 65:105].min() >= 1
    assert made.support[45:75, 65:105].max() <= 6


def test_what_a_detector_misses_is_left_out_for_moving(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(12), street()
    samples = []
    for number in range(30):
        seen, mask = with_traffic(noisy(truth, rng), rng)
        missed = number % 3 != 0  # two of three pictures hold a car that nobody detected, at one place
        if missed:
            seen[50:75, 20:60] = rng.integers(0, 256, 3)
        samples.append(BackgroundSample(seen, mask))
    made = make(samples, tmp_path)
    assert np.percentile(error(made.image, truth), 99) <= 4
    assert 3 <= np.median(made.support[52:73, 22:58]) <= 11


def test_a_car_that_never_leaves_stays(tmp_path: Path) -> None:
    pictures = parked(1.0, late=False)
    made = make([BackgroundSample(picture) for picture in pictures], tmp_path)
    assert np.median(error(made.image, street())[41:79, 61:109]) > 40


def test_a_place_that_nothing_tells_is_marked_unknown() -> None:
    rng = np.random.default_rng(9)
    pictures = np.stack([noisy(street(), rng) for _ in range(30)])
    pictures[:, 32:64, 64:96] = rng.integers(0, 256, (30, 32, 32, 3))
    reference = find_reference(pictures)
    assert not reference.known[40:56, 72:88].any()
    assert reference.known[:24].all()


def test_a_road_that_is_hidden_most_of_the_time_is_found_by_what_recurs(tmp_path: Path) -> None:
    rng, truth = np.random.default_rng(10), street()
    pictures = []
    for number in range(60):
        picture = truth.copy()
        if number % 10 < 7:  # seven of ten samples show a different car each
            picture[40:72, 40:104] = rng.integers(0, 256, 3)
            picture[48:56, 48:96] = rng.integers(0, 256, 3)
        pictures.append(noisy(picture, rng))
    made = make([BackgroundSample(picture) for picture in pictures], tmp_path)
    assert np.percentile(error(made.image, truth), 99) <= 4
    plain = np.median(np.stack(pictures), axis=0).astype(np.uint8)
    assert error(plain, truth)[41:71, 41:103].mean() > 15


def test_hours_and_hour_are_noted(tmp_path: Path) -> None:
    six = 1_795_241_460.0  # 2026-11-21T06:11:00Z
    samples = [
        BackgroundSample(street(), captured_at=six),
        BackgroundSample(street(), captured_at=six + 3600),
        BackgroundSample(street(), captured_at=six, hour=23),
        BackgroundSample(street()),
    ]
    made = median_background(samples, width=WIDTH, height=HEIGHT, hour=6, scratch=tmp_path)
    assert made is not None
    assert made.hours == (6, 7, 23)
    assert made.hour == 6
    assert made.frame_count == 4


def test_pictures_of_another_size_are_left_out(tmp_path: Path) -> None:
    made = make([BackgroundSample(street()), BackgroundSample(street(width=80))], tmp_path)
    assert made.frame_count == 1
    with pytest.raises(MediaError, match="160 by 120"):
        make([BackgroundSample(street(width=80))], tmp_path)


def test_it_stops_when_asked_and_leaves_nothing_behind(tmp_path: Path) -> None:
    asked = iter([False] * 7 + [True] * 100)
    stopped = median_background(
        [BackgroundSample(street())] * 5,
        width=WIDTH,
        height=HEIGHT,
        hour=None,
        scratch=tmp_path,
        should_stop=lambda: next(asked),
    )
    assert stopped is None
    assert list(tmp_path.iterdir()) == []


def test_progress_climbs_to_one(tmp_path: Path) -> None:
    seen: list[float] = []
    median_background(
        [BackgroundSample(street())] * 6,
        width=WIDTH,
        height=HEIGHT,
        hour=None,
        scratch=tmp_path,
        progress=seen.append,
        expected_count=6,
    )
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(set(seen)) > 6


class FillingDisk(io.BytesIO):
    """A file on a disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: memoryview) -> int:  # type: ignore[override]
        if self.tell() + len(data) > self._room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


def test_a_full_disk_is_a_plain_error(tmp_path: Path) -> None:
    def opener(folder: Path) -> FillingDisk:
        return FillingDisk(2 * WIDTH * HEIGHT * 3)

    with SampleScratch(tmp_path, WIDTH, HEIGHT, limit_bytes=10**9, open_file=opener) as staged:
        staged.add(street())
        staged.add(street())
        with pytest.raises(DiskFullError, match="full"):
            staged.add(street())


def test_more_than_the_allowed_disk_is_refused(tmp_path: Path) -> None:
    limit = scratch_bytes(2, WIDTH, HEIGHT)
    with pytest.raises(MediaError, match="fewer"):
        make([BackgroundSample(street())] * 3, tmp_path, scratch_limit_bytes=limit)


def test_staged_pictures_and_masks_come_back_as_they_went(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    pictures = rng.integers(0, 256, (5, 13, 21, 3)).astype(np.uint8)
    masks = rng.random((5, 13, 21)) < 0.5
    with SampleScratch(tmp_path, 21, 13, limit_bytes=10**9) as staged:
        for picture in pictures:
            staged.add(picture)
        for number in (0, 3):  # the others have none
            staged.hide(number, masks[number])
        buffer = np.empty((5, 6, 21, 3), np.uint8)
        np.testing.assert_array_equal(staged.band([1, 4], 7, 12, buffer), pictures[[1, 4], 7:12])
        hidden = staged.hidden_band([0, 1, 3, 4], 2, 11)
        np.testing.assert_array_equal(hidden[[0, 2]], masks[[0, 3], 2:11])
        assert not hidden[[1, 3]].any()
        np.testing.assert_array_equal(staged.picture(2), pictures[2])


@pytest.mark.real_data
def test_a_real_road_comes_out_empty(real_data: Path, tmp_path: Path) -> None:
    """Three cars wait on `suburb` for the first 55 % of the clip, where the plain median keeps ghosts.

    Their place is looked up by eye: box (345, 130, 65, 30) holds the nearest of them until frame 450 and
    bare road from frame 600 on.
    """
    import av

    def frames() -> Iterator[Image]:
        with av.open(str(real_data / "suburb" / "suburb.mp4")) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number % 18 == 0:
                    yield frame.to_ndarray(format="rgb24")

    pictures = list(frames())
    height, width = pictures[0].shape[:2]
    made = median_background(
        (BackgroundSample(p) for p in pictures), width=width, height=height, hour=None, scratch=tmp_path
    )
    assert made is not None
    place = np.s_[132:158, 350:405]
    empty = np.median(np.stack(pictures[35:]), axis=0)
    standing = np.median(np.stack(pictures[:23]), axis=0)
    to_road = np.abs(made.image[place] - empty[place]).mean()
    to_car = np.abs(made.image[place] - standing[place]).mean()
    assert to_road < 15 < to_car
