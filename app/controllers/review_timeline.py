"""The timeline of the footage that is looked at: read once for each source, and again after edits."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.review_reads import StoreReads, TimelineMarks
from app.controllers.review_session import Worker
from app.states.review_timeline import TimelineState

_SETTLE_MS = 400  # edits come in bursts: the marks follow once they pause


class TimelineDesk(QObject):
    """Holds the timeline's state.

    Signals:
        changed(TimelineState): draw this.
    """

    changed = Signal(object)

    def __init__(self, worker: Worker, reads: StoreReads) -> None:
        super().__init__()
        self._worker = worker
        self._reads = reads
        self.state = TimelineState()
        self.source_id: int | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._read)

    def show(
        self,
        source_id: int,
        position_s: float,
        selected_s: float | None,
        track_s: tuple[float, float] | None,
    ) -> None:
        """Shows a source with the frame looked at, the selected instance and its track."""
        marks = {"position_s": position_s, "selected_s": selected_s, "track_s": track_s}
        if source_id != self.source_id:
            self.source_id = source_id
            self.state = TimelineState(**marks)  # type: ignore[arg-type]
            self._read()
        else:
            self.state = replace(self.state, **marks)  # type: ignore[arg-type]
        self.changed.emit(self.state)

    def refresh_soon(self) -> None:
        """Reads the marks again once edits pause."""
        self._settle.start()

    def clear(self) -> None:
        """Shows nothing."""
        self.source_id = None
        self.state = TimelineState()
        self.changed.emit(self.state)

    def close(self) -> None:
        """Stops the timer."""
        self._settle.stop()

    def _read(self) -> None:
        source_id = self.source_id
        if source_id is None:
            return

        def arrived(found: TimelineMarks | None) -> None:
            if found is None or source_id != self.source_id:
                return
            self.state = replace(
                self.state,
                source=found.source.name,
                duration_s=found.source.duration_s,
                buckets=found.buckets,
                stretches=found.stretches,
            )
            self.changed.emit(self.state)

        self._worker.in_background(
            lambda: self._reads.timeline(source_id),
            arrived,
            None,
            "review timeline",
        )
