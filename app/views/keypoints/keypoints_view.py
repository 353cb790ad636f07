"""The Keypoints workspace's widget: queue left, the object in the middle, its points and their fit right."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QAbstractItemModel, Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSplitter, QVBoxLayout, QWidget

from app.states.keypoints import KeypointsState
from app.views.keypoints.canvas_pane import CanvasPane
from app.views.keypoints.fit_card import FitCardView
from app.views.keypoints.inset import Inset
from app.views.keypoints.object_queue import ObjectQueue
from app.views.keypoints.point_list import PointList
from app.views.keypoints.tag_bar import TagBar
from app.views.keypoints.track_strip import TrackStrip
from app.views.text import frame, label
from core.records.shapes import KeypointTag

_BESIDE_MS = 50  # between two drawings of list and card, while a point is dragged


class KeypointsView(QWidget):
    """Lays the parts of the workspace out; composition joins their signals."""

    def __init__(
        self,
        model: QAbstractItemModel,
        rows_of: Callable[[Sequence[int]], list[int]],
        *,
        use_opengl: bool = True,
    ) -> None:
        """
        Args:
            model, rows_of: the queue (see ObjectQueue).
            use_opengl: False leaves the inset out.
        """
        super().__init__()
        self.setObjectName("keypoints")
        self.queue = ObjectQueue(model, rows_of)
        self.pane = CanvasPane()
        self.points, self.card, self.tags = PointList(), FitCardView(), TagBar()
        self.strip = TrackStrip()
        self.inset = Inset(use_opengl=use_opengl)
        self.click_tag = KeypointTag.VISIBLE
        self._state = KeypointsState()
        self._waiting = False
        self._beside = QTimer(self)
        self._beside.setSingleShot(True)
        self._beside.setInterval(_BESIDE_MS)
        self._beside.timeout.connect(self._on_beside)
        self.tags.show_tag(self.click_tag)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.pane, 1)
        column.addWidget(frame("line"))
        column.addWidget(self.tags)
        right = self._right()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self.queue)
        split.addWidget(middle)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        self.queue.setMinimumWidth(150)
        right.setMinimumWidth(250)
        self._split = split
        self._laid_out = False
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.addWidget(split)
        self.setFocusProxy(self.pane.canvas)

    def show_state(self, state: KeypointsState) -> None:
        """Draws everything of one object: on the canvas at once, beside it as often as the eye follows."""
        self.pane.show_state(state)
        self._state = state
        if not self._beside.isActive():
            self._show_beside()
            self._beside.start()
        else:
            self._waiting = True

    def _on_beside(self) -> None:
        if self._waiting:
            self._show_beside()
            self._beside.start()

    def _show_beside(self) -> None:
        """Draws what stands beside the canvas."""
        self._waiting, state = False, self._state
        self.points.show_state(state)
        self.strip.show_state(state)
        shown = state.instance_id is not None
        if self._body.isHidden() is shown:
            self._body.setVisible(shown)
            self._nothing.setVisible(not shown)
        if self._title.text() != state.title:
            self._title.setText(state.title)
        if self._subtitle.text() != state.subtitle:
            self._subtitle.setText(state.subtitle)
        self.card.show_card(state.card)
        self.tags.show_ready(state.sure and any(ghost is not None for ghost in state.ghosts))

    def choose_tag(self, tag: KeypointTag) -> None:
        """Says what the next click places."""
        self.click_tag = tag
        self.tags.show_tag(tag)

    @property
    def title(self) -> str:
        """What the object is called; empty where none is shown."""
        return "" if self._body.isHidden() else self._title.text()

    @property
    def subtitle(self) -> str:
        """How far it is done, as shown."""
        return self._subtitle.text()

    def showEvent(self, event: QShowEvent) -> None:
        """Qt's: shares the width out when it is first known."""
        super().showEvent(event)
        if not self._laid_out:
            self._laid_out = True
            queue = min(max(self.width() * 15 // 100, 150), 340)
            right = min(max(self.width() * 20 // 100, 250), 330)
            self._split.setSizes([queue, self.width() - queue - right, right])

    def _right(self) -> QWidget:
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        page, self._body = frame("panel"), QWidget()
        area.setWidget(page)
        whole = QVBoxLayout(page)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._body)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 10, 0, 6)
        column.setSpacing(8)
        self._title, self._subtitle = label("", "title"), label("", "soft", wrap=True)
        head, foot = QWidget(), QWidget()
        above, below = QVBoxLayout(head), QVBoxLayout(foot)
        for layout in (above, below):
            layout.setContentsMargins(14, 0, 14, 0)
            layout.setSpacing(6)
        above.addWidget(self._title)
        above.addWidget(self._subtitle)
        above.addWidget(self.strip)
        below.addWidget(self.card)
        column.addWidget(head)
        column.addWidget(self.points)
        column.addWidget(foot)
        column.addWidget(self.inset, 1)
        self._nothing = label("Choose one at the left to place its points.", "soft", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setMargin(24)
        whole.addWidget(self._nothing, 1)
        self._body.hide()
        return area
