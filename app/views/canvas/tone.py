"""Contrast and gamma of the picture on the canvas; the stored pixels never change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

_CONTRAST_RANGE = (0.4, 4.0)
_GAMMA_RANGE = (0.25, 4.0)


@dataclass(frozen=True, slots=True)
class Tone:
    """How the picture's values are shown.

    Attributes:
        contrast: slope around the middle grey; 1 leaves it.
        gamma: above 1 brightens the shadows; 1 leaves them.
    """

    contrast: float = 1.0
    gamma: float = 1.0

    @property
    def neutral(self) -> bool:
        """Whether the picture is shown as it is."""
        return abs(self.contrast - 1.0) < 1e-6 and abs(self.gamma - 1.0) < 1e-6

    def with_contrast(self, factor: float) -> Tone:
        """The same with the contrast multiplied, within what still shows a picture."""
        return replace(self, contrast=float(np.clip(self.contrast * factor, *_CONTRAST_RANGE)))

    def with_gamma(self, factor: float) -> Tone:
        """The same with the gamma multiplied, within what still shows a picture."""
        return replace(self, gamma=float(np.clip(self.gamma * factor, *_GAMMA_RANGE)))

    def table(self) -> NDArray[np.uint8]:
        """(256,) uint8: what each value is shown as."""
        values = np.arange(256) / 255.0
        values = np.clip(0.5 + (values - 0.5) * self.contrast, 0.0, 1.0)
        return np.round(255.0 * values ** (1.0 / self.gamma)).astype(np.uint8)

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A toned copy of an (H, W, 3) uint8 picture, or the picture itself when neutral."""
        return image if self.neutral else np.take(self.table(), image)
