"""A job's settings as a form: what the window needs to draw it, taken from the settings model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FieldKind(StrEnum):
    """Which widget a field wants. PLACE is a file or a folder that is there."""

    BOOL = "bool"
    INT = "int"
    FLOAT = "float"
    TEXT = "text"
    CHOICE = "choice"
    FILE = "file"
    NEW_FILE = "new_file"
    FOLDER = "folder"
    PLACE = "place"
    LIST = "list"


class Offer(StrEnum):
    """Which things of the project a field names: the window offers them, the shell takes their name or id."""

    CAMERAS = "cameras"
    SOURCES = "sources"


@dataclass(frozen=True, slots=True)
class FormField:
    """One setting.

    Attributes:
        name: the setting's name in the model.
        label: for people.
        help: one plain sentence.
        kind: the widget.
        default: plain JSON value.
        choices: for CHOICE, (value, label) pairs.
        minimum, maximum: for numbers, or None.
        unit: such as "px", or "".
        advanced: folded away at first.
        choice_notes: for CHOICE, value -> why it cannot be chosen here.
        required: whether it has no default and must be given.
        of: what of the project it names, or None.
        offer_help: stands in for the help where names are offered, or "".
        offered: of it, (value, label) pairs; the value is a camera's name or a source's id.
        none: what an empty value means, in a word or two; "" where it may not be empty.
        may_be_new: whether it may also be something that is not there yet.
        only: (another field, its values) for which this one means something; None: always.
    """

    name: str
    label: str
    help: str
    kind: FieldKind
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    advanced: bool = False
    choice_notes: tuple[tuple[str, str], ...] = ()
    required: bool = False
    of: Offer | None = None
    offer_help: str = ""
    offered: tuple[tuple[str | int, str], ...] = ()
    none: str = ""
    may_be_new: bool = False
    only: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A job's form: its kind, title and fields in order."""

    kind: str
    title: str
    fields: tuple[FormField, ...]
