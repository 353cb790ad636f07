"""What mining writes of what its detector finds: keypoints enter the queue of proposals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.jobs.context import JobContext
from core.jobs.mine.detect_phase import _ReadyFrame, _write
from core.jobs.settings import MineSettings
from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointFilter, KeypointRow, KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.runs import ModelUsed, Purpose
from core.records.shapes import KeypointTag
from core.store import job_rows
from core.store.edits.categories import set_category
from core.store.edits.keypoints import save_keypoints
from core.store.history import History
from core.store.project import Project
from core.store.queries import keypoint_queue
from core.store.queries.frames import frames_of
from core.store.queries.instances import of_frame
from core.store.queries.keypoints import keypoints_in_force
from core.store.writers.keypoints import FoundKeypoints, write_keypoints
from core.store.writers.runs import note_model
from tests.jobs.parking import Parking

BOTH = (Category.CAR, Category.PERSON)
MODEL = ModelUsed(Purpose.DETECTOR, None, "Mine", "best.safetensors")


def said(category: Category, at: float, score: float) -> FoundInstance:
    """An object with all its points at one place, as the detector tells it."""
    template = Template.of(category)
    assert template is not None
    point = PlacedPoint(at + 9, 109.0, KeypointTag.SELF_OCCLUDED, LabelOrigin.NETWORK, score)
    points = KeypointSet(template, (point,) * template.size)
    return FoundInstance(Box(at, 100.0, 60.0, 60.0), category, 0.9, keypoints=points)


def mined(project: Project, parking: Parking, *found: FoundInstance) -> list[int]:
    """What a mining job writes of the first frame; gives the ids of all that is there, by their places."""
    job_id = job_rows.create_job(project, "mine", "Mine", {})
    job_rows.claim_job(project, job_id)
    with project.write() as connection:
        note_model(connection, job_id, MODEL)
    context = JobContext(project, job_id, MineSettings(detector="own"), None)
    with project.read() as connection:
        frame = frames_of(connection, parking.source_id)[0]
    with project.bulk() as bulk:
        _write(context, bulk, [_ReadyFrame(frame, found)], "own")
    job_rows.finish_job(project, job_id)
    with project.read() as connection:
        return [row.id for row in sorted(of_frame(connection, frame.id), key=lambda row: row.box.x)]


def in_force(project: Project, ids: list[int]) -> dict[int, KeypointRow]:
    with project.read() as connection:
        return keypoints_in_force(connection, ids)


def proposals(project: Project) -> list[int]:
    with project.read() as connection:
        shown = KeypointFilter(proposed=True, categories=BOTH)
        return [key.id for key in keypoint_queue.page_keys(connection, shown)]


def test_points_of_what_is_found_are_proposed_the_least_certain_first(tmp_path: Path) -> None:
    parking = Parking(tmp_path / "cars.amodal", frames=1)
    bare = replace(said(Category.CAR, 500.0, 0.9), keypoints=None)
    found = (said(Category.CAR, 100.0, 0.8), said(Category.PERSON, 300.0, 0.5), bare)
    with Project.open(parking.path) as project:
        car, person, without = mined(project, parking, *found)
        assert proposals(project) == [person, car]
        rows = in_force(project, [car, person, without])
    assert rows.keys() == {car, person}
    for row, one in zip((rows[car], rows[person]), found, strict=False):
        assert (row.origin, row.annotator, row.models) == (LabelOrigin.NETWORK, None, (MODEL,))
        assert row.keypoints == one.keypoints


def test_what_people_said_stays_and_what_networks_said_is_renewed(tmp_path: Path) -> None:
    parking = Parking(tmp_path / "cars.amodal", frames=1)
    places = (100.0, 300.0, 500.0, 700.0)
    with Project.open(parking.path) as project:
        history = History(project, "Ann")
        ids = mined(project, parking, *(said(Category.CAR, at, 0.5) for at in places))
        by_hand, imported, renamed, untouched = ids
        before = in_force(project, ids)
        point = PlacedPoint(5.0, 6.0, KeypointTag.VISIBLE)
        own = KeypointSet(Template.CAR, (point, *before[by_hand].keypoints.points[1:]))
        save_keypoints(history, by_hand, own, "Place points")
        others = [FoundKeypoints(imported, KeypointSet(Template.CAR, (point,) * 12))]
        with project.write() as connection:
            write_keypoints(connection, others, origin=LabelOrigin.IMPORT)
        set_category(history, [renamed], Category.PERSON)
        assert mined(project, parking, *(said(Category.CAR, at, 0.7) for at in places)) == ids
        after = in_force(project, ids)
        assert untouched in proposals(project)
        assert by_hand not in proposals(project)
    assert after[by_hand].keypoints == own
    assert after[imported].origin is LabelOrigin.IMPORT
    assert after[renamed] == before[renamed]  # a car's points are none of somebody who is called a person
    assert after[untouched].version == 2
    assert {one.score for one in after[untouched].keypoints.points if one is not None} == {0.7}
