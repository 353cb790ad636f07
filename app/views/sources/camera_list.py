"""The cameras and their sources, at the left of the Sources workspace; footage can be dropped on it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QFont, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.states.sources import CameraNode, Selection, SourcesState
from app.theme import current_theme
from app.views.icons import IconButton, TextButton, icon_pixmap
from app.views.text import frame, label
from app.words import duration, plural
from core.records.jobs import JobRow
from core.records.media import SourceKind
from core.records.project import CameraRow, SourceRow

_DATA = Qt.ItemDataRole.UserRole
_Index = QModelIndex | QPersistentModelIndex


class _Painter(QStyledItemDelegate):
    """Paints a camera as a heading and a source in two lines; a missing one differs in icon and word."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(120, 34 if isinstance(index.data(_DATA), CameraNode) else 46)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        data = index.data(_DATA)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        # the whole width, also left of the indentation
        width = self._tree.viewport().width()
        place = QRect(4, option.rect.top() + 1, width - 8, option.rect.height() - 2)
        self._paint_ground(painter, option, place)
        if isinstance(data, CameraNode):
            self._paint_camera(painter, option, place, data)
        elif isinstance(data, SourceRow):
            self._paint_source(painter, option, place, data)
        elif isinstance(data, JobRow):
            self._paint_job(painter, option, place, data)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, place: QRect) -> None:
        theme = current_theme()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if not chosen and not option.state & QStyle.StateFlag.State_MouseOver:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent_wash" if chosen else "hover"))
        painter.drawRoundedRect(place, 7, 7)
        if chosen:
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRect(place.left(), place.top() + 6, 3, place.height() - 12), 1.5, 1.5)

    def _paint_camera(
        self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, node: CameraNode
    ) -> None:
        theme = current_theme()
        _icon(painter, "camera", "text_soft", QRect(place.left() + 10, place.center().y() - 9, 18, 18))
        font = QFont(option.font)
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(theme.color("text"))
        text = place.adjusted(38, 0, -44, 0)
        _line(painter, text, node.camera.name)
        painter.setFont(option.font)
        painter.setPen(theme.color("text_faint"))
        count = place.adjusted(0, 0, -10, 0)
        flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(count, flags, str(len(node.sources)))

    def _paint_source(
        self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, row: SourceRow
    ) -> None:
        icon = "video" if row.kind is SourceKind.VIDEO else "pictures"
        token = "text_soft"
        facts = [plural(row.frame_count, "frame")]
        found = row.instance_count
        facts.append(plural(found, "object") if found else duration(row.duration_s))
        if not row.found:
            icon, token, facts = "missing", "warn", ["not found"]
        _icon(painter, icon, token, QRect(place.left() + 28, place.center().y() - 9, 18, 18))
        self._two_lines(painter, option, place, row.name, " · ".join(facts), token)

    def _paint_job(self, painter: QPainter, option: QStyleOptionViewItem, place: QRect, row: JobRow) -> None:
        _icon(painter, "running", "accent", QRect(place.left() + 28, place.center().y() - 9, 18, 18))
        name = Path(str(row.settings.get("path", ""))).name
        self._two_lines(painter, option, place, name, f"Adding… {row.progress:.0%}", "accent")

    def _two_lines(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        place: QRect,
        title: str,
        facts: str,
        token: str,
    ) -> None:
        theme = current_theme()
        text = place.adjusted(56, 5, -8, -5)
        half = text.height() // 2
        painter.setFont(option.font)
        painter.setPen(theme.color("text"))
        _line(painter, QRect(text.left(), text.top(), text.width(), half), title)
        small = QFont(option.font)
        small.setPointSizeF(option.font.pointSizeF() - 1)
        painter.setFont(small)
        painter.setPen(theme.color("text_faint" if token == "text_soft" else token))
        below = QRect(text.left(), text.top() + half, text.width(), half)
        _line(painter, below, facts, Qt.TextElideMode.ElideRight)


class _Tree(QTreeWidget):
    """A tree that takes dropped files.

    Signals:
        dropped(object, object): paths, and the id of the camera under the cursor or None.
    """

    dropped = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DropOnly)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        item = self.itemAt(event.position().toPoint())
        data = item.data(0, _DATA) if item is not None else None
        camera = data.camera.id if isinstance(data, CameraNode) else getattr(data, "camera_id", None)
        event.acceptProposedAction()
        self.dropped.emit(paths, camera)


class CameraList(QWidget):
    """The list.

    Signals:
        chosen(object): a Selection.
        dropped(object, object): paths, and a camera's id or None.
        wanted(str): the id of an action that was pressed here.
        shown_again(int): the id of a hidden source that shall come back.
    """

    shown_again = Signal(int)
    chosen = Signal(object)
    dropped = Signal(object, object)
    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._drawing = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        self.tree = _Tree()
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setItemsExpandable(False)
        self.tree.setIndentation(0)
        self.tree.setItemDelegate(_Painter(self.tree))
        self.tree.setMouseTracking(True)
        self.tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.setAccessibleName("Cameras and sources")
        self.tree.customContextMenuRequested.connect(self._menu)
        self.tree.currentItemChanged.connect(self._on_current)
        self.tree.itemDoubleClicked.connect(self._on_double)
        self.tree.dropped.connect(self.dropped)
        column.addWidget(self.tree, 1)
        column.addWidget(self._missing_bar())

    def show_state(self, state: SourcesState) -> None:
        """Draws the list."""
        self._drawing = True
        self.tree.clear()
        chosen: QTreeWidgetItem | None = None
        waiting = list(state.adding)
        for node in state.cameras:
            head = _item(node, _camera_tip(node))
            self.tree.addTopLevelItem(head)
            if state.selection == Selection(node.camera.id):
                chosen = head
            for row in node.sources:
                item = _item(row, row.path)
                head.addChild(item)
                if state.selection is not None and state.selection.source_id == row.id:
                    chosen = item
            for job in [job for job in waiting if job.settings.get("camera") == node.camera.name]:
                head.addChild(_job_item(job))
                waiting.remove(job)
        for job in waiting:
            self.tree.addTopLevelItem(_job_item(job))
        self.tree.expandAll()
        if chosen is not None:
            self.tree.setCurrentItem(chosen)
        self._drawing = False
        count = len(state.missing)
        self._missing.setVisible(count > 0)
        self._missing_text.setText(f"{plural(count, 'source')} not found")

    def _head(self) -> QWidget:
        head = frame("bar")
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 0, 8, 0)
        row.addWidget(label("Cameras", "heading"), 1)
        for icon, tip, action in (
            ("camera-add", "Add a camera", "sources.add_camera"),
            ("plus", "Add footage", ""),
        ):
            button = IconButton(icon, tip)
            if action:
                button.clicked.connect(lambda _=False, wanted=action: self.wanted.emit(wanted))
            else:
                self._add = button
                button.clicked.connect(self._add_menu)
            row.addWidget(button)
        return head

    def _missing_bar(self) -> QWidget:
        self._missing = frame("warning")
        row = QHBoxLayout(self._missing)
        row.setContentsMargins(12, 4, 6, 4)
        self._missing_text = label("", "warn")
        row.addWidget(self._missing_text, 1)
        find = TextButton("Find…", "plain")
        find.clicked.connect(lambda: self.wanted.emit("sources.find"))
        row.addWidget(find)
        self._missing.hide()
        outer = QWidget()
        column = QVBoxLayout(outer)
        column.setContentsMargins(8, 4, 8, 8)
        column.addWidget(self._missing)
        return outer

    def _add_menu(self) -> None:
        menu = QMenu(self)
        for text, action in (
            ("Video…", "sources.add_video"),
            ("Folder of pictures…", "sources.add_folder"),
            ("Live stream…", "sources.live"),
        ):
            menu.addAction(text).triggered.connect(lambda _=False, wanted=action: self.wanted.emit(wanted))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._add.mapToGlobal(QPoint(0, self._add.height())))

    def _menu(self, place: QPoint) -> None:
        item = self.tree.itemAt(place)
        menu = self.menu_of(item.data(0, _DATA) if item is not None else None)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.tree.viewport().mapToGlobal(place))

    def menu_of(self, data: object) -> QMenu:
        """What can be done with a camera (a CameraNode), a source (a SourceRow), or on free ground."""
        menu = QMenu(self)
        entries = [("Add a camera…", "sources.add_camera")]
        if isinstance(data, CameraNode):
            entries = [
                ("Name and clock…", "sources.edit_camera"),
                ("Add a video…", "sources.add_video"),
                ("Add a folder of pictures…", "sources.add_folder"),
            ]
        elif isinstance(data, SourceRow):
            entries = [("Hide this source", "sources.hide")]
            if not data.found:
                entries = [
                    ("Find this footage in a folder…", "sources.find"),
                    ("Choose the file…", "sources.point_out"),
                    *entries,
                ]
        for text, action in entries:
            menu.addAction(text).triggered.connect(lambda _=False, wanted=action: self.wanted.emit(wanted))
        if isinstance(data, CameraNode):
            self._add_hidden(menu, data)
        return menu

    def _add_hidden(self, menu: QMenu, node: CameraNode) -> None:
        """Entries for what a camera hides; for one that has nothing, how to be rid of it."""
        if node.hidden:
            inner = menu.addMenu("Hidden sources")
            for row in node.hidden:
                entry = inner.addAction(f"Show {row.name} again".replace("&", "&&"))
                entry.triggered.connect(lambda _=False, wanted=row.id: self.shown_again.emit(wanted))
        elif not node.sources:
            entry = menu.addAction("Remove this camera")
            entry.triggered.connect(lambda: self.wanted.emit("sources.remove_camera"))

    def _on_current(self, item: QTreeWidgetItem | None, _: object) -> None:
        if self._drawing or item is None:
            return
        data = item.data(0, _DATA)
        if isinstance(data, CameraNode):
            self.chosen.emit(Selection(data.camera.id))
        elif isinstance(data, SourceRow):
            self.chosen.emit(Selection(data.camera_id, data.id))

    def _on_double(self, item: QTreeWidgetItem) -> None:
        if isinstance(item.data(0, _DATA), CameraNode):
            self.wanted.emit("sources.edit_camera")


def _item(data: object, tip: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem()
    item.setData(0, _DATA, data)
    item.setToolTip(0, tip)
    name = data.camera.name if isinstance(data, CameraNode) else getattr(data, "name", "")
    item.setData(0, Qt.ItemDataRole.AccessibleTextRole, name)
    return item


def _job_item(job: JobRow) -> QTreeWidgetItem:
    item = _item(job, job.message)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
    return item


def _icon(painter: QPainter, name: str, token: str, place: QRect) -> None:
    scale = painter.device().devicePixelRatioF()
    painter.drawPixmap(place, icon_pixmap(name, current_theme().colors[token], place.width(), scale))


def _line(
    painter: QPainter, place: QRect, text: str, mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle
) -> None:
    shown = painter.fontMetrics().elidedText(text, mode, place.width())
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)


def _camera_tip(node: CameraNode) -> str:
    hidden = f"\n{plural(len(node.hidden), 'hidden source')}" if node.hidden else ""
    return f"{node.camera.name}\n{_offset(node.camera)}{hidden}"


def _offset(camera: CameraRow) -> str:
    return f"clock {offset_text(camera.utc_offset_s)}"


def offset_text(utc_offset_s: float) -> str:
    """An offset from UTC as people write it, such as UTC+02:00."""
    minutes = round(abs(utc_offset_s) / 60)
    sign = "−" if utc_offset_s < 0 else "+"
    return f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"
