"""The words over the viewport: distances on the grid, signs over cars, the scale and the legend."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen

from app.states.fits import verdict_words
from app.states.scene import ColourBy, Look, Scene, SceneObject
from app.views.canvas.badges import BACKING_COLOUR
from app.views.viewport.colours import ERROR_STOPS, car_sign, legend
from app.views.viewport.looking import to_widget
from app.views.viewport.scene_drawer import Looks

Array = NDArray[np.float64]

_UP = np.array([0.0, 0.0, 1.0])
_TEXT, _FAINT = "#e7e9ee", "#aab6c8"
_LETTERS_PX = 12
_ASIDE_M = -10.0
_SIGN_NEEDS_PX = 16.0  # a car shorter than this on the screen has no room for a sign
_STEPS_M = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_SCALE_PX = 70.0


def paint_labels(
    painter: QPainter,
    size: QSize,
    scene: Scene,
    looks: Looks,
    matrix: Array,
    by: ColourBy,
    hovered: int | None,
) -> None:
    """Draws all of them over the picture of the scene.

    Args:
        size: of the widget, logical pixels.
        matrix: (4, 4) from the world to clip space.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    font = QFont(painter.font())
    font.setPixelSize(_LETTERS_PX)
    painter.setFont(font)
    whole = QRectF(0, 0, size.width(), size.height())
    if scene.on_ground and looks.kind is not Look.CAMERA:
        _paint_distances(painter, whole, matrix, looks.kind)
    _paint_signs(painter, whole, scene, matrix)
    for car in scene.objects:
        if not car.beside and car.instance_id in (scene.selected, hovered):
            _paint_caption(painter, whole, car, matrix, by)
    bottom = whole.bottom() - 10
    if looks.kind is Look.ABOVE:
        _paint_scale(painter, whole, looks.above.pixel_m)
    _paint_legend(painter, bottom, scene, by)
    painter.restore()


def text_on_plate(
    painter: QPainter, whole: QRectF, place: QPointF, text: str, colour: QColor, *, middle: bool = False
) -> QRectF:
    """Letters on a dark plate, kept inside; gives the plate.

    Args:
        place: of the plate's left (or middle) and its lower edge.
    """
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(text) + 10, metrics.height() + 3
    left = place.x() - width / 2 if middle else place.x()
    plate = QRectF(left, place.y() - height, width, height)
    plate.moveRight(min(plate.right(), whole.right() - 2))
    plate.moveLeft(max(plate.left(), whole.left() + 2))
    plate.moveBottom(min(plate.bottom(), whole.bottom() - 2))
    plate.moveTop(max(plate.top(), whole.top() + 2))
    backing = QColor(BACKING_COLOUR)
    backing.setAlpha(205)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(backing)
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(colour)
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
    return plate


def _paint_distances(painter: QPainter, whole: QRectF, matrix: Array, look: Look) -> None:
    """How many metres ahead of the camera the strong lines lie: at the side, where they hide no car."""
    ahead = np.arange(10.0, 130.0, 10.0)
    aside = np.full_like(ahead, _ASIDE_M)
    places = to_widget(
        matrix, np.stack([ahead, aside, np.zeros_like(ahead)], axis=1), whole.width(), whole.height()
    )
    if look is Look.ABOVE:
        places[:, 0] = whole.right() - 40
    last = None
    for metres, (x, y) in zip(ahead.tolist(), places.tolist(), strict=True):
        if not np.isfinite([x, y]).all() or not whole.adjusted(8, 20, -8, -8).contains(x, y):
            continue
        if last is not None and abs(last - y) < 17:
            continue
        last = y
        text_on_plate(painter, whole, QPointF(x + 4, y - 2), f"{metres:.0f} m", QColor(_FAINT))


def _paint_signs(painter: QPainter, whole: QRectF, scene: Scene, matrix: Array) -> None:
    """What is said of each car, by shape: over its roof."""
    for car in scene.objects:
        sign = car_sign(car)
        if not sign or car.beside:
            continue
        top = car.centre + 0.9 * _UP
        across = (top, car.centre - 0.9 * _UP) if car.person else (car.footprint[0], car.footprint[2])
        roof = to_widget(matrix, np.stack([top, *across]), whole.width(), whole.height())
        if not np.isfinite(roof).all() or np.linalg.norm(roof[1] - roof[2]) < _SIGN_NEEDS_PX:
            continue
        x, y = roof[0].tolist()
        if whole.contains(x, y):
            text_on_plate(painter, whole, QPointF(x, y - 2), sign, QColor(_TEXT), middle=True)


def _paint_caption(painter: QPainter, whole: QRectF, car: SceneObject, matrix: Array, by: ColourBy) -> None:
    (x, y), *_ = to_widget(matrix, (car.centre + 1.1 * _UP)[None], whole.width(), whole.height()).tolist()
    if not np.isfinite([x, y]).all():
        return
    words = [car.caption]
    if by is ColourBy.OBJECT:
        text_on_plate(painter, whole, QPointF(x, y - 20), car.caption, QColor(_TEXT), middle=True)
        return
    if car.error is not None:
        words.append(f"{car.error:.1f} × noise")
    if car.coarse:
        words.append("coarse")
    if car.verdict.value != "good":
        words.append(verdict_words(car.verdict, person=car.person))
    if car.stale:
        words.append("stale")
    text_on_plate(painter, whole, QPointF(x, y - 20), "  ".join(words), QColor(_TEXT), middle=True)


def _paint_scale(painter: QPainter, whole: QRectF, pixel_m: float) -> None:
    """A bar of a round number of metres."""
    metres = next((step for step in _STEPS_M if step / pixel_m >= _SCALE_PX), _STEPS_M[-1])
    length = metres / pixel_m
    right, bottom = whole.right() - 14, whole.bottom() - 14
    painter.setPen(QPen(QColor(BACKING_COLOUR), 4.0))
    painter.drawLine(QPointF(right - length, bottom), QPointF(right, bottom))
    painter.setPen(QPen(QColor(_TEXT), 1.8))
    painter.drawLine(QPointF(right - length, bottom), QPointF(right, bottom))
    for x in (right - length, right):
        painter.drawLine(QPointF(x, bottom - 4), QPointF(x, bottom + 4))
    text_on_plate(
        painter, whole, QPointF(right - length / 2, bottom - 5), f"{metres:g} m", QColor(_TEXT), middle=True
    )


def _paint_legend(painter: QPainter, bottom: float, scene: Scene, by: ColourBy) -> None:
    entries = legend(scene.objects, by)
    if not scene.objects or by is ColourBy.OBJECT:
        return
    metrics = QFontMetricsF(painter.font())
    line = metrics.height() + 3
    scale = by is ColourBy.ERROR
    texts = [f"{entry.sign}  {entry.text}".strip() for entry in entries]
    title = {
        ColourBy.ERROR: "Error, × the noise assumed",
        ColourBy.VERDICT: "Verdict",
        ColourBy.TRACK: "A colour for each track",
    }[by]
    width = max([metrics.horizontalAdvance(text) + 20 for text in texts] + [metrics.horizontalAdvance(title)])
    width = max(width, 150.0 if scale else 0.0) + 16
    height = 10 + line * (1 + len(texts)) + (24 if scale else 0)
    plate = QRectF(10, bottom - height, width, height)
    backing = QColor(BACKING_COLOUR)
    backing.setAlpha(205)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(backing)
    painter.drawRoundedRect(plate, 4, 4)
    x, y = plate.left() + 8, plate.top() + 5
    painter.setPen(QColor(_FAINT))
    painter.drawText(QRectF(x, y, width, line), Qt.AlignmentFlag.AlignVCenter, title)
    y += line
    if scale:
        _paint_error_scale(painter, QRectF(x, y + 2, 134, 8))
        y += 24
    for entry, text in zip(entries, texts, strict=True):
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(entry.colour))
        painter.drawRect(QRectF(x, y + line / 2 - 5, 10, 10))
        painter.setPen(QColor(_TEXT))
        painter.drawText(QRectF(x + 18, y, width, line), Qt.AlignmentFlag.AlignVCenter, text)
        y += line


def _paint_error_scale(painter: QPainter, bar: QRectF) -> None:
    last = ERROR_STOPS[-1][0]
    shades = QLinearGradient(bar.topLeft(), bar.topRight())
    for stop, colour in ERROR_STOPS:
        shades.setColorAt(stop / last, QColor(colour))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shades)
    painter.drawRect(bar)
    painter.setPen(QColor(_TEXT))
    for stop in (0.0, 1.0, 2.0, 3.0):
        x = bar.left() + stop / last * bar.width()
        painter.drawLine(QPointF(x, bar.bottom()), QPointF(x, bar.bottom() + 2))
        text = f"{stop:g}" if stop < last else f"{stop:g}+"
        place = QRectF(x - 14, bar.bottom() + 1, 28, 14)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
