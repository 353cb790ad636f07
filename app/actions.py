"""Every action of the window, read from its declaration, with the keys that a person chose. No Qt here."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

ANYWHERE = ""
START = "start"
PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can ask of the window.

    Attributes:
        id: such as "review.mark_occluded".
        title: in menus and the palette.
        help: one plain sentence.
        menu: which menu it stands in, or "" for the palette only.
        workspace: where it works: "" anywhere, "start" on the start page, "project" with any project
            open, else the id of a workspace.
        keys: default keys, in Qt's portable text, such as "Ctrl+K".
        checkable: whether it is a tick that is on or off.
        deletes: whether it takes something away; such an action never has a key.
        separator: whether a line stands above it in its menu.
        repeats: whether holding its key does it again and again.
    """

    id: str
    title: str
    help: str
    menu: str = ""
    workspace: str = ANYWHERE
    keys: tuple[str, ...] = ()
    checkable: bool = False
    deletes: bool = False
    separator: bool = False
    repeats: bool = True

    def works_in(self, place: str) -> bool:
        """Whether it works in a place: "start" or a workspace's id."""
        if self.workspace == ANYWHERE:
            return True
        if self.workspace == PROJECT:
            return place != START
        return self.workspace == place

    def meets(self, other: Action) -> bool:
        """Whether there is a place where both work, so that they cannot share a key."""
        if ANYWHERE in (self.workspace, other.workspace) or self.workspace == other.workspace:
            return True
        return PROJECT in (self.workspace, other.workspace) and START not in (self.workspace, other.workspace)


class ActionBook:
    """All declared actions, with the keys in force.

    Args:
        actions: in the order of the menus.
        chosen_keys: action id -> keys that a person chose instead of the default ones.
    """

    def __init__(
        self, actions: Iterable[Action], chosen_keys: Mapping[str, Iterable[str]] | None = None
    ) -> None:
        self._actions = {action.id: action for action in actions}
        self._chosen: dict[str, tuple[str, ...]] = {}
        for action_id, keys in (chosen_keys or {}).items():
            # the file may be of another version: actions that are gone, keys that are refused now
            if action_id in self._actions and _is_keys(keys) and not self._actions[action_id].deletes:
                self._chosen[action_id] = tuple(keys)
        # only once all are in is it known which of them meet: two actions may have swapped theirs
        for action_id in list(self._chosen):
            if any(self.conflict(action_id, key) for key in self._chosen[action_id]):
                del self._chosen[action_id]

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions.values())

    def __getitem__(self, action_id: str) -> Action:
        return self._actions[action_id]

    def __contains__(self, action_id: str) -> bool:
        return action_id in self._actions

    def keys(self, action_id: str) -> tuple[str, ...]:
        """The keys in force."""
        return self._chosen.get(action_id, self._actions[action_id].keys)

    @property
    def chosen_keys(self) -> dict[str, list[str]]:
        """What differs from the declaration, as plain JSON values."""
        return {action_id: list(keys) for action_id, keys in self._chosen.items()}

    def conflict(self, action_id: str, key: str) -> Action | None:
        """The action that already has this key in a place where this one works too, or None."""
        mine = self._actions[action_id]
        for other in self._actions.values():
            if other.id != action_id and key in self.keys(other.id) and mine.meets(other):
                return other
        return None

    def choose(self, action_id: str, keys: Iterable[str]) -> None:
        """Gives an action other keys.

        Raises:
            ValueError: a key is taken, or the action deletes something and so may have none.
        """
        wanted = tuple(keys)
        action = self._actions[action_id]
        if wanted and action.deletes:
            raise ValueError(f"“{action.title}” takes something away, so it cannot have a key.")
        for key in wanted:
            taken = self.conflict(action_id, key)
            if taken is not None:
                raise ValueError(f"{key} already does “{taken.title}”.")
        if wanted == action.keys:
            self._chosen.pop(action_id, None)
        else:
            self._chosen[action_id] = wanted

    def reset(self, action_id: str) -> None:
        """Gives an action its default keys back.

        Raises:
            ValueError: another action has one of them now.
        """
        self.choose(action_id, self._actions[action_id].keys)

    def reset_all(self) -> None:
        """Gives every action its default keys back."""
        self._chosen.clear()


def load_actions(text: str | None = None) -> tuple[Action, ...]:
    """The declared actions, in order.

    Args:
        text: TOML; None reads resources/actions.toml.

    Raises:
        ValueError: the declaration has a fault: two ids alike, two keys alike, a key that deletes.
    """
    if text is None:
        text = files("resources").joinpath("actions.toml").read_text(encoding="utf-8")
    actions: list[Action] = []
    for entry in tomllib.loads(text)["action"]:
        entry["keys"] = tuple(entry.get("keys", ()))
        actions.append(Action(**entry))
    _check(actions)
    return tuple(actions)


def _is_keys(keys: object) -> bool:
    return isinstance(keys, list | tuple) and all(isinstance(key, str) for key in keys)


def _check(actions: list[Action]) -> None:
    by_id: dict[str, Action] = {}
    for action in actions:
        if action.id in by_id:
            raise ValueError(f"two actions are called {action.id}")
        if action.deletes and action.keys:
            raise ValueError(f"{action.id} deletes something and has a key")
        for other in by_id.values():
            shared = set(action.keys) & set(other.keys)
            if shared and action.meets(other):
                raise ValueError(f"{action.id} and {other.id} share {', '.join(sorted(shared))}")
        by_id[action.id] = action
