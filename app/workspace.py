"""What the window knows of a workspace: its widget, its icon, and what it does when asked or told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.records.history import Touched
from core.records.jobs import JobRow

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.states.results import SaidKey


def _nothing() -> None:
    """Does nothing: the default of a workspace's callbacks."""


def _ignore(_: object) -> None:
    """Ignores what it is told: the default of a workspace's callbacks."""


@dataclass(eq=False)
class Workspace:
    """One workspace, as a function in app/composition builds it.

    Attributes:
        id: such as "review"; actions in resources/actions.toml name it as their workspace.
        title: for the rail.
        icon: a file in resources/icons, without its ending.
        widget: what the window shows.
        handlers: action id -> what it does. Actions without a handler are greyed out.
        checked: action id -> whether its tick is set; asked when a menu opens and after each action.
        on_shown, on_hidden: told when the workspace comes to the front or leaves it.
        on_touched: told of every edit, undo and redo, whether it is shown or not.
        on_job_changed: told of every job row that changed.
        on_outside_change: told, at most a few times a second, that another process wrote to the project.
        message_place: the part at whose top the window's messages stand; None for the whole window.
        show_instances: selects these instances, where it can show any: the history asks for it.
        show_said: shows an instance with what a network said of it, or tells words where that is None.
        show_calibration: shows where a camera is calibrated, by its id and that of a source of it.
        prepare_run: prepares the evaluation of a run, by its id.
        close: told before the project closes: stop timers, players and threads here.
    """

    id: str
    title: str
    icon: str
    widget: QWidget
    handlers: dict[str, Callable[[], None]] = field(default_factory=dict)
    checked: dict[str, Callable[[], bool]] = field(default_factory=dict)
    on_shown: Callable[[], None] = _nothing
    on_hidden: Callable[[], None] = _nothing
    on_touched: Callable[[Touched], None] = _ignore
    on_job_changed: Callable[[JobRow], None] = _ignore
    on_outside_change: Callable[[], None] = _nothing
    message_place: QWidget | None = None
    show_instances: Callable[[Sequence[int]], None] | None = None
    show_said: Callable[[int, SaidKey | None, str], None] | None = None
    show_calibration: Callable[[int, int], None] | None = None
    prepare_run: Callable[[int], None] | None = None
    close: Callable[[], None] = _nothing
