"""Cutting on a painted street: the edge, the shadow and the clear ground are where they were painted."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.compositing.cut import cut_out
from core.compositing.pixels import decode_cutout, exposure
from core.errors import CompositeError
from core.records.masks import MaskPatch
from core.records.recipes import Cutout

WIDTH, HEIGHT = 160, 120
CAR = np.s_[40:70, 50:100]
BLUE = (40, 60, 190)


def asphalt(seed: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    grain = cv2.GaussianBlur(rng.normal(0, 25, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.2)
    return np.clip(120 + grain[..., None] + np.array([2, 0, -3]), 0, 255).astype(np.uint8)


def car_mask() -> MaskPatch:
    return MaskPatch(50, 40, np.ones((30, 50), np.bool_))


def with_car(background: np.ndarray, *, light: float = 1.0, shadow: float = 0.5) -> np.ndarray:
    """A blue car with a shadow eight pixels deep at its feet, all seen softly, with a little noise."""
    ground = background.astype(np.float32) * light
    ground[70:78, 46:104] *= shadow
    scene = ground.copy()
    scene[CAR] = np.array(BLUE) * light
    seen = cv2.GaussianBlur(scene, (0, 0), 0.6)
    noise = np.random.default_rng(0).normal(0, 1.5, seen.shape)
    return np.clip(np.rint(seen + noise), 0, 255).astype(np.uint8)


def planes_of(cut) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Alpha, shade and ring as planes of the whole picture."""
    data = cv2.imdecode(np.frombuffer(cut.planes, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    out = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    out[..., 1] = 255
    out[cut.y : cut.y + cut.h, cut.x : cut.x + cut.w] = data
    return out[..., 0], out[..., 1], out[..., 2]


def test_the_pixels_are_the_frames_own():
    frame = with_car(asphalt())
    cut = cut_out(frame, asphalt(), car_mask())
    pixels = np.zeros_like(frame)
    data = cv2.imdecode(np.frombuffer(cut.pixels, np.uint8), cv2.IMREAD_COLOR)
    pixels[cut.y : cut.y + cut.h, cut.x : cut.x + cut.w] = data[..., ::-1]
    around = np.s_[34:76, 44:106]
    np.testing.assert_array_equal(pixels[around], frame[around])
    assert not pixels[:28].any()  # ground that is nobody's is left out


def test_the_edge_is_soft_and_narrow():
    alpha, _, _ = planes_of(cut_out(with_car(asphalt()), asphalt(), car_mask()))
    assert (alpha[43:67, 53:97] == 255).all()
    assert not alpha[:37].any()
    assert not alpha[:, :47].any()
    middle = alpha[55, 46:54].astype(int)
    assert (np.diff(middle) >= -25).all()  # it rises, but for noise
    assert 0 < middle[3] < 255 or 0 < middle[4] < 255


def test_without_a_background_the_edge_falls_over_two_pixels():
    cut = cut_out(with_car(asphalt()), None, car_mask())
    alpha, shade, _ = planes_of(cut)
    assert alpha[55, 47:53].tolist() == [0, 0, 64, 191, 255, 255]
    assert (shade == 255).all()
    assert cut.background_light == (0, 0, 0)


def test_a_mask_a_pixel_too_large_or_too_small_gives_the_same_edge():
    """The difference to the background says where the object ends."""
    exact = planes_of(cut_out(with_car(asphalt()), asphalt(), car_mask()))[0].astype(int)
    for grown in (-1, 1):
        bits = np.ones((30 + 2 * grown, 50 + 2 * grown), np.bool_)
        wrong = MaskPatch(50 - grown, 40 - grown, bits)
        alpha = planes_of(cut_out(with_car(asphalt()), asphalt(), wrong))[0].astype(int)
        sides = np.s_[45:65, 44:106]
        by_mask = planes_of(cut_out(with_car(asphalt()), None, wrong))[0].astype(int)
        assert np.abs(alpha - exact)[sides].sum() < 0.4 * np.abs(by_mask - exact)[sides].sum()


def test_the_shadow_at_its_feet_is_as_deep_as_painted():
    _, shade, _ = planes_of(cut_out(with_car(asphalt(), shadow=0.5), asphalt(), car_mask()))
    inner = shade[72:75, 56:94] / 255
    assert np.median(inner) == pytest.approx(0.5, abs=0.06)
    assert shade[84:].min() == 255
    assert shade[:52].min() == 255


def test_a_dark_thing_beside_its_upper_half_is_no_shadow():
    frame = with_car(asphalt(), shadow=1.0)
    frame[30:52, 101:120] = (frame[30:52, 101:120] * 0.5).astype(np.uint8)
    _, shade, _ = planes_of(cut_out(frame, asphalt(), car_mask()))
    assert (shade == 255).all()


def test_a_shadow_is_not_taken_from_another_object():
    other = MaskPatch(70, 70, np.ones((9, 40), np.bool_))
    _, shade, ring = planes_of(cut_out(with_car(asphalt()), asphalt(), car_mask(), [other]))
    assert shade[70:79, 72:108].min() == 255
    assert not ring[70:79, 70:110].any()


def test_a_neighbours_shadow_stays_the_neighbours():
    """Two cars side by side, one shadow under both: each takes its own half, and none ends in an edge."""
    frame = with_car(asphalt())
    frame[40:70, 110:150] = BLUE
    frame[70:78, 46:154] = (asphalt()[70:78, 46:154] * 0.5).astype(np.uint8)
    other = MaskPatch(110, 40, np.ones((30, 40), np.bool_))
    _, shade, _ = planes_of(cut_out(frame, asphalt(), car_mask(), [other]))
    assert np.median(shade[72:75, 60:90]) < 150
    assert shade[70:78, 106:].min() == 255
    across = shade[73, 90:112].astype(int)
    assert np.abs(np.diff(across)).max() <= 60


def test_a_shadow_of_a_thing_that_no_mask_tells_of_is_not_taken():
    frame = with_car(asphalt(), shadow=1.0)
    frame[62:70, 112:130] = (230, 60, 40)
    frame[68:78, 100:140] = (asphalt()[68:78, 100:140] * 0.5).astype(np.uint8)
    _, shade, _ = planes_of(cut_out(frame, asphalt(), car_mask()))
    assert shade[:, 112:].min() == 255


def test_a_mask_that_reaches_onto_the_ground_takes_none_of_it_along():
    """Four pixels of road beyond the car's left side, as deep as a coarse mask may reach."""
    bits = np.ones((30, 54), np.bool_)
    alpha, _, _ = planes_of(cut_out(with_car(asphalt()), asphalt(), MaskPatch(46, 40, bits)))
    assert (alpha[45:65, 46:49] < 40).mean() > 0.9
    assert (alpha[45:65, 52:97] == 255).all()


def test_a_green_thing_at_its_feet_is_no_shadow():
    frame = with_car(asphalt(), shadow=1.0)
    frame[70:78, 50:100] = (40, 90, 30)
    _, shade, _ = planes_of(cut_out(frame, asphalt(), car_mask()))
    assert (shade == 255).all()


def test_light_is_compared_on_clear_ground_alone():
    frame = with_car(asphalt())
    frame[20:36, 60:70] = (250, 240, 20)  # something that the background has not
    cut = cut_out(frame, asphalt(), car_mask())
    _, _, ring = planes_of(cut)
    assert np.count_nonzero(ring) == cut.light[3] >= 200
    assert not ring[CAR].any()
    assert not ring[70:78, 46:104].any()
    assert not ring[21:35, 61:69].any()
    there = ring > 0
    assert cut.light[:3] == tuple(frame[there].sum(axis=0).tolist())
    assert cut.background_light == tuple(asphalt()[there].sum(axis=0).tolist())


@pytest.mark.parametrize("light", [0.7, 1.0, 1.3])
def test_put_back_the_object_has_the_backgrounds_light(light):
    """Cut in another light, a car comes back as bright as it would be in the background's."""
    cut = cut_out(with_car(asphalt(), light=light), asphalt(), car_mask())
    layer = decode_cutout(Cutout(1, 1, 1, 1, cut.x, cut.y, cut.w, cut.h, cut.pixels, cut.planes, cut.light))
    gains = np.array(exposure(layer, asphalt())) / 256
    assert gains == pytest.approx(np.full(3, 1 / light), rel=0.02)


def test_an_object_at_the_pictures_border_stays_inside_it():
    bits = np.ones((30, 20), np.bool_)
    cut = cut_out(with_car(asphalt()), asphalt(), MaskPatch(0, HEIGHT - 30, bits))
    assert cut.x == 0
    assert cut.y + cut.h == HEIGHT
    alpha, _, _ = planes_of(cut)
    assert alpha[HEIGHT - 1, 0] == 255  # no soft edge where the picture ends


@pytest.mark.parametrize(
    ("mask", "background", "words"),
    [
        (MaskPatch(5, 5, np.zeros((4, 4), np.bool_)), asphalt(), "without a mask"),
        (MaskPatch(150, 100, np.ones((30, 30), np.bool_)), asphalt(), "reaches out"),
        (car_mask(), asphalt()[:100], "background has"),
    ],
)
def test_what_cannot_be_cut_is_said(mask, background, words):
    with pytest.raises(CompositeError, match=words):
        cut_out(asphalt(), background, mask)
