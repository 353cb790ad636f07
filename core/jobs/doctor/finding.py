"""One thing the doctor looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the doctor looked at.

    Attributes:
        level: ok, note (works, but know this) or bad (something will not work).
        subject: what was looked at.
        text: what was found, and the way out where it is bad.
    """

    level: Literal["ok", "note", "bad"]
    subject: str
    text: str
