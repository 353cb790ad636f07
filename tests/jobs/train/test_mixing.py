"""What a training is mixed of, in words."""

from __future__ import annotations

from core.jobs.train.mixing import Part, counted, mixed_facts, mixed_words, shares_of


def test_shares_are_by_counts_and_weights() -> None:
    parts = (Part("composites", 100, 1.0), Part("reviewed frames", 25, 4.0), Part("pictures", 50, 0.0))
    assert shares_of(parts) == [0.5, 0.5, 0.0]
    assert mixed_words(parts) == (
        "It learns from 100 composites (50 %) and 25 reviewed frames (50 %). "
        "Pictures are left out: their weight is 0."
    )
    assert counted(parts) == "100 composites, 25 reviewed frames"
    assert mixed_facts(parts)["reviewed frames"] == {"to learn from": 25, "weight": 4.0, "share": 0.5}


def test_what_is_not_there_is_told_with_the_reason() -> None:
    parts = (
        Part("composites", 1200, 1.0),
        Part("reviewed frames", 0, 1.0),
        Part("pictures", 0, 0.0, "they are not drawn"),
    )
    assert mixed_words(parts) == (
        "It learns from 1,200 composites (100 %). Reviewed frames are left out: there are none. "
        "Pictures are left out: they are not drawn."
    )
    some = Part("reviewed frames", 3, 1.0, "the footage of 2 reviewed frames is not where it was")
    assert mixed_words([some]).endswith("The footage of 2 reviewed frames is not where it was.")
    assert mixed_words([Part("composites", 0, 1.0)]).startswith("It learns from nothing.")
    assert shares_of([Part("composites", 0, 1.0)]) == [0.0]
