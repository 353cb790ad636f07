"""Crops whose truth is known: made once, the same again, and no car model in two splits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from core.cli import app
from core.records.detections import Category
from core.training.data import synthetic_crops
from core.training.data.crops import read_crops
from core.training.data.synthetic_crops import CropPlan, kinds_of, make_crops
from core.training.tasks.prelabeller import cars_with_points
from tests.training.data.shared import made_cars

PLAN = CropPlan(cars=(3, 0, 2), car_models=(4, 1, 4), car_px=96, streets=(0, 0, 0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("crops")
    make_crops(made, PLAN)
    return made


def test_a_car_is_whole_and_its_points_are_about_it(folder: Path) -> None:
    crops = read_crops(folder, kinds_of("train"))
    assert len(cars_with_points(crops)) == 3
    for one in crops:
        sample = one.open()
        assert (one.category, one.hidden) == (Category.CAR, 0.0)
        assert (one.tags >= 0).all()
        assert not sample.others.any()
        assert sample.own is not None
        rows, columns = np.nonzero(sample.own)
        low, high = np.array([columns.min(), rows.min()]), np.array([columns.max(), rows.max()])
        slack = 0.03 * one.size_px  # a wheel's hub may stand out of the body
        assert (one.points > low - slack).all()
        assert (one.points < high + slack).all()


def test_splits_have_cars_of_their_own(folder: Path) -> None:
    train, test = (read_crops(folder, kinds_of(split)) for split in ("train", "test"))
    assert len(test) == 2
    assert not {one.jpeg for one in train} & {one.jpeg for one in test}


def test_what_is_there_is_not_made_again_and_the_same_plan_makes_the_same(
    folder: Path, tmp_path: Path
) -> None:
    [path] = folder.glob("cars-test-*")
    before = path.stat().st_mtime_ns
    shares: list[float] = []
    assert make_crops(folder, PLAN, shares.append) == 2
    assert path.stat().st_mtime_ns == before
    assert shares == [0.5, 1.0]
    again = CropPlan(cars=(0, 0, 2), car_models=PLAN.car_models, car_px=PLAN.car_px, streets=(0, 0, 0))
    make_crops(tmp_path, again)
    assert [one.jpeg for one in read_crops(tmp_path, ["cars-test"])] == [
        one.jpeg for one in read_crops(folder, ["cars-test"])
    ]


def test_shared_cars_are_kept_with_what_others_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A parked car looks the same a moment later, and is taken once."""
    cars = made_cars()
    shown = [*cars, *(replace(one, index=1) for one in cars)]
    streets: list[int] = []

    def street_of(number: int, seed: int, *_: Any) -> tuple[None, list[None]]:
        streets.append(seed)
        return None, []

    monkeypatch.setattr(synthetic_crops, "street_of", street_of)
    monkeypatch.setattr(synthetic_crops, "three_mounts", lambda street, mounts: [])
    monkeypatch.setattr(synthetic_crops, "shared_cars", lambda *_: iter(shown))
    none = (0, 0, 0)
    assert make_crops(tmp_path, CropPlan(none, streets=none, shared=(1, 1, 0), frames=2)) == 2
    assert len(set(streets)) == 2  # of each split its own
    found = read_crops(tmp_path, kinds_of("train", cars=False, streets=False, shared=True))
    assert {one.name.split("/")[-2] for one in found} == {"0"}
    assert len(found) == 3 * len(cars)  # each through each camera, with the one pair of others
    assert all(one.elsewhere is not None and one.elsewhere.seen.any() for one in found)
    assert read_crops(tmp_path, ["shared-val"])[0].elsewhere is not None


def test_the_shell_makes_them(tmp_path: Path) -> None:
    said = CliRunner().invoke(
        app, ["synth", "crops", str(tmp_path), "--cars", "1", "--streets", "0", "--measured", "0"]
    )
    assert said.exit_code == 0, said.output
    assert f"Made 1 files in {tmp_path}" in said.output
    assert len(read_crops(tmp_path, kinds_of("train"))) == 1
