"""One object of an evaluation in its picture, with what was said of it over the truth."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.controllers.evaluate_reads import EvaluateReads, Told
from app.controllers.evaluate_results import facts_of, title_of
from app.controllers.keypoint_looks import look_of
from app.controllers.review_overlay import canvas_box
from app.controllers.review_panel import taken_text
from app.states.evaluation import ObjectPicture, SaidShape
from app.states.review_timeline import time_text
from core.errors import AmodalError
from core.geometry.boxes import centres_from_edges
from core.geometry.masks import patch_contours, rle_to_patch
from core.records.boxes import Box
from core.records.evaluations import ObjectResult, Outcome
from core.records.masks import Rle
from core.records.media import DecodedFrame
from core.records.shapes import KeypointTag

if TYPE_CHECKING:
    from app.session import ProjectSession

_SLOW_MS = 250
log = logging.getLogger(__name__)
Points = Sequence[tuple[float, float, KeypointTag] | None]


class PictureDesk(QObject):
    """Holds the object that is looked at; pixels and what lies over them are swapped together.

    Signals:
        changed(ObjectPicture): draw this.
    """

    changed = Signal(object)

    def __init__(self, session: ProjectSession, reads: EvaluateReads) -> None:
        super().__init__()
        self._session, self._reads = session, reads
        self.state = ObjectPicture()
        self._wanted: tuple[int, int] | None = None
        self._pixels: NDArray[np.uint8] | None = None
        self._pixels_of: tuple[int, int] | None = None  # evaluation and picture
        self._waiting: Callable[[], None] | None = None
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(_SLOW_MS)
        self._slow.timeout.connect(self._say_so)

    def show(self, evaluation_id: int, row: ObjectResult) -> None:
        """Looks at an object."""
        key = (evaluation_id, row.number)
        if key == self._wanted:
            return
        self._wanted = key

        def read() -> tuple[Told, SaidShape, SaidShape]:
            told = self._reads.told(evaluation_id, row)
            return told, truth_of(told), said_of(told)

        def arrived(found: tuple[Told, SaidShape, SaidShape]) -> None:
            if self._wanted == key:
                self._fetch(key, *found)

        self._session.in_background(read, arrived, tag="evaluate object")

    def clear(self) -> None:
        """Looks at nothing."""
        self.stop()
        self._wanted = self._pixels = self._pixels_of = None
        if self.state.key is not None:
            self.state = ObjectPicture()
            self.changed.emit(self.state)

    def stop(self) -> None:
        """Waits for nothing more."""
        self._slow.stop()
        self._waiting = None

    def _say_so(self) -> None:
        """A picture takes its time: until it is there, the one of before would stand for it."""
        if self._waiting is not None:
            self._waiting()

    # ---- pixels ---------------------------------------------------------------------------------

    def _fetch(self, key: tuple[int, int], told: Told, truth: SaidShape, said: SaidShape) -> None:
        place = (key[0], told.row.picture)

        def take(image: NDArray[np.uint8] | None, error: str = "") -> None:
            if self._wanted == key:
                self.stop()
                self._pixels, self._pixels_of = image, None if image is None else place
                self._draw(key, told, truth, said, error)

        def wait() -> None:
            self._pixels = self._pixels_of = None
            self._draw(key, told, truth, said, "Its picture is on its way…")

        self._waiting = wait
        self._slow.start()

        if self._pixels_of == place:
            take(self._pixels)
        elif told.frame is not None:

            def decoded(answer: DecodedFrame) -> None:
                take(answer.image)

            def failed(problem: AmodalError) -> None:
                take(None, f"{problem.problem}\n{problem.way_out}")

            self._session.request_frame(told.frame.source_id, told.frame.pts, decoded, failed, "evaluate")
        else:
            self._make(told, take)

    def _make(self, told: Told, take: Callable[..., None]) -> None:
        """Draws a picture that is kept as a recipe, or on this machine."""
        picture = told.picture
        recipe_id = None if picture is None else picture.recipe_id
        if recipe_id is not None:
            work = partial(self._reads.composite, recipe_id)
        elif picture is not None and picture.frame_id is None and picture.name:
            work = partial(self._reads.street, picture.name)
        else:
            take(None, missing_words(told))
            return

        def failed(problem: BaseException) -> None:
            if isinstance(problem, AmodalError):
                take(None, f"{problem.problem}\n{problem.way_out}")
            else:
                self._session.report(problem)

        self._session.in_background(work, take, failed, tag="evaluate picture")

    def _draw(self, key: tuple[int, int], told: Told, truth: SaidShape, said: SaidShape, error: str) -> None:
        row, picture = told.row, told.picture
        width = height = 0
        if self._pixels is not None:
            height, width = self._pixels.shape[:2]
        elif picture is not None:
            width, height = picture.width, picture.height
        self.state = ObjectPicture(
            key=key,
            image=self._pixels,
            width=width,
            height=height,
            truth=truth,
            said=said,
            focus=focus_of(row.box, said.box),
            title=title_of(row),
            facts=facts_of(row),
            place=place_words(told),
            error=error,
            instance_id=row.instance_id,
        )
        self.changed.emit(self.state)


def truth_of(told: Told) -> SaidShape:
    """The object as the truth has it; nothing of what is not there."""
    row, said = told.row, told.said
    if row.outcome is Outcome.EXTRA:
        return SaidShape()
    points = _placed(said.true_points)
    return SaidShape(
        canvas_box(row.box),
        _borders(said.true_whole),
        _borders(said.true_modal),
        points,
        _wire(points, told),
    )


def said_of(told: Told) -> SaidShape:
    """The object as it was said to be."""
    said = told.said
    box = None if said.box is None else canvas_box(said.box)
    points = _placed(said.points)
    return SaidShape(box, _borders(said.whole), _borders(said.modal), points, _wire(points, told))


def focus_of(box: Box, said: tuple[float, float, float, float] | None) -> tuple[float, float, float, float]:
    """What is looked at: the object, and what was said of it."""
    own = canvas_box(box)
    if said is None:
        return own
    return (min(own[0], said[0]), min(own[1], said[1]), max(own[2], said[2]), max(own[3], said[3]))


def place_words(told: Told) -> str:
    """Which picture it is."""
    picture = told.picture
    if told.frame is not None and told.source is not None:
        words = [told.source.name, told.frame.name, time_text(told.frame.time_s)]
        if told.frame.captured_at is not None:
            offset = 0.0 if told.camera is None else told.camera.utc_offset_s
            words.append(taken_text(told.frame.captured_at, offset))
        return "   ".join(word for word in words if word)
    if picture is None:
        return ""
    if picture.recipe_id is not None:
        return f"Composite {picture.recipe_id}"
    return picture.name


def missing_words(told: Told) -> str:
    """Why the pixels of a picture are not there."""
    picture = told.picture
    if picture is None:
        return "The evaluation does not know its picture."
    if picture.frame_id is not None:
        return "Its frame is no longer in the project."
    return "Its picture is not kept here: what was said is drawn over nothing."


def _borders(code: Rle | None) -> tuple[NDArray[np.float64], ...]:
    try:
        patch = None if code is None else rle_to_patch(code)
    except ValueError:
        log.warning("a mask of an evaluation is damaged")
        return ()
    if patch is None or not patch.bits.any():
        return ()
    return tuple(centres_from_edges(polygon) for polygon in patch_contours(patch))


def _wire(points: NDArray[np.float64], told: Told) -> NDArray[np.float64]:
    """(k, 4) the lines that join an object's points; none where masks tell its outline."""
    said, bones = told.said, look_of(told.row.category).skeleton
    if any(mask is not None for mask in (said.whole, said.modal, said.true_whole, said.true_modal)):
        bones = ()
    there = {int(number): (x, y) for x, y, number in points.tolist()}
    lines = [(*there[a], *there[b]) for a, b in bones if a in there and b in there]
    return np.array(lines, dtype=np.float64).reshape(-1, 4)


def _placed(points: Points) -> NDArray[np.float64]:
    listed = [(point[0], point[1], number) for number, point in enumerate(points) if point is not None]
    return np.array(listed, dtype=np.float64).reshape(-1, 3)
