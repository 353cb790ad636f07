"""The queue as a table over the same ids as the grid."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.states.review_queue import COLUMNS, ITEM_ROLE
from app.views.canvas.badges import draw_badge

_ROW_PX = 26
_WIDTHS = {"Id": 64, "Category": 84, "Label": 130, "Margin": 78, "Size": 92, "Time": 84, "Source": 110}


class QueueTable(QTableView):
    """Rows of equal height without a vertical header: a million of them cost nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setItemDelegateForColumn(COLUMNS.index("Label"), _LabelDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAccessibleName("Queue as a table")
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setStretchLastSection(True)

    def fit_columns(self) -> None:
        """Gives the columns their first widths, once there is a model."""
        for name, width in _WIDTHS.items():
            self.setColumnWidth(COLUMNS.index(name), width)


class _LabelDelegate(QStyledItemDelegate):
    """The label's badge before its word."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.features |= QStyleOptionViewItem.ViewItemFeature.HasDecoration  # leaves room for the badge
        option.decorationSize = QSize(18, 18)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        item = index.data(ITEM_ROLE)
        if item is not None:
            styled = QStyleOptionViewItem(option)
            self.initStyleOption(styled, index)
            style = styled.widget.style()
            place = QRectF(
                style.subElementRect(QStyle.SubElement.SE_ItemViewItemDecoration, styled, styled.widget)
            )
            draw_badge(painter, QPointF(place.center()), 16.0, item.mark)
