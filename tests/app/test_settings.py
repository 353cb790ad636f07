"""Preferences: checked, kept, and never in the way when their file is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import Settings, load_form


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_every_declared_default_fits_and_has_help():
    form = load_form()
    assert all(field.help.endswith(".") for field in form.fields)
    assert {"theme", "annotator", "cache_mib", "crop_size"} <= {field.name for field in form.fields}


def test_a_change_is_told_and_survives(path: Path):
    settings = Settings(path, load_form())
    heard: list[str] = []
    settings.on_change(heard.append)
    settings.set("theme", "dark")
    settings.set("theme", "dark")
    assert heard == ["theme"]
    assert Settings(path, load_form())["theme"] == "dark"


@pytest.mark.parametrize(
    ("name", "value"), [("theme", "pink"), ("crop_size", 7), ("crop_size", True), ("annotator", 3)]
)
def test_what_does_not_fit_is_refused(path: Path, name: str, value: object):
    settings = Settings(path, load_form())
    with pytest.raises(ValueError, match="does not fit"):
        settings.set(name, value)
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"theme": "pink", "gone": 1}', "\x00\xff"])
def test_a_damaged_file_means_defaults(path: Path, text: str):
    path.write_text(text, encoding="latin-1")
    assert Settings(path, load_form())["theme"] == "system"


def test_the_annotator_is_never_empty(path: Path):
    settings = Settings(path, load_form())
    assert settings.annotator
    settings.set("annotator", "  Ada ")
    assert settings.annotator == "Ada"


def test_nor_where_the_machine_knows_no_name(path: Path, monkeypatch: pytest.MonkeyPatch):
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert Settings(path, load_form()).annotator == "annotator"


def test_a_folder_that_cannot_be_written_leaves_the_value_in_force(tmp_path: Path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings = Settings(blocked / "settings.json", load_form())
    with pytest.raises(OSError):
        settings.set("theme", "dark")
    assert settings["theme"] == "dark"
