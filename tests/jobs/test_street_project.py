"""A simulated street becomes a project that knows its own truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.errors import ProjectError
from core.geometry.calibration.result import from_record
from core.jobs.evaluate.true_3d import TrueFootage, truth_path, with_truth
from core.jobs.street_project import make_street_project
from core.records.detections import Category
from core.records.keypoints import Template
from core.records.occlusion import LabelOrigin, OcclusionLabel
from core.records.shapes import KeypointTag
from core.shapes.body.skeleton import Joint
from core.store.project import Project
from core.store.queries import instances
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.cameras import list_cameras
from core.store.queries.export import categories_with_keypoints
from core.store.queries.frames import frames_of
from core.store.queries.keypoints import keypoints_in_force
from core.store.queries.sources import list_sources
from core.synthesis.street.mounts import far_mount
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera

TINY = StreetSettings(
    width=192, height=108, fps=5.0, frame_count=3, seed=3, cars=20, parked=6, people=4, hour=9.5
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of a street with two cameras."""
    street = Street(TINY)
    mounts = (street.default_mount(), far_mount(street.layout, TINY.width, TINY.height))
    path = tmp_path_factory.mktemp("made") / "town.amodal"
    make_street_project(path, [StreetCamera(street, mount) for mount in mounts])
    return path


def test_nothing_unfinished_stays(made: Path) -> None:
    names = {path.name for path in made.parent.iterdir()} - {"town.amodal-wal", "town.amodal-shm"}
    beside = {
        f"town{camera}.{kind}" for camera in ("", "-far") for kind in ("mp4", "truth.json", "depth.npz")
    }
    assert names == {"town.amodal"} | beside


@pytest.mark.parametrize("name", ["town", "town-far"])
def test_a_camera_is_calibrated_with_what_the_truth_says(made: Path, name: str) -> None:
    said = json.loads((made.parent / f"{name}.truth.json").read_text())["camera"]
    with Project.open(made) as project, project.read() as connection:
        row = next(camera for camera in list_cameras(connection) if camera.name == name)
        present = calibration_in_force(connection, row.id)
    assert present is not None
    camera, ground = from_record(present.record)
    assert np.allclose(camera.matrix, said["matrix"])
    assert ground is not None
    assert ground.height == pytest.approx(said["ground"]["height"])
    assert np.allclose(ground.normal, said["ground"]["normal"])


@pytest.mark.parametrize("name", ["town", "town-far"])
def test_the_truth_is_there_as_labelled_objects(made: Path, name: str) -> None:
    pictures = json.loads((made.parent / f"{name}.truth.json").read_text())["pictures"]
    with Project.open(made) as project, project.read() as connection:
        source = next(one for one in list_sources(connection, project) if Path(one.path).stem == name)
        frames = frames_of(connection, source.id)
        assert len(frames) == len(pictures) == TINY.frame_count
        tracks: dict[int, set[int | None]] = {}
        labels = set()
        for frame, picture in zip(frames, pictures, strict=True):
            found = instances.of_frame(connection, frame.id)
            rows = {(row.box.x, row.box.y, row.box.w, row.box.h): row for row in found}
            masks = instances.masks(connection, [row.id for row in rows.values()])
            crops = instances.crops(connection, [row.id for row in rows.values()])
            seen = [item for item in picture["objects"] if item["box"] is not None]
            assert len(rows) == len(seen) == len(masks) == len(crops) > 0
            for item in seen:
                row = rows[tuple(item["box"])]
                assert row.category is Category(item["category"])
                assert row.label_origin is LabelOrigin.IMPORT
                assert (row.label is OcclusionLabel.UNOCCLUDED) == (item["occlusion"] <= 0.02)
                assert masks[row.id].counts.decode() == item["modal"]["counts"]
                tracks.setdefault(item["track_id"], set()).add(row.track_id)
                labels.add(row.label)
        assert labels == set(OcclusionLabel)
    assert all(len(found) == 1 and None not in found for found in tracks.values())
    assert len({next(iter(found)) for found in tracks.values()}) == len(tracks)


def test_what_stands_beside_it_is_read_as_true_3d(made: Path) -> None:
    with Project.open(made) as project, project.read() as connection:
        sources = with_truth(list_sources(connection, project))
    assert [Path(one.path).name for one in sources] == ["town.mp4", "town-far.mp4"]
    people = 0
    for source in sources:
        rows = json.loads(truth_path(source).read_text())["pictures"]
        found = TrueFootage(source)
        for number, row in enumerate(rows):
            own = found.objects(number)
            assert [one.track_id for one in own] == [
                item["track_id"] for item in row["objects"] if item["box"] is not None
            ]
            for one in own:
                standing = one.standing
                assert standing.points is not None
                if standing.is_person:
                    people += 1
                    # the pelvis' own left is from the right hip to the left one
                    across = standing.points[Joint.LEFT_HIP] - standing.points[Joint.RIGHT_HIP]
                    assert standing.rotation[:, 0] @ across > 0.99 * np.linalg.norm(across)
                    assert standing.rotation[:, 1] @ found.up > 0.9
                else:
                    # a car's forward is from its back wheels to its front ones
                    along = standing.points[:2].mean(axis=0) - standing.points[2:4].mean(axis=0)
                    assert standing.forward @ along > 0.99 * np.linalg.norm(along)
    assert people > 0


def test_its_objects_have_no_keypoints_unless_asked_for(made: Path) -> None:
    with Project.open(made) as project, project.read() as connection:
        assert categories_with_keypoints(connection) == set()


def test_its_cars_and_people_have_the_truth_as_keypoints_when_asked_for(tmp_path: Path) -> None:
    street = Street(TINY)
    path = tmp_path / "town.amodal"
    make_street_project(path, [StreetCamera(street, street.default_mount())], keypoints=True)
    pictures = json.loads((tmp_path / "town.truth.json").read_text())["pictures"]
    tags, hiders, people = set(), 0, 0
    with Project.open(path) as project, project.read() as connection:
        [source] = list_sources(connection, project)
        for frame, picture in zip(frames_of(connection, source.id), pictures, strict=True):
            found = instances.of_frame(connection, frame.id)
            rows = {(row.box.x, row.box.y, row.box.w, row.box.h): row for row in found}
            said = keypoints_in_force(connection, [row.id for row in found])
            seen = [item for item in picture["objects"] if item["box"] is not None]
            ids = {item["track_id"]: rows[tuple(item["box"])].id for item in seen}
            assert set(said) == set(ids.values())
            for item in seen:
                row = said[ids[item["track_id"]]]
                truth = item["points" if item["category"] == "car" else "person_keypoints"]
                assert row.keypoints.template is Template.of(Category(item["category"]))
                assert row.origin is LabelOrigin.IMPORT
                people += item["category"] == "person"
                for place, point in enumerate(row.keypoints.points):
                    if point is None:
                        assert truth["pixels"][place] == [None, None]
                        continue
                    assert [point.x, point.y] == truth["pixels"][place]
                    assert point.tag == truth["tags"][place]
                    tags.add(point.tag)
                    if point.hider is not None:
                        assert point.hider == ids[truth["hiders"][place]["track_id"]]
                        hiders += 1
    assert tags == set(KeypointTag) - {KeypointTag.UNLABELLED}
    assert hiders > 0
    assert people > 0


def test_the_hour_is_the_street_s(made: Path) -> None:
    with Project.open(made) as project, project.read() as connection:
        source = list_sources(connection, project)[0]
        first = frames_of(connection, source.id)[0]
    assert first.captured_at is not None
    assert first.captured_at % 86400 == TINY.hour * 3600


def test_footage_that_is_there_is_not_written_over(made: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.mp4").write_bytes(b"footage")
    street = Street(TINY)
    with pytest.raises(ProjectError):
        make_street_project(tmp_path / "mine.amodal", [StreetCamera(street, street.default_mount())])
    assert (tmp_path / "mine.mp4").read_bytes() == b"footage"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.mp4"]


def test_one_that_is_stopped_leaves_nothing(tmp_path: Path) -> None:
    def stop(share: float) -> None:
        if share > 0.9:  # in the midst of the truth
            raise KeyboardInterrupt

    street = Street(TINY)
    with pytest.raises(KeyboardInterrupt):
        make_street_project(tmp_path / "a.amodal", [StreetCamera(street, street.default_mount())], stop)
    assert not list(tmp_path.iterdir())
