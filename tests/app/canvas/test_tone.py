"""Contrast and gamma."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.views.canvas.tone import Tone

tones = st.builds(Tone, st.floats(0.4, 4.0), st.floats(0.25, 4.0))


@given(tones)
def test_a_tone_never_turns_the_order_of_greys_around(tone: Tone) -> None:
    assert (np.diff(tone.table().astype(int)) >= 0).all()


def test_the_neutral_tone_hands_the_very_picture_on() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert Tone().apply(image) is image
    assert (Tone().table() == np.arange(256)).all()


def test_gamma_two_shows_a_quarter_as_a_half() -> None:
    # (64 / 255) ** (1 / 2) * 255 = 127.7
    assert Tone(gamma=2.0).table()[64] == 128


def test_contrast_two_doubles_the_distance_from_the_middle() -> None:
    table = Tone(contrast=2.0).table()
    # 0.5 + 2 (153/255 - 0.5) = 0.7 -> 178.5
    assert table[153] in (178, 179)
    assert table[0] == 0
    assert table[255] == 255


@given(tones, st.floats(0.1, 10.0))
def test_keys_cannot_leave_what_still_shows_a_picture(tone: Tone, factor: float) -> None:
    assert 0.4 <= tone.with_contrast(factor).contrast <= 4.0
    assert 0.25 <= tone.with_gamma(factor).gamma <= 4.0


def test_as_many_steps_back_as_forth_lead_home() -> None:
    tone = Tone()
    for _ in range(4):
        tone = tone.with_gamma(1.15)
    for _ in range(4):
        tone = tone.with_gamma(1 / 1.15)
    assert tone.neutral
