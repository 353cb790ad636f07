"""The colours of the window, light or dark, and how the application takes them on."""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

log = logging.getLogger(__name__)
_PROPERTY = "amodal theme"
_FAMILIES = ["Inter", "Segoe UI Variable Text", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "Ubuntu"]


@dataclass(frozen=True)
class Theme:
    """A set of named colours.

    Attributes:
        name: light or dark.
        colors: token -> "#rrggbb".
    """

    name: str
    colors: Mapping[str, str]

    def color(self, token: str) -> QColor:
        """A colour by its name in resources/themes."""
        return QColor(self.colors[token])

    @cached_property
    def dark(self) -> bool:
        """Whether it is a dark one."""
        return self.name == "dark"


@cache
def load_theme(name: str) -> Theme:
    """Reads resources/themes/NAME.toml, once."""
    text = files("resources").joinpath("themes", f"{name}.toml").read_text(encoding="utf-8")
    return Theme(name, tomllib.loads(text)["colors"])


def current_theme() -> Theme:
    """The theme of the running application; the light one where none was chosen."""
    application = QApplication.instance()
    theme = application.property(_PROPERTY) if application is not None else None
    return theme if isinstance(theme, Theme) else load_theme("light")


class ThemeKeeper(QObject):
    """Applies the chosen theme to the application, and follows the system's where that is the choice.

    Args:
        application: the one there is.
        drawn_folder: where arrows and ticks in the theme's colours are written for the style sheet.

    Signals:
        changed(Theme): after the application took on another theme.
    """

    changed = Signal(object)

    def __init__(self, application: QApplication, drawn_folder: Path) -> None:
        super().__init__()
        self._application = application
        self._choice = "system"
        self._text_size = 10
        self._applied: tuple[str, int] | None = None
        self._drawn_folder = drawn_folder
        application.styleHints().colorSchemeChanged.connect(self._follow)

    def apply(self, choice: str, text_size: int) -> None:
        """Takes on a theme.

        Args:
            choice: system, light or dark.
            text_size: of ordinary letters, points.
        """
        self._choice, self._text_size = choice, text_size
        name = choice if choice != "system" else self._system()
        if (name, text_size) == self._applied:
            return
        self._applied = (name, text_size)
        theme = load_theme(name)
        self._application.setProperty(_PROPERTY, theme)
        self._application.setFont(_font(self._application, text_size))
        self._application.setPalette(_palette(theme))
        self._application.setStyleSheet(self._style_sheet(theme, text_size))
        self.changed.emit(theme)

    def close(self) -> None:
        """Stops following the system."""
        self._application.styleHints().colorSchemeChanged.disconnect(self._follow)

    def _follow(self, _: object) -> None:
        if self._choice == "system":
            self.apply("system", self._text_size)

    def _system(self) -> str:
        scheme = self._application.styleHints().colorScheme()
        return "dark" if scheme == Qt.ColorScheme.Dark else "light"

    def _style_sheet(self, theme: Theme, text_size: int) -> str:
        text = files("resources").joinpath("themes", "window.qss").read_text(encoding="utf-8")
        words: dict[str, str] = dict(theme.colors)
        words["display"] = str(round(text_size * 2.1))
        words["title"] = str(round(text_size * 1.3))
        words["small"] = str(max(text_size - 1, 7))
        for name, icon, token in (
            ("chevron_down", "chevron-down", "text_soft"),
            ("chevron_up", "chevron-up", "text_soft"),
            ("chevron_right", "chevron-right", "text_soft"),
            ("tick", "check", "on_accent"),
            ("tick_text", "check", "text"),
        ):
            words[name] = self._draw(icon, theme.colors[token])
        return Template(text).substitute(words)

    def _draw(self, icon: str, color: str) -> str:
        """What a style sheet shows, which can only name a picture's file: writes the tinted icon there."""
        path = self._drawn_folder / f"{icon}-{color[1:]}.svg"
        text = svg_text(icon, color)
        try:
            # another window may show the file just now: leave it alone unless it differs
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                self._drawn_folder.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        except OSError as problem:
            log.warning("the arrows of the theme cannot be drawn: %s", problem)
            return "none"
        return f'url("{path.as_posix()}")'


@lru_cache(maxsize=256)
def svg_text(icon: str, color: str) -> str:
    """An icon of resources/icons with its lines in a colour."""
    text = files("resources").joinpath("icons", f"{icon}.svg").read_text(encoding="utf-8")
    return text.replace("currentColor", color)


def _font(application: QApplication, size: int) -> QFont:
    font = application.font()
    font.setFamilies([*_FAMILIES, *font.families()])
    font.setPointSize(size)
    return font


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for place, token in (
        (role.Window, "window"),
        (role.Base, "surface"),
        (role.AlternateBase, "sunken"),
        (role.Button, "raised"),
        (role.ToolTipBase, "raised"),
        (role.WindowText, "text"),
        (role.Text, "text"),
        (role.ButtonText, "text"),
        (role.ToolTipText, "text"),
        (role.BrightText, "bad"),
        (role.PlaceholderText, "text_faint"),
        (role.Highlight, "accent_strong"),
        (role.HighlightedText, "on_accent"),
        (role.Link, "accent"),
        (role.Accent, "accent_strong"),
        (role.Mid, "line"),
        (role.Light, "raised"),
        (role.Dark, "line_strong"),
        (role.Shadow, "sunken"),
    ):
        palette.setColor(place, theme.color(token))
    for place in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, place, theme.color("text_faint"))
    return palette
