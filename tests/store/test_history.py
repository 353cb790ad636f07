"""Undo and redo: each annotator's own, over restarts, refused where someone changed the same since."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from core.errors import EditRefusedError
from core.records.detections import Category
from core.records.occlusion import LabelOrigin, OcclusionDecision, OcclusionLabel, Verdict
from core.store import history, tables
from core.store.edits.cameras import add_camera, remove_camera, rename_camera, set_utc_offset
from core.store.edits.categories import set_category
from core.store.edits.sources import hide_source, relocate_source, show_sources
from core.store.edits.verdicts import RejectReason, set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries import cameras, instances, sources
from core.store.recorder import Recorder
from core.store.writers.decisions import write_decisions


def verdict_of(project: Project, instance_id: int) -> tuple[str | None, str | None]:
    with project.read() as connection:
        row = instances.by_id(connection, instance_id)
    assert row is not None
    return (None if row.verdict is None else row.verdict.value), row.annotator


def decide(site: Any, instance_id: int, label: OcclusionLabel, margin: float = 0.5) -> None:
    with site.project.bulk() as bulk:
        bulk.run(lambda c: write_decisions(c, [OcclusionDecision(instance_id, label, margin, ())]))


def test_an_edit_says_what_it_touched(site: Any) -> None:
    a, b = site.cars(2)
    touched = set_verdict(site.history, [b, a], Verdict.OCCLUDED)
    assert touched.title == "Mark 2 objects as occluded"
    assert set(touched.rows["instance"]) == {a, b}
    assert len(touched.rows["review"]) == 2
    assert touched.edit_id > 0


def test_an_edit_that_changes_nothing_leaves_no_trace(site: Any) -> None:
    car = site.one_car()
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    before = len(site.history.page())
    assert set_verdict(site.history, [car], Verdict.OCCLUDED).edit_id == 0
    assert len(site.history.page()) == before


def test_undo_and_redo_walk_back_and_forth(site: Any) -> None:
    car = site.one_car()
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    set_verdict(site.history, [car], Verdict.REJECTED, RejectReason.BAD_PICTURE)
    assert site.history.undo().title == f"Reject car {car}: bad picture"
    assert verdict_of(site.project, car) == ("occluded", "Ann")
    site.history.undo()
    assert verdict_of(site.project, car) == (None, None)
    site.history.redo()
    assert verdict_of(site.project, car) == ("occluded", "Ann")
    assert (site.history.undo_title(), site.history.redo_title()) == (
        f"Mark car {car} as occluded",
        f"Reject car {car}: bad picture",
    )
    touched = site.history.redo()
    assert touched.rows["instance"] == (car,)
    assert verdict_of(site.project, car) == ("rejected", "Ann")
    with pytest.raises(EditRefusedError, match="nothing to redo"):
        site.history.redo()


def test_a_new_edit_ends_the_chance_to_redo(site: Any) -> None:
    car = site.one_car()
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    site.history.undo()
    set_verdict(site.history, [car], Verdict.UNOCCLUDED)
    assert site.history.redo_title() is None
    site.history.undo()
    assert verdict_of(site.project, car) == (None, None)


def test_undo_survives_a_restart(site: Any) -> None:
    car = site.one_car()
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    path = site.project.path
    site.project.close()
    with Project.open(path) as project:
        history = History(project, "Ann")
        assert history.undo_title() == f"Mark car {car} as occluded"
        history.undo()
        assert verdict_of(project, car) == (None, None)
    with Project.open(path) as project:
        History(project, "Ann").redo()
        assert verdict_of(project, car) == ("occluded", "Ann")


def test_undo_is_each_annotators_own(site: Any) -> None:
    a, b = site.cars(2)
    bob = History(site.project, "Bob")
    set_verdict(site.history, [a], Verdict.OCCLUDED)
    set_verdict(bob, [b], Verdict.UNOCCLUDED)
    site.history.undo()
    assert verdict_of(site.project, a) == (None, None)
    assert verdict_of(site.project, b) == ("unoccluded", "Bob")


def test_undo_is_refused_where_another_annotator_changed_the_same(site: Any) -> None:
    car = site.one_car()
    bob = History(site.project, "Bob")
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    set_verdict(bob, [car], Verdict.UNOCCLUDED)
    with pytest.raises(EditRefusedError, match=f"Bob has changed instance {car} since"):
        site.history.undo()
    assert verdict_of(site.project, car) == ("unoccluded", "Bob")
    bob.undo()
    site.history.undo()
    assert verdict_of(site.project, car) == (None, None)


def test_redo_is_refused_where_another_annotator_changed_the_same(site: Any) -> None:
    car = site.one_car()
    bob = History(site.project, "Bob")
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    site.history.undo()
    set_verdict(bob, [car], Verdict.UNOCCLUDED)
    with pytest.raises(EditRefusedError, match=r"Cannot redo .* Bob has changed"):
        site.history.redo()


def test_undo_is_refused_where_a_job_changed_the_same(site: Any) -> None:
    car = site.one_car()
    set_category(site.history, [car], Category.BUS)
    with site.project.bulk() as bulk:
        bulk.run(
            lambda c: c.execute(
                update(tables.instance).where(tables.instance.c.id == car).values(category="truck")
            )
        )
    with pytest.raises(EditRefusedError, match="a job or an import has changed"):
        site.history.undo()


def test_an_edit_that_cannot_be_undone_can_be_left_behind(site: Any) -> None:
    a, b = site.cars(2)
    bob = History(site.project, "Bob")
    set_verdict(site.history, [a], Verdict.OCCLUDED)
    set_verdict(site.history, [b], Verdict.OCCLUDED)
    set_verdict(bob, [b], Verdict.UNOCCLUDED)
    with pytest.raises(EditRefusedError):
        site.history.undo()
    assert site.history.keep() == f"Mark car {b} as occluded"
    site.history.undo()
    assert verdict_of(site.project, a) == (None, None)
    assert verdict_of(site.project, b) == ("unoccluded", "Bob")


def test_a_machine_may_change_other_columns_meanwhile(site: Any) -> None:
    """The label in force follows the machine's newest word after an undo, not the one of back then."""
    car = site.one_car()
    decide(site, car, OcclusionLabel.UNOCCLUDED)
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    decide(site, car, OcclusionLabel.OCCLUDED, -0.25)
    site.history.undo()
    with site.project.read() as connection:
        row = instances.by_id(connection, car)
    assert row is not None
    assert (row.label, row.label_origin, row.margin) == (
        OcclusionLabel.OCCLUDED,
        LabelOrigin.HEURISTIC,
        -0.25,
    )


def test_taking_a_verdict_back_brings_the_other_annotators_to_the_fore(site: Any) -> None:
    car = site.one_car()
    bob = History(site.project, "Bob")
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    set_verdict(bob, [car], Verdict.UNOCCLUDED)
    set_verdict(bob, [car], None)
    assert verdict_of(site.project, car) == ("occluded", "Ann")
    set_verdict(site.history, [car], None)
    assert verdict_of(site.project, car) == (None, None)


@pytest.mark.parametrize("step_s", [0.0, -1.0])
def test_the_last_verdict_holds_though_the_clock_stands_or_goes_back(
    site: Any, monkeypatch: pytest.MonkeyPatch, step_s: float
) -> None:
    """Clocks are set, and some tick slowly; what was said last is in force nevertheless."""
    clock = iter(1.7e9 + step_s * tick for tick in range(100))
    monkeypatch.setattr(history, "time", SimpleNamespace(time=lambda: next(clock)))
    one = site.one_car()
    bob, ann, cid = (History(site.project, name) for name in ("Bob", "Ann", "Cid"))
    set_verdict(bob, [one], Verdict.UNOCCLUDED)
    set_verdict(ann, [one], Verdict.UNOCCLUDED)
    set_verdict(bob, [one], Verdict.OCCLUDED)  # Bob's row is the older one
    set_verdict(cid, [one], Verdict.REJECTED)
    set_verdict(cid, [one], None)
    assert verdict_of(site.project, one) == ("occluded", "Bob")


def test_five_hundred_verdicts_are_one_edit(site: Any) -> None:
    ids = site.cars(500)
    touched = set_verdict(site.history, ids, Verdict.UNOCCLUDED)
    assert len(touched.rows["review"]) == 500
    site.history.undo()
    with site.project.read() as connection:
        assert connection.execute(select(tables.review)).first() is None
        assert {row.verdict for row in instances.by_ids(connection, ids)} == {None}
    site.history.redo()
    with site.project.read() as connection:
        assert {row.verdict for row in instances.by_ids(connection, ids)} == {Verdict.UNOCCLUDED}


def test_cameras_are_edited_and_undone(site: Any) -> None:
    yard = add_camera(site.history, "Yard", 3600.0).rows["camera"][0]
    rename_camera(site.history, yard, "Back yard")
    set_utc_offset(site.history, yard, 7200.0)
    remove_camera(site.history, yard)

    def names() -> list[tuple[str, float]]:
        with site.project.read() as connection:
            return [(c.name, c.utc_offset_s) for c in cameras.list_cameras(connection)]

    assert names() == [("Gate", 0.0)]
    seen = []
    for _ in range(4):
        site.history.undo()
        seen.append(names())
    assert seen == [
        [("Back yard", 7200.0), ("Gate", 0.0)],
        [("Back yard", 3600.0), ("Gate", 0.0)],
        [("Gate", 0.0), ("Yard", 3600.0)],
        [("Gate", 0.0)],
    ]
    for _ in range(3):
        site.history.redo()
    assert names() == [("Back yard", 7200.0), ("Gate", 0.0)]


def test_camera_edits_that_make_no_sense_are_refused(site: Any) -> None:
    for wrong in ("", "  ", "Gate"):
        with pytest.raises(EditRefusedError):
            add_camera(site.history, wrong)
    with pytest.raises(EditRefusedError, match="within a day"):
        set_utc_offset(site.history, site.camera_id, 1e6)
    with pytest.raises(EditRefusedError, match="no longer there"):
        rename_camera(site.history, 99, "x")
    with pytest.raises(EditRefusedError, match="has footage"):
        remove_camera(site.history, site.camera_id)
    with pytest.raises(EditRefusedError, match="no instance"):
        set_verdict(site.history, [12345], Verdict.OCCLUDED)


def test_a_name_taken_meanwhile_refuses_the_redo(site: Any) -> None:
    add_camera(site.history, "Yard")
    site.history.undo()
    add_camera(History(site.project, "Bob"), "Yard")
    with pytest.raises(EditRefusedError, match="has taken its place"):
        site.history.redo()


def test_an_id_is_never_used_again(site: Any) -> None:
    """Else redo would meet, or undo would delete, a row of someone else that happens to have the id."""
    first = add_camera(site.history, "Yard").rows["camera"][0]
    site.history.undo()
    second = add_camera(History(site.project, "Bob"), "Lane").rows["camera"][0]
    assert second > first
    site.history.redo()
    with site.project.read() as connection:
        assert {c.id: c.name for c in cameras.list_cameras(connection)} == {
            site.camera_id: "Gate",
            first: "Yard",
            second: "Lane",
        }


def test_undoing_a_camera_that_got_footage_since_is_refused(site: Any) -> None:
    camera = add_camera(site.history, "Yard").rows["camera"][0]
    with site.project.write() as connection:
        row = dict(connection.execute(select(tables.source)).mappings().one())
        row.pop("id")
        connection.execute(insert(tables.source).values(**{**row, "camera_id": camera}))
    with pytest.raises(EditRefusedError, match="depends on it"):
        site.history.undo()


def test_sources_are_hidden_and_found_again(site: Any) -> None:
    def listed() -> list[str]:
        with site.project.read() as connection:
            return [row.path for row in sources.list_sources(connection, site.project)]

    hide_source(site.history, site.source_id)
    assert listed() == []
    show_sources(site.history, [site.source_id])
    moved = site.project.path.parent / "elsewhere"
    moved.mkdir()
    (moved / "clip.mp4").touch()
    relocate_source(site.history, site.source_id, moved / "clip.mp4")
    assert listed() == [str(moved / "clip.mp4")]
    site.history.undo()
    assert listed() == [str(site.project.path.parent / "clip.mp4")]
    site.history.undo()
    assert listed() == []
    with pytest.raises(EditRefusedError, match="nothing at"):
        relocate_source(site.history, site.source_id, moved / "absent.mp4")


def test_the_history_is_listed_in_pages(site: Any) -> None:
    for n in range(5):
        add_camera(site.history, f"C{n}")
    site.history.undo()
    first = site.history.page(limit=3)
    rest = site.history.page(before_id=first[-1].id, limit=10)
    titles = [row.title for row in first + rest]
    assert titles == [*(f"Add camera C{n}" for n in (4, 3, 2, 1, 0)), "Add camera Gate"]
    assert [row.undone for row in first] == [True, False, False]
    assert {row.annotator for row in first} == {"Ann"}


def test_bytes_and_nulls_go_through_the_history(site: Any) -> None:
    """A change is kept as JSON, and must come back as it was."""
    frame = site.frame_ids[0]

    def action(recorder: Recorder) -> None:
        recorder.update(tables.frame, frame, {"content_hash": b"\x00\xff", "name": "x", "captured_at": None})

    with site.project.read() as connection:
        before = connection.execute(select(tables.frame).where(tables.frame.c.id == frame)).one()
    site.history.perform("Odd", action)
    site.history.undo()
    with site.project.read() as connection:
        assert connection.execute(select(tables.frame).where(tables.frame.c.id == frame)).one() == before
    site.history.redo()
    with site.project.read() as connection:
        now = connection.execute(select(tables.frame).where(tables.frame.c.id == frame)).one()
    assert (now.content_hash, now.name, now.captured_at) == (b"\x00\xff", "x", None)


def test_an_edit_that_fails_halfway_leaves_nothing(site: Any) -> None:
    def action(recorder: Recorder) -> None:
        recorder.insert(tables.camera, {"name": "Half", "created_at": 0.0})
        raise EditRefusedError("No.", "No.")

    before = site.history.undo_title()
    with pytest.raises(EditRefusedError):
        site.history.perform("Half", action)
    assert site.history.undo_title() == before
    with site.project.read() as connection:
        assert cameras.camera_by_name(connection, "Half") is None


def test_an_annotator_needs_a_name(project: Project) -> None:
    with pytest.raises(ValueError, match="name"):
        History(project, "  ")


def test_the_history_names_what_was_changed_and_finds_it_again(site: Any) -> None:
    a, b = site.cars(2)
    set_verdict(site.history, [a, b], Verdict.REJECTED, RejectReason.WRONG_DETECTION)
    set_verdict(site.history, [b], None)
    site.history.undo()
    rows = site.history.page()
    assert [row.title for row in rows[:2]] == [
        f"Clear the verdict of car {b}",
        "Reject 2 objects: wrong detection",
    ]
    assert site.history.touched(rows[0].id).rows["instance"] == (b,)
    assert set(site.history.touched(rows[1].id).rows["instance"]) == {a, b}
    with pytest.raises(EditRefusedError):
        site.history.touched(10_000)
