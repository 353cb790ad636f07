"""One settings model gives flat names, a form and nested values again."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.errors import SettingsError
from core.jobs.flatten import checked, flat_settings, nest
from core.jobs.forms import form_of
from core.records.forms import FieldKind


class Pair(BaseModel):
    least: int = 1
    most: int = 2

    @model_validator(mode="after")
    def _fits_together(self) -> Pair:
        if self.least > self.most:
            raise ValueError("they ask for more at least than at most")
        return self


class Inner(BaseModel):
    level: float = Field(0.5, ge=0, le=1, title="Level", description="How much.")


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    path: Path
    count: int = Field(3, ge=1, json_schema_extra={"unit": "px", "advanced": True})
    kind: Literal["one_way", "other"] = "one_way"
    numbers: list[int] = Field(default_factory=list)
    limit: float | None = None
    inner: Inner = Field(default_factory=Inner)


def test_names_and_bounds() -> None:
    settings = {setting.name: setting for setting in flat_settings(Outer)}
    assert list(settings) == ["path", "count", "kind", "numbers", "limit", "inner.level"]
    assert settings["path"].required
    assert settings["limit"].optional
    assert (settings["inner.level"].bound("ge"), settings["inner.level"].bound("le")) == (0, 1)


def test_form_holds_what_the_window_needs() -> None:
    form = form_of("outer", "Outer", Outer, {"kind": (("other", "not here"),)})
    fields = {field.name: field for field in form.fields}
    assert fields["path"].kind is FieldKind.FILE
    assert fields["numbers"].kind is FieldKind.LIST
    assert fields["kind"].choices == (("one_way", "one way"), ("other", "other"))
    assert fields["kind"].choice_notes == (("other", "not here"),)
    assert (fields["count"].unit, fields["count"].advanced, fields["count"].minimum) == ("px", True, 1)
    assert fields["inner.level"].label == "Level"


def test_nest_is_the_inverse_of_flat_names() -> None:
    assert nest({"path": "a", "inner.level": 0.25}) == {"path": "a", "inner": {"level": 0.25}}


def test_checked_takes_flat_values() -> None:
    model = checked(Outer, {"path": "a.mp4", "inner.level": 0.25})
    assert model.inner.level == 0.25
    assert model.path == Path("a.mp4")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"path": "a", "inner.level": 2}, "inner.level"),
        ({"path": "a", "no_such": 1}, "no_such"),
        ({}, "path"),
    ],
)
def test_what_does_not_fit_is_named(values: dict[str, object], name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        checked(Outer, values)


def test_settings_that_do_not_fit_together_are_told_plainly() -> None:
    with pytest.raises(SettingsError) as problem:
        checked(Pair, {"least": 3})
    assert (
        problem.value.problem == "The settings do not fit together: they ask for more at least than at most."
    )
