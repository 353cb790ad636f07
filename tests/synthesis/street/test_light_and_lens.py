"""Hour, weather and lens change the picture; only the lens changes the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.geometry.cameras import pinhole
from core.geometry.masks import patch_to_full
from core.records.detections import Category
from core.synthesis.street.daylight import daylight
from core.synthesis.street.layout import plan_layout
from core.synthesis.street.mounts import default_mount, mount
from core.synthesis.street.routes import MAIN
from core.synthesis.street.settings import StreetSettings, Weather
from core.synthesis.street.signals import GREEN, RED, YELLOW, is_lit
from core.synthesis.street.street import Street, StreetCamera

SMALL = StreetSettings(width=128, height=72, frame_count=1, seed=6, cars=14, parked=4, people=0)


@pytest.fixture(scope="module")
def overcast():
    """The first frame under clouds."""
    return next(Street(SMALL).frames())


@pytest.mark.parametrize(
    ("weather", "hour"),
    [(Weather.CLEAR, 12.0), (Weather.RAIN, 15.0), (Weather.FOG, 9.0), (Weather.CLEAR, 22.0)],
)
def test_weather_and_hour_change_the_picture_and_not_the_truth(overcast, weather, hour):
    other = next(Street(replace(SMALL, weather=weather, hour=hour)).frames())
    assert np.abs(other.picture.astype(int) - overcast.picture).mean() > 4
    assert 25 < other.picture.mean() < 225
    np.testing.assert_array_equal(other.depth, overcast.depth)
    for one, two in zip(overcast.objects, other.objects, strict=True):
        np.testing.assert_array_equal(one.modal.bits, two.modal.bits)
        assert one.points.tags == two.points.tags


def test_rays_of_a_window_are_those_through_its_pixels():
    """With a lens that bends and without, each pixel's ray comes back to it."""
    for bend in ((), (-0.25, 0.06, 0.001, -0.002)):
        camera = pinhole(128, 72, 90.0, (60.2, 37.7), bend)
        place = mount("here", camera, (1.0, 2.0, 6.0), 0.4, 0.3)
        rays = place.rays_at(10, 5, 100, 60, (0.375, -0.125))
        assert rays.shape == (55, 90, 3)
        seen = camera.project(rays.astype(float) @ place.rotation.T)
        x, y = np.meshgrid(np.arange(10, 100) + 0.375, np.arange(5, 60) - 0.125)
        np.testing.assert_allclose(seen, np.stack([x, y], axis=-1), atol=2e-4)


def test_fog_takes_contrast_from_what_is_far():
    clear, fog = (
        next(Street(replace(SMALL, weather=weather)).frames()) for weather in (Weather.OVERCAST, Weather.FOG)
    )
    far = np.isfinite(clear.depth) & (clear.depth > 60)
    assert fog.picture[far].std() < 0.6 * clear.picture[far].std()


def test_sensor_noise_differs_between_frames_and_can_be_left_out():
    settings = replace(SMALL, noise=0.0, jpeg_quality=0, cars=0, frame_count=2, fps=1000.0)
    one, two = list(Street(settings).frames())
    # only the exposure drifts, and that hardly in a millisecond
    assert np.abs(one.picture.astype(int) - two.picture).max() <= 1
    one, two = list(Street(replace(settings, noise=1.0)).frames())
    assert np.abs(one.picture.astype(int) - two.picture).mean() > 0.8


def test_the_sun_goes_round_and_is_highest_at_one():
    heights = [daylight(replace(SMALL, hour=float(hour))).sun_direction[2] for hour in range(6, 21)]
    assert int(np.argmax(heights)) == 13 - 6
    assert np.linalg.norm(daylight(SMALL).sun_direction) == pytest.approx(1, abs=1e-6)


def test_a_bent_lens_bends_masks_and_keypoints_together():
    street = Street(SMALL)
    straight = default_mount(street.layout, 128, 72)
    lens = pinhole(128, 72, float(straight.camera.matrix[0, 0]), distortion=(-0.25, 0.06, 0.0, 0.0))
    bent = StreetCamera(street, mount("bent", lens, tuple(straight.position), 0.05, 0.26)).frame(0)
    cars = [item for item in bent.objects if item.category is Category.CAR and item.occlusion < 0.2]
    assert cars
    for item in cars:
        np.testing.assert_allclose(lens.project(item.points.space), item.points.pixels, atol=1e-9)
        mask = patch_to_full(item.amodal, 72, 128)
        rows, columns = np.nonzero(mask)
        inside = item.points.pixels[lens.contains(item.points.pixels)]
        # keypoints lie on the car, so inside the outline of its mask, but for a pixel
        assert (inside[:, 0] >= columns.min() - 1.5).all()
        assert (inside[:, 0] <= columns.max() + 1.5).all()
        assert (inside[:, 1] >= rows.min() - 1.5).all()
        assert (inside[:, 1] <= rows.max() + 1.5).all()


def test_the_default_camera_is_the_reference_camera():
    view = default_mount(plan_layout(0), 1920, 1080)
    assert view.camera.matrix[0, 0] == pytest.approx(1400)
    assert view.ground.height == pytest.approx(6.0)
    # 15 degrees down: the normal leans by as much from the picture's vertical
    np.testing.assert_allclose(
        view.ground.normal, [0, -np.cos(np.radians(15)), -np.sin(np.radians(15))], atol=1e-12
    )


@pytest.mark.parametrize("wrong", [{"width": 4}, {"fps": 0.0}, {"cars": -1}, {"jpeg_quality": 101}])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValueError, match=r"\w"):
        replace(SMALL, **wrong)


def test_traffic_lights_shine_in_the_colour_that_is_on():
    settings = replace(SMALL, width=320, height=180, frame_count=160, fps=2.0, cars=0, parked=0, noise=0.0)
    street = Street(settings)
    camera = StreetCamera(street, street.default_mount())
    shown = {code % 3: (lamp, code) for lamp in camera.still.view.lamps if (code := lamp.code) // 3 == MAIN}
    assert set(shown) == {GREEN, YELLOW, RED}
    for colour in (GREEN, RED):
        lamp, code = shown[colour]
        best = int(lamp.share.argmax())
        place = (int(lamp.y[best]), int(lamp.x[best]))
        on, off = (
            next(i for i in range(160) if is_lit(street.signals, code, i / settings.fps) == wanted)
            for wanted in (True, False)
        )
        channel = {GREEN: 1, RED: 0}[colour]
        bright, dark = (int(camera.frame(index).picture[place][channel]) for index in (on, off))
        assert bright > dark + 25
