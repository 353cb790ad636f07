"""How well labels of objects agree with what is so, or with what another says: unoccluded or occluded."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.evaluation.classification import precision_recall
from core.evaluation.drawn_anew import Drawn, Estimate
from core.evaluation.sliced import Counted, drawn_curve, figure, slices_of
from core.records.evaluations import Confusion, Curve, Figure, ObjectResult, label_words
from core.records.occlusion import OcclusionLabel
from core.records.slices import Slice

KINDS = (OcclusionLabel.UNOCCLUDED, OcclusionLabel.OCCLUDED)
"""What a label can say, in the order of their numbers."""


def label_detail(truth: int, said: int) -> str:
    """What an `ObjectResult` says of its label: the true one, then what was said."""
    return label_words(KINDS[truth].value, KINDS[said].value)


def label_figures(
    results: Sequence[ObjectResult],
    truth: Sequence[int],
    said: Sequence[int],
    beliefs: Sequence[float] | None,
    drawn: Drawn,
) -> Counted:
    """Precision and recall of "unoccluded", the share of right labels, and kappa, over all slices.

    Args:
        results: of the objects.
        truth, said: places in `KINDS`.
        beliefs: how sure each is to be unoccluded, for curves; None where nobody says how sure.
        drawn: of these objects.
    """
    known, told = np.array(truth, dtype=np.int64), np.array(said, dtype=np.int64)
    right, kept, good = known == told, told == 0, known == 0
    figures: list[Figure] = []
    curves: list[Curve] = []
    confusions: list[Confusion] = []
    words = tuple(kind.value for kind in KINDS)
    for where, which in slices_of(results):

        def add(name: str, estimate: Estimate | None, where: Slice = where) -> None:
            if estimate is not None:
                figures.append(figure(name, where, estimate))

        add("precision", drawn.share(right & kept, kept, which))
        add("label_recall", drawn.share(right & good, good, which))
        add("label_accuracy", drawn.share(right, np.ones(len(right)), which))
        add("label_kappa", drawn.kappa(np.where(which, known, -1), np.where(which, told, -1), len(KINDS)))
        table = np.zeros((len(KINDS), len(KINDS)), dtype=np.int64)
        np.add.at(table, (known[which], told[which]), 1)
        rows = tuple(tuple(int(one) for one in row) for row in table)
        confusions.append(Confusion("label", where, words, words, rows))
        if beliefs is None:
            continue
        score = np.array(beliefs, dtype=np.float64)
        add("average_precision", drawn.average_precision(score, good, which))
        curve = precision_recall(score[which], good[which])
        if curve is not None:
            curves.append(drawn_curve("precision_recall.label", where, curve.recall, curve.precision))
    return Counted(tuple(figures), tuple(curves), tuple(confusions))
