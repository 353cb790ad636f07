"""A yard with people as a project, and where their points truly are, for the Keypoints workspace's tests."""

from __future__ import annotations

from math import pi
from pathlib import Path
from threading import Lock

import numpy as np
from sqlalchemy import select

from core.jobs.fit.people.live import LiveAnswer
from core.jobs.fit.people.live_child import LiveFits
from core.jobs.fit.people.live_wire import LiveRequest, answer_line, answer_of, request_line, request_of
from core.shapes.body.coco import coco_keypoints
from core.shapes.body.placed import placed_body
from core.store import tables
from core.store.project import Project
from tests.app.keypoints.streets import TrueCar
from tests.jobs.yard import CAMERA, GROUND, Car, Walker, Yard
from tests.placed_people import person_at, stand_in

TOWARDS, AWAY = pi - 0.3, 0.3


class TruePerson(TrueCar):
    """A person of the yard as they were painted: as a car, but with seventeen points."""


def walker(x: float, y: float, heading_rad: float, colour: int) -> Walker:
    """Somebody who walks for four pictures, half a metre each."""
    way = 0.5 * np.array([np.cos(heading_rad), np.sin(heading_rad)])
    places = [np.array([x, y]) + n * way for n in range(4)]
    return Walker(
        tuple(
            person_at(GROUND, (float(px), float(py)), heading_rad, phase=0.17 * n)
            for n, (px, py) in enumerate(places)
        ),
        colour,
    )


PEOPLE = (walker(9.0, 1.6, TOWARDS, 2), walker(9.0, -1.6, AWAY, 4))


def make(folder: Path) -> Path:
    """The yard's project: two people, of whom the first faces us, and a car."""
    yard = Yard(folder / "yard.amodal", (Car(((16.0, 4.0),) * 4, 1),), PEOPLE, fitted=False)
    return yard.path


def people(path: Path, picture: int = 0) -> list[TruePerson]:
    """The people of a picture, in the order in which the yard has them."""
    with Project.open(path) as project, project.read() as connection:
        i = tables.instance.c
        query = select(i.id, i.track_id, i.time_s, i.w, i.h).where(i.category == "person")
        rows = connection.execute(query.order_by(i.time_s, i.id)).all()
    times = sorted({row.time_s for row in rows})
    body, found = stand_in(), []
    for row, one in zip([row for row in rows if row.time_s == times[picture]], PEOPLE, strict=True):
        fit = one.bodies[picture]
        assert fit is not None
        pixels = CAMERA.project(coco_keypoints(placed_body(fit, body.model), body.face)).tolist()
        found.append(
            TruePerson(
                row.id,
                tuple(r.id for r in rows if r.track_id == row.track_id),
                tuple((x, y) for x, y in pixels),
                ("visible",) * 17,
                max(row.w, row.h),
            )
        )
    return found


class FitsHere:
    """Fits people in the test's own process, over what would go through the pipe."""

    def __init__(self, project: Project) -> None:
        self._fits, self._lock = LiveFits(project), Lock()
        self.asked = 0

    def start(self) -> None:
        """Nothing is to be started."""

    def answer(self, request: LiveRequest) -> LiveAnswer | None:
        with self._lock:
            self.asked += 1
            found = self._fits.answer(request_of(request_line(request).strip()))
            return answer_of(answer_line(found))
