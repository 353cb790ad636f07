"""The truth beside a fit in the 3D workspace, where an evaluation of fits knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import ObjectResult, ObjectSaid, Outcome, Pose3D, Subject, Truth
from core.records.fits import BodyFit, Fit
from core.store.project import Project
from core.store.writers.evaluations import make_evaluation, write_results, write_said
from tests.app.fits.cars import Cars, Desk
from tests.app.fits.walkers import Walkers

DEEPER_M = 0.5


def measured(cars: Cars, fits: Mapping[int, Fit]) -> None:
    """An evaluation that has each of them stand half a metre deeper in truth."""
    rows, said = [], []
    for number, (instance_id, fit) in enumerate(fits.items()):
        x, y, z = fit.translation
        pose = fit.pose if isinstance(fit, BodyFit) else ()
        truth = Pose3D(fit.rotation, (x, y, z + DEEPER_M), fit.shape, pose)
        category = Category.PERSON if pose else Category.CAR
        box = Box(0, 0, 40, 30)
        rows.append(
            ObjectResult(
                number, 0, instance_id, None, category, category, Outcome.FOUND, 0.3, None, box,
                place_m=DEEPER_M,
            )
        )  # fmt: skip
        said.append((number, ObjectSaid(true_car=truth)))
    with Project.open(cars.path) as project, project.bulk() as bulk:
        made = bulk.run(
            lambda c: make_evaluation(
                c, "Fits", Subject.FITS, Truth.SIMULATION, job_id=None, settings={}, seed=0
            )
        )
        bulk.run(lambda c: write_results(c, made, rows))
        bulk.run(lambda c: write_said(c, made, said))


def roles(desk: Desk, instance_id: int) -> list[str]:
    """Why the objects of an instance stand in the scene."""
    objects = desk.view.viewport.scene.objects
    return sorted(one.role.value for one in objects if one.instance_id == instance_id)


def test_who_comes_from_an_evaluation_sees_a_car_beside_its_truth(
    cars: Cars, open_desk: Callable[..., Desk]
) -> None:
    car = cars.ids[1]
    measured(cars, {car: cars.fit(car)})
    desk = open_desk(cars.path)
    assert desk.workspace.show_instances is not None
    desk.workspace.show_instances([car])
    desk.settle()
    assert roles(desk, car) == ["compared", "frame"]
    own, true = sorted(
        (one for one in desk.view.viewport.scene.objects if one.instance_id == car),
        key=lambda one: one.role.value != "frame",
    )
    assert np.linalg.norm(own.centre - true.centre) == pytest.approx(DEEPER_M, abs=1e-3)
    assert not true.boxed
    wires = [one for one in desk.view.wires.wires.objects if one.object.instance_id == car]
    assert all(one.outlines for one in wires)
    assert len(wires) == 2
    facts = desk.view.panel.facts
    assert facts["Off the truth"] == (f"{DEEPER_M:.2f} m, turned 0.0°", "")
    assert facts["Distance"][1] not in ("", facts["Distance"][0])
    assert facts["Length"][1] in ("", facts["Length"][0])  # what is the same stands once
    assert facts["Made by"][1] == ""
    desk.press("U")
    assert desk.view.actions_bar.said == "Compare with another version first."
    desk.press("B")
    assert roles(desk, car) == ["frame"]
    assert "Off the truth" not in desk.view.panel.facts
    desk.press("B")
    assert roles(desk, car) == ["compared", "frame"]
    # another's is not known, and there is one version
    desk.workspace.show_instances([cars.ids[0]])
    desk.settle()
    assert roles(desk, cars.ids[0]) == ["frame"]
    desk.press("B")
    assert desk.view.actions_bar.said == "There is only one version of this fit."


def test_a_person_stands_beside_the_truth_in_the_true_pose(
    cars: Cars, open_desk: Callable[..., Desk]
) -> None:
    walkers = Walkers(cars)
    first, second = walkers.ids
    fit = walkers.fits[0]
    # numbers of a body that is not here are no truth to draw
    measured(cars, {first: fit, second: replace(walkers.fits[1], pose=(0.1, 0.2, 0.3))})
    desk = open_desk(cars.path)
    assert desk.workspace.show_instances is not None
    desk.workspace.show_instances([first])
    desk.settle()
    assert roles(desk, first) == ["compared", "frame"]
    own, true = sorted(
        (one for one in desk.view.viewport.scene.objects if one.instance_id == first),
        key=lambda one: one.role.value != "frame",
    )
    assert np.linalg.norm(own.bones - true.bones, axis=-1).max() == pytest.approx(DEEPER_M, abs=1e-3)
    assert desk.view.panel.facts["Off the truth"][0] == f"{DEEPER_M:.2f} m, turned 0.0°"
    desk.workspace.show_instances([second])
    desk.settle()
    assert roles(desk, second) == ["frame"]
