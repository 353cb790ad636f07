"""How the history names the objects that an edit is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def named(rows: Mapping[int, Mapping[str, Any]]) -> str:
    """One object by its category and id, such as "car 412"; several by their number.

    Args:
        rows: id -> the instance as it was before the edit.
    """
    if len(rows) != 1:
        return f"{len(rows)} objects"
    [(instance_id, row)] = rows.items()
    return f"{row['category']} {instance_id}"
