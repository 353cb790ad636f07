"""Fitting typed letters to titles."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.fuzzy import match


def best(typed: str, *titles: str) -> str:
    fits = [(fit.score, title) for title in titles if (fit := match(typed, title)) is not None]
    return max(fits)[1]


def test_the_start_of_a_word_beats_its_middle():
    assert best("mark", "Bookmark", "Mark as occluded") == "Mark as occluded"


def test_initials_find_a_title():
    assert best("mao", "Mark as occluded", "Make all odd", "Undo") in ("Mark as occluded", "Make all odd")
    assert match("mao", "Undo") is None


def test_words_may_come_in_any_order():
    assert match("occluded mark", "Mark as occluded") is not None


def test_letters_must_be_in_order_within_a_word():
    assert match("kram", "Mark") is None


def test_nothing_typed_fits_everything():
    assert match("", "Mark").places == ()


@given(st.text(alphabet="abcdef ", max_size=6), st.text(alphabet="abcdef ", max_size=20))
def test_places_spell_what_was_typed(typed: str, text: str):
    fit = match(typed, text)
    if fit is None:
        # a word that is a subsequence of the text always fits
        assert not all(_is_subsequence(word, text) for word in typed.split())
        return
    for word in typed.split():
        assert _is_subsequence(word, "".join(text[place] for place in fit.places))


def _is_subsequence(word: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in word)
