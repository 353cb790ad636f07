"""Writes docs/commands.md from the jobs' settings models: `python -m scripts.write_reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from core.jobs.flatten import flat_settings
from core.jobs.forms import form_of
from core.jobs.registry import KINDS
from core.records.forms import FormField

PAGE = Path(__file__).resolve().parents[1] / "docs" / "commands.md"
MADE = "<!-- made by `make reference`: change the declaration, not this page -->"


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
            kind.help + (f" In the shell: `amodal {kind.command}`." if kind.command else ""),
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
        "new_file": "file to write",
        "place": "file or folder",
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
    """Writes the page; gives 0."""
    PAGE.write_text(commands_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
