"""A small painted street for the motion detector: a textured background and objects of known outline."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np


@dataclass
class Street:
    """A background and what stands before it.

    Attributes:
        width, height: of the picture. seed: of texture and noise.
    """

    width: int = 640
    height: int = 360
    seed: int = 0
    background: np.ndarray = field(init=False)
    image: np.ndarray = field(init=False)
    truth: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        y, x = np.mgrid[: self.height, : self.width].astype(np.float32)
        shade = 95 + 50 * y / self.height + 12 * np.sin(x / 57.0)
        grain = cv2.GaussianBlur(rng.normal(0, 9, (self.height, self.width)).astype(np.float32), (0, 0), 1.2)
        gray = shade + grain
        colour = np.stack([gray * 1.02, gray, gray * 0.97], axis=2)
        for start in range(0, self.width, 90):  # lane marks
            top = int(self.height * 0.7)
            cv2.line(colour, (start, top), (start + 40, top), (215, 215, 205), 3)
        self.background = np.clip(colour, 0, 255).astype(np.uint8)
        self.image = self.background.copy()

    def car(self, x: int, y: int, w: int, h: int, body: tuple[int, int, int] = (200, 40, 35)) -> np.ndarray:
        """Paints a car in the box (x, y, w, h) and returns its mask."""
        mask = np.zeros((self.height, self.width), dtype=np.uint8)
        roof = np.array(
            [[0, 0.45], [0.18, 0.4], [0.3, 0.02], [0.75, 0.02], [0.88, 0.4], [1, 0.5], [1, 0.95], [0, 0.95]]
        )
        points = np.rint(roof * [w - 1, h - 1] + [x, y]).astype(np.int32)
        cv2.fillPoly(mask, [points], 1)
        paint = np.zeros_like(self.image)
        paint[:] = body
        window = np.array([[0.22, 0.42], [0.33, 0.1], [0.72, 0.1], [0.84, 0.42]])
        glass = np.rint(window * [w - 1, h - 1] + [x, y]).astype(np.int32)
        cv2.fillPoly(paint, [glass], (40, 48, 60))
        for share in (0.22, 0.78):
            wheel = (round(x + share * w), round(y + 0.86 * h))
            for canvas, value in ((paint, (18, 18, 20)), (mask, 1)):
                cv2.circle(canvas, wheel, max(round(0.13 * h), 1), value, -1)
        self.image = np.where(mask[..., None] > 0, paint, self.image)
        self.truth.append(mask.astype(bool))
        return mask.astype(bool)

    def person(self, x: int, y: int, w: int, h: int, coat: tuple[int, int, int] = (30, 34, 60)) -> np.ndarray:
        """Paints a standing person in the box (x, y, w, h) and returns the mask."""
        mask = np.zeros((self.height, self.width), dtype=np.uint8)
        middle = x + w // 2
        cv2.ellipse(mask, (middle, round(y + 0.09 * h)), (round(0.2 * w), round(0.09 * h)), 0, 0, 360, 1, -1)
        cv2.ellipse(mask, (middle, round(y + 0.38 * h)), (round(0.42 * w), round(0.24 * h)), 0, 0, 360, 1, -1)
        for side in (-0.22, 0.22):
            hip = (round(middle + side * w * 0.5), round(y + 0.55 * h))
            foot = (round(middle + side * w), y + h - round(0.08 * w))
            cv2.line(mask, hip, foot, 1, max(round(0.26 * w), 2))
        paint = np.zeros_like(self.image)
        paint[:] = coat
        paint[: round(y + 0.18 * h)] = (190, 150, 125)
        paint[round(y + 0.58 * h) :] = (60, 70, 120)
        self.image = np.where(mask[..., None] > 0, paint, self.image)
        self.truth.append(mask.astype(bool))
        return mask.astype(bool)

    def shadow(self, points: list[tuple[int, int]], strength: float = 0.6, blur: float = 5.0) -> np.ndarray:
        """Darkens a soft polygon where no object stands, and returns where it is noticeably darker."""
        mask = np.zeros((self.height, self.width), dtype=np.float32)
        cv2.fillPoly(mask, [np.array(points, dtype=np.int32)], 1.0)
        mask = cv2.GaussianBlur(mask, (0, 0), blur)
        for standing in self.truth:
            mask[standing] = 0
        factor = 1 - (1 - strength) * mask
        self.image = np.clip(self.image * factor[..., None], 0, 255).astype(np.uint8)
        return mask > 0.3

    def exposed(self, gain: float, offset: float) -> None:
        """Changes the exposure of the whole picture."""
        self.image = np.clip(self.image.astype(np.float32) * gain + offset, 0, 255).astype(np.uint8)

    def noisy(self, sigma: float) -> None:
        """Adds sensor noise."""
        rng = np.random.default_rng(self.seed + 1)
        noise = rng.normal(0, sigma, self.image.shape)
        self.image = np.clip(self.image + noise, 0, 255).astype(np.uint8)

    def compressed(self, quality: int) -> None:
        """Sends the picture through JPEG."""
        _, data = cv2.imencode(".jpg", self.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        self.image = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
