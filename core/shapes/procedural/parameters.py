"""What a procedural car is made from: a few lengths and heights as brochures print them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BodyParameters:
    """One car's measures. Metres and radians; heights are above the road.

    Attributes:
        wheelbase, length, width, height: of the whole car, mirrors left out.
        front_overhang: front axle to the foremost point.
        track: between the middles of the tyres of one axle.
        wheel_radius, tyre_width: of all four wheels.
        clearance: road to underside.
        cowl_back: front axle to the foot of the windscreen in the middle, positive backwards.
        cowl_height: of that foot.
        screen_angle: windscreen against the horizontal.
        roof_back: rear axle to the upper edge of the rear screen, positive backwards.
        front_drop, rear_drop: how much lower than the roof's highest line its two ends are.
        deck_back: rear axle to the foot of the rear screen, positive backwards.
        deck_height: of that foot.
        tail_height: of the upper edge of the tail.
        belt_front, belt_rear: the side windows' lower edge at the windscreen and at the tail.
        roof_half: half the width between the roof's side edges.
        headlight, taillight: heights of the lamps' centres.
        nose_half, tail_half: half-widths of front and rear face, as parts of half the width.
        bed_depth: how deep a pickup's bed is; 0 for a closed car.
    """

    wheelbase: float
    length: float
    width: float
    height: float
    front_overhang: float
    track: float
    wheel_radius: float
    tyre_width: float
    clearance: float
    cowl_back: float
    cowl_height: float
    screen_angle: float
    roof_back: float
    front_drop: float
    rear_drop: float
    deck_back: float
    deck_height: float
    tail_height: float
    belt_front: float
    belt_rear: float
    roof_half: float
    headlight: float
    taillight: float
    nose_half: float
    tail_half: float
    bed_depth: float

    @property
    def front_axle(self) -> float:
        """x of the front axle in the car frame."""
        return self.wheelbase / 2

    @property
    def rear_axle(self) -> float:
        """x of the rear axle in the car frame."""
        return -self.wheelbase / 2

    @property
    def nose(self) -> float:
        """x of the foremost point."""
        return self.front_axle + self.front_overhang

    @property
    def tail(self) -> float:
        """x of the rearmost point."""
        return self.nose - self.length

    @property
    def arch_radius(self) -> float:
        """Radius of the wheel arches: the wheel and a hand's width."""
        return self.wheel_radius * 1.06 + 0.035

    @property
    def hub_side(self) -> float:
        """y of the left hubs' outer centres: just inside the tyre's outer wall."""
        return self.track / 2 + self.tyre_width / 2 - 0.012
