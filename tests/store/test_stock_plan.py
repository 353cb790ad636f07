"""What composites are drawn from, and a page of a set, are found by their indexes, and no pixel is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from core.store.queries.pieces import stock_rows
from core.store.queries.recipes import recipe_ids, recipe_page, recipe_sets
from core.store.writers.recipes import MadeRecipe
from tests.store.doing import decide, decision, found
from tests.store.doing_recipes import background, compose, cut, found_piece, recipe_of


def plans(site: Any, ask: Callable[[Any], object]) -> list[str]:
    """How SQLite goes about each statement."""
    asked: list[tuple[str, Any]] = []
    with site.project.read() as connection:

        def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            asked.append((statement, parameters))

        event.listen(connection.engine, "before_cursor_execute", note)
        ask(connection)
        event.remove(connection.engine, "before_cursor_execute", note)
        raw = connection.connection.driver_connection
        return [
            "; ".join(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
            for statement, parameters in asked
        ]


def made(site: Any) -> int:
    """A set; gives its id."""
    ids = site.detect(site.frame_ids[0], [found(x) for x in (10.0, 110.0)])
    decide(site, *(decision(i, 0.5) for i in ids))
    pieces = cut(site, *(found_piece(site, i) for i in ids))
    return compose(site, "First", [MadeRecipe(recipe_of(site, background(site), pieces), (0, 0))])


def test_the_stock_is_read_by_its_index_without_a_cut_out(site: Any) -> None:
    made(site)
    [plan] = plans(site, lambda connection: list(stock_rows(connection, site.camera_id)))
    assert "ix_piece_stock" in plan
    assert "cutout" not in plan


def test_sets_are_listed_and_paged_by_one_index(site: Any) -> None:
    set_id = made(site)
    counted = plans(site, recipe_sets)[1]
    assert "COVERING INDEX ix_recipe_set" in counted
    assert "COVERING INDEX ix_recipe_set" in plans(site, lambda c: recipe_ids(c, set_id))[0]
    paged = plans(site, lambda c: recipe_page(c, set_id, 1))[0]
    assert "ix_recipe_set (set_id=? AND id>?)" in paged
    assert "TEMP B-TREE" not in paged
