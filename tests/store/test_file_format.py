"""docs/file-format.md tells of every table and column, and of the right version."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.store.schema import APPLICATION_ID, SCHEMA_VERSION
from core.store.tables import metadata

PAGE = (Path(__file__).parents[2] / "docs" / "file-format.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_column_is_explained(table: str) -> None:
    assert f"**{table}**" in PAGE
    columns = [c for c in metadata.tables[table].columns.keys() if c != "id" and not c.endswith("_id")]  # noqa: SIM118
    assert [c for c in columns if f"`{c}`" not in PAGE] == []


def test_the_marks_are_right() -> None:
    assert f"0x{APPLICATION_ID:X}" in PAGE
    assert f"version of the format: **{SCHEMA_VERSION}**" in PAGE
