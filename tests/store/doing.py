"""What the tests of the store's writers and queries make, and how they look at all of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.records.boxes import Box
from core.records.detections import Category
from core.records.finds import Crop, FoundInstance
from core.records.masks import Rle
from core.records.occlusion import OcclusionDecision, OcclusionLabel, OcclusionTest, TestOutcome
from core.store import tables
from core.store.writers.decisions import write_decisions


def rows(site: Any, gone: bool = True) -> dict[int, Any]:
    with site.project.read() as connection:
        query = select(tables.instance).order_by(tables.instance.c.id)
        return {row.id: row for row in connection.execute(query) if gone or row.state == "live"}


def everything(site: Any) -> dict[str, list[Any]]:
    with site.project.read() as connection:
        return {
            name: sorted(map(tuple, connection.execute(select(table)).all()), key=repr)
            for name, table in tables.metadata.tables.items()
        }


def found(
    x: float = 10, w: float = 50, *, mask: bytes = b"abc", score: float = 0.9, **more: Any
) -> FoundInstance:
    category = more.pop("category", Category.CAR)
    crop = Crop(int(x), 10, 60, 50, b"jpeg" + mask)
    return FoundInstance(Box(x, 10, w, 40), category, score, Rle(360, 640, mask), 7, crop, **more)


def decision(
    instance_id: int, margin: float, test: OcclusionTest = OcclusionTest.BORDER
) -> OcclusionDecision:
    occluded = margin < 0
    label = OcclusionLabel.OCCLUDED if occluded else OcclusionLabel.UNOCCLUDED
    outcome = TestOutcome(test, 3.0, 2.0, occluded, margin, None, "cut by the border")
    return OcclusionDecision(instance_id, label, margin, (outcome,))


def decide(site: Any, *decisions: OcclusionDecision) -> None:
    with site.project.bulk() as bulk:
        bulk.run(lambda c: write_decisions(c, decisions))
