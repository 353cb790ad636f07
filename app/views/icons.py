"""Line icons from resources/icons in the colours of the theme, sharp at every scale."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from app.theme import Theme, current_theme, svg_text

_SCALES = (1, 2)


def icon_pixmap(name: str, color: str, size: int, scale: float = 1.0) -> QPixmap:
    """An icon drawn at a size in device-independent pixels.

    Args:
        name: file in resources/icons, without its ending.
        color: "#rrggbb".
    """
    pixels = round(size * scale)
    key = f"amodal {name} {color} {pixels} {scale}"
    pixmap = QPixmap()
    if QPixmapCache.find(key, pixmap):
        return pixmap
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg_text(name, color).encode())).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    QPixmapCache.insert(key, pixmap)
    return pixmap


def themed_icon(name: str, token: str = "text_soft", size: int = 20, theme: Theme | None = None) -> QIcon:
    """An icon in a colour of the theme in force, greyed where its widget is disabled."""
    theme = theme or current_theme()
    icon = QIcon()
    for scale in _SCALES:
        icon.addPixmap(icon_pixmap(name, theme.colors[token], size, scale))
        icon.addPixmap(icon_pixmap(name, theme.colors["line_strong"], size, scale), QIcon.Mode.Disabled)
    return icon


class IconButton(QToolButton):
    """A flat button with an icon that follows the theme.

    Args:
        icon: file in resources/icons.
        tip: what it does; also its name for screen readers.
        token: the icon's colour.
        size: of the icon, device-independent pixels.
    """

    def __init__(
        self, icon: str, tip: str, parent: QWidget | None = None, token: str = "text_soft", size: int = 18
    ) -> None:
        super().__init__(parent)
        self._icon, self._token = icon, token
        self._drawn = ("", "")
        self.setIconSize(QSize(size, size))
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._tint()

    def set_icon(self, icon: str, token: str | None = None) -> None:
        """Shows another icon."""
        self._icon, self._token = icon, token or self._token
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def _tint(self) -> None:
        wanted = (self._icon, current_theme().colors[self._token])
        if wanted != self._drawn:
            self._drawn = wanted
            self.setIcon(themed_icon(self._icon, self._token, self.iconSize().width()))


class TextButton(QPushButton):
    """A button with words, and if wanted an icon that follows the theme.

    Args:
        text: what it does.
        kind: "", primary, plain or chip: how much it stands out.
        icon: file in resources/icons, or "".
    """

    def __init__(self, text: str, kind: str = "", icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._icon = icon
        self._kind = kind
        self._drawn = ("", "")
        if kind:
            self.setProperty("kind", kind)
        if kind == "chip":
            self.setCheckable(True)
        self.setAutoDefault(False)
        self._tint()

    def set_icon(self, icon: str) -> None:
        """Shows another icon."""
        self._icon = icon
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def _tint(self) -> None:
        if self._icon:
            token = {"primary": "on_accent", "plain": "accent"}.get(self._kind, "text_soft")
            wanted = (self._icon, current_theme().colors[token])
            if wanted != self._drawn:
                self._drawn = wanted
                self.setIcon(themed_icon(self._icon, token, 16))
                self.setIconSize(QSize(16, 16))


class IconLabel(QLabel):
    """An icon that only shows something, in a colour of the theme."""

    def __init__(
        self, icon: str, token: str = "text_soft", size: int = 18, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._icon, self._token, self._size = icon, token, size
        self._drawn = ("", "", 0.0)
        self.setFixedSize(size, size)
        self._tint()

    def set_icon(self, icon: str, token: str) -> None:
        """Shows another icon."""
        self._icon, self._token = icon, token
        self._tint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._tint()

    def _tint(self) -> None:
        wanted = (self._icon, current_theme().colors[self._token], self.devicePixelRatioF())
        if wanted != self._drawn:
            self._drawn = wanted
            self.setPixmap(icon_pixmap(self._icon, wanted[1], self._size, wanted[2]))
