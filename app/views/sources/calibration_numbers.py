"""The fields beside a drawing: metres, pixels, and where points are on the map."""

from __future__ import annotations

import math

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.views.icons import IconButton
from app.views.text import label, set_role
from core.records.cameras import CalibrationMethod
from core.records.sketches import Point, Sketch, StrokeRole


class NumberField(QLineEdit):
    """A field for a number above zero, or for nothing.

    Signals:
        number_changed(object): the number, or None where there is none.
    """

    number_changed = Signal(object)

    def __init__(self, name: str, hint: str = "", above: float | None = 0.0) -> None:
        super().__init__()
        self._above = above
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setMinimumWidth(56)
        self.textChanged.connect(self._on_text)

    @property
    def number(self) -> float | None:
        """What is typed, or None where it is no such number."""
        try:
            value = float(self.text().strip().replace(",", "."))
        except ValueError:
            return None
        return value if math.isfinite(value) and (self._above is None or value > self._above) else None

    def show_number(self, value: float | None) -> None:
        """Shows a number, unless it is what is typed already."""
        if value != self.number:
            self.blockSignals(True)
            self.setText("" if value is None else f"{value:.10g}")
            self.blockSignals(False)
            self._mark()

    def _on_text(self) -> None:
        self._mark()
        self.number_changed.emit(self.number)

    def _mark(self) -> None:
        set_role(self, "bad", "true" if self.text().strip() and self.number is None else "false")


class CalibrationNumbers(QWidget):
    """The fields that the chosen way needs.

    Signals:
        sides_changed(object): (first, second) metres of the rectangle, or None.
        number_changed(str, object): height_m, length_m or focal_px, and its value or None.
        place_changed(int, object): a stroke, and where it is on the map or None.
        degrees_changed(bool), keep_lens_changed(bool).
        removed(int): a stroke to take away.
    """

    sides_changed = Signal(object)
    number_changed = Signal(str, object)
    place_changed = Signal(int, object)
    degrees_changed = Signal(bool)
    keep_lens_changed = Signal(bool)
    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(7)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        self.first_side = NumberField("Side from corner 1 to 2, metres", "such as 20")
        self.second_side = NumberField("Side from corner 2 to 3, metres", "such as 7")
        self.mast = NumberField("Camera's height above the road, metres", "metres")
        self.length = NumberField("Known length, metres", "metres")
        self.focal = NumberField("Focal length, pixels", "sought if left empty")
        self._rows = {
            name: self._row(grid, row, text, field, unit)
            for row, (name, text, field, unit) in enumerate(
                (
                    ("first", "Side 1–2", self.first_side, "m"),
                    ("second", "Side 2–3", self.second_side, "m"),
                    ("height", "Camera's height", self.mast, "m"),
                    ("length", "Known length", self.length, "m"),
                    ("focal", "Focal length", self.focal, "px"),
                )
            )
        }
        self.degrees = QCheckBox("Places are latitude, longitude")
        self._places = QWidget()
        self._place_grid = QGridLayout(self._places)
        self._place_grid.setContentsMargins(0, 0, 0, 0)
        self._place_fields: list[tuple[NumberField, NumberField]] = []
        self._place_strokes: list[int] = []
        self.keep_lens = QCheckBox("Keep the lens of the calibration in force")
        for widget in (self._places, self.degrees, self.keep_lens):
            column.addWidget(widget)
        for field in (self.first_side, self.second_side):
            field.number_changed.connect(lambda _: self._tell_sides())
        self.mast.number_changed.connect(lambda value: self.number_changed.emit("height_m", value))
        self.length.number_changed.connect(lambda value: self.number_changed.emit("length_m", value))
        self.focal.number_changed.connect(lambda value: self.number_changed.emit("focal_px", value))
        self.degrees.toggled.connect(self.degrees_changed)
        self.keep_lens.toggled.connect(self.keep_lens_changed)

    def show_sketch(self, sketch: Sketch, has_lens: bool) -> None:
        """Shows the fields of a sketch.

        Args:
            has_lens: whether there is a calibration whose lens can be kept.
        """
        way = sketch.way
        shown = {
            "first": way is CalibrationMethod.RECTANGLE,
            "second": way is CalibrationMethod.RECTANGLE,
            "height": way in (CalibrationMethod.VANISHING_POINTS, CalibrationMethod.HORIZON),
            "length": way is CalibrationMethod.VANISHING_POINTS,
            "focal": not sketch.keep_lens,
        }
        for name, widgets in self._rows.items():
            for widget in widgets:
                widget.setVisible(shown[name])
        if sketch.sides_m is not None:
            self.first_side.show_number(sketch.sides_m[0])
            self.second_side.show_number(sketch.sides_m[1])
        self.mast.show_number(sketch.height_m)
        self.length.show_number(sketch.length_m)
        self.focal.show_number(sketch.focal_px)
        by_map = way is CalibrationMethod.GROUND_POINTS
        for box, checked, visible in (
            (self.degrees, sketch.degrees, by_map),
            (self.keep_lens, sketch.keep_lens, has_lens or sketch.keep_lens),
        ):
            box.setVisible(visible)
            box.blockSignals(True)
            box.setChecked(checked)
            box.blockSignals(False)
        self._places.setVisible(by_map and bool(sketch.strokes))
        if by_map:
            self._show_places(sketch)

    def clear(self) -> None:
        """Empties the fields, as for another way."""
        for field in (self.first_side, self.second_side, self.mast, self.length, self.focal):
            field.show_number(None)
            if field.text():
                field.blockSignals(True)
                field.clear()
                field.blockSignals(False)

    def _show_places(self, sketch: Sketch) -> None:
        drawn = [number for number, one in enumerate(sketch.strokes) if one.role is StrokeRole.PLACE]
        if drawn != self._place_strokes:
            self._place_strokes = drawn
            self._make_places(sketch)
        for (x, y), number in zip(self._place_fields, drawn, strict=True):
            hints = ("latitude", "longitude") if sketch.degrees else ("x, m east", "y, m north")
            for field, hint in zip((x, y), hints, strict=True):
                field.setPlaceholderText(hint)
            place = sketch.strokes[number].place
            if place is not None:
                x.show_number(place[0])
                y.show_number(place[1])

    def _make_places(self, sketch: Sketch) -> None:
        while (item := self._place_grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        kept = [(x.text(), y.text()) for x, y in self._place_fields]
        self._place_fields = []
        for row, number in enumerate(self._place_strokes):
            x = NumberField(f"Point {row + 1}, east or latitude", above=None)
            y = NumberField(f"Point {row + 1}, north or longitude", above=None)
            place = sketch.strokes[number].place
            if place is not None:
                x.show_number(place[0])
                y.show_number(place[1])
            elif row < len(kept):
                x.setText(kept[row][0])
                y.setText(kept[row][1])
            away = IconButton("close", f"Take point {row + 1} away", size=14)
            away.clicked.connect(lambda _=False, number=number: self.removed.emit(number))
            for field in (x, y):
                field.number_changed.connect(
                    lambda _, number=number, x=x, y=y: self._tell_place(number, x, y)
                )
            for place_in_row, widget in enumerate((label(str(row + 1), "soft"), x, y, away)):
                self._place_grid.addWidget(widget, row, place_in_row)
            self._place_fields.append((x, y))

    def _tell_place(self, number: int, x: NumberField, y: NumberField) -> None:
        place: Point | None = None
        if x.number is not None and y.number is not None:
            place = (x.number, y.number)
        self.place_changed.emit(number, place)

    def _tell_sides(self) -> None:
        first, second = self.first_side.number, self.second_side.number
        self.sides_changed.emit(None if first is None or second is None else (first, second))

    @staticmethod
    def _row(grid: QGridLayout, row: int, text: str, field: NumberField, unit: str) -> tuple[QWidget, ...]:
        name = label(text, "soft")
        name.setBuddy(field)
        area = QWidget()
        line = QHBoxLayout(area)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(field, 1)
        line.addWidget(label(unit, "soft"))
        grid.addWidget(name, row, 0)
        grid.addWidget(area, row, 1)
        return name, area
