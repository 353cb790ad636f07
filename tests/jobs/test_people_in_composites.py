"""People all the way: their points are fitted, their bodies stand on the road, and composites order them."""

from __future__ import annotations

import itertools
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from core.compositing.render import Composer
from core.compositing.sampling.footprints import Footprint, are_apart
from core.jobs.composites import StoredPieces
from core.jobs.cut.places import Places
from core.records.detections import Category
from core.records.fits import BodyFit, FitVerdict
from core.records.keypoints import Template
from core.records.recipes import ObjectLabel, PieceRow, Recipe
from core.records.shapes import KeypointTag
from core.shapes.space_file import default_space
from core.store.project import Project
from core.store.queries.calibrations import calibration_in_force
from core.store.queries.fits import fits_in_force
from core.store.queries.pieces import piece_rows
from core.store.queries.recipes import recipe_page, recipe_sets
from tests.compositing.sampling import grounds
from tests.jobs.doing import do_job
from tests.jobs.yard import CARS, HEIGHT, WIDTH, Yard
from tests.jobs.yard_people import PEOPLE


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """Forty composites of a yard whose people have nothing but their points at first."""
    made = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal", CARS, PEOPLE)
    made.place_points()
    do_job(made.path, "fit", objects="people")
    do_job(made.path, "cut", edge_percent=0)
    do_job(made.path, "compose", count=40, least=4, most=7, validation_percent=0, test_percent=0, seed=3)
    return made


@pytest.fixture(scope="module")
def composites(yard: Yard) -> list[tuple[Recipe, tuple[ObjectLabel, ...], list[PieceRow]]]:
    """Each recipe with its labels and pieces, far to near."""
    with Project.open(yard.path) as project, project.read() as connection:
        recipes = [row.recipe for row in recipe_page(connection, recipe_sets(connection)[0].id, 0, 100)]
        rows = [piece_rows(connection, [one.piece_id for one in recipe.objects]) for recipe in recipes]
    source = StoredPieces(yard.path)
    composer = Composer(source)
    found = [(recipe, composer.labels(recipe), pieces) for recipe, pieces in zip(recipes, rows, strict=True)]
    source.close()
    assert len(found) == 40
    return found


def test_their_points_alone_put_them_where_they_are(yard: Yard) -> None:
    with Project.open(yard.path) as project, project.read() as connection:
        fits = fits_in_force(connection, list(yard.bodies()))
    for i, truth in yard.bodies().items():
        fit = fits[i].fit
        assert isinstance(fit, BodyFit)
        assert fit.verdict is FitVerdict.GOOD
        assert fit.height_ratio == pytest.approx(1.0, abs=0.15)
        assert np.allclose(fit.place_m, truth.place_m, atol=0.5)


def test_people_stand_on_what_their_bodies_cover(
    yard: Yard, composites: list[tuple[Recipe, tuple[ObjectLabel, ...], list[PieceRow]]]
) -> None:
    with Project.open(yard.path) as project, project.read() as connection:
        fits = fits_in_force(connection, list(yard.bodies()))
        calibration = calibration_in_force(connection, yard.camera_id)
    assert calibration is not None
    places = Places(calibration.record, WIDTH, HEIGHT, default_space(), 0.4)
    seen = 0
    for _, labels, rows in composites:
        for label, row in zip(labels, rows, strict=True):
            if row.category is not Category.PERSON:
                continue
            seen += 1
            stored = fits[row.instance_id]
            assert label.fit == stored.fit
            assert isinstance(stored.fit, BodyFit)
            foot = places.of_body(stored.fit, stored.shape_space)
            assert foot is not None
            assert row.footprint == foot.corners
            assert label.keypoints is not None
            assert label.keypoints.template is Template.PERSON
    assert seen > 20


def test_people_and_cars_are_in_one_depth_order(
    composites: list[tuple[Recipe, tuple[ObjectLabel, ...], list[PieceRow]]],
) -> None:
    between = 0
    for _, labels, rows in composites:
        feet = [Footprint(row.footprint) for row in rows if row.footprint is not None]
        assert len(feet) == len(rows)
        hides: set[tuple[int, int]] = set()
        for far, near in itertools.combinations(range(len(rows)), 2):
            assert are_apart(feet[far], feet[near])
            sign = grounds.nearer_by_rays(feet[far], feet[near])
            if not any(hider == near for hider, _ in labels[far].hidden_by):
                continue
            # what is drawn over something else stands before it, wherever a line of sight is on both
            assert sign >= 0
            hides.add((near, far))
        for middle, row in enumerate(rows):
            if row.category is Category.PERSON:
                behind = any(near == middle for near, _ in hides)
                before = any(far == middle for _, far in hides)
                between += behind and before
    # somebody walks behind a car and before another
    assert between > 0


def test_points_of_somebody_behind_a_car_say_so(
    composites: list[tuple[Recipe, tuple[ObjectLabel, ...], list[PieceRow]]],
) -> None:
    told = 0
    for _, labels, _ in composites:
        for label in labels:
            if label.category is not Category.PERSON or label.keypoints is None:
                continue
            hiders = {labels[index].instance_id for index, _ in label.hidden_by}
            for point in label.keypoints.points:
                if point is not None and point.tag is KeypointTag.OTHER_OCCLUDED and point.hider is not None:
                    told += 1
                    assert point.hider in hiders
    assert told > 0


def test_a_set_is_stale_once_somebody_is_fitted_anew(yard: Yard, tmp_path: Path) -> None:
    copy = tmp_path / "copy.amodal"
    with closing(sqlite3.connect(yard.path)) as whole:
        whole.execute("VACUUM INTO ?", (str(copy),))
    do_job(copy, "fit", objects="people", redo=True)
    with Project.open(copy) as project, project.read() as connection:
        rows = recipe_page(connection, recipe_sets(connection)[0].id, 0, 100)
        people = {
            r[0] for r in connection.exec_driver_sql("SELECT id FROM instance WHERE category = 'person'")
        }
        for row in rows:
            pieces = piece_rows(connection, [one.piece_id for one in row.recipe.objects])
            assert row.stale == any(piece.instance_id in people for piece in pieces)
