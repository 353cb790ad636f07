"""Shows the preferences, and keeps them once what they name can be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QWidget

from app.background import Background, Task
from app.settings import Settings
from core.errors import AmodalError

_KEEP = "Keep"


def show_preferences(
    window: QWidget, settings: Settings, work: Background, kept: Callable[[], None] = lambda: None
) -> None:
    """Opens the dialog; a body file that is no body is refused there, and the one before stays.

    Args:
        work: reads the file, which can take a second.
        kept: called once they are kept, changed or not.
    """
    from app.views.form_dialogs import FormDialog

    dialog = FormDialog(
        settings.form,
        "They are yours, not the project's, and hold at once.",
        _KEEP,
        settings.values(),
        parent=window,
    )
    reading: list[Task] = []

    def take(values: dict[str, Any]) -> None:
        body = str(values["body_file"]).strip()
        if not body or body == str(settings["body_file"]).strip():
            keep(values)  # one that is gone now keeps nobody from changing the others
            return
        wait(True)

        def arrived(problem: AmodalError | None) -> None:
            wait(False)
            if problem is None:
                keep(values)
            else:
                dialog.show_problem(f"{problem.problem} {problem.way_out}")

        reading.append(work.run(lambda: _wrong_with(body), arrived, tag="preferences"))

    def wait(on: bool) -> None:
        dialog.form.setEnabled(not on)
        dialog.take.setEnabled(not on)
        dialog.take.setText("Reading the body…" if on else _KEEP)

    def keep(values: dict[str, Any]) -> None:
        try:
            for name, value in values.items():
                settings.set(name, value)
        except OSError as problem:
            dialog.show_problem(f"They hold until the program closes: {problem.strerror}.")
            return
        dialog.accept()
        kept()

    def finish() -> None:
        for task in reading:
            task.cancel()
        dialog.deleteLater()

    dialog.taken.connect(take)
    dialog.finished.connect(finish)
    dialog.open()


def _wrong_with(body: str) -> AmodalError | None:
    """Why a file cannot be used as a body; None where it can."""
    from core.shapes.body.placed import named_body

    try:
        named_body(Path(body))
    except AmodalError as problem:
        return problem
    return None
