"""Bins of occlusion: where each begins and ends."""

from __future__ import annotations

import numpy as np
import pytest

from core.evaluation.occlusion_bins import PASCALS, WALTS, bins_between, in_bins


def test_walts_bins_begin_with_their_lower_edge() -> None:
    shares = np.array([0, 0.0999, (100 - 90) / 100, 0.35, 0.9, 0.999, 1.0, np.nan])
    members = in_bins(shares)
    assert members.shape == (11, 8)
    assert members[0].all()
    assert [np.flatnonzero(column[1:]).tolist() for column in members.T] == [
        [0], [0], [1], [3], [9], [9], [], [],
    ]  # fmt: skip
    assert (WALTS[2].name, PASCALS[0].name) == ("20-30 %", "20-40 %")


def test_bins_that_are_none_are_refused() -> None:
    for edges in ([0.5], [0.5, 0.5], [0.2, 0.1]):
        with pytest.raises(ValueError, match="edges"):
            bins_between(edges)
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match="share"):
            in_bins([share])
