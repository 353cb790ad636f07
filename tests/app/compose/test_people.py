"""People in composites, seen from above beside the cars: their bodies, where they were put."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.states.scene import SceneObject
from tests.app.compose.desk import Desk
from tests.jobs.doing import do_job
from tests.jobs.yard import CARS, PARKED, Yard
from tests.jobs.yard_people import PEOPLE


@pytest.fixture
def peopled(tmp_path: Path) -> Path:
    path = tmp_path / "yard.amodal"
    Yard(path, (*CARS, PARKED), PEOPLE).fit_people()
    do_job(path, "cut", include_thinned=True)
    return path


def people_of(desk: Desk) -> list[SceneObject]:
    return [one for one in desk.view.viewport.scene.objects if one.person]


def test_people_with_fits_stand_as_bodies_on_the_road(
    peopled: Path, open_desk: Callable[[Path], Desk]
) -> None:
    desk = open_desk(peopled)
    desk.until(lambda: desk.view.canvas.image is not None)
    for seed in range(1, 30):
        desk.seed(seed)
        if people_of(desk):
            break
    people = people_of(desk)
    assert people
    assert {one.caption for one in desk.view.viewport.scene.objects} == set(desk.names)
    distances = {layer.name: layer.distance_m for layer in desk.state.layers}
    for person in people:
        assert not person.boxed
        assert len(person.bones) == 23
        heights = person.levels[0][:, 2]
        assert heights.min() == pytest.approx(0.0, abs=0.03)
        assert 1.5 < heights.max() < 2.0
        # as far away as its layer says
        assert float(np.hypot(*person.footprint[:, :2].mean(axis=0))) == pytest.approx(
            distances[person.caption], abs=0.5
        )


def test_somebody_who_is_slid_away_stays_on_the_road(
    peopled: Path, open_desk: Callable[[Path], Desk]
) -> None:
    desk = open_desk(peopled)
    desk.until(lambda: desk.view.canvas.image is not None)
    for seed in range(1, 30):
        desk.seed(seed)
        if people_of(desk):
            break
    before = people_of(desk)[0]
    name = before.caption
    desk.view.layers.chosen.emit(desk.layer(name).key)
    for _ in range(2):
        desk.press("[")
    desk.until(lambda: len(desk.by_hand()) == 1)
    desk.settle()
    assert desk.said == f"Done: Move {name} 1.0 m nearer."
    after = next(one for one in people_of(desk) if one.caption == name)
    # the whole body went a metre towards the point below the camera, and neither up nor down
    way = (after.levels[0] - before.levels[0])[:, :3]
    assert np.allclose(way, way[0], atol=1e-3)
    assert way[0, 2] == pytest.approx(0.0, abs=1e-3)
    assert np.linalg.norm(way[0]) == pytest.approx(1.0, abs=0.01)
    feet = before.footprint[:, :2].mean(axis=0)
    assert way[0, :2] @ feet / np.linalg.norm(feet) == pytest.approx(-1.0, abs=0.02)
