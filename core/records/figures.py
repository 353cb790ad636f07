"""What figures of evaluations are called, in which unit they are, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from core.records.evaluations import Counts, EvaluationNumbers, Having, Order, Outcome, ResultFilter
from core.records.slices import CATEGORIES, By, Slice


class Unit(StrEnum):
    """How a value is written."""

    SHARE = "share"  # 0 to 1; written in percent with one digit
    RADIANS = "rad"  # written in degrees
    METRES = "m"
    MILLIMETRES = "mm"  # kept in metres
    COUNT = "count"
    KAPPA = "kappa"  # -1 to 1


@dataclass(frozen=True, slots=True)
class FigureKind:
    """A kind of figure.

    Attributes:
        name, title: in the store and for people.
        unit: of its values.
        higher_is_better: which way.
        order: by what the objects behind a bar of it are sorted.
        help: one sentence: what it is.
        counts: which objects it counts.
        over: what its count is of: objects, those behind a bar, or their points.
        of_kinds: whether it leaves out categories of which nobody says anything: those that have no figure.
    """

    name: str
    title: str
    unit: Unit
    higher_is_better: bool
    order: Order
    help: str
    counts: Counts
    over: str = "objects"
    of_kinds: bool = False


_THERE = tuple(one for one in Outcome if one is not Outcome.EXTRA)
_AND_EXTRA = "objects; finds of nothing count, too"


def _kind(
    name: str,
    title: str,
    help: str,
    order: Order = Order.BADNESS,
    unit: Unit = Unit.SHARE,
    having: Having | None = None,
    *,
    up: bool = True,
    found: bool = False,
    over: str = "objects",
    of_kinds: bool = False,
) -> FigureKind:
    counts = Counts((Outcome.FOUND,) if found else _THERE, having)
    return FigureKind(name, title, unit, up, order, help, counts, over, of_kinds)


def _points(name: str, title: str, help: str, order: Order, having: Having, **more: Any) -> FigureKind:
    """Over points of objects that have some."""
    return _kind(name, title, help, order, having=having, over="points", **more)


FIGURES: Mapping[str, FigureKind] = {
    kind.name: kind
    for kind in (
        _kind("box_ap", "Box AP", "Average precision of whole boxes, IoU 0.50 to 0.95.", over=_AND_EXTRA),
        _kind("box_ap50", "Box AP at 0.5", "The same, at an IoU of 0.5 alone.", over=_AND_EXTRA),
        _kind(
            *("mask_ap", "Mask AP", "Average precision of whole masks, IoU 0.50 to 0.95."),
            having=Having.WHOLE,
            over=_AND_EXTRA,
        ),
        _kind(
            *("mask_ap50", "Mask AP at 0.5", "The same, at an IoU of 0.5 alone."),
            having=Having.WHOLE,
            over=_AND_EXTRA,
        ),
        _kind(
            *("modal_box_ap", "Seen box AP", "Average precision of the boxes of what is seen."),
            having=Having.SEEN,
            over=_AND_EXTRA,
        ),
        _kind(
            *("modal_mask_ap", "Seen mask AP", "Average precision of the masks of what is seen."),
            having=Having.SEEN,
            over=_AND_EXTRA,
        ),
        _kind("walt_box_ap", "Box AP, WALT's", "By WALT's protocol: finds elsewhere do not count. Higher."),
        _kind(
            *("walt_mask_ap", "Mask AP, WALT's", "By WALT's protocol: finds elsewhere do not count. Higher."),
            having=Having.WHOLE,
        ),
        _kind("recall", "Found", "Share of the objects that are found: boxes with an IoU of 0.5 or more."),
        _kind(
            "extra",
            "Extra finds",
            "Finds where nothing is, a picture.",
            unit=Unit.COUNT,
            up=False,
            over="pictures",
        ),
        _kind(
            *("box_iou", "Box IoU", "Mean IoU of the boxes of what is found.", Order.BOX),
            having=Having.BOX,
            found=True,
        ),
        _kind(
            *("mask_iou", "Mask IoU", "Mean IoU of the whole masks of what is found.", Order.MASK),
            having=Having.MASK,
            found=True,
        ),
        _kind(
            *("hidden_iou", "Hidden IoU", "Mean IoU of the hidden parts; a miss is 0.", Order.HIDDEN),
            having=Having.HIDDEN,
        ),
        *(
            _points(
                *(f"pck_{alpha}", f"PCK at {alpha}", f"Points nearer than {alpha} of the object's size."),
                *(Order.POINTS, Having.PLACED),
            )
            for alpha in (0.05, 0.1, 0.2)
        ),
        _kind("oks", "OKS", "Mean similarity of the points of objects.", Order.POINTS, having=Having.PLACED),
        _kind(
            *("oks_ap", "OKS AP", "Average precision of points, OKS 0.50 to 0.95.", Order.POINTS),
            having=Having.PLACED,
            over=_AND_EXTRA,
            of_kinds=True,
        ),
        _points("tag_accuracy", "Right tags", "Points whose tag is right.", Order.TAGS, Having.TAGS),
        _points(
            *("tag_kappa", "Kappa of tags", "Agreement on tags beyond chance.", Order.TAGS, Having.TAGS),
            unit=Unit.KAPPA,
        ),
        _points(
            *("placed_by_both", "Placed by both", "Of points that one placed, those that both did."),
            *(Order.BADNESS, Having.COMPARED),
        ),
        _kind(
            *("rotation_acc_30", "Rotation within 30°", "Poses turned by less than π/6 off.", Order.ROTATION),
            having=Having.ROTATION,
        ),
        _kind(
            *("rotation_acc_10", "Rotation within 10°", "Poses turned by less than π/18 off."),
            Order.ROTATION,
            having=Having.ROTATION,
        ),
        _kind(
            *("rotation", "Median rotation", "Half of the poses told are off by less.", Order.ROTATION),
            *(Unit.RADIANS, Having.ROTATION),
            up=False,
        ),
        _kind(
            *("heading", "Median heading", "Half of the fits face off by less, seen from above."),
            *(Order.HEADING, Unit.RADIANS, Having.HEADING),
            up=False,
        ),
        _kind(
            *("place", "Median place", "Half of the poses told are off by less.", Order.PLACE),
            *(Unit.METRES, Having.PLACE),
            up=False,
        ),
        _kind(
            *("add", "Median ADD", "Mean over a car's keypoints of how far the pose moves them; the median."),
            *(Order.ADD, Unit.METRES, Having.ADD),
            up=False,
        ),
        _kind(
            *("mpjpe", "MPJPE", "Mean distance of a person's joints, about the pelvis."),
            *(Order.JOINTS, Unit.MILLIMETRES, Having.JOINTS),
            up=False,
        ),
        _kind(
            *("pa_mpjpe", "PA-MPJPE", "The same after the best similarity: of the pose alone."),
            *(Order.JOINTS, Unit.MILLIMETRES, Having.JOINTS),
            up=False,
        ),
        _points(
            *("pck_3d", "3D PCK"),
            "Joints within 15 cm about the pelvis; points within 0.1 of a car's length.",
            *(Order.POINTS, Having.PLACED),
        ),
        _kind("fitted", "Fitted", "Share of the objects that have a fit."),
        _kind(
            *("precision", "Precision", "Of what is called unoccluded, the share that is."),
            having=Having.SAID_UNOCCLUDED,
        ),
        _kind(
            *("label_recall", "Recall", "Of what is unoccluded, the share that is called so."),
            having=Having.IS_UNOCCLUDED,
        ),
        _kind(
            *("average_precision", "Average precision", "Area below precision over recall."),
            having=Having.LABEL,
        ),
        _kind(
            *("label_accuracy", "Right labels", "Share of the objects whose label is right."),
            having=Having.LABEL,
        ),
        _kind(
            *("label_kappa", "Kappa of labels", "Agreement on labels beyond chance."),
            *(Order.BADNESS, Unit.KAPPA, Having.LABEL),
        ),
        _kind("mota", "MOTA", "Accuracy of tracking: misses, extra finds and changes of identity."),
        _kind("idf1", "IDF1", "How well identities are kept."),
        _kind("hota", "HOTA", "Detection and association of tracks together."),
        _kind("deta", "DetA", "The part of HOTA that is about detection."),
        _kind("assa", "AssA", "The part of HOTA that is about association."),
    )
}
"""name -> what it is."""

CURVES: Mapping[str, tuple[str, str, str]] = {
    "precision_recall.box": ("Precision over recall, boxes at IoU 0.5", "recall", "precision"),
    "precision_recall.label": ("Precision over recall of unoccluded objects", "recall", "precision"),
    "pck": ("Right points over alpha", "alpha", "PCK"),
}
"""name -> title, x axis, y axis."""


def words_of(name: str, value: float) -> str:
    """A value as people read it: "61.2 %", "4.1°", "0.53 m", "48 mm"."""
    unit = FIGURES[name].unit if name in FIGURES else Unit.COUNT
    if unit is Unit.SHARE:
        return f"{100 * value:.1f} %"
    if unit is Unit.RADIANS:
        return f"{value * 57.29577951308232:.1f}°"
    if unit is Unit.METRES:
        return f"{value:.2f} m"
    if unit is Unit.MILLIMETRES:
        return f"{1000 * value:.0f} mm"
    return f"{value:.2f}" if unit is Unit.KAPPA else f"{value:.3g}"


def bar_filter(numbers: EvaluationNumbers, figure: str, one: Slice) -> ResultFilter:
    """The objects that a bar of a figure counts, the worst first by that figure; of no bar all objects.

    Args:
        numbers: of the evaluation. figure: its name. one: the slice that the bar is of.
    """
    kind = FIGURES.get(figure)
    if kind is None or one.by is By.ALL:
        return ResultFilter(order=Order.BADNESS if kind is None else kind.order)
    counts = kind.counts
    if kind.of_kinds:
        told = (numbers.figure(figure, By.CATEGORY, bin) for bin in range(len(CATEGORIES)))
        kinds = tuple(one for one, there in zip(CATEGORIES, told, strict=True) if there is not None)
        counts = replace(counts, categories=kinds)
    return ResultFilter((one,), order=kind.order, counts=counts)
