"""Mining from footage to labels: sane on a street whose truth is known, and the same when done again."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from sqlalchemy import func, select

from core.errors import AmodalError, JobError
from core.jobs.mine import sequence_phase
from core.jobs.registry import create
from core.jobs.runner import run_job
from core.mining.standing import way_of
from core.records.boxes import Box
from core.records.detections import Category
from core.records.jobs import JobState
from core.records.occlusion import OcclusionLabel, Verdict
from core.store import job_rows, tables
from core.store.edits.categories import set_category
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries import backgrounds, instances
from core.store.queries.cameras import list_cameras
from core.store.queries.frames import sequences_of
from core.store.queries.sources import list_sources
from core.store.writers.matching import intersection_over_union
from tests.jobs.doing import CAMERA, do_job
from tests.street_clip import StreetClip

I = tables.instance.c  # noqa: E741


def live_rows(path: Path) -> list[tuple[Any, ...]]:
    """What mining made, with the ids that people's labels hang on, without those of versions."""
    query = (
        select(
            tables.frame.c.pts,
            I.id,
            I.category,
            I.x,
            I.y,
            I.w,
            I.h,
            I.score,
            I.label,
            I.margin,
            I.track_id,
            I.thinned,
        )
        .join(tables.frame, tables.frame.c.id == I.frame_id)
        .where(I.state == "live")
        .order_by(tables.frame.c.pts, I.x, I.y, I.id)
    )
    with Project.open(path, read_only=True) as project, project.read() as connection:
        return [tuple(row) for row in connection.execute(query)]


def test_added_footage_has_every_frame(project_path: Path, street_clip: StreetClip) -> None:
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        [camera] = list_cameras(connection)
        [source] = list_sources(connection, project, camera.id)
        assert (camera.name, source.frame_count) == (CAMERA, len(street_clip.frames))
        assert (source.width, source.height) == (320, 180)
        assert len(sequences_of(connection, source.id)) == 1


def test_the_same_footage_is_refused_twice(project_path: Path, street_clip: StreetClip) -> None:
    with pytest.raises(AmodalError, match="in the project already"):
        do_job(project_path, "add", path=str(street_clip.path), camera="Other")


def test_mining_finds_the_cars_that_drive_in_full_view(project_path: Path, street_clip: StreetClip) -> None:
    do_job(project_path, "mine", detector="motion")
    rows = live_rows(project_path)
    by_pts: dict[int, list[Box]] = {}
    for pts, _, category, x, y, w, h, *_ in rows:
        if category == Category.CAR:
            by_pts.setdefault(pts, []).append(Box(x, y, w, h))
    times = sorted({row[0] for row in rows})
    step = min(b - a for a, b in itertools.pairwise(times))
    seen = found = 0
    for frame in street_clip.frames:
        for truth in frame["objects"]:
            moving_car = truth["category"] == Category.CAR and not truth["parked"]
            if not moving_car or truth["box"] is None or truth["occlusion"] > 0.05:
                continue
            true_box = Box(*truth["box"])
            if true_box.h < 18:
                continue
            seen += 1
            boxes = by_pts.get(frame["index"] * step, [])
            found += any(intersection_over_union(true_box, box) > 0.5 for box in boxes)
    assert seen > 30
    assert found / seen > 0.7


def test_mining_twice_changes_nothing(project_path: Path) -> None:
    do_job(project_path, "mine", detector="motion")
    before = live_rows(project_path)
    assert before
    do_job(project_path, "mine", detector="motion")
    assert live_rows(project_path) == before


def test_a_persons_verdict_survives_mining_again(project_path: Path) -> None:
    do_job(project_path, "mine", detector="motion")
    with Project.open(project_path) as project:
        with project.read() as connection:
            instance_id = connection.scalar(select(I.id).where(I.label == "unoccluded").limit(1))
            assert instance_id is not None
        set_verdict(History(project, "Ada"), [instance_id], Verdict.OCCLUDED)
    do_job(project_path, "mine", detector="motion", every=2)
    do_job(project_path, "mine", detector="motion", **{"motion.min_contrast": 60})
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        row = instances.by_id(connection, instance_id)
        assert row is not None
        assert (row.verdict, row.label, row.annotator) == (Verdict.OCCLUDED, OcclusionLabel.OCCLUDED, "Ada")


def test_every_object_keeps_its_identity_when_mined_again(project_path: Path) -> None:
    """A verdict on each of them and a corrected kind on some; nothing of it may be lost or doubled."""
    do_job(project_path, "mine", detector="motion")
    before = {row[1]: row for row in live_rows(project_path)}
    corrected = sorted(before)[::7]
    with Project.open(project_path) as project:
        history = History(project, "Ada")
        set_verdict(history, sorted(before), Verdict.UNOCCLUDED)
        other = {"car": Category.PERSON, "person": Category.CAR}
        for instance_id in corrected:
            set_category(history, [instance_id], other[before[instance_id][2]])
    do_job(project_path, "mine", detector="motion")
    assert {row[1] for row in live_rows(project_path)} == set(before)
    # settings that find next to nothing
    do_job(project_path, "mine", detector="motion", **{"motion.min_size_px": 400})
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        rows = connection.execute(select(I.id, I.verdict, I.state, I.missing, I.category)).all()
        assert connection.scalar(select(func.count()).where(tables.track.c.state == "live")) == 0
    assert {(row.verdict, row.state, row.missing) for row in rows} == {("unoccluded", "live", True)}
    assert {row.id for row in rows} == set(before)
    assert all(row.category != before[row.id][2] for row in rows if row.id in corrected)


def test_what_never_leaves_its_place_is_dropped(project_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequence_phase, "_LONG_ENOUGH_S", 3.0)
    do_job(project_path, "mine", detector="motion", **{"motion.least_way": 0})
    everything = {row[1] for row in live_rows(project_path)}
    do_job(project_path, "mine", detector="motion", **{"motion.least_way": 2.0})
    movers = live_rows(project_path)
    do_job(project_path, "mine", detector="motion", **{"motion.least_way": 2.0})
    assert live_rows(project_path) == movers
    tracks: dict[int, list[tuple[float, ...]]] = {}
    for row in movers:
        if row[10] is not None:
            tracks.setdefault(row[10], []).append(row[3:7])
    assert 0 < len(movers) < len(everything)
    assert all(way_of(np.array(boxes)) >= 2.0 for boxes in tracks.values())


def test_every_label_has_its_tests(project_path: Path) -> None:
    do_job(project_path, "mine", detector="motion")
    tests = tables.occlusion_test.c
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        labelled = connection.scalar(select(func.count()).where(I.label.is_not(None), I.state == "live"))
        with_tests = connection.scalar(select(func.count(func.distinct(tests.instance_id))))
        occluded = set(connection.scalars(select(I.id).where(I.label == "occluded", I.state == "live")))
        called = set(connection.scalars(select(tests.instance_id).where(tests.occluded.is_(True))))
    assert labelled
    assert labelled == with_tests
    assert occluded == called


def test_walts_rule_can_be_chosen(project_path: Path) -> None:
    do_job(project_path, "mine", detector="motion", rule="walt")
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        named = set(connection.scalars(select(tables.occlusion_test.c.test)))
    assert named == {"walt"}


def test_backgrounds_are_versions(project_path: Path) -> None:
    do_job(project_path, "background", samples=20)
    do_job(project_path, "background", samples=10)
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        rows = backgrounds.list_backgrounds(connection, 1, newest=False)
    assert [(row.version, row.frame_count) for row in rows] == [(2, 10), (1, 20)]


def test_a_project_without_footage_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.amodal"
    Project.create(path).close()
    with Project.open(path) as project:
        job_id = create(project, "mine", {})
    with pytest.raises(JobError, match="no footage"):
        run_job(path, job_id)
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
    assert row is not None
    assert row.state is JobState.FAILED
    assert "no footage" in (row.error or "")


def test_a_stopped_job_resumes_to_the_same_end(project_path: Path, tmp_path: Path) -> None:
    with Project.open(project_path) as project:
        job_id = create(project, "mine", {"detector": "motion"})
    asked = []

    def stop_after_a_third(share: float, message: str) -> None:
        if share > 0.3 and message.startswith("Finding") and not asked:
            asked.append(share)
            contexts[0].request_stop()

    contexts: list[Any] = []
    state = run_job(project_path, job_id, on_progress=stop_after_a_third, on_start=contexts.append)
    assert state is JobState.CANCELLED
    with Project.open(project_path, read_only=True) as project, project.read() as connection:
        checkpoint = job_rows.get_checkpoint(connection, job_id)
    assert checkpoint is not None
    assert checkpoint["pts"] is not None
    assert run_job(project_path, job_id) is JobState.DONE
    resumed = live_rows(project_path)
    # mined again in one go, nothing differs
    do_job(project_path, "mine", detector="motion")
    assert live_rows(project_path) == resumed


def test_a_missing_picture_costs_that_frame_alone(tmp_path: Path, street_clip: StreetClip) -> None:
    with av.open(str(street_clip.path)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % 4 == 0:
                (tmp_path / "pictures").mkdir(exist_ok=True)
                frame.to_image().save(tmp_path / "pictures" / f"{number:04d}.png")
    path = tmp_path / "folder.amodal"
    Project.create(path).close()
    do_job(path, "add", path=str(tmp_path / "pictures"), camera=CAMERA, fps=3.0)
    (tmp_path / "pictures" / "0008.png").unlink()
    job_id = do_job(path, "mine", detector="motion")
    with Project.open(path, read_only=True) as project, project.read() as connection:
        row = job_rows.get_job(connection, job_id)
        log = " ".join(text for _, _, text in job_rows.read_log(connection, job_id))
    assert row is not None
    assert row.result["frames that could not be read"] == 1
    assert row.result["objects"] > 0
    assert "0008.png" in log
