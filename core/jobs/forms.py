"""A job's settings model as a form for the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from core.jobs.flatten import FlatSetting, flat_settings
from core.records.forms import FieldKind, Form, FormField, Offer


def form_of(
    kind: str,
    title: str,
    model: type[BaseModel],
    choice_notes: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
    choices: Mapping[str, tuple[tuple[str, str], ...]] | None = None,
) -> Form:
    """The form of a settings model.

    Args:
        choice_notes: setting name -> ((choice, why it cannot be chosen here), ...).
        choices: setting name -> ((choice, its label), ...), where a text is one of those that are found here.
    """
    notes, found = choice_notes or {}, choices or {}
    fields = tuple(
        _field(setting, notes.get(setting.name, ()), found.get(setting.name, ()))
        for setting in flat_settings(model)
    )
    return Form(kind, title, fields)


def with_offers(form: Form, cameras: Sequence[str], sources: Sequence[tuple[int, str, str]]) -> Form:
    """The form with what a project has to choose from, in the fields that name it.

    Args:
        cameras: their names.
        sources: (id, name, its camera's name).
    """
    several = len({camera for _, _, camera in sources}) > 1
    offers: dict[Offer | None, tuple[tuple[str | int, str], ...]] = {
        Offer.CAMERAS: tuple((name, name) for name in cameras),
        Offer.SOURCES: tuple(
            (source_id, f"{name} ({camera})" if several else name) for source_id, name, camera in sources
        ),
    }
    fields = (field if field.of is None else _offering(field, offers[field.of]) for field in form.fields)
    return replace(form, fields=tuple(fields))


def _offering(field: FormField, offered: tuple[tuple[str | int, str], ...]) -> FormField:
    """The field with its empty value among what is offered, in the words that its help has for it."""
    text, _, none = field.help.partition(" Empty: ")
    text, none = field.offer_help or text, field.none or none.rstrip(".")
    if field.kind is FieldKind.LIST and none:
        text = f"{text} None ticked: {none}."
    return replace(field, help=text, none=none, offered=offered)


def choices_of(annotation: Any) -> tuple[tuple[str, str], ...]:
    """(value, label) pairs of a Literal or an Enum; empty for any other type."""
    if get_origin(annotation) is Literal:
        return tuple((str(value), str(value).replace("_", " ")) for value in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple((str(item.value), str(item.value).replace("_", " ")) for item in annotation)
    return ()


def _field(
    setting: FlatSetting, notes: tuple[tuple[str, str], ...], found: tuple[tuple[str, str], ...]
) -> FormField:
    named = setting.extra("labels", {})
    choices = found or tuple(
        (value, named.get(value, label)) for value, label in choices_of(setting.annotation)
    )
    of = setting.extra("of")
    return FormField(
        name=setting.name,
        label=setting.info.title or setting.path[-1].replace("_", " ").capitalize(),
        help=setting.info.description or "",
        kind=FieldKind(setting.extra("widget") or _kind(setting.annotation, bool(choices))),
        default=_can_run(setting.default, choices, dict(notes)),
        choices=choices,
        minimum=setting.bound("ge", "gt"),
        maximum=setting.bound("le", "lt"),
        unit=setting.extra("unit", ""),
        advanced=bool(setting.extra("advanced", False)),
        choice_notes=notes,
        required=setting.required,
        of=None if of is None else Offer(of),
        offer_help=setting.extra("offer_help", ""),
        none=setting.extra("none", ""),
        may_be_new=bool(setting.extra("may_be_new", False)),
        only=setting.extra("only"),
    )


def _can_run(default: Any, choices: tuple[tuple[str, str], ...], notes: Mapping[str, str]) -> Any:
    """The default, or where that cannot be chosen here the first that can, if there is one."""
    if str(default) not in notes:
        return default
    return next((value for value, _ in choices if value not in notes), default)


def _kind(annotation: Any, has_choices: bool) -> FieldKind:
    if has_choices:
        return FieldKind.CHOICE
    if get_origin(annotation) in (list, tuple):
        return FieldKind.LIST
    plain = {bool: FieldKind.BOOL, int: FieldKind.INT, float: FieldKind.FLOAT, Path: FieldKind.FILE}
    return plain.get(annotation, FieldKind.TEXT)
