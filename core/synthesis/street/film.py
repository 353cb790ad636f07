"""A film's answer to light, as a table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

TONES = 16384
TOP = 6.0
"""Steps of the table, and the brightest linear light in it."""


def tone_curve(contrast: float) -> Floats:
    """Levels 0 to 255 for linear light from 0 to `TOP`: a film's curve, then the screen's gamma."""
    light = np.linspace(0, TOP, TONES) * 1.15
    film = light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14)
    screen = np.clip(film, 0, 1) ** (1 / 2.2)
    screen = np.clip(0.5 + (screen - 0.5) * contrast, 0, 1)
    return np.asarray(5 + 246 * screen, dtype=np.float32)
