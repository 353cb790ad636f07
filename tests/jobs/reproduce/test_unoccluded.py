"""Table 5's rules on two cars of which one is half behind the other, and what is counted of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from core.geometry.masks import full_to_patch, patch_box, patch_to_rle
from core.jobs.reproduce.chapters.unoccluded import FIGURES, TAUGHT, figures
from core.jobs.reproduce.unoccluded import (
    ONE_FRAME,
    PUBLISHED,
    STRONGEST,
    Judged,
    as_json,
    crops_of_frames,
    judged,
    read_judged,
    ruled,
    seen_clip,
)
from core.records.detections import Category
from core.training.data.street_frames import KnownFrame, KnownObject, keep_frames

HEIGHT, WIDTH = 120, 200


def known(left: int, top: int, right: int, bottom: int, cut: int, track: int) -> KnownObject:
    """A car as a rectangle, of which nothing is seen from row `cut` on."""
    whole = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    whole[top:bottom, left:right] = True
    seen = whole.copy()
    seen[cut:] = False
    rle, patch = patch_to_rle(full_to_patch(whole), HEIGHT, WIDTH), full_to_patch(seen)
    hidden = 1 - seen.sum() / whole.sum()
    return KnownObject(
        Category.CAR, patch_to_rle(patch, HEIGHT, WIDTH), rle, patch_box(patch), float(hidden), track
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One picture: a far car half behind a near one, a car by itself, and one too small to count."""
    home = tmp_path_factory.mktemp("clip")
    objects = (
        known(30, 30, 80, 70, cut=55, track=1),
        known(30, 55, 80, 100, cut=HEIGHT, track=2),
        known(120, 40, 170, 80, cut=HEIGHT, track=3),
        known(186, 20, 192, 25, cut=HEIGHT, track=4),
    )
    keep_frames(home, [KnownFrame(np.full((HEIGHT, WIDTH, 3), 90, dtype=np.uint8), objects)])
    return home


def test_the_published_rule_keeps_all_that_is_sure_and_others_see_the_cover(
    folder: Path, tmp_path: Path
) -> None:
    clip = seen_clip(folder, seed=0)
    rows = judged(clip, ruled(clip), street=7, least_px=22.0)
    assert [(row.track, row.good) for row in rows] == [("7/1", False), ("7/2", True), ("7/3", True)]
    assert [row.kept[PUBLISHED] for row in rows] == [True, True, True]  # no neighbour scores below 0.5
    assert [row.kept[ONE_FRAME] for row in rows] == [False, True, True]
    kept = tmp_path / "rows.json"
    kept.write_text(as_json(rows), encoding="utf-8")
    assert read_judged(kept) == rows


def test_what_a_classifier_learns_has_what_is_hidden(folder: Path) -> None:
    crops = crops_of_frames(folder, 22.0, "street")
    assert [one.name for one in crops] == ["street/0/1", "street/0/2", "street/0/3"]
    assert [one.hidden for one in crops] == [pytest.approx(0.375), 0.0, 0.0]  # 15 of 40 rows
    assert crops[0].open().others.any()


def test_precision_recall_and_f1_are_those_of_what_is_kept() -> None:
    good, kept = [True, True, True, False, False] * 2, [True, True, False, True, False] * 2
    rows = [
        Judged(str(n), "car", right, {STRONGEST: said})
        for n, (right, said) in enumerate(zip(good, kept, strict=True))
    ]
    perfect = [Judged(str(n), "car", right, {TAUGHT: right}) for n, right in enumerate(good)]
    found = figures(rows, [perfect, perfect], draws=200)
    rule = dict(zip(FIGURES, found[STRONGEST].values, strict=True))
    assert rule["precision"] == rule["recall"] == rule["F1"] == pytest.approx(2 / 3)
    assert np.isnan(rule["F1 of people"])
    assert found[TAUGHT].interval(2).low == 1.0
    gain = found[TAUGHT].over(found[STRONGEST], 2)
    assert gain.value == pytest.approx(1 / 3)
    assert gain.low is not None
    assert gain.low >= 0.0
