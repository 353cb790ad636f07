"""The smallest reproduction, from streets to tables: stopped, gone on with, and not made twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from core.jobs.reproduce import whole_masks  # noqa: E402
from core.jobs.reproduce.point_crops import PointSource, street_shard  # noqa: E402
from core.jobs.reproduce.points import PointArm  # noqa: E402
from core.jobs.reproduce.size import Size  # noqa: E402
from core.jobs.reproduce.sizes import SCALES  # noqa: E402
from core.jobs.reproduce.suite import reproduce  # noqa: E402
from core.training.data.crops import read_shard  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reproduction")


def test_it_goes_on_where_it_stopped_and_says_what_came_out(folder: Path) -> None:
    said: list[str] = []
    first = reproduce(folder, Size.SMOKE, minutes=0, told=said.append)
    assert (first.done, first.report) == (1, None)  # one part is made whatever the time
    assert len(said) == 1

    whole = reproduce(folder, Size.SMOKE, told=said.append)
    assert whole.done == whole.units == len(said)
    assert whole.report is not None
    tables = whole.report.read_text(encoding="utf-8")
    for words in (
        "WALT3D's composites",
        "90-100 %",
        "| COCO + WALT3D | 23.5 | 38.7 |",
        "occluded by others",
        "occlusion classifier | 0.70 | 0.81",
        "## Left out of this size\n\n- Whole detectors",
    ):
        assert words in tables
    learned, told = (
        {int(tag) for one in read_shard(street_shard(folder / "smoke", source, 41)) for tag in one.tags}
        for source in (PointSource.SEEN, PointSource.WALT3D)
    )
    assert learned == {-1, 0} < told | {-1}  # of what is hidden only composites tell
    numbers = json.loads((folder / "smoke" / "numbers.json").read_text(encoding="utf-8"))
    kinds = {(row["arm"], row["share"]) for row in numbers["whole masks"]["mask AP"]}
    assert kinds >= {("modal", 1.0), ("walt2d-same", 1.0), ("walt3d", 0.5)}
    for row in numbers["whole masks"]["mask AP"]:
        everything = row["groups"][0]
        assert 0 <= everything["value"] <= 1
        assert everything["low"] is None  # of two cameras
        assert len(row["by seed"]) == 1

    rules = numbers["unoccluded"]["rules"]
    assert rules["WALT's rule as published"]["recall"]["value"] == 1.0  # it keeps all that is sure
    assert numbers["occlusion net"]["points"]["single cars, covered"][3] > 0  # points that others hide
    assert set(numbers["keypoints"]["networks"]) == {arm.value for arm in PointArm}

    again = reproduce(folder, Size.SMOKE, told=said.append)
    assert len(said) == again.units  # nothing was made twice


def test_a_part_that_was_cut_off_is_made_anew(folder: Path) -> None:
    units = whole_masks.units(folder / "smoke", SCALES[Size.SMOKE])
    last = units[-1]
    assert last.done
    before = last.made.read_bytes()
    last.made.unlink()
    said: list[str] = []
    reproduce(folder, Size.SMOKE, told=said.append)
    assert len(said) == 1
    assert last.made.read_bytes() == before  # one seed, the same again
