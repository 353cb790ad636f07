"""What a street shows: how long, how many cars and people, which hour and weather."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Weather(StrEnum):
    """What the air and the light are like."""

    CLEAR = "clear"
    OVERCAST = "overcast"
    RAIN = "rain"
    FOG = "fog"


@dataclass(frozen=True, slots=True)
class StreetSettings:
    """A street and what happens on it. Equal settings give equal pictures.

    Attributes:
        width, height: picture size in pixels of cameras made by `default_mount`.
        fps: frames a second.
        frame_count: length of the clip in frames.
        seed: of everything that is drawn by lot.
        cars: how many cars drive at any time; two thirds of them are in the default camera's picture.
        parked: how many cars are parked, at most; there is room for about twenty.
        people: how many people walk at any time.
        hour: local time of day, 0 to 24; the sun is highest at 13.
        weather: clear, overcast, rain or fog.
        noise: the sensor's, as a multiple of a cheap camera's by day.
        jpeg_quality: 1 to 100; 0 leaves the picture as the sensor gave it.
        blur_px: standard deviation of the lens's blur, pixels.
    """

    width: int = 640
    height: int = 360
    fps: float = 12.5
    frame_count: int = 300
    seed: int = 0
    cars: int = 22
    parked: int = 10
    people: int = 8
    hour: float = 15.5
    weather: Weather = Weather.OVERCAST
    noise: float = 1.0
    jpeg_quality: int = 82
    blur_px: float = 0.45

    def __post_init__(self) -> None:
        if min(self.width, self.height) < 16:
            raise ValueError("a picture of at least 16 x 16 pixels is needed")
        if self.fps <= 0 or self.frame_count < 1:
            raise ValueError("a clip needs a frame and a positive frame rate")
        if min(self.cars, self.parked, self.people) < 0:
            raise ValueError("there cannot be fewer than no cars or people")
        if not 0 <= self.jpeg_quality <= 100:
            raise ValueError("JPEG quality goes from 0 (none) to 100")
