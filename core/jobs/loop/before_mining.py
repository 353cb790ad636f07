"""Looks what a new model finds where something was found before it: mining takes the place of that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import select

from core.errors import MediaError
from core.jobs.context import JobContext
from core.jobs.evaluate.detections import evenly
from core.jobs.footage import chosen_footage, decoded_frames
from core.jobs.mine.own_detector import own_detector
from core.mining.detectors.protocol import Detector
from core.mining.detectors.settings import OwnSettings
from core.records.boxes import Box
from core.records.detections import Category, DetectorFrame
from core.records.media import DecodedFrame
from core.records.occlusion import LabelOrigin
from core.records.project import SourceRow
from core.store import tables
from core.store.writers.matching import match_boxes

MOST_FRAMES = 40
"""That are looked at, evenly out of all in which something was found."""

_BY_MACHINE = (LabelOrigin.HEURISTIC.value, LabelOrigin.NETWORK.value)

_Finds = list[tuple[Box, Category]]


@dataclass(frozen=True, slots=True)
class Beside:
    """What a model finds in some frames, beside what machines found there before.

    Attributes:
        found: objects that it finds. before: that were found before. same: that both have found.
    """

    found: int
    before: int
    same: int

    @property
    def share(self) -> float:
        """How many it finds, of how many there were; 1 where there was nothing to be lost."""
        return self.found / self.before if self.before else 1.0


def beside_before(context: JobContext, camera: str, own: OwnSettings) -> Beside:
    """Looks with a run's model at frames in which objects were found by machine.

    Nothing is written. Finds are the same where they overlap by as much as mining asks for.

    Args:
        context: of the loop. camera: its name; empty for all. own: which run, and its least score.

    Raises:
        DetectorUnavailableError, DetectionError: the model cannot be used.
        FootageMissingError: the footage is not where it was.
    """
    footage = chosen_footage(context.project, camera)
    finds = _found_before(context, [source for one in footage for source in one.sources])
    places = sorted(finds, key=lambda one: (one[0].id, one[1]))
    chosen = [places[place] for place in evenly(len(places), MOST_FRAMES)] if places else []
    if not chosen:
        return Beside(0, 0, 0)
    detector: Detector = own_detector(context.project, own)
    found = before = same = 0
    for source, picture in _pictures(context, chosen):
        context.check_stop()
        known = finds[source, picture.pts]
        [said] = detector.detect([DetectorFrame(picture.image)])
        found += len(said)
        before += len(known)
        same += len(match_boxes(known, [(one.box, one.category) for one in said]))
    return Beside(found, before, same)


def _found_before(context: JobContext, sources: list[SourceRow]) -> dict[tuple[SourceRow, int], _Finds]:
    """Source and presentation time -> what machines found there."""
    i, f = tables.instance.c, tables.frame.c
    query = (
        select(f.pts, i.x, i.y, i.w, i.h, i.category)
        .join(tables.frame, f.id == i.frame_id)
        .where(i.state == "live", ~i.missing, i.origin.in_(_BY_MACHINE))
    )
    out: dict[tuple[SourceRow, int], _Finds] = defaultdict(list)
    with context.project.read() as connection:
        for source in sources:
            for row in connection.execute(query.where(i.source_id == source.id)):
                box = Box(row.x, row.y, row.w, row.h)
                out[source, row.pts].append((box, Category(row.category)))
    return out


def _pictures(
    context: JobContext, places: list[tuple[SourceRow, int]]
) -> Iterator[tuple[SourceRow, DecodedFrame]]:
    of_source: dict[SourceRow, list[int]] = defaultdict(list)
    for source, pts in places:
        of_source[source].append(pts)
    for source, todo in of_source.items():
        for picture in decoded_frames(context.project, source, sorted(todo), partial(_lost, context, source)):
            yield source, picture


def _lost(context: JobContext, source: SourceRow, pts: int, problem: MediaError) -> Any:
    context.log(f"{source.name}, frame at {pts}: {problem.problem}")
