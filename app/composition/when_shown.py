"""A workspace that is built when it first comes to the front, so that a project opens sooner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.workspace import Workspace


def when_shown(workspace_id: str, title: str, icon: str, build: Callable[[], Workspace]) -> Workspace:
    """Stands for a workspace until it is shown, and hands everything on to it afterwards.

    What is told before that is not kept: a workspace reads what it shows when it is built.

    Args:
        build: imports and makes it.
    """
    place = QWidget()
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    stand_in = Workspace(workspace_id, title, icon, place)

    def first_shown() -> None:
        made = build()
        column.addWidget(made.widget)
        place.setFocusProxy(made.widget)
        stand_in.handlers, stand_in.checked = made.handlers, made.checked
        stand_in.on_shown, stand_in.on_hidden = made.on_shown, made.on_hidden
        stand_in.on_touched, stand_in.on_job_changed = made.on_touched, made.on_job_changed
        stand_in.on_outside_change, stand_in.close = made.on_outside_change, made.close
        stand_in.message_place, stand_in.show_instances = made.message_place, made.show_instances
        stand_in.prepare_run, stand_in.show_said = made.prepare_run, made.show_said
        made.widget.show()
        made.on_shown()

    stand_in.on_shown = first_shown
    return stand_in
