"""The reason panel's words and bars."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.controllers.review_panel import measure_texts, reason_line
from app.states.review_panel import ReasonLine
from app.theme import current_theme
from app.views.review.reason_panel import MarginBar
from core.records.occlusion import OcclusionTest, TestOutcome
from tests.app.review.street import Desk, Street


def test_the_panel_tells_who_said_what(desk: Desk, street: Street) -> None:
    panel = desk.view.reasons
    assert panel.title == f"car {street.ids[0]}"
    assert panel.machine_text == "Unoccluded by the tests below"
    assert panel.person_text == "Nobody has looked at it yet"
    desk.press("F")
    desk.press("W")
    desk.view.filters.chip("verdict").actions_offered()[2].trigger()
    desk.settle()
    assert panel.person_text.startswith("Rejected (bad picture) by Ann, ")
    assert panel.machine_text == "Unoccluded by the tests below"
    facts = dict(panel.facts)
    assert facts["Footage"] == "clip.mp4"
    assert facts["Frame"] == "0:00.00 · pts 0"
    assert facts["Taken"] == "15 Nov 2023, 12:00:00"
    assert facts["Mask"] == f"version 1, {22 * 52:,} px, heuristic"
    assert facts["Found by"] == "motion, score 0.90"


def test_the_panel_tells_how_many_a_key_would_mark(desk: Desk) -> None:
    desk.press("Shift+Right")
    assert desk.view.reasons.together_text == "2 are selected: a key marks them all."
    desk.press("Right")
    assert desk.view.reasons.together_text == ""


@pytest.mark.parametrize(
    ("test", "value", "text"),
    [
        (OcclusionTest.OVERLAP, 0.183, "18.3 %"),
        (OcclusionTest.BORDER, 1.25, "1.2 px"),
        (OcclusionTest.STATIC, 0.05, "5.0 %"),
        (OcclusionTest.WALT, 0.05, "0.05"),
    ],
)
def test_each_test_has_its_unit(test: OcclusionTest, value: float, text: str) -> None:
    assert measure_texts(test, value, 0.5)[0] == text


@pytest.mark.parametrize(
    ("test", "value", "limit", "texts"),
    [
        (OcclusionTest.STATIC, 0.2997, 0.3, ("29.97 %", "30.0 %")),
        (OcclusionTest.STATIC, 0.300001, 0.3, ("30.0001 %", "30.0 %")),
        (OcclusionTest.OVERLAP, 0.3, 0.3, ("30.0 %", "30.0 %")),
        (OcclusionTest.OVERLAP, 0.1 + 0.2, 0.3, ("30.0 %", "30.0 %")),
        (OcclusionTest.BORDER, 2.48, 2.4567, ("2.5 px", "2.46 px")),
        (OcclusionTest.WALT, 0.151, 0.15, ("0.151", "0.15")),
    ],
)
def test_the_numbers_say_what_the_outcome_says(
    test: OcclusionTest, value: float, limit: float, texts: tuple[str, str]
) -> None:
    assert measure_texts(test, value, limit) == texts


def test_the_panel_says_what_a_share_is_of(desk: Desk) -> None:
    assert desk.view.reasons.rows[0].numbers == "9.5 % of its size, limit 10.0 %"
    assert desk.view.reasons.rows[1].numbers == "20.0 px from it, limit 2.0 px"


def test_a_box_is_covered_by_its_area() -> None:
    outcome = TestOutcome(OcclusionTest.OVERLAP, 0.0, 0.1, False, 0.8, None, "")
    assert reason_line(outcome, by_mask=False).of == "of its box"


def test_a_passed_test_says_that_it_passed() -> None:
    outcome = TestOutcome(OcclusionTest.OVERLAP, 0.0, 0.1, False, 0.8, None, "")
    line = reason_line(outcome)
    assert replace(line, of="", measure="") == ReasonLine(
        "Nothing nearer covers it", "0.0 %", "10.0 %", 0.8, False, "", None
    )


@pytest.mark.parametrize(("margin", "side"), [(-0.6, "left"), (0.6, "right")])
def test_the_bar_grows_from_the_threshold_to_its_side(qtbot: QtBot, margin: float, side: str) -> None:
    bar = MarginBar()
    qtbot.addWidget(bar)
    bar.resize(200, 10)
    bar.show_margin(margin, margin < 0)
    image = bar.grab().toImage()
    colour = current_theme().color("occluded" if margin < 0 else "unoccluded")
    filled = [x for x in range(200) if QColor(image.pixel(x, 5)) == colour]
    expected = range(40, 99) if side == "left" else range(101, 160)
    assert min(filled) == pytest.approx(expected.start, abs=2)
    assert max(filled) == pytest.approx(expected.stop - 1, abs=2)
