"""A job's settings model as a form for the window."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from core.jobs.flatten import FlatSetting, flat_settings
from core.records.forms import FieldKind, Form, FormField


def form_of(
    kind: str,
    title: str,
    model: type[BaseModel],
    choice_notes: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
) -> Form:
    """The form of a settings model.

    Args:
        choice_notes: setting name -> ((choice, why it cannot be chosen here), ...).
    """
    notes = choice_notes or {}
    fields = tuple(_field(setting, notes.get(setting.name, ())) for setting in flat_settings(model))
    return Form(kind, title, fields)


def choices_of(annotation: Any) -> tuple[tuple[str, str], ...]:
    """(value, label) pairs of a Literal or an Enum; empty for any other type."""
    if get_origin(annotation) is Literal:
        return tuple((str(value), str(value).replace("_", " ")) for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple((str(item.value), str(item.value).replace("_", " ")) for item in annotation)
    return ()


def _field(setting: FlatSetting, notes: tuple[tuple[str, str], ...]) -> FormField:
    named = setting.extra("labels", {})
    choices = tuple((value, named.get(value, label)) for value, label in choices_of(setting.annotation))
    return FormField(
        name=setting.name,
        label=setting.info.title or setting.path[-1].replace("_", " ").capitalize(),
        help=setting.info.description or "",
        kind=FieldKind(setting.extra("widget") or _kind(setting.annotation, bool(choices))),
        default=setting.default,
        choices=choices,
        minimum=setting.bound("ge", "gt"),
        maximum=setting.bound("le", "lt"),
        unit=setting.extra("unit", ""),
        advanced=bool(setting.extra("advanced", False)),
        choice_notes=notes,
        required=setting.required,
    )


def _kind(annotation: Any, has_choices: bool) -> FieldKind:
    if has_choices:
        return FieldKind.CHOICE
    if get_origin(annotation) in (list, tuple):
        return FieldKind.LIST
    plain = {bool: FieldKind.BOOL, int: FieldKind.INT, float: FieldKind.FLOAT, Path: FieldKind.FILE}
    return plain.get(annotation, FieldKind.TEXT)
