"""The median background of a camera: what it sees when nobody is there.

The plain median over frames (WALT, CVPR 2022, code) is made robust in three ways: detected or moving objects
are left out, pictures are brought to one exposure first, and where something stands for most of the time the
background is what recurs rather than what lies in the middle. Memory does not grow with the number of
pictures: they are staged on disk and the median is taken band by band.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import MediaError
from core.media.background_exposure import Exposures, fit_exposures, same_exposure
from core.media.background_median import masked_median
from core.media.background_motion import grow_mask, moving_pixels
from core.media.background_reference import find_reference
from core.media.background_samples import hour_of_day
from core.media.background_scratch import SampleScratch
from core.records.media import Background

_PREVIEW_WIDTH = 640
_EXPOSURE_POINTS = 1_600
_REFERENCE_SAMPLES = 200
_CLIPPED = 254  # a channel this bright holds no measure of how bright it was
_CLIP_MATTERS = 245
_FEWEST_FOR_MOTION = 4
_STAGED, _MASKED = 0.4, 0.6  # of the progress


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundSample:
    """One picture for a background.

    Attributes:
        image: (H, W, 3) uint8 RGB.
        mask: (H, W) bool, True where a detected object is; None where nothing was detected for it.
        captured_at: seconds UTC epoch, or None.
        hour: hour of day 0-23 at the camera; worked out from captured_at (as UTC) if None.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.bool_] | None = None
    captured_at: float | None = None
    hour: int | None = None


@dataclass(frozen=True, slots=True)
class BackgroundSettings:
    """How a background is made.

    Attributes:
        match_exposure: bring pictures to one exposure first.
        find_motion: leave out what moves, besides the detected objects.
        mask_margin_px: rim around detected objects that is left out too.
        tile_bytes: memory for the band that is being worked on.
        scratch_limit_bytes: the most disk that staged pictures may take.
    """

    match_exposure: bool = True
    find_motion: bool = True
    mask_margin_px: int = 3
    tile_bytes: int = 64 * 2**20
    scratch_limit_bytes: int = 16 * 2**30


def median_background(
    samples: Iterable[BackgroundSample],
    *,
    width: int,
    height: int,
    hour: int | None,
    scratch: Path,
    settings: BackgroundSettings | None = None,
    progress: Callable[[float], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    expected_count: int | None = None,
) -> Background | None:
    """Make the median background of some pictures of one camera.

    Args:
        samples: the pictures, read once, in order. Those of another size are left out.
        width, height: size of the background, pixels.
        hour: hour of day to note, or None for one over all hours.
        scratch: folder for the staged pictures; they are gone when this returns or dies.
        settings: see BackgroundSettings.
        progress: called with 0 to 1.
        should_stop: asked between pictures and bands.
        expected_count: how many samples will come, for the progress while they are read.

    Returns:
        The background with, for each pixel, how many pictures it rests on (0 where an object hid the pixel
        in all of them: there it is the median of everything). None if it was asked to stop.

    Raises:
        MediaError: no sample has the size asked for, or they would take too much disk.
        DiskFullError: the scratch folder's disk is full.
    """
    settings = settings or BackgroundSettings()
    report = progress or (lambda share: None)
    stop = should_stop or (lambda: False)
    limit = settings.scratch_limit_bytes
    with (
        SampleScratch(scratch, width, height, limit_bytes=limit) as staged,
        SampleScratch(scratch, *_preview_size(width, height), limit_bytes=limit) as previews,
    ):
        taken = _stage(samples, staged, previews, settings.mask_margin_px, report, stop, expected_count)
        if taken is None:
            return None
        hours, points = taken
        if staged.count == 0:
            raise MediaError(
                f"None of the frames for the background has {width} by {height} pixels.",
                "Choose other frames, or another size for this camera.",
            )
        matched = settings.match_exposure and staged.count > 1
        exposures = fit_exposures(np.stack(points)) if matched else same_exposure(staged.count)
        if settings.find_motion and not _hide_motion(staged, previews, exposures, report, stop):
            return None
        made = _median_by_bands(staged, exposures, settings.tile_bytes, report, stop)
    if made is None:
        return None
    image, support = made
    used = {h for h, good in zip(hours, exposures.usable, strict=True) if good and h is not None}
    return Background(image, support, hour, int(exposures.usable.sum()), tuple(sorted(used)))


def _stage(
    samples: Iterable[BackgroundSample],
    staged: SampleScratch,
    previews: SampleScratch,
    margin_px: int,
    report: Callable[[float], None],
    stop: Callable[[], bool],
    expected_count: int | None,
) -> tuple[list[int | None], list[NDArray[np.uint8]]] | None:
    """Put the samples on disk; returns their hours and the points that tell their exposure."""
    hours: list[int | None] = []
    points: list[NDArray[np.uint8]] = []
    step = max(1, int(np.sqrt(previews.width * previews.height / _EXPOSURE_POINTS)))
    for sample in samples:
        if stop():
            return None
        if sample.image.shape != (staged.height, staged.width, 3):
            continue
        number = staged.add(sample.image)
        if sample.mask is not None:
            staged.hide(number, grow_mask(sample.mask, margin_px))
        size = (previews.width, previews.height)
        preview = cv2.resize(sample.image, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
        previews.add(preview)
        points.append(preview[step // 2 :: step, step // 2 :: step].reshape(-1, 3))
        known = sample.hour is not None or sample.captured_at is None
        hours.append(sample.hour if known else hour_of_day(sample.captured_at or 0.0))
        if expected_count:
            report(_STAGED * min(1.0, staged.count / expected_count))
    return hours, points


def _hide_motion(
    staged: SampleScratch,
    previews: SampleScratch,
    exposures: Exposures,
    report: Callable[[float], None],
    stop: Callable[[], bool],
) -> bool:
    """Note in the staged samples what moves in each; False if asked to stop."""
    usable = [int(n) for n in np.flatnonzero(exposures.usable)]
    places = np.linspace(0, len(usable) - 1, min(len(usable), _REFERENCE_SAMPLES))
    spread = [usable[int(place)] for place in places]
    if len(spread) < _FEWEST_FOR_MOTION or stop():
        return not stop()
    size = (previews.width, previews.height)
    objects = np.stack([_resized(staged.hidden(n), size) for n in spread]) if staged.any_hidden else None
    samples = np.stack([_matched(previews.picture(n), exposures, n) for n in spread])
    reference = find_reference(samples, objects)
    del samples
    # where nothing tells the background, a detector's masks are all there is; without any, nobody knows
    unknown = _resized(~reference.known, (staged.width, staged.height)) & (objects is None)
    for done, number in enumerate(usable):
        if stop():
            return False
        preview = _matched(previews.picture(number), exposures, number)
        moving = moving_pixels(preview, reference) & reference.known
        full = _resized(moving, (staged.width, staged.height))
        staged.hide(number, full | unknown | staged.hidden(number))
        report(_STAGED + (_MASKED - _STAGED) * (done + 1) / len(usable))
    return True


def _median_by_bands(
    staged: SampleScratch,
    exposures: Exposures,
    tile_bytes: int,
    report: Callable[[float], None],
    stop: Callable[[], bool],
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]] | None:
    """The masked median and its support, a few rows at a time; None if asked to stop."""
    height, width = staged.height, staged.width
    numbers = [int(n) for n in np.flatnonzero(exposures.usable)]
    rows = min(height, max(1, tile_bytes // (len(numbers) * width * 3)))
    buffer = np.empty((len(numbers), rows, width, 3), dtype=np.uint8)
    image = np.empty((height, width, 3), dtype=np.uint8)
    support = np.empty((height, width), dtype=np.uint16)
    for first in range(0, height, rows):
        if stop():
            return None
        last = min(first + rows, height)
        band = staged.band(numbers, first, last, buffer)
        hidden = staged.hidden_band(numbers, first, last) if staged.any_hidden else None
        for place, number in enumerate(numbers):
            if exposures.is_plain(number):
                continue
            table = exposures.table(number)
            clipped = (band[place] >= _CLIPPED) & (table[255] < _CLIP_MATTERS)
            if clipped.any():
                hidden = np.zeros(band.shape[:3], np.bool_) if hidden is None else hidden
                hidden[place] |= clipped.any(axis=2)
            band[place] = _look_up(band[place], table)
        image[first:last], support[first:last] = _band_median(band, hidden)
        report(_MASKED + (1 - _MASKED) * last / height)
    return image, support


def _band_median(
    band: NDArray[np.uint8], hidden: NDArray[np.bool_] | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
    """Median (R, W, 3) and support (R, W) of a band (N, R, W, 3); hidden is (N, R, W)."""
    count, rows, width, _ = band.shape
    flat = band.reshape(count, -1)
    if hidden is None:
        median, support = masked_median(flat)
    else:
        wide = np.repeat(hidden.reshape(count, -1), 3, axis=1)
        never = np.flatnonzero(wide.all(axis=0))
        of_everything, _ = masked_median(flat[:, never])
        median, support = masked_median(flat, wide)
        median[never] = of_everything
    return median.reshape(rows, width, 3), support.reshape(rows, width, 3)[:, :, 0]


def _matched(image: NDArray[np.uint8], exposures: Exposures, number: int) -> NDArray[np.uint8]:
    if exposures.is_plain(number):
        return image
    return _look_up(image, exposures.table(number))


def _resized(mask: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """A mask at another (width, height)."""
    return cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0


def _look_up(image: NDArray[np.uint8], table: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Each value of an (H, W, 3) picture exchanged by a (256, 3) table."""
    return cv2.LUT(image, table[None]).astype(np.uint8, copy=False)


def _preview_size(width: int, height: int) -> tuple[int, int]:
    shrink = max(1, -(-width // _PREVIEW_WIDTH))
    return max(1, width // shrink), max(1, height // shrink)
