"""The declared actions as Qt actions: their keys, their menus, and who answers them where."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QMenu, QMenuBar, QWidget

from app.actions import START, ActionBook
from app.workspace import Workspace

# keys that fields, lists and buttons need: a workspace's action has them only while the focus is in it
_WIDGETS_OWN = frozenset(
    f"{held}{key}"
    for key in ("Return", "Enter", "Tab", "Backspace", "Space", "Left", "Right", "Up", "Down")
    for held in ("", "Shift+", "Ctrl+")
)


class Commands(QObject):
    """One QAction for each declared action.

    The window's own handlers answer anywhere; a workspace's answer only while it is in front, and may
    replace the window's for an action of the same id. Where the focus is beside the workspace, as in the
    palette or the history, keys such as Enter and the arrows stay with what has it.

    Args:
        book: the declared actions with the keys in force.
        window: the actions' keys work in this window.
        handlers: action id -> what the window does.
        checked: action id -> whether its tick is set.

    Signals:
        done(str): after an action ran.
    """

    done = Signal(str)

    def __init__(
        self,
        book: ActionBook,
        window: QWidget,
        handlers: Mapping[str, Callable[[], None]],
        checked: Mapping[str, Callable[[], bool]],
    ) -> None:
        super().__init__(window)
        self.book = book
        self._handlers = dict(handlers)
        self._checked = dict(checked)
        self._place = START
        self._workspace: Workspace | None = None
        self._disabled: set[str] = set()
        self._beside = False  # whether the focus is in the window, but not in the workspace
        self._actions: dict[str, QAction] = {}
        for action in book:
            made = QAction(action.title.replace("&", "&&"), self)
            made.setStatusTip(action.help)
            made.setToolTip(action.help)
            made.setCheckable(action.checkable)
            made.setAutoRepeat(action.repeats)
            made.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            made.triggered.connect(lambda _checked=False, action_id=action.id: self.run(action_id))
            window.addAction(made)
            self._actions[action.id] = made
        self.take_keys()
        self.refresh()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus)

    def __getitem__(self, action_id: str) -> QAction:
        return self._actions[action_id]

    def take_keys(self) -> None:
        """Gives every action the keys that the book says now."""
        for action_id, made in self._actions.items():
            made.setShortcuts([QKeySequence(key) for key in self.book.keys(action_id)])

    def go_to(self, place: str, workspace: Workspace | None) -> None:
        """Says where the person is now: "start", or in a workspace."""
        self._place, self._workspace = place, workspace
        # the workspace may have taken the focus while it came to the front, before it was known here
        self._beside = self._is_beside(QApplication.focusWidget())
        self.refresh()

    def replace(
        self,
        handlers: Mapping[str, Callable[[], None]],
        checked: Mapping[str, Callable[[], bool]],
        disabled: set[str],
    ) -> None:
        """Takes other answers of the window's own, as after a project was opened or closed."""
        self._handlers, self._checked, self._disabled = dict(handlers), dict(checked), disabled
        self.refresh()

    def set_disabled(self, action_ids: set[str]) -> None:
        """Greys out actions that cannot run now although someone answers them, such as Undo."""
        self._disabled = action_ids
        self.refresh()

    def can_run(self, action_id: str) -> bool:
        """Whether an action would do something here and now."""
        return (
            self.book[action_id].works_in(self._place)
            and action_id not in self._disabled
            and self._handler(action_id) is not None
        )

    def run(self, action_id: str) -> None:
        """Does what an action says, if it can."""
        handler = self._handler(action_id)
        if handler is None or not self.can_run(action_id):
            return
        try:
            handler()
        finally:
            self.refresh()
            self.done.emit(action_id)

    def refresh(self) -> None:
        """Greys out what cannot run here, and sets the ticks."""
        for action_id, made in self._actions.items():
            made.setEnabled(self.can_run(action_id) and not (self._beside and self._is_widgets(action_id)))
            if made.isCheckable():
                made.setChecked(self._is_checked(action_id))

    def _on_focus(self, _: object, now: QWidget | None) -> None:
        beside = self._is_beside(now)
        if beside is not self._beside:
            self._beside = beside
            self.refresh()

    def _is_beside(self, focus: QWidget | None) -> bool:
        workspace = self._workspace
        return workspace is not None and focus is not None and not _is_in(workspace.widget, focus)

    def _is_widgets(self, action_id: str) -> bool:
        """Whether a workspace's action has a key that other widgets need."""
        in_workspace = self._workspace is not None and self.book[action_id].workspace == self._place
        return in_workspace and not _WIDGETS_OWN.isdisjoint(self.book.keys(action_id))

    def fill(self, bar: QMenuBar) -> None:
        """Makes the menus in the order in which the declaration first names them."""
        menus: dict[str, QMenu] = {}
        for action in self.book:
            if not action.menu:
                continue
            if action.menu not in menus:
                menus[action.menu] = bar.addMenu(f"&{action.menu}")
                menus[action.menu].aboutToShow.connect(self.refresh)
            if action.separator:
                menus[action.menu].addSeparator()
            menus[action.menu].addAction(self._actions[action.id])

    def _handler(self, action_id: str) -> Callable[[], None] | None:
        if self._workspace is not None and action_id in self._workspace.handlers:
            return self._workspace.handlers[action_id]
        return self._handlers.get(action_id)

    def _is_checked(self, action_id: str) -> bool:
        asked = self._checked.get(action_id)
        if self._workspace is not None:
            asked = self._workspace.checked.get(action_id, asked)
        return asked() if asked is not None else False


def _is_in(whole: QWidget, part: QWidget) -> bool:
    return part is whole or whole.isAncestorOf(part)
