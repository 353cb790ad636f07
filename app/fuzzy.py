"""How well a few typed letters fit a title, and which letters they meant. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Match:
    """A fit.

    Attributes:
        score: more is better.
        places: indices of the letters in the text that were meant, ascending.
    """

    score: float
    places: tuple[int, ...]


def match(typed: str, text: str) -> Match | None:
    """Fits the typed letters, in their order, into the text; None where they are not all in it.

    Letters at the start of a word count most, then letters that follow each other; a text with less left
    over wins. Each word that was typed may stand anywhere.
    """
    places: set[int] = set()
    score = 0.0
    for word in typed.lower().split():
        found = _match_word(word, text.lower())
        if found is None:
            return None
        score += found.score
        places.update(found.places)
    return Match(score - 0.01 * len(text), tuple(sorted(places)))


def _match_word(word: str, text: str) -> Match | None:
    whole = text.find(word)
    while whole > 0 and text[whole - 1].isalnum():
        later = text.find(word, whole + 1)
        if later < 0:
            break
        whole = later
    if whole >= 0:
        at_start = whole == 0 or not text[whole - 1].isalnum()
        bonus = 6.0 if at_start else 2.0
        return Match(2.0 * len(word) + bonus, tuple(range(whole, whole + len(word))))
    return _scattered(word, text)


def _scattered(word: str, text: str) -> Match | None:
    """The best place of each letter, by dynamic programming over (letters typed, place of the last)."""
    best: dict[int, tuple[float, tuple[int, ...]]] = {}
    for index, letter in enumerate(word):
        following: dict[int, tuple[float, tuple[int, ...]]] = {}
        for place, found in enumerate(text):
            if found != letter:
                continue
            worth = 1.5 if place == 0 or not text[place - 1].isalnum() else 0.2
            if index == 0:
                following[place] = (worth, (place,))
                continue
            options = [
                (score + worth + (1.0 if last == place - 1 else 0.0), (*places, place))
                for last, (score, places) in best.items()
                if last < place
            ]
            if options:
                following[place] = max(options)
        if not following:
            return None
        best = following
    score, places = max(best.values())
    return Match(score, places)
