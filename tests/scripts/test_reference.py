"""The page of jobs and their settings says what the models say."""

from __future__ import annotations

from scripts.write_reference import PAGE, commands_page


def test_the_page_of_jobs_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == commands_page(), "run: make reference"
