"""The machine's labels beside a person's; thinning; backgrounds."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from core.records.occlusion import (
    OcclusionTest,
    Verdict,
)
from core.store import tables
from core.store.edits.verdicts import set_verdict
from core.store.queries import backgrounds, instances
from core.store.writers.backgrounds import write_background
from core.store.writers.decisions import write_thinning
from tests.store.doing import decide, decision, everything, rows


def test_a_decision_is_the_label_until_a_person_speaks(site: Any) -> None:
    car = site.one_car()
    decide(site, decision(car, -0.25))
    row = rows(site)[car]
    assert (row.label, row.label_origin, row.uncertainty, row.reasons) == ("occluded", "heuristic", 0.25, 2)
    with site.project.read() as connection:
        assert instances.outcomes(connection, car) == list(decision(car, -0.25).outcomes)
    set_verdict(site.history, [car], Verdict.UNOCCLUDED)
    decide(site, decision(car, -0.75, OcclusionTest.OVERLAP))
    row = rows(site)[car]
    assert (row.label, row.label_origin, row.machine_label) == ("unoccluded", "human", "occluded")
    assert (row.verdict, row.uncertainty, row.reasons) == ("unoccluded", 0.75, 1)
    set_verdict(site.history, [car], Verdict.REJECTED)
    decide(site, decision(car, 0.5))
    row = rows(site)[car]
    assert (row.label, row.label_origin, row.machine_label, row.reasons) == (None, "human", "unoccluded", 0)
    set_verdict(site.history, [car], None)
    row = rows(site)[car]
    assert (row.label, row.label_origin) == ("unoccluded", "heuristic")


def test_decisions_written_twice_change_nothing_more(site: Any) -> None:
    a, b = site.cars(2)
    decide(site, decision(a, 0.5), decision(b, -0.1))
    before = everything(site)
    decide(site, decision(a, 0.5), decision(b, -0.1))
    assert everything(site) == before


def test_an_imported_label_stays(site: Any) -> None:
    car = site.one_car()
    with site.project.write() as connection:
        connection.execute(
            update(tables.instance)
            .where(tables.instance.c.id == car)
            .values(
                machine_label="unoccluded", machine_origin="import", label="unoccluded", label_origin="import"
            )
        )
    decide(site, decision(car, -0.5))
    row = rows(site)[car]
    assert (row.label, row.label_origin, row.margin) == ("unoccluded", "import", -0.5)


def test_no_writer_can_break_what_follows_from_other_columns(site: Any) -> None:
    car = site.one_car()
    set_verdict(site.history, [car], Verdict.OCCLUDED)
    wrong: list[dict[str, Any]] = [
        {"label": "unoccluded"},
        {"label_origin": "heuristic"},
        {"uncertainty": 0.1},
        {"size": 1.0},
        {"w": 0.0, "size": 40.0},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError), site.project.write() as connection:
            connection.execute(update(tables.instance).where(tables.instance.c.id == car).values(values))


def test_thinning_sets_and_clears_flags(site: Any) -> None:
    a, b = site.cars(2)
    with site.project.bulk() as bulk:
        bulk.run(lambda c: write_thinning(c, [(a, True, False), (b, True, True)]))
        assert [(r.stationary, r.thinned) for r in rows(site).values()] == [(True, False), (True, True)]
        bulk.run(lambda c: write_thinning(c, [(a, False, False), (b, True, False)]))
    assert [(r.stationary, r.thinned) for r in rows(site).values()] == [(False, False), (True, False)]


def test_backgrounds_are_versions(site: Any) -> None:
    def write(hour: int | None, image: bytes, job: int | None = None) -> int:
        with site.project.bulk() as bulk:
            return bulk.run(
                lambda c: write_background(
                    c,
                    site.camera_id,
                    hour=hour,
                    frame_count=5,
                    hours=[7, 8],
                    width=4,
                    height=3,
                    image_png=image,
                    support_png=b"s",
                    job_id=job,
                )
            )

    first, second, night = write(7, b"a"), write(7, b"b"), write(23, b"n")
    with site.project.read() as connection:
        listed = backgrounds.list_backgrounds(connection, site.camera_id)
        assert [(b.id, b.hour, b.version) for b in listed] == [(second, 7, 2), (night, 23, 1)]
        every = backgrounds.list_backgrounds(connection, site.camera_id, newest=False)
        assert {b.id for b in every} == {first, second, night}
        assert backgrounds.background_images(connection, first) == (b"a", b"s")
        assert backgrounds.background_images(connection, 99) is None

        def chosen(hour: int | None) -> int | None:
            row = backgrounds.background_for(connection, site.camera_id, hour)
            return None if row is None else row.id

        assert chosen(7) == second
        assert chosen(1) == night  # two hours on, round midnight
        assert chosen(12) == second
    overall = write(None, b"all")
    with site.project.read() as connection:
        row = backgrounds.background_for(connection, site.camera_id, 12)
        assert row is not None
        assert row.id == overall
        assert row.hours == (7, 8)


def test_a_resumed_job_writes_its_background_once(site: Any) -> None:
    from core.store.job_rows import create_job

    job = create_job(site.project, "background", "Background", {})

    def write() -> int:
        with site.project.bulk() as bulk:
            return bulk.run(
                lambda c: write_background(
                    c,
                    site.camera_id,
                    hour=3,
                    frame_count=5,
                    hours=[3],
                    width=4,
                    height=3,
                    image_png=b"i",
                    support_png=b"s",
                    job_id=job,
                )
            )

    assert write() == write()
