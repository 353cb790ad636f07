"""The third phase of mining: which of a camera's objects are unoccluded.

It reads what is stored and can be done again from the start at any time, so it needs no checkpoint within a
camera. What stands in front of the objects is learned from all bursts of the camera, earlier ones too: a
burst of ten seconds sees too few cars pass behind a pole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from sqlalchemy import func, select

from core.geometry.masks import rle_to_patch
from core.jobs.context import JobContext
from core.jobs.mine.sequence_phase import objects_of
from core.jobs.mine.static_phase import static_map
from core.jobs.setting_fields import RuleName
from core.mining.occlusion.classified import decide_by_belief
from core.mining.occlusion.decide import decide_occlusion
from core.mining.occlusion.settings import ClassifierSettings, OcclusionSettings, WaltSettings
from core.mining.occlusion.static_map import StaticMap
from core.mining.occlusion.walt import decide_walt
from core.records.occlusion import LabelOrigin, Observation, OcclusionDecision
from core.records.project import SourceRow
from core.store import tables
from core.store.bulk import BulkWriter
from core.store.queries import instances
from core.store.queries.frames import SequenceRow, sequences_of
from core.store.writers.decisions import write_decisions

MOST_AT_ONCE = 20_000
"""Instances whose masks are held in memory at a time; a longer burst is tested in parts."""

MOST_EVIDENCE = 60_000
"""Instances that tell what stands in front, about; of more, bursts spread evenly over all are taken."""

Burst = tuple[SourceRow, SequenceRow]
_EVIDENCE_SHARE = 0.4


class Rules(Protocol):
    """What tells which objects are unoccluded: a part of the settings of jobs that judge."""

    @property
    def rule(self) -> RuleName: ...
    @property
    def occlusion(self) -> OcclusionSettings: ...
    @property
    def walt(self) -> WaltSettings: ...
    @property
    def classifier(self) -> ClassifierSettings: ...


def judge_camera(
    context: JobContext,
    settings: Rules,
    bulk: BulkWriter,
    mined: Sequence[SourceRow],
    others: Sequence[SourceRow],
    show: Callable[[float], None],
) -> None:
    """Tests the objects of a camera's sources and writes the decisions.

    Args:
        settings: what tells.
        mined: the sources to test; their objects have been followed.
        others: the camera's other sources, which tell what stands in front.
        show: is told the share that is done.
    """
    reader = _MaskedObjects(context)
    bursts = _bursts(context, mined)
    static: dict[tuple[int, int], StaticMap] = {}
    if settings.rule == "ours":
        shown = _spread(context, bursts + _bursts(context, others))
        for size in {(source.width, source.height) for source in mined}:
            alike = [burst for burst in shown if (burst[0].width, burst[0].height) == size]
            parts = _shown(
                (part for burst in alike for part in reader.parts(burst)), len(alike), show, _EVIDENCE_SHARE
            )
            static[size] = static_map(context, size, parts, settings.occlusion)
    believe = _classifier(context, settings) if settings.rule == "classifier" else None
    for number, burst in enumerate(bursts):
        source, _ = burst
        for part in reader.parts(burst):
            context.check_stop()
            if believe is not None:
                _classify(context, bulk, part, source, settings, believe)
                continue
            decisions = _decide(part, source, settings, static.get((source.width, source.height)))
            bulk.each(decisions, partial(write_decisions, job_id=context.job_id))
        show(_EVIDENCE_SHARE + (1 - _EVIDENCE_SHARE) * (number + 1) / len(bursts))


class _MaskedObjects:
    """Bursts' objects with their masks, in parts; the first are kept, for most jobs read them twice."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._kept: dict[int, list[list[Observation]]] = {}
        self._room = MOST_AT_ONCE

    def parts(self, burst: Burst) -> Iterator[Sequence[Observation]]:
        """Runs of whole frames that fit into memory."""
        _, sequence = burst
        kept = self._kept.get(sequence.id)
        if kept is not None:
            yield from kept
            return
        observations = objects_of(self._context, sequence)
        keep = len(observations) <= self._room
        parts = []
        for part in _parts(observations):
            masked = self._with_masks(part)
            if keep:
                parts.append(masked)
            yield masked
        if keep:
            self._kept[sequence.id] = parts
            self._room -= len(observations)

    def _with_masks(self, part: Sequence[Observation]) -> list[Observation]:
        with self._context.project.read() as connection:
            codes = instances.masks(connection, [one.instance_id for one in part])
        return [
            replace(one, mask=rle_to_patch(codes[one.instance_id])) if one.instance_id in codes else one
            for one in part
        ]


def _bursts(context: JobContext, sources: Sequence[SourceRow]) -> list[Burst]:
    with context.project.read() as connection:
        return [(source, sequence) for source in sources for sequence in sequences_of(connection, source.id)]


def _spread(context: JobContext, bursts: list[Burst]) -> list[Burst]:
    """Bursts with about as many objects as may tell what stands in front, spread evenly over all."""
    i, f = tables.instance.c, tables.frame.c
    sources = sorted({source.id for source, _ in bursts})
    query = (
        select(func.count())
        .select_from(tables.instance.join(tables.frame, f.id == i.frame_id))
        .where(i.source_id.in_(sources), i.state == "live")
    )
    with context.project.read() as connection:
        total = int(connection.scalar(query) or 0)
    step = max(-(-total // MOST_EVIDENCE), 1)
    return bursts[::step]


def _shown(
    parts: Iterator[Sequence[Observation]], count: int, show: Callable[[float], None], share: float
) -> Iterator[Sequence[Observation]]:
    for number, part in enumerate(parts):
        yield part
        show(min(share * (number + 1) / max(count, 1), share))


def _parts(observations: Sequence[Observation]) -> Iterator[Sequence[Observation]]:
    start = 0
    for place in range(1, len(observations) + 1):
        ended = place == len(observations)
        if ended or (
            place - start >= MOST_AT_ONCE and observations[place].frame != observations[place - 1].frame
        ):
            yield observations[start:place]
            start = place


Believe = Callable[[Sequence[Observation]], Mapping[int, float]]


def _classifier(context: JobContext, settings: Rules) -> Believe:
    from core.jobs.mine.classify import Classifier  # needs torch

    return Classifier(context, settings.classifier.device).beliefs


def _classify(
    context: JobContext,
    bulk: BulkWriter,
    part: Sequence[Observation],
    source: SourceRow,
    settings: Rules,
    believe: Believe,
) -> None:
    """The network's decisions; those of our tests, without its origin, on objects that have no crop."""
    beliefs = believe(part)
    decisions = decide_by_belief(
        part, beliefs, source.width, source.height, settings.classifier.least_belief, settings.occlusion
    )
    bulk.each(decisions, partial(write_decisions, origin=LabelOrigin.CLASSIFIER, job_id=context.job_id))
    if len(decisions) < len(part):
        rest = [
            one
            for one in decide_occlusion(part, source.width, source.height, settings.occlusion)
            if one.instance_id not in beliefs
        ]
        bulk.each(rest, partial(write_decisions, job_id=context.job_id))


def _decide(
    part: Sequence[Observation], source: SourceRow, settings: Rules, static: StaticMap | None
) -> list[OcclusionDecision]:
    if settings.rule == "walt":
        return decide_walt(part, settings.walt)
    return decide_occlusion(part, source.width, source.height, settings.occlusion, static)
