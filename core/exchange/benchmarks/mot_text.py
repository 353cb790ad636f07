"""MOTChallenge's text files: one box of one frame a line.

frame, id, left, top, width, height, then in the truth: flag (0 is not counted), class, visible share; in
results: confidence and what follows of no meaning; in detections: id -1, and the confidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from core.exchange.benchmarks.texts import number, refuse, whole

CLASSES = range(1, 14)
"""MOT17's, from pedestrian to crowd."""


class MotKind(StrEnum):
    """What a file holds."""

    TRUTH = "truth"
    RESULTS = "results"
    DETECTIONS = "detections"


@dataclass(frozen=True, slots=True, eq=False)
class MotBoxes:
    """A file's n boxes, in its order.

    Attributes:
        frames: (n,) from 1. ids: (n,) of tracks; -1 in detections.
        boxes: (n, 4) x, y, w, h in pixels, as the file has them.
        scores: (n,) confidence; in the truth its flag. 1 where a line has none.
        classes: (n,) in the truth; 1, pedestrian, elsewhere.
        visible: (n,) share that is seen, in the truth; NaN where a line has none.
    """

    frames: NDArray[np.int64]
    ids: NDArray[np.int64]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.int64]
    visible: NDArray[np.float64]


def parse_mot(text: str, name: str, kind: MotKind, length: int) -> MotBoxes:
    """Read and check what a file held.

    Args:
        text: of the file.
        name: of the file, for errors.
        kind: what it holds.
        length: of its sequence, in frames.

    Raises:
        ExchangeError: it is empty, or a line has too few numbers, another frame, no track, a box without
            area, an unknown class, or a track that stands twice in a frame; the sentence names the line.
    """
    rows: list[tuple[float, ...]] = []
    seen: dict[tuple[int, int], int] = {}
    for line, words in enumerate(text.splitlines(), start=1):
        if not words.strip():
            continue
        row = _row(words.split(",") if "," in words else words.split(), name, f"line {line}", kind, length)
        key = (int(row[0]), int(row[1]))
        if kind is not MotKind.DETECTIONS and key in seen:
            refuse(name, f"line {line} has track {key[1]} in frame {key[0]}, and so has line {seen[key]}")
        seen[key] = line
        rows.append(row)
    if not rows:
        refuse(name, "it has no boxes")
    table = np.array(rows, dtype=np.float64)
    return MotBoxes(
        frames=table[:, 0].astype(np.int64),
        ids=table[:, 1].astype(np.int64),
        boxes=table[:, 2:6],
        scores=table[:, 6],
        classes=table[:, 7].astype(np.int64),
        visible=table[:, 8],
    )


def _row(words: list[str], name: str, line: str, kind: MotKind, length: int) -> tuple[float, ...]:
    least = 8 if kind is MotKind.TRUTH else 6
    if len(words) < least:
        refuse(name, f"{line} has {len(words)} numbers, where {least} at least are needed")
    frame = whole(words[0], name, f"the frame of {line}")
    if not 1 <= frame <= length:
        refuse(name, f"{line} is of frame {frame}, and there are 1 to {length}")
    track = whole(words[1], name, f"the track of {line}")
    if track < 0 and kind is not MotKind.DETECTIONS:
        refuse(name, f"{line} has no track, but {track}")
    box = [number(word, name, f"the box of {line}") for word in words[2:6]]
    if box[2] <= 0 or box[3] <= 0:
        refuse(name, f"{line} has a box without area, {box[2]:g} by {box[3]:g}")
    score = number(words[6], name, f"the confidence of {line}") if len(words) > 6 else 1.0
    if kind is not MotKind.TRUTH:
        return (frame, track, *box, score, 1, np.nan)
    said = whole(words[7], name, f"the class of {line}")
    if said not in CLASSES:
        refuse(name, f"{line} is of class {said}, which MOT17 does not have")
    visible = number(words[8], name, f"the visible share of {line}") if len(words) > 8 else np.nan
    return (frame, track, *box, score, said, visible)
