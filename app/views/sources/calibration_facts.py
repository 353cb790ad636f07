"""What a calibration says, in words and in a table: lens, height, tilt, and what a pixel is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from app.views.text import label
from core.records.cameras import CalibrationMethod, CalibrationRecord, RangeUncertainty

WAYS = {
    CalibrationMethod.RECTANGLE: "Rectangle",
    CalibrationMethod.VANISHING_POINTS: "Two directions",
    CalibrationMethod.HORIZON: "Horizon",
    CalibrationMethod.GROUND_POINTS: "Map points",
    CalibrationMethod.POINT_CLOUD: "Point cloud",
    CalibrationMethod.CARS: "From the cars",
    CalibrationMethod.PEOPLE: "From the people",
    CalibrationMethod.IMPORT: "From a file",
}
_UNKNOWN, _UNTOLD = "–", "Nothing tells how far it may be off."
_HEADS = ("at", "along, m/px", "across, m/px", "may be off by")


class CalibrationFacts(QWidget):
    """The facts of one calibration."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        column.addLayout(self._grid)
        self._values: dict[str, tuple[QLabel, QLabel]] = {}
        for row, name in enumerate(("Focal length", "Height", "Tilt", "Lens", "Residual")):
            pair = label(name, "soft"), label("", wrap=True)
            for place, widget in enumerate(pair):
                self._grid.addWidget(widget, row, place, Qt.AlignmentFlag.AlignTop)
            self._values[name] = pair
        self._table = QWidget()
        table = QGridLayout(self._table)
        table.setContentsMargins(0, 0, 0, 0)
        table.setHorizontalSpacing(10)
        table.setVerticalSpacing(3)
        for place, head in enumerate(_HEADS):
            table.addWidget(label(head, "caption"), 0, place, Qt.AlignmentFlag.AlignRight)
        self._cells = [[label("") for _ in _HEADS] for _ in range(4)]
        for row, cells in enumerate(self._cells, start=1):
            for place, cell in enumerate(cells):
                table.addWidget(cell, row, place, Qt.AlignmentFlag.AlignRight)
        column.addWidget(self._table)
        self._notes = label("", "faint", wrap=True)
        column.addWidget(self._notes)

    def show_record(self, record: CalibrationRecord, ranges: Sequence[RangeUncertainty]) -> None:
        """Shows a calibration, and what a pixel is worth by it."""
        sure = record.uncertainty
        fx, fy = record.matrix[0], record.matrix[4]
        angle = 2 * math.degrees(math.atan(record.width / 2 / fx))
        both = f"{fx:.0f} px" if abs(fx - fy) < 0.5 else f"{fx:.0f} and {fy:.0f} px"
        spread = _percent(sure.focal_percent) if sure is not None else ""
        bends = any(record.distortion)
        # through a lens that bends, the sides see further than the focal length says
        self._say("Focal length", f"{both}{spread}" + ("" if bends else f", {angle:.0f}° across"))
        spread = _percent(sure.height_percent) if sure is not None else ""
        unknown = "The ground is not known: draw it next, keeping this lens"
        self._say("Height", f"{record.height_m:.2f} m{spread}" if record.height_m is not None else unknown)
        turn = f" ±{_few(sure.normal_deg, 2)}°" if sure is not None else ""
        tilt = "" if record.normal is None else f"{_tilt(record.normal)}{turn}"
        self._say("Tilt", tilt)
        self._say("Lens", f"bent, {len(record.distortion)} coefficients" if bends else "")
        self._say("Residual", "" if record.residual_px is None else f"{record.residual_px:.2f} px")
        self._show_ranges(ranges)
        self._notes.setText("\n".join(record.notes))
        self._notes.setVisible(bool(record.notes))

    def _show_ranges(self, ranges: Sequence[RangeUncertainty]) -> None:
        self._table.setVisible(bool(ranges))
        for cells, one in zip(self._cells, ranges, strict=False):
            texts = [f"{one.distance_m:.0f} m", *map(_metres, (one.along_m_per_px, one.across_m_per_px))]
            sigma = _UNKNOWN if math.isnan(one.sigma_m) else f"±{_few(one.sigma_m, 2)} m"
            for cell, text in zip(cells, (*texts, sigma), strict=True):
                cell.setText(text)
                cell.setToolTip(_UNTOLD if text == _UNKNOWN else "")

    def _say(self, name: str, text: str) -> None:
        title, value = self._values[name]
        value.setText(text)
        title.setVisible(bool(text))
        value.setVisible(bool(text))


def _tilt(normal: tuple[float, float, float]) -> str:
    """How far the camera looks down and leans; as GroundPlane.tilt."""
    down = math.degrees(math.asin(max(-1.0, min(1.0, -normal[2]))))
    lean = math.degrees(math.atan2(-normal[0], -normal[1]))
    where = f"{abs(down):.1f}° {'down' if down >= 0 else 'up'}"
    return where if abs(lean) < 0.05 else f"{where}, leans {abs(lean):.1f}° {'right' if lean > 0 else 'left'}"


def _percent(value: float) -> str:
    return f" ±{_few(value, 1)} %" if value > 0 else ""


def _few(value: float, digits: int) -> str:
    """So many decimals, or the first digit of what would be written as nought."""
    return f"{value:.{digits}f}" if value == 0 or value >= 0.5 * 10**-digits else f"{value:.1g}"


def _metres(value: float) -> str:
    return "out of sight" if math.isnan(value) else f"{value:.3f}"
