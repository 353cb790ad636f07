"""The reason panel's words and bars."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor, QFont, QFontMetrics
from pytestqt.qtbot import QtBot

from app.controllers.review_panel import measure_texts, reason_line
from app.states.review_panel import ReasonLine
from app.states.review_queue import ITEM_ROLE
from app.theme import current_theme
from app.views.review.crop_cell import caption_parts
from app.views.review.reason_panel import MarginBar
from core.geometry.masks import full_to_patch, patch_to_rle
from core.mining.occlusion.classified import belief_outcome
from core.records.occlusion import OcclusionTest, TestOutcome
from core.records.runs import ModelUsed, Purpose
from core.store.job_rows import create_job
from core.store.project import Project
from core.store.writers.runs import make_run, note_model
from core.store.writers.whole_masks import put_wholes
from tests.app.review.street import HEIGHT, WIDTH, Desk, Street


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


def test_the_networks_belief_reads_as_a_test() -> None:
    line = reason_line(belief_outcome(0.25, 0.5))
    assert line.title == "The network takes it for covered"
    assert (line.value, line.of, line.threshold) == ("75.0 %", "sure of a cover", "50.0 %")
    assert line.detail == "the network is 75 % sure"
    assert reason_line(belief_outcome(0.75, 0.5)).title == "The network takes it for whole"


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


def test_a_doubtful_find_says_how_doubtful_and_whose_it_is(
    street: Street, open_desk: Callable[..., Desk]
) -> None:
    first, second = street.ids[:2]
    whole = full_to_patch(np.pad(np.ones((40, 90), dtype=np.bool_), ((30, 110), (10, 220))))
    with Project.open(street.path) as project:
        job = create_job(project, "mine", "Mine", {})
        with project.write() as connection:
            run = make_run(
                connection, Purpose.DETECTOR, "Night", job_id=None, settings={}, seed=0, epochs=1, metric="x"
            )
            note_model(connection, job, ModelUsed(Purpose.DETECTOR, run, "Night", "1/best-00.safetensors"))
            connection.exec_driver_sql(
                "UPDATE instance SET score = 0.52, find_margin = 0.04, uncertainty = 0.04, job_id = ?"
                " WHERE id = ?",
                (job, second),
            )
            put_wholes(connection, [(second, patch_to_rle(whole, HEIGHT, WIDTH))], job)
    desk = open_desk()
    assert desk.current == second  # its label is surer than that of the first, and its find is not
    facts = dict(desk.view.reasons.facts)
    assert facts["Found by"] == "run 1 (Night), 0.52 sure; it keeps what is 0.50 sure"
    desk.until(lambda: desk.view.queue.grid.model().index(0, 0).data(ITEM_ROLE) is not None)
    notes = {
        item.id: item for item in (desk.view.queue.grid.model().index(n, 0).data(ITEM_ROLE) for n in (0, 1))
    }
    item = notes[second]
    assert (item.note, notes[first].note) == ("find 0.52", "")
    assert caption_parts(QFontMetrics(QFont()), item, 400.0)[1] == "find 0.52"
    overlay = desk.view.frame.canvas.overlay
    [drawn] = [one for one in overlay.instances if one.id == second]
    [border] = drawn.whole
    # the outer edges of its border pixels, a quarter of a pixel in, as the canvas has them
    assert (border.min(axis=0), border.max(axis=0)) == (
        pytest.approx([9.75, 29.75]),
        pytest.approx([99.25, 69.25]),
    )
    assert all(not one.whole for one in overlay.instances if one.id != second)
