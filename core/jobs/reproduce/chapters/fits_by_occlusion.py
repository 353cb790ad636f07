"""Figures 6 and 7 in 3D and table 4: fits of the test's cars and people by how much of them is hidden."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from core.jobs.reproduce.arms import test_plans
from core.jobs.reproduce.chapter import Chapter, Page
from core.jobs.reproduce.fit_tables import fit_claims, fit_figures, fit_report, fitted_objects
from core.jobs.reproduce.fits import OF_CARS, OF_PEOPLE, Fitted
from core.jobs.reproduce.placed import PLACED, placed_views
from core.jobs.reproduce.size import Size
from core.jobs.reproduce.sizes import SCALES
from core.jobs.reproduce.units import Unit, write_whole
from core.records.detections import Category
from core.shapes.body.placed import named_body
from core.shapes.space_file import default_space
from core.training.data.street_frames import StreetPlan, StreetTruth, make_street_frames

_WAYS = {Category.CAR: OF_CARS, Category.PERSON: OF_PEOPLE}


def _units(home: Path, size: Size) -> list[Unit]:
    return [
        Unit(
            f"fits on the test's street {number + 1}", _kept(home, number), partial(_fit, home, plan, number)
        )
        for number, plan in enumerate(test_plans(SCALES[size].streets))
    ]


def _page(home: Path, size: Size) -> Page | None:
    plan = SCALES[size].streets
    cameras = [
        rows
        for number in range(plan.tests)
        if _kept(home, number).exists()
        for rows in json.loads(_kept(home, number).read_text(encoding="utf-8"))
    ]
    if not cameras:
        return None
    objects = {one.category: one for one in fitted_objects(cameras)}
    found = {
        category: {way: fit_figures(objects[category], way, SCALES[size].draws) for way in ways}
        for category, ways in _WAYS.items()
    }
    counts = {category: one.counts() for category, one in objects.items()}
    numbers: dict[str, Any] = {
        category.value: {"objects": counts[category]}
        | {way.value: figures.as_json() for way, figures in of_category.items()}
        for category, of_category in found.items()
    }
    claims = fit_claims(objects[Category.CAR], SCALES[size].draws)
    numbers["claims"] = [asdict(one) | {"verdict": one.verdict} for one in claims]
    tracks = {category: one.tracks.count for category, one in objects.items()}
    return Page(fit_report(found, counts, claims, tracks), numbers)


def _kept(home: Path, number: int) -> Path:
    return home / "fits" / f"test-{number}.json"


def _fit(home: Path, plan: StreetPlan, number: int) -> None:
    """All objects of a test's street, through both of its cameras."""
    folders = make_street_frames(home / "test", plan)
    [street] = plan.numbers
    views = placed_views(home / PLACED, plan, street, [folder.name for folder in folders])
    space, body = default_space(), named_body()
    rows = []
    for camera, (view, folder) in enumerate(zip(views, folders, strict=True)):
        truth = StreetTruth([folder])
        known = [truth.frame(place) for place in range(len(truth))]
        rows.append(Fitted(view, space, body, (number, camera)).rows(known))
    write_whole(_kept(home, number), json.dumps(rows))


FITS_BY_OCCLUSION = Chapter("Fits by how much is hidden", "fits", _units, _page)
