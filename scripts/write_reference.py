"""Writes docs/keys.md, docs/settings.md and docs/commands.md from the declarations they describe."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from app.actions import ANYWHERE, PROJECT, START, Action, load_actions
from app.settings import load_form
from core.jobs.flatten import flat_settings
from core.jobs.forms import form_of
from core.jobs.registry import KINDS
from core.records.forms import FormField

DOCS = Path(__file__).resolve().parents[1] / "docs"
MADE = "<!-- made by `make reference`: change the declaration, not this page -->"
_PLACES = {ANYWHERE: "Everywhere", START: "On the start page", PROJECT: "With a project open"}


def pages() -> dict[str, str]:
    """File name in docs/ -> text."""
    return {"keys.md": keys_page(), "settings.md": settings_page(), "commands.md": commands_page()}


def keys_page() -> str:
    """Every action with its keys, by where it works."""
    actions = load_actions()
    places = dict.fromkeys(action.workspace for action in actions)
    lines = [
        "# Keys and actions",
        MADE,
        "All of this is also in the window: F1 shows the keys that work where you are, Ctrl+K finds any"
        " action by a few letters, and Help, Change keys gives an action other keys.",
    ]
    for place in places:
        title = _PLACES.get(place, f"In {place.capitalize()}")
        rows = (_action_row(action) for action in actions if action.workspace == place)
        lines += [f"## {title}", _table(("action", "keys", "what it does"), rows)]
    return "\n\n".join(lines) + "\n"


def _action_row(action: Action) -> tuple[str, str, str]:
    return action.title, ", ".join(f"`{key}`" for key in action.keys), action.help


def settings_page() -> str:
    """The window's preferences."""
    rows = ((field.label, _plain(field), _value(field), field.help) for field in load_form().fields)
    lines = [
        "# Preferences",
        MADE,
        "They are yours, not the project's, and stand in File, Settings (Ctrl+,).",
        _table(("preference", "values", "default", "what it does"), rows),
    ]
    return "\n\n".join(lines) + "\n"


def commands_page() -> str:
    """The jobs with their settings, which are the shell's options and the window's forms."""
    lines = [
        "# Jobs and their settings",
        MADE,
        "Each is a form in the window and a command in the shell, `amodal COMMAND PROJECT.amodal …`; a"
        " setting `motion.min_size_px` is the option `--motion-min-size-px`. `amodal COMMAND --help` says the"
        " same. A command that was interrupted is resumed with `amodal job run PROJECT.amodal ID`.",
    ]
    for kind in KINDS.values():
        required = {setting.name for setting in flat_settings(kind.settings) if setting.required}
        rows = (
            (
                f"`{field.name}`",
                _plain(field),
                "needed" if field.name in required else _value(field),
                field.help,
            )
            for field in form_of(kind.name, kind.title, kind.settings).fields
        )
        lines += [
            f"## {kind.name}",
            kind.help,
            _table(("setting", "values", "default", "what it does"), rows),
        ]
    return "\n\n".join(lines) + "\n"


def _plain(field: FormField) -> str:
    """What a field may hold, in words."""
    if field.choices:
        return ", ".join(f"`{value}`" for value, _ in field.choices)
    words = {
        "bool": "yes or no",
        "int": "whole number",
        "float": "number",
        "folder": "folder",
        "list": "list",
    }
    text = words.get(field.kind.value, field.kind.value)
    low, high = field.minimum, field.maximum
    if low is not None and high is not None:
        text += f", {low:g} to {high:g}"
    elif low is not None:
        text += f", from {low:g}"
    return f"{text} {field.unit}".strip()


def _value(field: FormField) -> str:
    if field.default is None or field.default in ("", []):
        return ""
    if isinstance(field.default, bool):
        return "yes" if field.default else "no"
    if isinstance(field.default, list):
        return ", ".join(str(value) for value in field.default)
    return f"{field.default}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def main() -> int:
    """Writes the pages; gives 0."""
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
