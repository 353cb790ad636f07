"""Actions as the palette, the cheat sheet and the key editor show them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action.

    Attributes:
        id, title, help: which.
        group: the heading it stands under.
        keys: in force now, as people write them, such as "Ctrl+K".
        default_keys: as declared.
        can_run: whether it would do something here and now.
        place: id of the workspace in which it works, or "" where it works in more than one.
        may_have_keys: whether it may have keys at all: nothing that deletes may.
    """

    id: str
    title: str
    help: str
    group: str
    keys: tuple[str, ...]
    default_keys: tuple[str, ...] = ()
    can_run: bool = True
    may_have_keys: bool = True
    place: str = ""
