"""BORDER: is an object cut by the picture's border?"""

from __future__ import annotations

from core.mining.occlusion.margins import margin_above
from core.mining.occlusion.settings import OcclusionSettings
from core.records.boxes import Box
from core.records.occlusion import OcclusionTest, TestOutcome

_SIZE_SHARE = 0.01  # a detector's boxes err with the object's size


def border_outcome(box: Box, width: int, height: int, settings: OcclusionSettings) -> TestOutcome:
    """How far an object's box lies inside the picture.

    Args:
        width, height: of the picture, pixels.

    Returns:
        the outcome, its value and threshold in pixels; cut is what lies at the threshold or nearer.
    """
    distances = {
        "left": box.x,
        "top": box.y,
        "right": width - box.right,
        "bottom": height - box.bottom,
    }
    side = min(distances, key=lambda name: distances[name])
    value = max(float(distances[side]), 0.0)
    threshold = settings.border_px + _SIZE_SHARE * box.size
    cut = value <= threshold
    detail = f"cut by the {side} border" if cut else f"{value:.0f} px from the {side} border"
    margin = margin_above(value, threshold)
    return TestOutcome(OcclusionTest.BORDER, value, threshold, cut, margin, None, detail)
