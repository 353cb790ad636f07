"""The user's preferences: declared in resources/settings.toml, kept as JSON, checked when read."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from app.kept_json import read_json, write_json
from core.login_name import login_name
from core.records.forms import FieldKind, Form, FormField


def load_form(text: str | None = None) -> Form:
    """The declared settings as a form.

    Args:
        text: TOML; None reads resources/settings.toml.
    """
    if text is None:
        text = files("resources").joinpath("settings.toml").read_text(encoding="utf-8")
    return Form("settings", "Settings", tuple(_field(entry) for entry in tomllib.loads(text)["setting"]))


def _field(entry: dict[str, Any]) -> FormField:
    choices = tuple((value, label) for value, label in entry.get("choices", ()))
    field = FormField(
        name=entry["id"],
        label=entry["label"],
        help=entry["help"],
        kind=FieldKind(entry["kind"]),
        default=entry["default"],
        choices=choices,
        minimum=entry.get("minimum"),
        maximum=entry.get("maximum"),
        unit=entry.get("unit", ""),
        advanced=entry.get("advanced", False),
    )
    if not fits(field, field.default):
        raise ValueError(f"the default of {field.name} does not fit")
    return field


def fits(field: FormField, value: Any) -> bool:
    """Whether a value may stand in a field."""
    if field.kind is FieldKind.BOOL:
        return isinstance(value, bool)
    if field.kind is FieldKind.CHOICE:
        return value in {choice for choice, _ in field.choices}
    if field.kind in (FieldKind.INT, FieldKind.FLOAT):
        number = int if field.kind is FieldKind.INT else int | float
        if isinstance(value, bool) or not isinstance(value, number):
            return False
        return (field.minimum is None or value >= field.minimum) and (
            field.maximum is None or value <= field.maximum
        )
    return isinstance(value, str)


class Settings:
    """The preferences in force.

    Args:
        path: the JSON file; it need not exist.
        form: what is declared.
    """

    def __init__(self, path: Path, form: Form) -> None:
        self._path = path
        self.form = form
        self._fields = {field.name: field for field in form.fields}
        kept = read_json(path, {})
        fields = self._fields
        self._values = {
            name: value for name, value in kept.items() if name in fields and fits(fields[name], value)
        }
        self._listeners: list[Callable[[str], None]] = []

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, self._fields[name].default)

    def values(self) -> dict[str, Any]:
        """Every setting's value."""
        return {name: self[name] for name in self._fields}

    @property
    def annotator(self) -> str:
        """The annotator's name, never empty."""
        return str(self["annotator"]).strip() or login_name()

    def set(self, name: str, value: Any) -> None:
        """Changes one setting, keeps it, and tells the listeners.

        Raises:
            ValueError: it does not fit.
            OSError: it cannot be kept; it holds until the window closes.
        """
        if not fits(self._fields[name], value):
            raise ValueError(f"{self._fields[name].label}: {value!r} does not fit.")
        if self[name] == value:
            return
        self._values[name] = value
        for listener in self._listeners:
            listener(name)
        write_json(self._path, self._values)

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Calls the listener with the name of each setting that changes."""
        self._listeners.append(listener)
