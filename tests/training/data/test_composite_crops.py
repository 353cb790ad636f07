"""Objects of a project's composites as crops: what covers them is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.compositing.render import CACHE_BYTES, Composer
from core.jobs.compose.supply import StoredComposites
from core.jobs.train.crops import classifier_crops
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.records.occlusion import LabelOrigin
from core.records.recipes import Split
from core.records.shapes import KeypointTag
from core.store.project import Project
from core.training.data.composite_crops import composite_crops, crops_of
from core.training.data.crops import PackedCrop
from tests.jobs.doing import do_job
from tests.jobs.yard import Yard


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    made = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal")
    do_job(made.path, "cut")
    do_job(
        made.path,
        "compose",
        count=6,
        name="Mine",
        validation_percent=0,
        test_percent=0,
        least=2,
        most=4,
        seed=5,
    )
    return made


def test_each_object_is_as_its_composite_says(yard: Yard) -> None:
    stored = StoredComposites(yard.path, "Mine")
    composite = Composer(stored.pieces(), CACHE_BYTES).render(stored.recipe(0))
    crops = named(crops_of(composite, "first"))
    assert crops
    for label in composite.labels:
        crop = crops.get(f"first/{label.piece_id}")
        if crop is None:
            continue
        sample = crop.open()
        assert label.modal_box is not None
        assert sample.category is label.category
        assert sample.hidden >= label.occlusion_permille / 1000
        assert sample.own is not None
        assert not (sample.own & sample.others).any()
        scale = sample.box.w / label.modal_box.w
        assert sample.size_px == pytest.approx(label.amodal_box.size * scale, rel=0.02)
        if label.keypoints is not None:
            placed = [point is not None and not point.guessed for point in label.keypoints.points]
            assert np.array_equal(sample.tags >= 0, placed)


def test_a_guess_is_no_label(yard: Yard) -> None:
    """Of points of every origin, those that nobody has looked at are unlabelled in the crop."""
    stored = StoredComposites(yard.path, "Mine")
    composite = Composer(stored.pieces(), CACHE_BYTES).render(stored.recipe(0))
    shown = named(crops_of(composite, "first"))
    label = next(one for one in composite.labels if f"first/{one.piece_id}" in shown)
    origins = [list(LabelOrigin)[number % len(LabelOrigin)] for number in range(12)]
    points = tuple(PlacedPoint(9.0 + n, 8.0, KeypointTag.VISIBLE, one) for n, one in enumerate(origins))
    told = replace(label, keypoints=KeypointSet(Template.CAR, points))
    [crop] = crops_of(replace(composite, labels=(told,)), "first")
    looked_at = [one not in (LabelOrigin.HEURISTIC, LabelOrigin.INFERRED) for one in origins]
    assert np.array_equal(crop.tags >= 0, looked_at)
    assert np.array_equal(np.isfinite(crop.points).all(axis=1), looked_at)
    assert 0 < sum(looked_at) < 12


def named(crops: list[PackedCrop]) -> dict[str, PackedCrop]:
    return {one.name: one for one in crops}


def test_the_composites_are_spread_over_the_set_and_some_objects_are_left_out(yard: Yard) -> None:
    stored = StoredComposites(yard.path, "Mine", Split.TRAIN)
    crops = list(composite_crops(stored, 3))
    assert {one.name.split("/")[0] for one in crops} == {"composite 0", "composite 2", "composite 4"}
    composite = Composer(stored.pieces(), CACHE_BYTES).render(stored.recipe(0))
    every = {one.instance_id for one in composite.labels}
    assert crops_of(composite, "first", left_out=every) == []


def test_a_project_learns_from_its_composites_too(yard: Yard) -> None:
    with Project.open(yard.path) as project:
        supply = classifier_crops(project)
    assert supply.about["data"]["objects of composites"]["to learn from"] > 0
    assert any(one.name.startswith("composite") for one in supply.training)
    assert not any(one.name.startswith("composite") for one in supply.validation)
