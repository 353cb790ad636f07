"""Evaluates what finds objects in pictures: a run's detector, or a file of finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import EvaluationError
from core.evaluation.compared import (
    ComparedObject,
    ComparedPicture,
    MaskCodes,
    PictureToMeasure,
    compare,
)
from core.evaluation.drawn_anew import Drawn
from core.evaluation.precision import MOST_DRAWS, box_curves, precision_figures
from core.evaluation.sliced import Counted, category_confusions, found_figures, point_figures
from core.evaluation.truth_digest import TruthDigest
from core.jobs.context import JobContext
from core.records.evaluations import PictureRow
from core.records.seen import SeenObject

if TYPE_CHECKING:
    from core.jobs.evaluate.kept import KeptPictures, LookedAt
    from core.jobs.evaluate.truth import PictureTruth, TruthSample

    Say = Callable[[TruthSample], list[SeenObject]]

PORTION = 8
"""Pictures that are looked at and kept together."""

_LOOKING, _COUNTING, _COUNTED = 0.8, 0.82, 0.95  # of the progress


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What comes of an evaluation, to be written.

    Attributes:
        pictures, objects: as they were compared.
        counted: figures, curves and confusions.
        truth_key: digest of the truth.
        data: what it was measured by, for people.
    """

    pictures: Sequence[PictureRow]
    objects: Sequence[ComparedObject]
    counted: Counted
    truth_key: str
    data: dict[str, Any]


def look(context: JobContext, kept: KeptPictures, truth: PictureTruth, say: Say, most: int) -> list[LookedAt]:
    """Looks at all pictures; those of an earlier attempt are not looked at again.

    Args:
        truth: the pictures. say: what is said of each.
        most: pictures, evenly out of all.

    Raises:
        EvaluationError: there are none.
    """
    from core.jobs.evaluate.kept import LookedAt

    chosen = evenly(len(truth), most)
    if not chosen:
        raise EvaluationError("There is no picture to measure by.", "Choose another truth.")
    looked: list[LookedAt] = []
    for portion in range(-(-len(chosen) // PORTION)):
        own = chosen[portion * PORTION : (portion + 1) * PORTION]
        if not kept.has(portion):
            pictures = []
            for place, index in enumerate(own, start=portion * PORTION):
                context.check_stop()
                context.progress(
                    _LOOKING * place / len(chosen), f"Looking at picture {place + 1:,} of {len(chosen):,}"
                )
                sample = truth.sample(index)
                row = replace(sample.row, place=place)
                pictures.append(LookedAt(row, sample.key, sample.truth, say(sample)))
            kept.write(portion, pictures)
        looked += kept.read(portion)
    return looked


def outcomes(
    context: JobContext, looked: Sequence[LookedAt], *, shown_score: float, seed: int, draws: int
) -> Outcomes:
    """Compares what was looked at, and counts.

    Raises:
        EvaluationError: there is nothing to find in any picture.
    """
    context.progress(_LOOKING, "Comparing")
    compared: list[ComparedPicture] = []
    objects: list[ComparedObject] = []
    digest, codes = TruthDigest(), MaskCodes()
    masked = any(find.whole is not None for one in looked for find in one.said)
    for one in looked:
        context.check_stop()
        own = compare(one.truth, one.said, len(objects), one.row.place, shown_score, codes, masked=masked)
        compared.append(own)
        objects += own.objects
        digest.picture(one.key, one.truth, codes)
    if not any(one.truth.things for one in looked):
        raise EvaluationError(
            "There is nothing to find in these pictures.", "Review objects in them, or choose another truth."
        )
    context.progress(_COUNTING, "Counting")
    results = [one.result for one in objects]
    drawn = Drawn([one.picture for one in results], len(looked), seed, draws)
    counted = Counted(
        tuple(found_figures(results, drawn)),
        tuple(box_curves(compared, results)),
        category_confusions(results),
    )
    counted += point_figures(results, [one.points for one in objects], drawn)
    measured = [PictureToMeasure(one.truth, one.said) for one in looked]

    def told(share: float) -> None:
        context.check_stop()
        context.progress(_COUNTING + (_COUNTED - _COUNTING) * share, "Counting")

    counted += Counted(tuple(precision_figures(measured, results, drawn, told, codes)))
    true_ones = sum(len(one.truth.things) for one in looked)
    data = {
        "pictures": len(looked),
        "objects": true_ones,
        "finds": sum(len(one.said) for one in looked),
        "intervals": f"{draws:,} draws of {len(looked):,} pictures, {min(draws, MOST_DRAWS)} for average "
        "precision"
        if draws
        else "none",
    }
    rows = [one.row for one in looked]
    return Outcomes(rows, objects, counted, digest.key, data)


def evenly(count: int, most: int) -> list[int]:
    """At most so many of some places, evenly out of all of them."""
    chosen = min(count, most)
    return [number * count // chosen for number in range(chosen)]
