"""The finds of another program's file, by the pictures that are measured, and what is to be said of them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import ExchangeError
from core.records.evaluations import Truth

if TYPE_CHECKING:
    from core.exchange.benchmarks.coco_results import CocoResult

PICTURES = {Truth.REVIEWED: "frame", Truth.COMPOSITES: "composite"}
"""What one picture of a truth is called."""

_WAY_OUT = {
    Truth.REVIEWED: "Review the frames that it is about, or choose composites to measure by.",
    Truth.COMPOSITES: "Choose the set of composites that it is about, or reviewed frames to measure by.",
}


@dataclass(frozen=True, slots=True, eq=False)
class FileFinds:
    """What a file says of the pictures that are measured.

    Attributes:
        of_picture: number of a frame or composite -> its finds, in the order of the file.
        total: finds in the file. unmeasured: those in pictures that are not measured.
        notes: plain sentences of what is not as it should be.
        digest: of all that it says of them.
    """

    of_picture: Mapping[int, Sequence[CocoResult]]
    total: int
    unmeasured: int
    notes: tuple[str, ...]
    digest: str


def sort_finds(results: Sequence[CocoResult], measured: Collection[int], kind: Truth, name: str) -> FileFinds:
    """Sorts a file's finds to the pictures that are measured.

    Args:
        results: of the file; their images are numbers of frames or of composites, as `kind` says.
        measured: numbers of the pictures that are measured.
        kind: what is measured by.
        name: of the file, for errors.

    Raises:
        ExchangeError: none lies in a picture that is measured, or some have masks and others none.
    """
    masked = {one.rle is not None for one in results}
    if len(masked) > 1:
        bare = next(one for one in results if one.rle is None)
        raise ExchangeError(
            f"{name} cannot be used: result {bare.position} has no mask, and others have one.",
            "Give masks with all results, or with none.",
        )
    what, wanted = PICTURES[kind], frozenset(measured)
    own: dict[int, list[CocoResult]] = {}
    others = []
    for one in results:
        number = int(one.image)
        if number in wanted:
            own.setdefault(number, []).append(one)
        else:
            others.append(number)
    if not own:
        raise ExchangeError(
            f"{name} cannot be used: it says nothing of the {len(wanted):,} {what}s that are measured. "
            f"Result {results[0].position} is about {what} {results[0].image}, which is none of them.",
            _WAY_OUT[kind],
        )
    notes = []
    if others:
        notes.append(
            f"{len(others):,} of {len(results):,} finds in the file lie in {what}s that are not measured "
            f"({len(set(others)):,} of them): they do not count."
        )
    finds = [one for some in own.values() for one in some]
    said, digest = [_content(one) for one in finds], hashlib.sha256()
    for content in said:
        digest.update(repr(content).encode())
    notes += _odd(finds, said)
    return FileFinds(own, len(results), len(others), tuple(notes), digest.hexdigest()[:32])


def _odd(finds: Sequence[CocoResult], said: Sequence[Hashable]) -> Iterator[str]:
    """What is no fault of a file, and seldom meant."""
    empty = sum(one.box.area <= 0 for one in finds)
    if empty:
        yield f"{empty:,} of {len(finds):,} finds have a box without area, which finds no object."
    again = len(said) - len(set(said))
    if again:
        yield (
            f"{again:,} of {len(finds):,} finds stand in the file once more, alike in all: an object is "
            "found once, and they count as finds where nothing is."
        )


def _content(one: CocoResult) -> tuple[Hashable, ...]:
    """All that a find says."""
    points = None if one.keypoints is None else one.keypoints.tobytes()
    return one.image, one.category, one.box, one.score, one.rle, points
