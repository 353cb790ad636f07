"""Two people's labels: OKS and the shares by hand, kappa by the books."""

from __future__ import annotations

import math

import numpy as np
import pytest

from core.evaluation.agreement import PointAgreement, agreement_figures, point_agreement
from core.evaluation.keypoints import TAGS
from core.evaluation.similarity import BOX_TO_MASK, CAR_SIGMA
from core.records.boxes import Box
from core.records.detections import Category
from core.records.evaluations import Figure, ObjectResult, Outcome
from core.records.keypoints import Template
from core.records.shapes import KeypointTag

V, S, H, T = TAGS
N = KeypointTag.UNLABELLED
BOX = Box(0, 0, 100, 50)


def labelled(*tags: KeypointTag) -> list[KeypointTag]:
    return [*tags, *[N] * (12 - len(tags))]


def pair(first: list[KeypointTag], second: list[KeypointTag], off_px: float = 0.0) -> PointAgreement:
    """Two people's points, the second's first one off by so much."""
    one, other = np.zeros((12, 2)), np.zeros((12, 2))
    other[0, 0] = off_px
    return point_agreement(one, other, first, second, BOX, Template.CAR)


def figures_of(pairs: list[PointAgreement | None], groups: list[int], draws: int = 0) -> dict[str, Figure]:
    results = [
        ObjectResult(n, 0, n, None, Category.CAR, None, Outcome.RIGHT, 0.0, None, BOX)
        for n in range(len(pairs))
    ]
    counted = agreement_figures(results, pairs, groups, max(groups) + 1, 0, draws)
    return {one.name: one for one in counted.figures if one.slice.title == "all"}


def test_points_that_both_placed_are_compared() -> None:
    ours = [labelled(V, S), labelled(V, V), labelled(N, H)]
    theirs = [labelled(V, N), labelled(S, N), labelled(N, H)]
    found = figures_of([*map(pair, ours, theirs, (7.0, 0.0, 0.0)), None], [0, 1, 2, 3])
    near = math.exp(-49 / (2 * BOX_TO_MASK * 5000 * (2 * CAR_SIGMA) ** 2))
    assert found["oks"].value == pytest.approx((near + 2) / 3)
    assert (found["pck_0.05"].value, found["pck_0.1"].value) == (pytest.approx(2 / 3), 1.0)
    assert found["tag_accuracy"].value == pytest.approx(2 / 3)
    assert found["placed_by_both"].value == pytest.approx(3 / 5)
    # said alike 2 of 3; the first says V, V, H and the second V, S, H: by chance (2 x 1 + 1 x 1) / 9
    assert found["tag_kappa"].value == pytest.approx((2 / 3 - 1 / 3) / (1 - 1 / 3))
    back = figures_of([*map(pair, theirs, ours, (7.0, 0.0, 0.0)), None], [0, 1, 2, 3])
    for name in ("oks", "tag_kappa", "placed_by_both"):
        assert back[name].value == found[name].value


def test_where_only_one_tag_is_given_there_is_no_kappa() -> None:
    found = figures_of([pair(labelled(V, V), labelled(V, V))], [0])
    assert found["tag_accuracy"].value == 1.0
    assert "tag_kappa" not in found


def test_kappas_interval_is_drawn_by_groups() -> None:
    """Six tracks of two cars, alike in all of three and unlike in all of the others."""
    alike, unlike = pair(labelled(V, S), labelled(V, S)), pair(labelled(V, S), labelled(S, V))
    pairs: list[PointAgreement | None] = [*[alike] * 6, *[unlike] * 6]
    tracks = figures_of(pairs, [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5], 200)["tag_kappa"]
    alone = figures_of(pairs, list(range(12)), 200)["tag_kappa"]
    assert tracks.value == alone.value == 0.0
    assert None not in (tracks.low, tracks.high, alone.low, alone.high)
    assert tracks.high - tracks.low > alone.high - alone.low  # type: ignore[operator]
    assert tracks.count == 24


def test_labels_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        point_agreement(np.zeros((2, 2)), np.zeros((2, 2)), [V], [V, V], BOX, Template.CAR)
