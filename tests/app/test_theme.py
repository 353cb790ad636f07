"""Themes: readable by WCAG 2.1's contrast, complete, followed from the system, and drawn for every state."""

from __future__ import annotations

import itertools
import re
from importlib.resources import files
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QComboBox

from app.theme import ThemeKeeper, current_theme, load_theme
from app.views.icons import icon_pixmap

GROUNDS = ("window", "surface", "raised", "hover", "accent_wash")
WORDS = ("text", "text_soft", "text_faint", "accent", "ok", "warn", "bad")
LEAST = 4.5  # WCAG 2.1, success criterion 1.4.3, level AA, ordinary text


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.1 defines it."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_can_be_read_on_every_ground(name: str):
    colors = load_theme(name).colors
    weak = {
        (word, ground): round(contrast(colors[word], colors[ground]), 2)
        for word, ground in itertools.product(WORDS, GROUNDS)
        if contrast(colors[word], colors[ground]) < LEAST
    }
    assert weak == {}
    assert contrast(colors["on_accent"], colors["accent_strong"]) >= LEAST


def test_both_themes_have_the_same_colours_and_the_sheet_names_no_others():
    light, dark = load_theme("light"), load_theme("dark")
    assert set(light.colors) == set(dark.colors)
    sheet = files("resources").joinpath("themes", "window.qss").read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{?([a-z_]+)", sheet))
    drawn = {"chevron_down", "chevron_up", "chevron_right", "tick", "tick_text"}
    sizes = {"display", "title", "small"}
    assert named - drawn - sizes <= set(light.colors)


@pytest.fixture
def keeper(qapp: QApplication, tmp_path: Path):
    made = ThemeKeeper(qapp, tmp_path / "drawn")
    yield made
    made.close()
    qapp.setStyleSheet("")


def test_a_theme_is_taken_on_whole(qapp: QApplication, keeper: ThemeKeeper):
    for name in ("dark", "light"):
        keeper.apply(name, 11)
        assert current_theme().name == name
        assert qapp.palette().color(QPalette.ColorRole.Window).name() == load_theme(name).colors["window"]
        assert qapp.font().pointSize() == 11


def test_the_systems_theme_is_followed_when_that_is_the_choice(keeper: ThemeKeeper, monkeypatch):
    scheme = {"now": "dark"}
    monkeypatch.setattr(ThemeKeeper, "_system", lambda _: scheme["now"])
    keeper.apply("system", 10)
    assert current_theme().name == "dark"
    scheme["now"] = "light"
    keeper._follow(Qt.ColorScheme.Light)
    assert current_theme().name == "light"
    keeper.apply("dark", 10)
    keeper._follow(Qt.ColorScheme.Light)
    assert current_theme().name == "dark", "a chosen theme stays"


def test_a_folder_that_cannot_be_written_only_costs_the_arrows(qapp: QApplication, tmp_path: Path):
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    keeper = ThemeKeeper(qapp, blocked / "drawn")
    shown = QComboBox()
    shown.show()
    keeper.apply("dark", 10)
    assert current_theme().name == "dark"
    assert not shown.grab().isNull()
    shown.close()
    keeper.close()
    qapp.setStyleSheet("")


def test_every_icon_draws_something(qapp: QApplication):
    folder = Path(str(files("resources").joinpath("icons")))
    for path in sorted(folder.glob("*.svg")):
        image = icon_pixmap(path.stem, "#ff0000", 24).toImage()
        drawn = sum(image.pixelColor(x, y).alpha() > 0 for x in range(24) for y in range(24))
        assert drawn > 5, path.name


def test_states_differ_by_shape_and_not_only_by_colour(qapp: QApplication):
    """In one colour, no two of the icons for a state are alike."""
    groups = (
        ("unoccluded", "occluded", "rejected", "undecided"),
        ("done", "info", "warning", "error"),
        ("waiting", "running", "done", "error", "cancelled", "warning"),
    )
    for names in groups:
        for one, other in itertools.combinations(names, 2):
            first, second = (icon_pixmap(name, "#000000", 24).toImage() for name in (one, other))
            differing = sum(
                abs(first.pixelColor(x, y).alpha() - second.pixelColor(x, y).alpha()) > 100
                for x in range(24)
                for y in range(24)
            )
            assert differing >= 12, (one, other)
