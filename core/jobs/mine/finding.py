"""What is in one frame, as it is kept: here, or in processes beside this one."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import DetectionError
from core.geometry.masks import patch_area, patch_to_rle
from core.jobs.mine import find_wire
from core.jobs.mine.crops import cut_crop
from core.jobs.mine.find_wire import FinderSettings, Kind, Message
from core.jobs.placed_points import placed_points
from core.jobs.spawn import PROGRAM_FOLDER, program_command
from core.mining.detectors.protocol import Detector
from core.records.detections import Detection, DetectorFrame
from core.records.finds import FoundInstance
from core.records.keypoints import KeypointSet, Template

Picture = NDArray[np.uint8]
T = TypeVar("T")

_WAITING_EACH = 3  # frames that a process has before it, so that it never waits for one


@dataclass(frozen=True, slots=True, eq=False)
class Task(Generic[T]):
    """A frame to look at.

    Attributes:
        key: whatever the caller knows it by.
        image: (H, W, 3) uint8 RGB.
        background: of the same shape, or None.
    """

    key: T
    image: Picture
    background: Picture | None


def find_in(
    detector: Detector,
    image: Picture,
    background: Picture | None,
    crop_px: int,
    least_score: float | None = None,
) -> tuple[FoundInstance, ...]:
    """All objects in a frame with mask, crop and the keypoints that are told, most certain first.

    Args:
        image: (H, W, 3) uint8 RGB. background: of the same shape, or None.
        crop_px: longest side of a crop.
        least_score: that the detector keeps, where scores say how sure it is of a find.

    Raises:
        DetectionError: the frame cannot be used.
    """
    [found] = detector.detect([DetectorFrame(image, background)])
    return tuple(_kept(one, image, crop_px, least_score) for one in found)


def find_here(
    tasks: Iterable[Task[T]], detector: Detector, crop_px: int, least_score: float | None = None
) -> Iterator[tuple[T, tuple[FoundInstance, ...]]]:
    """Looks at one frame after another in this process; the rest as `find_in`."""
    for task in tasks:
        yield task.key, find_in(detector, task.image, task.background, crop_px, least_score)


def find_beside(
    tasks: Iterable[Task[T]], settings: FinderSettings, processes: int
) -> Iterator[tuple[T, tuple[FoundInstance, ...]]]:
    """Looks at frames in processes of their own, which Python's lock does not hold up; in order.

    Args:
        settings: what all of them are told.
        processes: how many.

    Raises:
        DetectionError: a frame cannot be used, or a process ended before its work did.
    """
    finders = [_Finder(settings) for _ in range(processes)]
    waiting: deque[tuple[T, _Finder]] = deque()
    try:
        for number, task in enumerate(tasks):
            if len(waiting) == processes * _WAITING_EACH:
                key, finder = waiting.popleft()
                yield key, finder.answer()
            finder = finders[number % processes]
            finder.ask(task)
            waiting.append((task.key, finder))
        while waiting:
            key, finder = waiting.popleft()
            yield key, finder.answer()
    finally:
        for finder in finders:
            finder.close()


class _Finder:
    """One process that looks for objects."""

    def __init__(self, settings: FinderSettings) -> None:
        self._process = subprocess.Popen(
            program_command("find-server"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=None if getattr(sys, "frozen", False) else PROGRAM_FOLDER,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._incoming, self._outgoing = self._process.stdout, self._process.stdin
        self._background: Picture | None = None
        self._answers: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="finds", daemon=True)
        self._reader.start()
        self._send(Kind.SETTINGS, find_wire.pack_settings(settings))

    def ask(self, task: Task[Any]) -> None:
        """Hands it a frame."""
        if task.background is not self._background:
            nothing = np.zeros((0, 0, 3), dtype=np.uint8)
            background = nothing if task.background is None else task.background
            self._send(Kind.BACKGROUND, *find_wire.pack_picture(background))
            self._background = task.background
        self._send(Kind.FRAME, *find_wire.pack_picture(task.image))

    def answer(self) -> tuple[FoundInstance, ...]:
        """What is in the frame that was asked first of those without an answer."""
        message = self._answers.get()
        if message is None:
            raise _gone()
        if message.kind is Kind.ERROR:
            raise find_wire.unpack_error(message.payload)
        return find_wire.unpack_found(message.payload)

    def close(self) -> None:
        """Ends the process, whatever it is doing: nothing is lost that was not handed on."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):
            self._outgoing.close()
        self._reader.join()
        self._incoming.close()

    def _send(self, kind: Kind, *parts: bytes | memoryview) -> None:
        try:
            find_wire.send(self._outgoing, kind, *parts)
        except OSError as error:
            raise _gone() from error

    def _read(self) -> None:
        # a thread of its own: a process that waits to be heard would hear nothing itself
        with suppress(OSError, ValueError):
            while (message := find_wire.receive(self._incoming)) is not None:
                self._answers.put(message)
        self._answers.put(None)


def _gone() -> DetectionError:
    return DetectionError(
        "A process that looked for objects ended before its work did, as when memory runs out.",
        "Resume the job; if it happens again, set Processes to 1.",
    )


def _kept(one: Detection, image: Picture, crop_px: int, least_score: float | None) -> FoundInstance:
    height, width = image.shape[:2]
    mask, whole = one.mask, one.whole
    return FoundInstance(
        one.box,
        one.category,
        one.score,
        None if mask is None else patch_to_rle(mask, height, width),
        0 if mask is None else patch_area(mask),
        cut_crop(image, one.box, crop_px),
        None if least_score is None else find_margin(one.score, least_score),
        None if whole is None else patch_to_rle(whole, height, width),
        _keypoints(one, width, height),
    )


def _keypoints(one: Detection, width: int, height: int) -> KeypointSet | None:
    """None where no point is placed."""
    template = Template.of(one.category)
    if one.points is None or template is None:
        return None
    keypoints = KeypointSet(template, placed_points(one.points, width, height))
    return keypoints if keypoints.placed else None


def find_margin(score: float, least_score: float) -> float:
    """How far a score is above the least that is kept, 0..1, as a share of how far it could be."""
    return min(max((score - least_score) / max(1.0 - least_score, 1e-6), 0.0), 1.0)
