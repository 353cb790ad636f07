"""The arithmetic of composites: every sum against exact fractions or worked by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from core.compositing import pixels
from core.errors import CompositeError
from core.records.recipes import Cutout
from tests.compositing.painted import BACKGROUND, PaintedPieces, plain


def rounded(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


def test_a_product_over_255_is_rounded_to_the_nearest_for_every_product():
    products = np.arange(255 * 255 + 1, dtype=np.uint16)
    expected = [rounded(Fraction(int(one), 255)) for one in products]
    assert pixels.div255(products.copy()).tolist() == expected


def test_pixels_laid_over_others_mix_by_their_share():
    canvas = plain(4, 1, (100, 0, 255))
    colour = np.array([[[200, 255, 0]] * 4], np.uint8)
    alpha = np.array([[0, 64, 128, 255]], np.uint8)
    pixels.lay_over(canvas, colour, alpha, 0, 0)
    assert canvas.tolist() == [
        [
            [100, 0, 255],
            [rounded(Fraction(64 * 200 + 191 * 100, 255)), 64, 191],
            [rounded(Fraction(128 * 200 + 127 * 100, 255)), 128, 127],
            [200, 255, 0],
        ]
    ]


def test_a_shadow_takes_light_from_the_background_and_not_from_what_was_drawn():
    background = plain(2, 1, (200, 100, 51))
    canvas = plain(2, 1, (9, 9, 9))
    pixels.cast_shadow(canvas, background, np.array([[255, 102]], np.uint8), 0, 0)
    assert canvas.tolist() == [[[200, 100, 51], [80, 40, 20]]]  # 0.4 of it


def test_light_is_multiplied_and_stops_at_white():
    colour = np.array([[[0, 100, 200]]], np.uint8)
    assert pixels.lit(colour, (256, 256, 256)).tolist() == [[[0, 100, 200]]]
    assert pixels.lit(colour, (512, 384, 512)).tolist() == [[[0, 150, 255]]]
    assert pixels.lit(colour, (128, 129, 128)).tolist() == [[[0, 50, 100]]]  # 50.39 and no more


def layer(count: int, light: tuple[int, int, int]) -> pixels.Layer:
    source = PaintedPieces(plain(20, 10, (0, 0, 0)))
    source.box(1, 0, 0, 1, 1, (0, 0, 0))
    one = pixels.decode_cutout(source.cut[1])
    places = np.array([[i % 20, i // 20] for i in range(count)], np.int64)
    return pixels.Layer(one.colour, one.alpha, None, places, light)


def test_the_gain_is_the_background_over_the_frame():
    # 100 pixels of 60, 90, 120 in the frame; 66, 45, 250 in the background
    gains = pixels.exposure(layer(100, (6000, 9000, 12000)), plain(20, 10, (66, 45, 250)))
    assert gains == (rounded(Fraction(66 * 256, 60)), 128, 512)  # the last would be 533


def test_a_few_pixels_say_nothing_of_the_light():
    assert pixels.exposure(layer(31, (31, 31, 31)), plain(20, 10, (200, 200, 200))) == (256, 256, 256)
    assert pixels.exposure(layer(32, (0, 0, 0)), plain(20, 10, (200, 200, 200))) == (256, 256, 256)


def test_a_cutout_is_decoded_only_as_far_as_its_planes_say_something():
    source = PaintedPieces(plain(30, 30, (0, 0, 0)))
    alpha, shade, ring = (np.zeros((10, 12), np.uint8) for _ in range(3))
    shade[...] = 255
    alpha[2:5, 3:9] = 200
    shade[8, 4:7] = 90
    ring[9, 11] = 255
    colour = np.arange(10 * 12 * 3, dtype=np.uint8).reshape(10, 12, 3)
    source.paint(1, 5, 7, colour, alpha, shade=shade, ring=ring)
    found = pixels.decode_cutout(source.cut[1])
    assert (found.alpha.x, found.alpha.y, found.alpha.values.shape) == (8, 9, (3, 6))
    np.testing.assert_array_equal(found.colour.values, colour[2:5, 3:9])
    assert found.shade is not None
    assert (found.shade.x, found.shade.y, found.shade.values.tolist()) == (9, 15, [[90, 90, 90]])
    assert found.compared.tolist() == [[16, 16]]


@pytest.mark.parametrize("damaged", [b"", b"no picture", None])
def test_a_damaged_cutout_is_refused(damaged):
    source = PaintedPieces(plain(30, 30, (0, 0, 0)))
    source.box(1, 0, 0, 4, 4, (1, 2, 3))
    good = source.cut[1]
    wrong = good.pixels if damaged is None else damaged
    size = 5 if damaged is None else 4
    with pytest.raises(CompositeError, match="damaged"):
        pixels.decode_cutout(Cutout(1, 1, 1, BACKGROUND, 0, 0, size, 4, wrong, good.planes, good.light))


def test_a_picture_is_not_unpacked_before_its_size_is_known(monkeypatch):
    large = pixels.encode_png(plain(3000, 2000, (0, 0, 0)))
    monkeypatch.setattr("cv2.imdecode", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(CompositeError, match="damaged"):
        pixels.decode_cutout(Cutout(1, 1, 1, None, 0, 0, 4, 4, large, large, (0, 0, 0, 0)))


def test_the_size_of_a_picture_stands_in_its_head():
    png = pixels.encode_png(plain(30, 20, (0, 0, 0)))
    assert pixels.png_size(png) == (30, 20)
    assert pixels.png_size(png[:20]) is None
    assert pixels.png_size(b"GIF89a" + png[6:]) is None
    size = (60_000).to_bytes(4, "big")
    assert pixels.png_size(png[:16] + size + size + png[24:]) is None
