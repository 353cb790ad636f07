"""The light of an hour and a weather: where the sun is, how bright sun and sky are, how thick the air."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.synthesis.street.settings import StreetSettings, Weather

Floats = NDArray[np.float32]

_NOON = 13.0
_HIGHEST = 0.90
_HALF_DAY = 7.8


@dataclass(frozen=True, slots=True, eq=False)
class Daylight:
    """Light on a street, in linear units in which a white wall under a grey sky is about 1.

    Attributes:
        sun_direction: (3,) unit, street frame, from the ground towards the sun.
        sun: (3,) colour of sunlight on a white surface that faces it.
        sun_spread: radius of the sun's disc in radians; wide behind clouds.
        zenith, horizon: (3,) colour of the sky above and low down.
        haze: (3,) colour of the air; thickness: its share per metre.
        wet: whether the ground is.
        clouds: how much the sky's brightness varies.
        lights_on: whether cars drive with their lights on.
    """

    sun_direction: Floats
    sun: Floats
    sun_spread: float
    zenith: Floats
    horizon: Floats
    haze: Floats
    thickness: float
    wet: bool
    clouds: float
    lights_on: bool

    @property
    def ambient(self) -> Floats:
        """(3,) what a level white surface gets from the whole sky."""
        return 0.6 * self.zenith + 0.4 * self.horizon

    def sky(self, directions: Floats) -> Floats:
        """(N, 3) colour of the bare sky in (N, 3) unit directions of the street frame."""
        height = np.clip(directions[:, 2:3], 0.0, 1.0) ** 0.6
        colour = self.horizon + (self.zenith - self.horizon) * height
        toward = np.clip(directions @ self.sun_direction, 0.0, 1.0)[:, None]
        return np.asarray(colour + self.sun * (0.10 * toward**8 + 0.25 * toward**60), dtype=np.float32)


def daylight(settings: StreetSettings) -> Daylight:
    """The light of the settings' hour and weather. The street's compass direction is drawn from the seed."""
    rng = np.random.default_rng([settings.seed, 41])
    south = float(rng.uniform(-np.pi, np.pi))
    part = (settings.hour - _NOON) / _HALF_DAY
    elevation = _HIGHEST * np.cos(np.clip(part, -1.3, 1.3) * np.pi / 2)
    azimuth = south - (settings.hour - _NOON) * np.pi / 12
    up = float(np.clip(np.sin(elevation) / np.sin(_HIGHEST), 0.0, 1.0))
    day = float(np.clip(np.sin(elevation) * 4 + 0.35, 0.03, 1.0))
    low = max(elevation, 0.09)
    direction = np.array([np.cos(azimuth) * np.cos(low), np.sin(azimuth) * np.cos(low), np.sin(low)])
    warm = np.array([1.0, 0.62 + 0.33 * up**0.5, 0.30 + 0.56 * up**0.5])
    clear = settings.weather is Weather.CLEAR
    sun = warm * (2.3 if clear else 0.16) * min(1.0, 3.0 * up)
    if clear:
        zenith, horizon = np.array([0.26, 0.40, 0.72]) * day, np.array([0.62, 0.70, 0.82]) * day
    else:
        zenith, horizon = np.array([0.92, 0.97, 1.05]) * day, np.array([0.80, 0.86, 0.95]) * day
    fog, rain = settings.weather is Weather.FOG, settings.weather is Weather.RAIN
    return Daylight(
        sun_direction=direction.astype(np.float32),
        sun=sun.astype(np.float32),
        sun_spread=0.012 if clear else 0.22,
        zenith=zenith.astype(np.float32),
        horizon=horizon.astype(np.float32),
        haze=(horizon * (0.82 if fog else 0.72)).astype(np.float32),
        thickness=1 / 55 if fog else 1 / 260 if rain else 1 / 900,
        wet=rain,
        clouds=0.05 if fog else 0.10 if not clear else 0.04,
        lights_on=fog or rain or day < 0.6,
    )
