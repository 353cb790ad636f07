"""A short message over the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What kind of message: each has a shape and a colour of its own."""

    DONE = "done"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Toast:
    """One message.

    Attributes:
        tone: its kind.
        text: one plain sentence.
        way_out: what the person can do, or "".
        button: the word on its button, or "".
        on_button: what the button does.
        stays: until it is closed; else it goes by itself.
        about: what it is about: a later message about the same takes its place; "" for nothing in particular.
    """

    tone: Tone
    text: str
    way_out: str = ""
    button: str = ""
    on_button: Callable[[], None] | None = None
    stays: bool = False
    about: str = ""
