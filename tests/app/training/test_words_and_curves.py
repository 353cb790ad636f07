"""Numbers of runs in words, in groups and without their jitter; views that draw them in both themes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.controllers.training_curves import RunNumbers, charts_of, group_of, smoothed
from app.controllers.training_draft_words import device_note, labels_note, same_work
from app.controllers.training_facts import facts_of, look_of
from app.controllers.training_words import flat, memory_text, named_settings, number_name, value_text
from app.states.training import (
    Chart,
    Curve,
    Gallery,
    NeedBar,
    Note,
    Pair,
    PurposeCard,
    RunLook,
    Tone,
)
from app.theme import ThemeKeeper
from app.views.training.chart import ChartView
from app.views.training.gallery import GalleryPane, PairView
from app.views.training.note_box import NoteBox
from app.views.training.series import SYMBOLS, Sample, series_colour, series_symbol
from core.jobs.train.settings import TrainSettings
from core.records.jobs import JobRow, JobState
from core.records.runs import MetricPoint, Purpose, RunRow, RunState
from tests.app.training.made_up import curves


def run(**more: Any) -> RunRow:
    values: dict[str, Any] = {
        "id": 1,
        "purpose": Purpose.DETECTOR,
        "name": "One",
        "job_id": 1,
        "settings": {},
        "data": {},
        "architecture": {},
        "seed": 0,
        "device": "cpu",
        "versions": {},
        "state": RunState.RUNNING,
        "step": 100,
        "epoch": 1,
        "epochs": 3,
        "seconds": 10.0,
        "best": None,
        "last": None,
        "metric": "mask_ap",
        "value": None,
        "best_step": None,
        "notes": "",
        "hidden": False,
        "started_at": 0.0,
        "finished_at": None,
        "in_use": False,
    }
    return RunRow(**(values | more))


def job(state: JobState) -> JobRow:
    return JobRow(1, "train", "Train", {}, state, 0.5, "", None, False, None, None, 0.0, 0.0, None)


@pytest.mark.parametrize(
    ("name", "words", "group"),
    [
        ("loss", "all together", "loss"),
        ("loss.mask", "mask", "loss"),
        ("mask_ap", "mask AP", "validation"),
        ("pck_0.1", "PCK 0.1", "points"),
        ("pck_0.1.other_occluded", "PCK 0.1, other occluded", "points"),
        ("tag_accuracy", "tag accuracy", "tags"),
        ("gpu_memory_mib", "GPU", "memory"),
        ("memory_mib", "process", "memory"),
        ("pictures_per_s", "pictures", "speed"),
        ("wait_share", "share of time waiting for data", "wait"),
        ("learning_rate", "learning rate", "rate"),
        ("grad_norm", "norm of the gradient", "gradient"),
        ("recall", "recall", "validation"),
        ("car_rotation_deg", "cars' rotation", "angles"),
        ("car_within_30deg", "cars turned by less than 30°", "shares_3d"),
        ("car_depth_share", "cars' depth, error over distance", "shares_3d"),
        ("car_add_m", "cars' vertices (ADD)", "places"),
        ("car_shape_mm", "cars' shape", "shapes"),
        ("body_pa_mpjpe_mm", "people's joints, aligned (PA-MPJPE)", "shapes"),
        ("car_reprojection_px", "cars' points", "pixels"),
        ("in_3d_pck_0.1.hidden", "in 3D PCK 0.1, hidden", "points"),
        ("in_3d_reprojection", "in 3D: points in the picture, error over L", "shares_3d"),
        ("in_3d_shape_m", "in 3D: points about the car's middle", "places"),
    ],
)
def test_each_number_has_a_name_and_a_group(name: str, words: str, group: str) -> None:
    assert number_name(name) == words
    assert group_of(name) == group


def test_values_in_words() -> None:
    assert value_text("mask_ap", 0.41249) == "0.412"
    assert value_text("memory_mib", 6_350) == "6.2 GiB"
    assert value_text("wait_share", 0.052) == "5.2%"
    assert memory_text(512) == "512 MiB"
    settings = {
        "rate": 1e-4,
        "heads": ["box", "mask"],
        "data": {"real": 2, "sets": {}},
        "start": None,
        "on": True,
    }
    assert flat(settings) == {
        "Rate": "0.0001",
        "Heads": "box, mask",
        "Data, real": "2",
        "Start": "–",
        "On": "yes",
    }


@given(st.lists(st.floats(-1e3, 1e3), max_size=120))
def test_smoothing_keeps_within_the_values_and_never_lags(values: list[float]) -> None:
    given_values = np.array(values, dtype=np.float64)
    smooth = smoothed(given_values)
    assert len(smooth) == len(given_values)
    if len(given_values):
        assert smooth.min() >= given_values.min() - 1e-6
        assert smooth.max() <= given_values.max() + 1e-6
    # what is smooth already stays where it is: a running average would lag behind a slope
    slope = np.arange(len(given_values), dtype=np.float64)
    reach = max(1, len(slope) // 40)
    assert np.allclose(smoothed(slope)[reach : len(slope) - reach], slope[reach : len(slope) - reach])


def test_a_loss_of_one_part_is_drawn_once() -> None:
    def drawn(*names: str) -> list[str]:
        numbers = RunNumbers(run())
        numbers.take(run(), [MetricPoint(1, name, 0.5) for name in names], 0)
        [chart] = charts_of([numbers], None, log=False, smooth=False).charts
        return [curve.name for curve in chart.curves]

    assert drawn("loss", "loss.label") == ["all together"]
    assert drawn("loss", "loss.box", "loss.mask") == ["all together", "box", "mask"]
    assert drawn("loss.label") == ["label"]


def test_settings_are_called_as_in_their_form() -> None:
    titles = {name: field.title for name, field in TrainSettings.model_fields.items()}
    named = named_settings(dict.fromkeys(titles, 1))
    assert list(named) == list(titles.values())


def test_a_panel_says_what_was_set_and_what_there_was_to_learn_from() -> None:
    data = {
        "project": "street.amodal",
        "mixed": "It learns from 12 composites (100 %).",
        "data": {"composites": {"to learn from": 12}, "reviewed frames": {"to learn from": 0}},
        "train": {"composites": 12, "frames": 0},
    }
    settings = {
        "what": "detector",
        "name": "Night",
        "rate": 0.01,
        "start": None,
        "gpus": 1,
        "estimate": False,
    }
    facts = facts_of(run(data=data, settings=settings), None, None, None, stopping=False)
    assert facts.mixed == "It learns from 12 composites (100 %)."
    assert facts.learned == (("Train, composites", "12"),)
    assert dict(facts.facts) == {"Runs on": "cpu"}
    assert facts.settings[:3] == (("Learning rate", "0.01"), ("GPUs", "1"), ("Seed", "0"))


def test_short_curves_stay_as_they_are() -> None:
    values = np.array([0.1, 0.5, 0.2])
    assert smoothed(values) is values


@given(st.integers(1, 40), st.data())
def test_numbers_are_the_same_however_they_come(count: int, data: Any) -> None:
    """In any pieces, each read from the last known step on, they make the curve that all at once make."""
    points = [MetricPoint(step, "loss", float(step * step)) for step in range(1, count + 1)]
    whole = RunNumbers(run())
    whole.take(run(), points, -1)
    pieces = RunNumbers(run())
    done = 0
    while done < count:
        done = min(count, done + data.draw(st.integers(1, 10)))
        since = pieces.last
        pieces.take(run(), [point for point in points[:done] if point.step >= since], since)
    for found, wanted in zip(pieces.numbers["loss"], whole.numbers["loss"], strict=True):
        assert found.tolist() == wanted.tolist()
    assert pieces.last == whole.last == count


def test_one_run_by_groups_and_several_by_numbers() -> None:
    one, two = RunNumbers(run()), RunNumbers(run(id=2, name="Two", seed=1))
    for number, which in enumerate((one, two)):
        which.take(which.row, curves(Purpose.DETECTOR, 3, seed=number), -1)
    charts = charts_of([one], None, log=False, smooth=True)
    assert [chart.key for chart in charts.charts] == ["loss", "validation", "speed", "memory"]
    assert charts.charts[0].curves[0].name == "all together"
    assert charts.charts[1].curves[0].name == "mask AP"
    several = charts_of([one, two], frozenset({"loss", "validation"}), log=False, smooth=True)
    assert [chart.key for chart in several.charts][:2] == ["loss", "mask_ap"]
    assert all([curve.number for curve in chart.curves] == [1, 2] for chart in several.charts)
    assert charts_of([], None, log=False, smooth=True, note="None.").note == "None."


@pytest.mark.parametrize(
    ("state", "epoch", "job_state", "look"),
    [
        (RunState.RUNNING, 1, JobState.RUNNING, RunLook.RUNNING),
        (RunState.RUNNING, 1, JobState.QUEUED, RunLook.WAITING),
        (RunState.RUNNING, 1, JobState.INTERRUPTED, RunLook.INTERRUPTED),
        (RunState.RUNNING, 1, JobState.CANCELLED, RunLook.STOPPED),  # killed as it did not stop by itself
        (RunState.STOPPED, 1, JobState.FAILED, RunLook.FAILED),
        (RunState.STOPPED, 1, JobState.RUNNING, RunLook.RUNNING),  # resumed, and not written yet
        (RunState.FAILED, 1, JobState.FAILED, RunLook.FAILED),
        (RunState.DONE, 3, JobState.DONE, RunLook.DONE),
        (RunState.DONE, 2, JobState.DONE, RunLook.EARLY),
        (RunState.STOPPED, 1, None, RunLook.STOPPED),
    ],
)
def test_how_a_run_stands(state: RunState, epoch: int, job_state: JobState | None, look: RunLook) -> None:
    found = None if job_state is None else job(job_state)
    assert look_of(run(state=state, epoch=epoch), found) is look


def test_labels_in_words() -> None:
    card = PurposeCard(Purpose.CLASSIFIER, "", (NeedBar("occluded objects", 45, 30),), ready=True)
    assert labels_note(card).tone is Tone.DOUBTFUL  # less than twice what it takes
    assert "45 occluded objects" in labels_note(card).text
    enough = replace(card, needs=(NeedBar("occluded objects", 60, 30),))
    assert labels_note(enough).tone is Tone.GOOD
    few = replace(card, needs=(NeedBar("occluded objects", 29, 30),), ready=False)
    assert "1 more occluded objects" in labels_note(few).text
    none = replace(card, needs=(), ready=False, note="The package torch is missing in this installation.")
    assert labels_note(none).text == none.note


def test_devices_in_words() -> None:
    assert device_note("auto", "NVIDIA H100", Purpose.DETECTOR).tone is Tone.GOOD
    assert device_note("auto", "", Purpose.DETECTOR).tone is Tone.DOUBTFUL
    assert device_note("auto", "", Purpose.CLASSIFIER).tone is Tone.QUIET
    assert device_note("cuda", "", Purpose.DETECTOR).title == "No sign of such a GPU"


def test_an_estimate_holds_for_what_takes_as_long() -> None:
    defaults = {"epochs": None, "seed": 0, "name": ""}
    assert same_work({"what": "detector", "estimate": True}, {"what": "detector", "name": "A"}, defaults)
    assert same_work({"what": "detector", "epochs": None}, {"what": "detector"}, defaults)
    assert not same_work({"what": "detector"}, {"what": "detector", "epochs": 3}, defaults)
    assert same_work({"data": {"real": 2}}, {"data.real": 2}, {})  # as a row has it, and as a form does
    assert not same_work({"data": {"real": 2}}, {"data.real": 1}, {})


def test_lines_are_told_apart_without_colour() -> None:
    assert len(set(SYMBOLS)) == len(SYMBOLS)
    assert [series_symbol(number) for number in range(len(SYMBOLS))] == list(SYMBOLS)
    assert len({series_colour(number).rgb() for number in range(len(SYMBOLS))}) == len(SYMBOLS)


def test_the_parts_draw_in_both_themes(qtbot: QtBot, qapp: QApplication, tmp_path: Any) -> None:
    steps = np.arange(0, 600, 5)
    values = np.exp(-steps / 200.0)
    values[0] = 0.0  # has no place on a logarithmic scale
    curve = Curve("mask", 1, steps, values, smoothed(values), best_step=400, early_step=595)
    keeper, font = ThemeKeeper(qapp, tmp_path / "drawn"), qapp.font()
    chart, pair, note = ChartView(), PairView(), NoteBox()
    for made in (chart, pair, note):
        qtbot.addWidget(made)
    note.show_note(Note("It failed", "The disk is full.", Tone.BAD, "training.resume", "Resume"))
    picture = np.full((90, 160, 3), 120, np.uint8)
    pair.show_pair(Pair(0, 10, picture, None, "1 of 2 found"))
    drawn = []
    try:
        for name in ("light", "dark"):
            keeper.apply(name, 10)
            for log in (False, True):
                chart.show_chart(Chart("loss", "Losses", (curve,), logarithmic=True), log=log, smooth=True)
                chart.resize(360, 220)
                drawn.append(chart.grab().toImage())
            assert not pair.grab().isNull()
            assert not note.grab().isNull()
    finally:
        keeper.close()
        qapp.setStyleSheet("")
        qapp.setFont(font)
    assert all(one != other for place, one in enumerate(drawn) for other in drawn[place + 1 :])
    assert pair.heightForWidth(323) == 90 + 42  # two pictures of 160 by 90 beside each other, and two lines
    assert Gallery().pairs == ()
    sample = Sample(2, "mask")
    qtbot.addWidget(sample)
    narrow = sample.sizeHint().width()
    sample.show_text("mask 0.412")
    assert sample.sizeHint().width() > narrow


def test_the_workspace_brings_neither_torch_nor_lightning_into_the_window() -> None:
    """In a process of its own, with all that a workspace needs to show what can be trained."""
    program = """
import sys
from pathlib import Path
import tempfile
import app.composition.training
import app.controllers.jobs
from app.controllers.training_draft import _purposes
from core.jobs import registry
from core.store.project import Project

with Project.create(Path(tempfile.mkdtemp()) / "street.amodal") as project:
    assert _purposes(project, {})
assert registry.forms()["train"].fields
heavy = {"torch", "torchvision", "lightning_fabric", "lightning", "open3d", "vispy"}
print(sorted(heavy & {name.partition(".")[0] for name in sys.modules}))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_pictures_that_are_alike_are_one_and_small_ones_stand_side_by_side(qtbot: QtBot) -> None:
    """What is said of a crop stands in its line; a street needs more room than a crop."""

    def shown(high: int, wide: int, *, alike: bool) -> GalleryPane:
        pane = GalleryPane()
        qtbot.addWidget(pane)
        pane.resize(760, 330)
        pane.show()
        truth = np.full((high, wide, 3), 120, np.uint8)
        said = truth.copy() if alike else truth + 1
        pane.show_gallery(Gallery(1, tuple(Pair(n, 10, truth, said, "57% unoccluded") for n in range(8))))
        qtbot.waitUntil(lambda: all(view.width() > 100 for view in pane.views))
        return pane

    crops, streets = shown(256, 140, alike=True), shown(90, 160, alike=False)
    assert crops.views[0].titles == ()
    assert streets.views[0].titles == ("Truth", "Prediction")
    assert sum(view.y() == crops.views[0].y() for view in crops.views) >= 3
    assert sum(view.y() == streets.views[0].y() for view in streets.views) == 1
    # one that is taller than wide stands in a square
    assert crops.views[0].height() < 2 * crops.views[0].width()
