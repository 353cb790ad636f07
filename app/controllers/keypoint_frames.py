"""The picture behind the points: asked for when an object is shown, and decoded ahead for the next ones."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.controllers.keypoint_reads import OpenObject
from app.controllers.review_panel import taken_text
from app.controllers.review_session import Frames
from app.states.keypoints import KeypointFrame
from app.states.review_timeline import time_text
from core.errors import AmodalError
from core.records.media import DecodedFrame


class KeypointFrames(QObject):
    """Holds the frame that is shown.

    Signals:
        changed(KeypointFrame): draw this.
        arrived(): the frame that was asked for last is shown, or has failed.
    """

    changed = Signal(object)
    arrived = Signal()

    def __init__(self, session: Frames) -> None:
        super().__init__()
        self._session = session
        self._wanted: int | None = None
        self.state = KeypointFrame()

    def show(self, one: OpenObject) -> None:
        """Shows an object's frame."""
        frame = one.context.frame
        self._wanted = frame.id
        if self.state.frame_id == frame.id and self.state.image is not None:
            self.arrived.emit()
            return
        size, title = (one.context.width, one.context.height), _title(one)

        def decoded(answer: DecodedFrame) -> None:
            height, width = answer.image.shape[:2]
            self._take(KeypointFrame(frame.id, answer.image, width, height, title))

        def failed(problem: AmodalError) -> None:
            error = f"{problem.problem}\n{problem.way_out}"
            self._take(KeypointFrame(frame.id, None, *size, title, error))

        self._session.request_frame(frame.source_id, frame.pts, decoded, failed, "keypoints view")

    def prepare(self, one: OpenObject, slot: int) -> None:
        """Has a frame decoded that will be wanted soon."""
        frame = one.context.frame
        self._session.request_frame(
            frame.source_id, frame.pts, lambda _: None, lambda _: None, f"keypoints ahead {slot}"
        )

    def clear(self) -> None:
        """Shows nothing."""
        self._wanted = None
        self.state = KeypointFrame()
        self.changed.emit(self.state)

    def _take(self, state: KeypointFrame) -> None:
        if self._wanted == state.frame_id:
            self.state = state
            self.changed.emit(state)
            self.arrived.emit()


def _title(one: OpenObject) -> str:
    """Which footage the frame is of, and where in it."""
    frame = one.context.frame
    parts = [one.source.name, *([frame.name] if frame.name else []), time_text(frame.time_s)]
    if frame.captured_at is not None:
        parts.append(taken_text(frame.captured_at, 0.0 if one.camera is None else one.camera.utc_offset_s))
    return "   ".join(parts)
