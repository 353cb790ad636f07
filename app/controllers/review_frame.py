"""Which frame the panel shows: pixels and overlay are swapped together, so that neither lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.controllers.review_overlay import build_overlay, canvas_box
from app.controllers.review_panel import taken_text
from app.controllers.review_reads import FrameContents, Selection, StoreReads
from app.controllers.review_session import Frames
from app.pictures import image_of
from app.states.review_frame import FrameState
from app.states.review_timeline import time_text
from core.errors import AmodalError
from core.records.boxes import Box
from core.records.media import DecodedFrame
from core.records.project import FrameRow

_BLANK = 34  # the grey of pixels that could not be decoded
_AHEAD = 3


class FrameDesk(QObject):
    """Holds the frame that is shown and the instance that is selected in it.

    Signals:
        changed(FrameState): draw this.
        arrived(): the frame that was asked for last is shown, or has failed.
    """

    changed = Signal(object)
    arrived = Signal()

    def __init__(self, session: Frames, reads: StoreReads) -> None:
        super().__init__()
        self._session = session
        self._reads = reads
        self.state = FrameState()
        self._contents: FrameContents | None = None  # of the frame asked for last
        self._selection: Selection | None = None
        self._pointed: int | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._pixels_of: int | None = None  # frame id
        self._error = ""

    @property
    def frame(self) -> FrameRow | None:
        """The frame asked for last."""
        return None if self._contents is None else self._contents.frame

    @property
    def at_home(self) -> bool:
        """Whether that is the selected instance's own frame."""
        if self._selection is None or self._contents is None:
            return True
        return self._selection.row.frame_id == self._contents.frame.id

    def select(self, selection: Selection) -> None:
        """Shows an instance in its frame."""
        self._selection = selection
        self._pointed = None
        self.look_at(selection.contents)

    def look_at(self, contents: FrameContents) -> None:
        """Shows a frame, the selected instance's or another."""
        self._contents = contents
        frame = contents.frame
        if self._pixels_of == frame.id:
            self._draw()
            self.arrived.emit()
            return

        def decoded(answer: DecodedFrame) -> None:
            if self._is_wanted(frame):
                self._take(frame.id, answer.image, "")

        def failed(problem: AmodalError) -> None:
            if self._is_wanted(frame):
                self._stand_in(contents, f"{problem.problem}\n{problem.way_out}")

        self._session.request_frame(frame.source_id, frame.pts, decoded, failed, "view")

    def update_contents(self, contents: FrameContents, selection: Selection | None) -> None:
        """Draws changed labels over the frame that is shown."""
        if self._contents is None or self._contents.frame.id != contents.frame.id:
            return
        self._contents = contents
        if selection is not None:
            self._selection = selection
        if self._pixels_of == contents.frame.id:
            self._draw()

    def point_out(self, instance_id: int | None) -> None:
        """Lifts an instance out of the others, such as the occluder that a test names."""
        self._pointed = instance_id
        if self._contents is not None and self._pixels_of == self._contents.frame.id:
            self._draw()

    def prepare(self, frame: FrameRow, slot: int) -> None:
        """Has a frame decoded that will be wanted soon."""
        self._session.request_frame(
            frame.source_id, frame.pts, lambda _: None, lambda _: None, f"ahead {slot % _AHEAD}"
        )

    def clear(self) -> None:
        """Shows nothing."""
        self._contents = self._selection = None
        self._pixels = self._pixels_of = None
        self._error = ""
        self.state = FrameState()
        self.changed.emit(self.state)

    def _is_wanted(self, frame: FrameRow) -> bool:
        return self._contents is not None and self._contents.frame.id == frame.id

    def _take(self, frame_id: int, image: NDArray[np.uint8] | None, error: str) -> None:
        self._pixels, self._pixels_of, self._error = image, frame_id, error
        self._draw()
        self.arrived.emit()

    def _stand_in(self, contents: FrameContents, error: str) -> None:
        """Without its frame an instance still has its crop: shows that in its place."""
        selection = self._selection
        frame_id = contents.frame.id
        if selection is None or selection.row.frame_id != frame_id:
            self._take(frame_id, None, error)
            return

        def read() -> NDArray[np.uint8] | None:
            found = self._reads.crop_in_place(selection.row.id)
            if found is None:
                return None
            return crop_on_blank(*found, contents.source.width, contents.source.height)

        def shown(image: NDArray[np.uint8] | None) -> None:
            if self._is_wanted(contents.frame):
                self._take(frame_id, image, error)

        self._session.in_background(read, shown, None, "review crop in place")

    def _draw(self) -> None:
        contents = self._contents
        if contents is None:
            return
        selection = self._selection
        image = self._pixels
        height, width = (contents.source.height, contents.source.width) if image is None else image.shape[:2]
        home = selection is not None and selection.row.frame_id == contents.frame.id
        self.state = FrameState(
            frame_id=contents.frame.id,
            source_id=contents.frame.source_id,
            image=image,
            width=width,
            height=height,
            overlay=build_overlay(contents, selection, self._pointed),
            title=frame_title(contents),
            error=self._error,
            away="" if home or selection is None else _away_text(contents, selection),
            focus=canvas_box(selection.row.box) if home and selection is not None else None,
        )
        self.changed.emit(self.state)


def frame_title(contents: FrameContents) -> str:
    """Which footage a frame is of, and where in it."""
    frame = contents.frame
    parts = [contents.source.name]
    if frame.name:
        parts.append(frame.name)
    parts.append(time_text(frame.time_s))
    if frame.captured_at is not None:
        offset = 0.0 if contents.camera is None else contents.camera.utc_offset_s
        parts.append(taken_text(frame.captured_at, offset))
    return "   ".join(parts)


def crop_on_blank(data: bytes, place: Box, width: int, height: int) -> NDArray[np.uint8]:
    """A compressed crop at its place in an otherwise grey picture of (height, width, 3) uint8 RGB."""
    canvas = np.full((height, width, 3), _BLANK, dtype=np.uint8)
    picture = image_of(data)
    left, top = round(place.x), round(place.y)
    right, bottom = min(width, left + round(place.w)), min(height, top + round(place.h))
    if picture.isNull() or right <= left or bottom <= top:
        return canvas
    picture = picture.scaled(right - left, bottom - top)
    rows = np.frombuffer(picture.constBits(), dtype=np.uint8).reshape(
        picture.height(), picture.bytesPerLine()
    )
    pixels = rows[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3)
    canvas[top:bottom, left:right] = pixels
    return canvas


def _away_text(contents: FrameContents, selection: Selection) -> str:
    if contents.frame.source_id != selection.row.source_id:
        return "Other footage than the selected instance's. Esc goes back."
    apart = contents.frame.time_s - selection.row.time_s
    return f"{abs(apart):.2f} s {'after' if apart > 0 else 'before'} the selected instance. Esc goes back."
