"""From linear light to what a cheap camera delivers: haze, exposure, tone, blur, noise, weather, JPEG."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.daylight import Daylight
from core.synthesis.street.film import TONES, TOP, tone_curve
from core.synthesis.street.settings import StreetSettings

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

_MIDDLE = 0.1
_PLATES = 5


class Sensor:
    """One camera's electronics. The same frame always comes out the same."""

    def __init__(self, settings: StreetSettings, light: Daylight, still: Floats, name: str) -> None:
        """Sets the exposure.

        Args:
            still: (H, W, 3) linear picture of the empty street, without haze.
            name: the camera's.
        """
        self._settings = settings
        self._light = light
        self._seed = [settings.seed, 97, *name.encode()]
        rng = np.random.default_rng(self._seed)
        light_seen = np.log(still[still.shape[0] // 4 :].mean(axis=2) + 1e-3)
        self._gain = float(_MIDDLE / max(float(np.exp(light_seen.mean())), 1e-3))
        dark = float(np.clip(self._gain / 4.0, 1.0, 30.0)) ** 0.5
        self._curve = tone_curve(float(rng.uniform(1.05, 1.2)))
        tint = np.array([rng.uniform(0.93, 1.0), 1.0, rng.uniform(1.02, 1.13)])
        colour = float(rng.uniform(0.78, 0.98))
        grey = np.tile([0.25, 0.60, 0.15], (3, 1))
        self._mixing = ((colour * np.eye(3) + (1 - colour) * grey) @ np.diag(tint)).astype(np.float32)
        height, width = still.shape[:2]
        shape = (height + 32, width + 32, 3)
        level = 2.0 * settings.noise * min(dark, 3.0)
        plates = rng.standard_normal((_PLATES, *shape), dtype=np.float32)
        # a cheap camera's noise has passed its own smoothing
        self._plates = [cv2.GaussianBlur(plate, (0, 0), 0.55) * (1.7 * level) for plate in plates]
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        away = ((x - width / 2) ** 2 + (y - height / 2) ** 2) / (width**2 / 4 + height**2 / 4)
        self._corners = (1 - 0.16 * away)[..., None]

    def expose(self, linear: Floats, depth: Floats, index: int) -> Image:
        """The picture of one frame, (H, W, 3) uint8 RGB.

        Args:
            linear: (H, W, 3) light; depth: (H, W), metres, inf for the sky.
        """
        settings, light = self._settings, self._light
        rng = np.random.default_rng([*self._seed, index])
        clear = np.exp(-np.minimum(depth, 1e5) * light.thickness).astype(np.float32)
        clear[~np.isfinite(depth)] = 0.25 if light.thickness > 1 / 100 else 1.0
        seen = linear * clear[..., None] + light.haze * (1 - clear[..., None])
        if light.wet:
            seen = self._rain(seen, rng)
        time = index / settings.fps
        drift = 1 + 0.035 * np.sin(0.31 * time + 1) + 0.015 * np.sin(0.9 * time)
        seen = cv2.transform(seen, self._mixing * np.float32(self._gain * drift * TONES / TOP))
        seen *= self._corners
        if settings.blur_px > 0:
            seen = cv2.GaussianBlur(seen, (0, 0), settings.blur_px)
        picture = np.take(self._curve, seen.astype(np.int32), mode="clip")
        if settings.noise > 0:
            down, right = rng.integers(0, 32, 2)
            height, width = depth.shape
            plate = self._plates[int(rng.integers(_PLATES))]
            picture += plate[down : down + height, right : right + width]
        return self._compressed(np.clip(picture + np.float32(0.5), 0, 255).astype(np.uint8))

    def _rain(self, seen: Floats, rng: np.random.Generator) -> Floats:
        """Streaks of falling drops, brighter than what is behind them."""
        height, width = seen.shape[:2]
        streaks = np.zeros((height, width), dtype=np.uint8)
        count = int(0.0016 * height * width)
        x, y = rng.uniform(0, width, count), rng.uniform(-20, height, count)
        long, clear = rng.uniform(0.02, 0.07, count) * height, rng.integers(40, 256, count)
        for start_x, start_y, length, level in zip(x, y, long, clear.tolist(), strict=True):
            one = (round(start_x), round(start_y))
            two = (round(start_x + 0.12 * length), round(start_y + length))
            cv2.line(streaks, one, two, level, 1, cv2.LINE_AA)
        veil = cv2.GaussianBlur(streaks.astype(np.float32) / 255, (0, 0), 0.5) * 0.055
        return np.asarray(seen + veil[..., None] * self._light.ambient, dtype=np.float32)

    def _compressed(self, picture: Image) -> Image:
        quality = self._settings.jpeg_quality
        if not quality:
            return picture
        done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        assert done
        decoded = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
        return np.ascontiguousarray(decoded[..., ::-1])
