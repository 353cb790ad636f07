"""How a frame differs from its median background, whatever the exposure, the noise and the wind do."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Plane = NDArray[np.uint8]
Table = NDArray[np.uint8]
Samples = NDArray[np.float32]

_SAMPLES = 400  # places where exposure and noise are measured
_BRIGHTNESS_BINS = 4
_CURVE_BINS = 6
_LEAST_SAMPLES = 32
_BESIDE = 3  # small pixels between the two places that noise is measured at
_ROUNDS = 2
_RATIO_BINS = 48
_CORE_SHARE = 0.4  # of the samples, which surely show the same thing in the same light
_LEAST_SHARE_OF_BIN = 0.25
_DARKEST, _BRIGHTEST = 6, 249  # beyond these a sensor clips, and says nothing of exposure
_LEAST_GAIN, _MOST_GAIN = 0.4, 2.5
_SIGMA_OF_MAD = 1.4826
_LEVELS_TO_BOTHER = 1.5  # exposure changes smaller than this are left alone

_AROUND = cv2.getStructuringElement(cv2.MORPH_RECT, (3, 3))
_RATIO_ONE = 128  # a ratio of 1 between frame and background, as a byte
_DARKEST_SHADOW, _BRIGHTEST_LIGHT = 50, 205  # ratios of 0.4 and 1.6
_ROUGH_STEP = 12  # a smooth ratio changes by less than this within three pixels: a tenth
NO_LIGHT, LIGHT_EDGE, LIGHT = 0, 1, 2
_TINT = 12  # grey levels by which a channel may miss what the light explains


def shrink_factor(width: int, height: int) -> int:
    """By how much a picture is shrunk to look for blobs; their outlines are then drawn at full size."""
    long_side = max(width, height)
    if long_side < 512:
        return 1
    return 2 if long_side < 1440 else 3 if long_side < 2300 else max(4, long_side // 800)


@dataclass(frozen=True, slots=True, eq=False)
class BackgroundModel:
    """A background, prepared for comparing many frames with it.

    Attributes:
        image: (H, W, 3) uint8, as it came.
        factor: by how much `small`, `low` and `high` are shrunk.
        small: (h, w, 3) uint8, shrunk.
        low, high: (h, w, 3) uint8, least and greatest value of each channel among the neighbours: where
            leaves sway or an edge shivers, the frame may take any value between.
        gray: (h, w) uint8, brightness of `small`.
        places: (n,) places of smooth parts in the flattened small picture, over all brightnesses.
        levels: (3, n) float32, the background's levels there.
        beside, levels_beside: the same for places a few pixels to the side.
        bins: the samples in bins of brightness, dark first.
        knots: (3, bins) the channels' median levels in each bin, ascending.
    """

    image: Picture
    factor: int
    small: Picture
    low: Picture
    high: Picture
    gray: Plane
    places: NDArray[np.intp]
    levels: NDArray[np.float32]
    beside: NDArray[np.intp]
    levels_beside: NDArray[np.float32]
    bins: tuple[NDArray[np.intp], ...]
    knots: NDArray[np.float64]

    @classmethod
    def of(cls, image: Picture) -> BackgroundModel:
        """Prepares a background of shape (H, W, 3)."""
        height, width = image.shape[:2]
        factor = shrink_factor(width, height)
        small = shrunk(image, factor)
        low = np.asarray(cv2.erode(small, _AROUND), dtype=np.uint8)
        high = np.asarray(cv2.dilate(small, _AROUND), dtype=np.uint8)
        gray = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        places = _smooth_places(small, strongest_channel(np.asarray(cv2.subtract(high, low), dtype=np.uint8)))
        beside = np.minimum(places + _BESIDE, small.shape[0] * small.shape[1] - 1)
        levels, levels_beside = (
            np.ascontiguousarray(small.reshape(-1, 3)[where].T, dtype=np.float32)
            for where in (places, beside)
        )
        bins = tuple(np.array_split(np.argsort(levels.sum(axis=0), kind="stable"), _CURVE_BINS))
        middles = [np.median(levels[:, part], axis=1) if part.size else np.zeros(3) for part in bins]
        knots = np.maximum.accumulate(np.stack(middles, axis=1), axis=1)
        return cls(image, factor, small, low, high, gray, places, levels, beside, levels_beside, bins, knots)


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """How a frame's light relates to its background's.

    Attributes:
        table: (256, 3) uint8: what each level of the frame would be in the background's light; None where
            the light is the same.
        noise: standard deviation of what is left, grey levels.
    """

    table: Table | None
    noise: float

    def corrected(self, picture: Picture) -> Picture:
        """A (h, w, 3) piece of the frame in the background's light."""
        if self.table is None:
            return picture
        return np.asarray(cv2.LUT(picture, self.table.reshape(1, 256, 3)), dtype=np.uint8)


def shrunk(picture: Picture, factor: int) -> Picture:
    """A picture shrunk by a whole factor, each pixel the mean of those it covers."""
    if factor == 1:
        return picture
    height, width = picture.shape[:2]
    size = (max(width // factor, 1), max(height // factor, 1))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def measure_exposure(frame: Picture, model: BackgroundModel) -> Exposure:
    """The tone curve of each channel between a frame and its background.

    Trimmed least squares give gain and offset, medians in bins of brightness the rest of a camera's curve.
    Both leave out what moved: the curve holds while less than about half of the picture is covered.

    Args:
        frame: (h, w, 3) uint8, shrunk by the model's factor.
    """
    then = model.levels
    if then.shape[1] < _LEAST_SAMPLES:
        return Exposure(None, 0.0)
    now = np.ascontiguousarray(frame.reshape(-1, 3)[model.places].T, dtype=np.float32)
    gain, offset, same = _fit_lines(then, now)
    miss = (now - offset) / gain - then
    misses = np.zeros((3, _CURVE_BINS))
    for number, part in enumerate(model.bins):
        kept = part[same[part]]
        if kept.size > _LEAST_SHARE_OF_BIN * part.size:
            misses[:, number] = _medians(miss[:, kept])[:, 0]
    steps = np.arange(256, dtype=np.float64)
    table = np.empty((256, 3), dtype=np.uint8)
    change = 0.0
    for channel in range(3):
        meant = (steps - offset[channel, 0]) / gain[channel, 0]
        meant -= np.interp(meant, model.knots[channel], misses[channel])
        table[:, channel] = np.clip(np.rint(meant), 0, 255)
        change = max(change, float(np.abs(meant - steps)[16:240].max()))
    beside = np.ascontiguousarray(frame.reshape(-1, 3)[model.beside].T, dtype=np.float32)
    # of two places close together: a cloud that the curve misses is no noise
    apart = np.abs((now - then) - (beside - model.levels_beside)) / np.sqrt(2.0)
    noise = _SIGMA_OF_MAD * float(_medians(apart).max())
    return Exposure(table if change >= _LEVELS_TO_BOTHER else None, noise)


def _smooth_places(small: Picture, spread: Plane) -> NDArray[np.intp]:
    """Where the background is smooth, in about equal numbers over its brightnesses."""
    brightness = small.reshape(-1, 3).mean(axis=1)
    usable = np.flatnonzero((small.min(axis=2) > _DARKEST).ravel() & (small.max(axis=2) < _BRIGHTEST).ravel())
    if usable.size == 0:
        return np.arange(0)
    rough = spread.ravel()[usable]
    edges = np.quantile(brightness[usable], np.linspace(0, 1, _BRIGHTNESS_BINS + 1)[1:-1])
    bins = np.searchsorted(edges, brightness[usable])
    chosen = []
    for number in range(_BRIGHTNESS_BINS):
        members = np.flatnonzero(bins == number)
        if members.size == 0:
            continue
        smooth = members[rough[members] <= np.median(rough[members])]
        step = max(1, smooth.size * _BRIGHTNESS_BINS // _SAMPLES)
        chosen.append(usable[smooth[step // 2 :: step]])
    return np.concatenate(chosen)


def _fit_lines(then: Samples, now: Samples) -> tuple[Samples, Samples, NDArray[np.bool_]]:
    """Gain and offset (3, 1) of now = gain * then + offset, and which samples (n,) they hold for."""
    clear = np.asarray(((now > _DARKEST) & (now < _BRIGHTEST)).all(axis=0))
    gain = np.full((3, 1), _commonest_ratio(then.sum(axis=0), now.sum(axis=0)), dtype=np.float32)
    offset = np.zeros((3, 1), dtype=np.float32)
    same = clear
    for _ in range(_ROUNDS):
        residual = now - (gain * then + offset)
        # what stands out in one channel is left out of all, or each would follow something else
        far = np.abs(residual - _medians(residual)).max(axis=0)
        usual = np.partition(far, int(far.size * _CORE_SHARE))[int(far.size * _CORE_SHARE)]
        same = np.logical_and(far <= max(2.5 * float(usual), 2.5), clear)
        count = int(np.count_nonzero(same))
        if count < _LEAST_SAMPLES:
            return np.ones_like(gain), np.zeros_like(offset), clear
        x, y = then[:, same], now[:, same]
        mean_x, mean_y = x.mean(axis=1, keepdims=True), y.mean(axis=1, keepdims=True)
        centred = x - mean_x
        spread = (centred * x).mean(axis=1, keepdims=True)
        slope = (centred * y).mean(axis=1, keepdims=True) / np.maximum(spread, 1e-6)
        # where all is of one level, gain and offset cannot be told apart
        gain = np.where(spread > 4.0, np.clip(slope, _LEAST_GAIN, _MOST_GAIN), gain)
        offset = mean_y - gain * mean_x
    return gain, offset, same


def _commonest_ratio(then: Samples, now: Samples) -> float:
    """The commonest ratio of brightness: unlike the median, it is no mixture of sun and shade."""
    low, high = math.log(_LEAST_GAIN), math.log(_MOST_GAIN)
    logs = np.log(np.clip(now / np.maximum(then, 1.0), _LEAST_GAIN, _MOST_GAIN))
    step = (high - low) / _RATIO_BINS
    places = np.minimum(((logs - low) / step).astype(np.intp), _RATIO_BINS - 1)
    smooth = np.convolve(np.bincount(places, minlength=_RATIO_BINS), (1, 2, 3, 2, 1), mode="same")
    return math.exp(low + (int(smooth.argmax()) + 0.5) * step)


def _medians(values: Samples) -> Samples:
    """(3, n) -> (3, 1) upper medians; faster than numpy's on a few hundred values."""
    middle = values.shape[1] // 2
    return np.partition(values, middle, axis=1)[:, middle : middle + 1]


def outside_range(frame: Picture, model: BackgroundModel) -> Plane:
    """How far each pixel lies outside what the background allows there, over all channels.

    Args:
        frame: (h, w, 3) uint8, shrunk by the model's factor, in the background's light.

    Returns:
        (h, w) uint8, grey levels; 0 inside the range.
    """
    above = cv2.subtract(frame, model.high)
    below = cv2.subtract(model.low, frame)
    return strongest_channel(np.asarray(cv2.max(above, below), dtype=np.uint8))


def strongest_channel(picture: Picture) -> Plane:
    """(h, w) greatest of the three channels."""
    first, second, third = cv2.split(picture)
    return np.asarray(cv2.max(cv2.max(first, second), third), dtype=np.uint8)


def explained_by_light(frame: Picture, model: BackgroundModel, noise: float) -> Plane:
    """Where the frame may be the background in another light: shadows, clouds, headlights on the road.

    There the ratio of frame to background is mild, the same in all channels, and smooth: a shadow has the
    texture of what it falls on, an object its own. A dark car's smooth door passes too; whoever uses this
    takes the whole inside of an object back once its edges are found.

    Args:
        frame: (h, w, 3) uint8, shrunk by the model's factor, in the background's light.
        noise: standard deviation of the frame's levels.

    Returns:
        (h, w) uint8: `NO_LIGHT` where light explains nothing, `LIGHT_EDGE` where it may be a shadow's edge
        or an object's, `LIGHT` where light alone may explain it.
    """
    brightness = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)
    ratio = np.asarray(cv2.divide(brightness, model.gray, scale=_RATIO_ONE), dtype=np.uint8)
    mild = cv2.inRange(ratio, np.array([_DARKEST_SHADOW]), np.array([_BRIGHTEST_LIGHT]))
    steps = cv2.morphologyEx(ratio, cv2.MORPH_GRADIENT, _AROUND)
    smooth = cv2.threshold(steps, _ROUGH_STEP + noise, 1, cv2.THRESH_BINARY_INV)[1]
    expected = cv2.multiply(model.small, cv2.merge([ratio, ratio, ratio]), scale=1.0 / _RATIO_ONE)
    tint = strongest_channel(np.asarray(cv2.absdiff(frame, expected), dtype=np.uint8))
    gray = cv2.threshold(tint, _TINT + noise, 1, cv2.THRESH_BINARY_INV)[1]
    tone = cv2.bitwise_and(gray, mild)  # 255 & 1 is 1
    return np.asarray(cv2.add(tone, cv2.bitwise_and(tone, smooth)), dtype=np.uint8)
