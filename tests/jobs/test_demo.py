"""The demo: made whole from nothing, with a calibrated camera, and what later stages need in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import RayCastingUnavailableError
from core.geometry.calibration.result import from_record
from core.jobs import demo
from core.jobs.street_footage import read_truth
from core.records.detections import Category
from core.records.fits import FitFilter, FitMethod
from core.store.project import Project
from core.store.queries.backgrounds import list_backgrounds
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.cameras import list_cameras
from core.store.queries.fits import count
from core.store.queries.frames import frames_of
from core.store.queries.instances import of_frame
from core.store.queries.sources import list_sources
from core.synthesis.street.clip_writer import ClipFiles
from core.synthesis.street.mounts import kerb_mount
from core.synthesis.street.street import Street, StreetCamera
from core.synthesis.street.truth import CoverKind

SMALL = replace(demo.STREET, width=192, height=108, fps=4.0, cars=6, parked=3, people=2)
FILES = {demo.PROJECT_NAME, "street.mp4", "street.truth.json"}


@pytest.fixture(scope="module")
def told() -> list[tuple[float, str]]:
    """What the demo said of its progress."""
    return []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, told: list[tuple[float, str]]) -> Path:
    """A demo of 3 seconds."""
    return demo.make_demo(
        tmp_path_factory.mktemp("demo"),
        seconds=3.0,
        street=SMALL,
        on_progress=lambda share, message: told.append((share, message)),
    )


def require_whole(path: Path, frame_count: int) -> None:
    """A demo's project has its footage, a background, and the camera of the truth beside it."""
    clip = ClipFiles.of(path.with_name("street.mp4"), depth=False)
    said = read_truth(clip)["camera"]
    with Project.open(path, read_only=True) as project, project.read() as connection:
        (camera,) = list_cameras(connection)
        (source,) = list_sources(connection, project)
        present = calibration_in_force(connection, camera.id)
        backgrounds = list_backgrounds(connection, camera.id)
        found = [of_frame(connection, frame.id) for frame in frames_of(connection, source.id)]
    assert camera.name == demo.CAMERA_NAME
    assert source.frame_count == len(found) == frame_count
    assert len(backgrounds) == 1
    assert any(found)
    assert present is not None
    lens, ground = from_record(present.record)
    assert lens.matrix.tolist() == said["matrix"]
    assert ground is not None
    assert ground.height == pytest.approx(said["ground"]["height"])


def test_it_is_made_whole_and_nothing_else_stays(made: Path) -> None:
    require_whole(made, 12)
    ends = ("-wal", "-shm")
    assert {path.name for path in made.parent.iterdir() if not path.name.endswith(ends)} == FILES


def test_its_cars_are_fitted_by_their_outlines(made: Path) -> None:
    with Project.open(made, read_only=True) as project, project.read() as connection:
        fitted = count(connection, FitFilter())
        coarsely = count(connection, FitFilter(methods=(FitMethod.COARSE,)))
    assert fitted == coarsely > 0


def test_it_tells_how_far_it_is(made: Path, told: list[tuple[float, str]]) -> None:
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert (shares[0], told[-1]) == (0.0, (1.0, "Done"))
    assert [message for _, message in told[:2]] == ["Building a street", "Drawing a street"]


def test_one_that_is_there_is_kept(made: Path) -> None:
    before = made.stat().st_mtime_ns
    assert demo.make_demo(made.parent) == made
    assert made.stat().st_mtime_ns == before


def test_a_build_without_ray_casting_takes_the_clip_that_came_with_it(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RayCastingUnavailableError("Rays cannot be cast here.", "Use another installation.")

    monkeypatch.setattr("core.synthesis.street.street.Caster", refuse)
    with pytest.raises(RayCastingUnavailableError):
        demo.make_demo(tmp_path / "without")
    monkeypatch.setattr(demo, "ready_made", lambda: made.parent)
    require_whole(demo.make_demo(tmp_path / "with"), 12)


def test_the_street_shows_what_later_stages_need() -> None:
    """Every other second of the whole demo, small."""
    settings = replace(demo.STREET, width=320, height=180, fps=0.5, frame_count=15)
    street = Street(settings)
    camera = StreetCamera(street, kerb_mount(street.layout, settings.width, settings.height))
    found = [item for index in range(settings.frame_count) for item in camera.frame(index).objects]
    near = [item for item in found if item.distance_m < 40.0]
    parked = {item.track_id for item in near if item.parked and item.occlusion < 0.5}
    assert len(parked) >= 2
    for category in (Category.CAR, Category.PERSON):
        ones = [item for item in near if item.category is category and not item.parked]
        assert len({item.track_id for item in ones}) >= 5
        assert min(item.occlusion for item in ones) == 0.0
        assert max(item.occlusion for item in ones) > 0.5
    hidden = [item for item in near if item.category is Category.CAR and not item.parked]
    kinds = {cover.kind for item in hidden for cover in item.covers if cover.share > 0.05}
    assert kinds >= {CoverKind.CAR, CoverKind.STATIC, CoverKind.BORDER}
