"""What the workspace says while something is missing for a composite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.store.edits.calibrations import save_calibration
from core.store.history import History
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from tests.app.compose import yards
from tests.app.compose.desk import Desk
from tests.jobs.doing import do_job

Opens = Callable[[Path], Desk]


def test_without_a_camera_it_leads_to_sources(tmp_path: Path, open_desk: Opens) -> None:
    Project.create(tmp_path / "empty.amodal").close()
    desk = open_desk(tmp_path / "empty.amodal")
    desk.until(lambda: desk.view.missing.title == "No camera yet")
    desk.view.missing.button.click()
    assert desk.places == ["sources"]
    for key in ("Space", "E", "X", "S", "]", "Q", "B", "Z", "Down"):
        desk.press(key)  # nothing of it can do anything, and nothing breaks
    assert not desk.failures


def test_without_a_background_it_offers_to_make_it(tmp_path: Path, open_desk: Opens) -> None:
    desk = open_desk(yards.make(tmp_path, background=False, cut=False))
    desk.until(lambda: desk.view.missing.title == "Yard has no background")
    desk.view.missing.button.click()
    assert desk.dialogs == [("background", {"camera": "Yard"})]


def test_without_pieces_it_offers_to_cut_and_goes_on_by_itself(tmp_path: Path, open_desk: Opens) -> None:
    path = yards.make(tmp_path, cut=False)
    desk = open_desk(path)
    desk.until(lambda: desk.view.missing.title == "Nothing is cut out yet")
    desk.view.missing.button.click()
    assert desk.dialogs == [("cut", {"camera": "Yard"})]
    do_job(path, "cut", include_thinned=True)
    desk.session.poll_now()
    desk.until(lambda: desk.view.canvas.image is not None)
    assert not desk.view.missing.isVisible()


def test_what_was_cut_before_the_calibration_changed_is_cut_again(
    yard: Path, tmp_path: Path, open_desk: Opens
) -> None:
    with Project.open(yard) as project:
        with project.read() as connection:
            row = calibration_in_force(connection, 1)
        assert row is not None
        save_calibration(History(project, "Ann"), 1, row.record)
    desk = open_desk(yard)
    desk.until(lambda: desk.view.missing.title == "All pieces are out of date")
    assert "calibration changed" in desk.view.missing.text
    desk.view.missing.button.click()
    assert desk.dialogs == [("cut", {"camera": "Yard"})]


def test_without_a_calibration_there_is_walt2d(tmp_path: Path, open_desk: Opens) -> None:
    desk = open_desk(yards.make(tmp_path, calibrated=False))
    desk.until(lambda: desk.view.canvas.image is not None)
    assert "WALT2D" in desk.view.pair.main.title
    assert desk.view.card.title == "No calibration: WALT2D only"
    desk.view.card.button.click()
    assert desk.calibrated == [1]
    assert "calibration" in desk.view.viewport.scene.note
    # nobody knows which way is farther
    layer = desk.movable[0]
    desk.drag(layer, 0.0, 20.0)
    assert "Without a calibration" in desk.said
    assert not desk.by_hand()
    # but a layer can be switched off, even where its piece is drawn twice
    desk.press("X")
    assert sum(not one.shown for one in desk.state.layers) == 1
    [kept] = desk.by_hand()
    assert [one.shown for one in kept.recipe.objects].count(False) == 1


def test_too_few_objects_are_told_with_a_way_out(tmp_path: Path, open_desk: Opens) -> None:
    from tests.jobs.yard import Car, Yard

    path = tmp_path / "few.amodal"
    Yard(path, [Car(((20.0, 0.0), None), 1), Car((None, (14.0, 0.0)), 2)])
    do_job(path, "cut", include_thinned=True)
    desk = open_desk(path)
    desk.until(lambda: bool(desk.view.canvas.message))
    assert "needs 4" in desk.view.canvas.message
    assert "fewer objects" in desk.view.canvas.message
    assert desk.view.canvas.image is None
    desk.press("Space")
    desk.press("X")
    assert not desk.failures
