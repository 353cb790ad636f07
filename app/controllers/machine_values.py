"""What this machine's preferences say of a job's settings: files that are licensed to whoever works here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.records.forms import Form

_NAMES = {"body": "body_file", "motions": "motions"}
"""A job's setting -> the preference that fills it in."""


def of_this_machine(form: Form, preferences: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a form's fields that are the machine's: which body people have, and what poses are real.

    Args:
        form: of the job. preferences: by their ids; an empty one leaves the job its own default.
    """
    fields = {field.name for field in form.fields}
    return {
        name: preferences[preference]
        for name, preference in _NAMES.items()
        if name in fields and preferences.get(preference)
    }
