"""Table 2: how well people are followed on MOT17, by somebody's tracker or by SORT over given detections."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import ExchangeError
from core.evaluation.bootstrap import Drawing, estimates
from core.evaluation.tracking import (
    TrackedSequence,
    TracksInFrame,
    count_sequence,
    tracking_figures,
    tracking_scores,
    without_ignored,
)
from core.exchange.benchmarks.mot17 import (
    MotSequence,
    read_of_sequences,
    read_own_detections,
    read_sequences,
    read_truth,
)
from core.exchange.benchmarks.mot_text import MotBoxes, MotKind
from core.geometry.boxes import to_box
from core.jobs.public_benchmarks.choices import Tracker
from core.jobs.public_benchmarks.drawn import Ends, drawn_note, told_ends
from core.jobs.public_benchmarks.paper import MOT17, paper_rows
from core.mining.tracking import TrackingSettings, track_sequence
from core.records.benchmark_tables import BenchmarkTable, FigureSource, TableRow
from core.records.detections import Category, Detection

_PEDESTRIAN = 1
_DISTRACTORS = (2, 7, 8, 12)
"""Person on a vehicle, person that stands still, distractor, reflection: found or not, both is right."""

_COMPARABLE = (
    "Lines that were measured here on the same sequences, by the same tracker, compare their detectors. The "
    "paper's lines are of its own detectors and its SORT, whose settings are not known: they only orient."
)


def mot17_table(
    folder: Path,
    *,
    results: Sequence[Path] = (),
    detections: Sequence[Path] = (),
    own_detectors: Sequence[str] = (),
    tracker: Tracker = Tracker.SORT,
    least_score: float = 0.5,
    only: Sequence[str] = (),
    draws: int = 0,
) -> BenchmarkTable:
    """Count tracks against the truth of MOT17, by MOT17's protocol.

    All true boxes are matched with what was found, whatever their class; what goes with a distractor is
    dropped, and then pedestrians with the flag count, and nothing else.

    Args:
        folder: MOT17, its `train`, or one sequence.
        results: folders with tracks, a text file for each sequence; a line of the table each.
        detections: folders with detections, followed here by a tracker; a line each.
        own_detectors: the same for detections that come with MOT17: DPM, FRCNN, SDP.
        tracker: what follows detections.
        least_score: detections below are left out.
        only: names of sequences, such as MOT17-02; all of them where there is none.
        draws: of the sequences, for intervals; 0: none.

    Raises:
        ExchangeError: a file cannot be used, or no detection is left; the sentence names sequence and line.
    """
    sequences = _chosen(folder, only)
    truth = [_counting_truth(one) for one in sequences]
    others = {one.name for one in read_sequences(folder)} if only else set()
    said = {one.name: read_of_sequences(one, MotKind.RESULTS, sequences, others) for one in results}
    given = {one.name: read_of_sequences(one, MotKind.DETECTIONS, sequences, others) for one in detections}
    given |= {one: read_own_detections(sequences, one) for one in own_detectors}
    if len(said) + len(given) < len(results) + len(detections) + len(own_detectors):
        raise ExchangeError("Two folders have one name.", "Rename one: lines are called by their folders.")
    if not said and not given:
        raise ExchangeError("Nothing says what to count.", "Give tracks, or detections to be followed.")
    for name, found in given.items():
        said[f"{tracker.value}, {name}"] = [
            follow(boxes, sequence.fps, tracker, least_score, f"{name}, {sequence.name}")
            for boxes, sequence in zip(found, sequences, strict=True)
        ]
    measured = [_measured(name, sequences, truth, found, draws) for name, found in said.items()]
    notes = [_what_counts(sequences), *(note for _, note in measured)]
    notes.append(drawn_note(draws, len(sequences), "sequences"))
    if given:
        notes.append(_tracker_note(tracker, least_score))
    return BenchmarkTable(
        name="mot17",
        title="MOT17: how well people are followed, in per cent (WALT3D, Table 2)",
        columns=("MOTA", "DetA", "IDF1", "HOTA"),
        decimals=(1, 1, 1, 1),
        rows=(*paper_rows(MOT17), *(row for row, _ in measured)),
        comparable=_COMPARABLE,
        notes=tuple(notes),
    )


def _chosen(folder: Path, only: Sequence[str]) -> list[MotSequence]:
    sequences = read_sequences(folder)
    if unknown := sorted(set(only) - {one.name for one in sequences}):
        raise ExchangeError(
            f"{folder.name} has no sequence {unknown[0]}.",
            f"Choose of {', '.join(one.name for one in sequences)}.",
        )
    return [one for one in sequences if not only or one.name in only]


def _counting_truth(sequence: MotSequence) -> MotBoxes:
    truth = read_truth(sequence)
    if not _counts(truth).any():
        raise ExchangeError(f"{sequence.name} has no pedestrian that counts.", "Leave it out.")
    return truth


def _counts(truth: MotBoxes) -> NDArray[np.bool_]:
    return (truth.classes == _PEDESTRIAN) & (truth.scores != 0)


def follow(boxes: MotBoxes, fps: float, tracker: Tracker, least_score: float, name: str) -> MotBoxes:
    """Detections of one sequence as tracks; what belongs to none is left out.

    Args:
        boxes: the detections. fps: of the sequence.
        tracker: SORT alone, or what mining uses, which joins the pieces of hidden objects.
        least_score: detections below are left out.
        name: for errors.

    Raises:
        ExchangeError: no detection is left.
    """
    kept = np.flatnonzero(boxes.scores >= least_score)
    if not len(kept):
        raise ExchangeError(
            f"{name}: none of {len(boxes.frames)} detections has a confidence of {least_score:g}.",
            "Give a lower least score.",
        )
    order = kept[np.argsort(boxes.frames[kept], kind="stable")]
    times, starts = np.unique(boxes.frames[order], return_index=True)
    groups = np.split(order, starts[1:])
    frames = [
        [Detection(to_box(boxes.boxes[n]), Category.PERSON, float(boxes.scores[n]), None) for n in group]
        for group in groups
    ]
    settings = TrackingSettings(longest_gap_s=0.0) if tracker is Tracker.SORT else TrackingSettings()
    tracks = track_sequence(frames, fps, settings=settings, times_s=(times / fps).tolist())
    numbers = [-1 if one is None else one for row in tracks for one in row]
    ids = np.array(numbers, dtype=np.int64)
    with_track = ids >= 0
    chosen = order[with_track]
    return MotBoxes(
        boxes.frames[chosen],
        ids[with_track],
        boxes.boxes[chosen],
        boxes.scores[chosen],
        boxes.classes[chosen],
        boxes.visible[chosen],
    )


def count(sequence: MotSequence, truth: MotBoxes, found: MotBoxes) -> TrackedSequence:
    """Count one sequence by MOT17's protocol."""
    true_frames, said_frames = [], []
    counts = _counts(truth)
    distractor = np.isin(truth.classes, _DISTRACTORS)
    true_at, said_at = _by_frame(truth, sequence.length), _by_frame(found, sequence.length)
    for ours, theirs in zip(true_at, said_at, strict=True):
        # each true box keeps its row as its id, so that those that count are known afterwards
        known, said = without_ignored(
            TracksInFrame(ours, truth.boxes[ours]),
            distractor[ours],
            TracksInFrame(found.ids[theirs], found.boxes[theirs]),
        )
        left = known.ids[counts[known.ids]]
        true_frames.append(TracksInFrame(truth.ids[left], truth.boxes[left]))
        said_frames.append(said)
    return count_sequence(true_frames, said_frames)


def _by_frame(boxes: MotBoxes, length: int) -> list[NDArray[np.int64]]:
    order = np.argsort(boxes.frames, kind="stable")
    return np.split(order, np.searchsorted(boxes.frames[order], np.arange(2, length + 1)))


def _measured(
    name: str,
    sequences: Sequence[MotSequence],
    truth: Sequence[MotBoxes],
    found: Sequence[MotBoxes],
    draws: int,
) -> tuple[TableRow, str]:
    counted = [count(*one) for one in zip(sequences, truth, found, strict=True)]
    scores = tracking_scores(counted)
    assert scores is not None  # the truth was seen not to be empty
    shares = (scores.mota, scores.deta, scores.idf1, scores.hota)
    note = (
        f"{name}: of {scores.boxes} true boxes {scores.missed} were missed; {scores.extra} finds of nothing, "
        f"{scores.switches} changes of identity."
    )
    ends: tuple[Ends, ...] = ()
    if draws:
        mota, idf1, hota, deta, _ = estimates(tracking_figures(counted), len(counted), Drawing(draws))
        ends = told_ends((mota, deta, idf1, hota), 100.0)
    return TableRow(name, tuple(100.0 * one for one in shares), FigureSource.MEASURED, ends), note


def _what_counts(sequences: Sequence[MotSequence]) -> str:
    names = ", ".join(one.name for one in sequences)
    return (
        f"{sum(one.length for one in sequences)} frames of {names}, each once. Pedestrians with the flag "
        "count; what goes with a person on a vehicle, one that stands still, a distractor or a reflection is "
        "dropped. MOTA and IDF1 at an overlap of 0.5, HOTA and DetA over 0.05 to 0.95, by trackeval."
    )


def _tracker_note(tracker: Tracker, least_score: float) -> str:
    how = {
        Tracker.SORT: "SORT of the package trackers alone, boxes grown by 0.15 of their size (decision 0068)",
        Tracker.MINING: "the tracker of mining: SORT, and pieces of an object that was hidden are joined",
    }[tracker]
    return f"Detections were followed by {how}; those below a confidence of {least_score:g} were left out."
