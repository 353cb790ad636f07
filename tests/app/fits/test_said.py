"""What a network said of a car beside its fit in the 3D workspace, for who comes from an evaluation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.states.results import SaidKey
from app.states.scene import ColourBy
from app.views.viewport.colours import SAID, legend
from core.records.evaluations import ObjectSaid, Pose3D, Subject, Truth
from core.store.project import Project
from core.store.writers.evaluations import make_evaluation, write_said
from tests.app.fits.cars import Cars, Desk
from tests.app.fits.test_truth import roles

NEARER_M = 0.4


def said_of(cars: Cars, instance_id: int) -> SaidKey:
    """Has a network say that a car stands nearer than its points do, with fewer numbers of shape."""
    fit = cars.fit(instance_id)
    x, y, z = fit.translation
    pose = Pose3D(fit.rotation, (x, y, z - NEARER_M), fit.shape[:5])
    with Project.open(cars.path) as project, project.bulk() as bulk:
        made = bulk.run(
            lambda c: make_evaluation(
                c, "Night", Subject.RUN, Truth.REVIEWED, job_id=None, settings={}, seed=0
            )
        )
        bulk.run(lambda c: write_said(c, made, [(7, ObjectSaid(car=pose))]))
    return SaidKey(made, 7)


def test_who_comes_from_an_evaluation_sees_what_was_said_beside_the_fit(
    cars: Cars, open_desk: Callable[..., Desk]
) -> None:
    car, [unfitted] = cars.ids[1], cars.parking.add_cars(0, [(14.0, 0.0)])
    key, of_unfitted = said_of(cars, car), said_of(cars, unfitted)
    desk = open_desk(cars.path)
    assert desk.workspace.show_said is not None
    desk.workspace.show_said(car, key, "")
    desk.settle()
    assert roles(desk, car) == ["frame", "said"]
    objects = desk.view.viewport.scene.objects
    own, said = sorted(
        (one for one in objects if one.instance_id == car), key=lambda one: one.role.value != "frame"
    )
    assert np.linalg.norm(own.centre - said.centre) == pytest.approx(NEARER_M, abs=0.1)  # of another shape
    assert not said.boxed
    assert [entry.text for entry in legend(objects, ColourBy.ERROR) if entry.colour == SAID] == [
        "what the network said"
    ]
    wires = [one for one in desk.view.wires.wires.objects if one.object.instance_id == car]
    assert [bool(one.outlines) for one in wires] == [True, True]  # in the picture as well
    assert desk.view.panel.facts["Off what was said"] == (f"{NEARER_M:.2f} m, turned 0.0°", "")
    desk.press("U")
    assert desk.view.actions_bar.said == "Compare with another version first."
    desk.press("B")
    assert roles(desk, car) == ["frame"]
    desk.press("B")
    assert roles(desk, car) == ["frame", "said"]
    # of others nothing was said
    desk.workspace.show_said(cars.ids[0], None, "Nothing was said of it.")
    desk.settle()
    assert roles(desk, cars.ids[0]) == ["frame"]
    assert desk.view.actions_bar.said == "Nothing was said of it."
    desk.press("B")
    assert desk.view.actions_bar.said == "There is only one version of this fit."
    # what was said of a car without a fit stands alone
    desk.workspace.show_said(unfitted, of_unfitted, "")
    desk.settle()
    assert roles(desk, unfitted) == ["said"]
    assert desk.current_car == unfitted
