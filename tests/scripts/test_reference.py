"""The reference pages say what the declarations say."""

from __future__ import annotations

from scripts.write_reference import DOCS, pages


def test_the_pages_are_as_the_declarations_make_them() -> None:
    for name, text in pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"run make reference: docs/{name} is stale"
