"""A colour for each of many objects: neighbours in number are far apart in hue."""

from __future__ import annotations

from PySide6.QtGui import QColor

_GOLDEN = 0.61803398875


def object_colour(number: int) -> QColor:
    """The colour that goes with a number, such as an id."""
    return QColor.fromHsvF(number * _GOLDEN % 1.0, 0.62, 0.95)
