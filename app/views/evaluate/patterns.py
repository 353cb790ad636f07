"""By which pattern the bars of one evaluation are told from another's, besides their colour."""

from __future__ import annotations

from PySide6.QtCore import Qt

_PATTERNS = (
    Qt.BrushStyle.NoBrush,
    Qt.BrushStyle.BDiagPattern,
    Qt.BrushStyle.Dense6Pattern,
    Qt.BrushStyle.HorPattern,
    Qt.BrushStyle.FDiagPattern,
    Qt.BrushStyle.CrossPattern,
    Qt.BrushStyle.VerPattern,
)


def bar_pattern(number: int) -> Qt.BrushStyle:
    """The pattern over the colour of a bar."""
    return _PATTERNS[number % len(_PATTERNS)]
