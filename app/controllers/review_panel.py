"""From what the store knows of an instance to the words of the reason panel."""

from __future__ import annotations

import time

from app.controllers.review_overlay import caption
from app.controllers.review_reads import REASON_WORDS, Selection
from app.states.review_marks import MARK_WORDS, LabelMark, label_mark
from app.states.review_panel import PanelState, ReasonLine
from app.states.review_timeline import time_text
from core.records.occlusion import LabelOrigin, OcclusionTest, TestOutcome, Verdict
from core.records.project import InstanceRow
from core.store.queries.instance_detail import InstanceDetail

_ORIGIN_WORDS: dict[LabelOrigin, str] = {
    LabelOrigin.HEURISTIC: "by the tests below",
    LabelOrigin.CLASSIFIER: "by a classifier",
    LabelOrigin.NETWORK: "by a network",
    LabelOrigin.FIT: "by its 3D fit",
    LabelOrigin.HUMAN: "by a person",
    LabelOrigin.IMPORT: "as imported",
    LabelOrigin.INFERRED: "inferred",
}

# what a test's number is of, in a few words and in a sentence
_OF_SIZE = (
    "of its size",
    "How far the other lies against it or over it, as a share of the longer side of the object's box.",
)
_OF_BOX = ("of its box", "How much of the area of the object's box lies behind the other's.")
_OF: dict[OcclusionTest, tuple[str, str]] = {
    OcclusionTest.OVERLAP: _OF_SIZE,
    OcclusionTest.STATIC: _OF_SIZE,
    OcclusionTest.BORDER: ("from it", "How far the object's box is from the nearest border of the picture."),
    OcclusionTest.CLASSIFIER: ("sure of a cover", "How sure the network is that something covers it."),
}
_UNITS: dict[OcclusionTest, tuple[str, float, int]] = {  # unit, scale, least digits
    OcclusionTest.BORDER: (" px", 1.0, 1),
    OcclusionTest.WALT: ("", 1.0, 2),
}
_MOST_DIGITS = 6
_NOTHING = 1e-9

PASSED_WORDS: dict[OcclusionTest, str] = {
    OcclusionTest.OVERLAP: "Nothing nearer covers it",
    OcclusionTest.BORDER: "The picture's border does not cut it",
    OcclusionTest.STATIC: "Nothing that stands still hides it",
    OcclusionTest.WALT: "WALT's rule lets it pass",
    OcclusionTest.CLASSIFIER: "The network takes it for whole",
}


def build_panel(selection: Selection | None, selected_count: int) -> PanelState:
    """What the panel shows of a selected instance."""
    if selection is None:
        return PanelState(selected_count=selected_count)
    machine, machine_text = _machine(selection)
    person, person_text = _person(selection)
    by_mask = selection.detail.mask_version is not None
    return PanelState(
        instance_id=selection.row.id,
        title=caption(selection.row),
        subtitle=_place_in_track(selection),
        machine=machine,
        machine_text=machine_text,
        person=person,
        person_text=person_text,
        reasons=tuple(reason_line(outcome, by_mask) for outcome in selection.outcomes),
        facts=_facts(selection),
        selected_count=selected_count,
    )


def reason_line(outcome: TestOutcome, by_mask: bool = True) -> ReasonLine:
    """One test's outcome in words.

    Args:
        by_mask: whether the object has a mask; shares are of something else where it is only a box.
    """
    value, threshold = measure_texts(outcome.test, outcome.value, outcome.threshold)
    of = _OF_BOX if outcome.test is OcclusionTest.OVERLAP and not by_mask else _OF.get(outcome.test, ("", ""))
    return ReasonLine(
        title=(REASON_WORDS if outcome.occluded else PASSED_WORDS)[outcome.test],
        value=value,
        threshold=threshold,
        of=of[0],
        measure=of[1],
        margin=outcome.margin,
        occluded=outcome.occluded,
        detail=outcome.detail,
        by=outcome.by,
    )


def measure_texts(test: OcclusionTest, value: float, limit: float) -> tuple[str, str]:
    """A test's value and its limit with their unit: per cent, but for the border, which is pixels.

    Each gets as many digits as it takes to see on which side of the limit the value is.
    """
    unit, scale, least = _UNITS.get(test, (" %", 100.0, 1))
    value, limit = scale * value, scale * limit
    digits = range(least, _MOST_DIGITS + 1)
    of_limit, of_value = next(
        (
            (one, other)
            for one in digits
            for other in digits
            if _side(round(value, other), round(limit, one)) == _side(value, limit)
        ),
        (least, least),
    )
    return f"{value:.{of_value}f}{unit}", f"{limit:.{of_limit}f}{unit}"


def _side(value: float, limit: float) -> int:
    """-1, 0 or 1: below, at or above the limit, apart from what is lost in floating point."""
    return 0 if abs(value - limit) < _NOTHING else (1 if value > limit else -1)


def _machine(selection: Selection) -> tuple[LabelMark, str]:
    detail = selection.detail
    mark = label_mark(detail.machine_label, None)
    if detail.machine_label is None:
        return mark, "The machine gave no label"
    origin = _ORIGIN_WORDS[detail.machine_origin] if detail.machine_origin is not None else ""
    if detail.machine_origin is LabelOrigin.CLASSIFIER and detail.judged_by is not None:
        origin = f"by a classifier: {detail.judged_by.title}"
    return mark, f"{MARK_WORDS[mark.shape]} {origin}".strip()


def _person(selection: Selection) -> tuple[LabelMark | None, str]:
    verdicts = selection.detail.verdicts
    if not verdicts:
        return None, "Nobody has looked at it yet"
    lines = []
    for said in verdicts:
        word = MARK_WORDS[label_mark(None, said.verdict).shape]
        reason = f" ({said.reason})" if said.verdict is Verdict.REJECTED and said.reason else ""
        when = time.strftime("%d %b %Y, %H:%M", time.localtime(said.decided_at))
        lines.append(f"{word}{reason} by {said.annotator}, {when}")
    mark = None if selection.row.verdict is None else label_mark(None, selection.row.verdict)
    return mark, "\n".join(lines)


def _place_in_track(selection: Selection) -> str:
    if selection.row.track_id is None:
        return "on no track"
    place = next((n for n, p in enumerate(selection.points, 1) if p.instance_id == selection.row.id), None)
    of = f", {place} of {len(selection.points)}" if place is not None else ""
    return f"track {selection.row.track_id}{of}"


def _facts(selection: Selection) -> tuple[tuple[str, str], ...]:
    row, detail, contents = selection.row, selection.detail, selection.contents
    frame = contents.frame
    mask = "box only"
    if detail.mask_version is not None:
        mask = f"version {detail.mask_version}, {detail.mask_area:,} px, {detail.mask_origin}"
    facts = [
        ("Footage", contents.source.name + (f" · {frame.name}" if frame.name else "")),
        ("Frame", f"{time_text(frame.time_s)} · pts {frame.pts}"),
        (
            "Taken",
            taken_text(frame.captured_at, 0.0 if contents.camera is None else contents.camera.utc_offset_s),
        ),
        ("Found by", found_text(row, detail)),
        ("Size", f"{row.box.w:.0f} × {row.box.h:.0f} px"),
        ("Mask", mask),
    ]
    if row.missing:
        facts.append(("Mining", "no longer finds it; it stays, for a person has looked at it"))
    if row.stationary or row.thinned:
        facts.append(("View", "left out as a repeat" if row.thinned else "stands still"))
    if not detail.live:
        facts.append(("State", "no longer found by mining"))
    return tuple(facts)


def found_text(row: InstanceRow, detail: InstanceDetail) -> str:
    """What found an object, and how sure it was: its score, and the least that it keeps."""
    finder = detail.detector if detail.found_by is None else detail.found_by.title
    margin = detail.find_margin
    if margin is None or margin >= 1:
        return f"{finder}, score {row.score:.2f}"
    least = (row.score - margin) / (1 - margin)
    return f"{finder}, {row.score:.2f} sure; it keeps what is {least:.2f} sure"


def taken_text(captured_at: float | None, utc_offset_s: float) -> str:
    """When a frame was taken, in the camera's local time."""
    if captured_at is None:
        return "unknown"
    return time.strftime("%d %b %Y, %H:%M:%S", time.gmtime(captured_at + utc_offset_s))
