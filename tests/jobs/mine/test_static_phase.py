"""Crops that mining kept, as evidence of what stands in front."""

from __future__ import annotations

import numpy as np

from core.jobs.mine.crops import cut_crop
from core.jobs.mine.static_phase import _decoded
from core.records.boxes import Box


def test_a_shrunk_crop_comes_back_at_the_pictures_scale_and_place() -> None:
    across = np.linspace(0, 255, 200).astype(np.uint8)
    image = np.repeat(np.tile(across, (150, 1))[..., None], 3, axis=2)
    kept = cut_crop(image, Box(60, 40, 80, 50), longest_px=40)
    crop = _decoded(kept.data, Box(kept.x, kept.y, kept.w, kept.h))
    part = image[crop.y : crop.y + crop.image.shape[0], crop.x : crop.x + crop.image.shape[1]]
    assert crop.image.shape == (kept.h, kept.w, 3)
    assert np.abs(crop.image.astype(int) - part).mean() < 4
