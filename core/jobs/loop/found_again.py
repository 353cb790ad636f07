"""Asks a new model for what was found before it, so that no mining by it loses that unseen."""

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
from core.records.occlusion import LabelOrigin, OcclusionLabel
from core.records.project import SourceRow
from core.store import tables
from core.store.writers.matching import match_boxes

MOST_FRAMES = 40
"""That are looked at, evenly out of all with unoccluded finds."""

_BY_MACHINE = (LabelOrigin.HEURISTIC.value, LabelOrigin.NETWORK.value)

_Finds = list[tuple[Box, Category]]


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """How much of what was found before a model finds, too.

    Attributes:
        found: of the unoccluded objects that were asked for. of: how many those are.
    """

    found: int
    of: int

    @property
    def share(self) -> float:
        """0 to 1; 1 where there was nothing to be lost."""
        return self.found / self.of if self.of else 1.0


def found_again(context: JobContext, camera: str, own: OwnSettings) -> FoundAgain:
    """Looks with a run's model at frames in which unoccluded objects were found by machine.

    Nothing is written. An object is found again where a find overlaps it by as much as mining asks for.

    Args:
        context: of the loop. camera: its name; empty for all. own: which run, and its least score.

    Raises:
        DetectorUnavailableError, DetectionError: the model cannot be used.
        FootageMissingError: the footage is not where it was.
    """
    finds = _unoccluded(
        context, [row for one in chosen_footage(context.project, camera) for row in one.sources]
    )
    places = sorted(finds, key=lambda one: (one[0].id, one[1]))
    chosen = [places[place] for place in evenly(len(places), MOST_FRAMES)] if places else []
    if not chosen:
        return FoundAgain(0, 0)
    detector = own_detector(context.project, own)
    found = total = 0
    for source, picture in _pictures(context, chosen):
        context.check_stop()
        known = finds[source, picture.pts]
        found += _again(detector, picture, known)
        total += len(known)
    return FoundAgain(found, total)


def _again(detector: Detector, picture: DecodedFrame, known: _Finds) -> int:
    [said] = detector.detect([DetectorFrame(picture.image)])
    return len(match_boxes(known, [(one.box, one.category) for one in said]))


def _unoccluded(context: JobContext, sources: list[SourceRow]) -> dict[tuple[SourceRow, int], _Finds]:
    """Source and presentation time -> what was found unoccluded there."""
    i, f = tables.instance.c, tables.frame.c
    query = (
        select(f.pts, i.x, i.y, i.w, i.h, i.category)
        .join(tables.frame, f.id == i.frame_id)
        .where(i.state == "live", ~i.missing, i.label == OcclusionLabel.UNOCCLUDED.value)
        .where(i.origin.in_(_BY_MACHINE))
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
