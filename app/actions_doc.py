"""Writes the page of all keys from their declaration: `python -m app.actions_doc > docs/keys.md`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from app.actions import Action, load_actions
from app.settings import load_form
from core.records.forms import Form

_PLACES = {
    "": "everywhere",
    "start": "on the start page",
    "project": "with a project open",
    "training": "in Train",
    "evaluate": "in Evaluate",
}
_HEAD = """# Actions, keys and settings

This page is made from `resources/actions.toml` and `resources/settings.toml` by
`python -m app.actions_doc > docs/keys.md`; change it there. Keys can be changed in the window under
Help, Change keys; F1 shows those in force, Ctrl+K finds any action by a few letters. No key ever
deletes anything, and everything that changes a project can be undone.
"""


def page(actions: Sequence[Action], settings: Form) -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for menu in dict.fromkeys(action.menu for action in actions):
        members = [action for action in actions if action.menu == menu]
        parts.append(f"\n## {menu or 'Without a menu'}\n\n| action | keys | where | what it does |")
        parts.append("\n| --- | --- | --- | --- |\n")
        parts.extend(_row(action) for action in members)
    parts.append("\n## Settings\n\n| setting | default | what it does |\n| --- | --- | --- |\n")
    for field in settings.fields:
        default = str(field.default) if field.default != "" else "none"
        unit = f" {field.unit}" if field.unit else ""
        parts.append(f"| {field.label} | {default}{unit} | {field.help} |\n")
    return "".join(parts)


def _row(action: Action) -> str:
    keys = " ".join(f"`` {key} ``" if "`" in key else f"`{_cell(key)}`" for key in action.keys)
    where = _PLACES.get(action.workspace, f"in {action.workspace.capitalize()}")
    return f"| {_cell(action.title)} | {keys} | {where} | {_cell(action.help)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page(load_actions(), load_form()))
