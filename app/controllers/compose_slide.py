"""A layer that is held: where it goes along its line of sight, and what is in its way."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

from app.controllers.compose_bench import Rendered
from app.states.compose import Slide
from core.compositing.edited import foot_of, moved, stands_in
from core.compositing.line_of_sight import LineOfSight
from core.errors import AmodalError, CompositeError
from core.records.recipes import ONE_Q16, Move, Recipe

_MM = 1000.0


class NotSlidableError(CompositeError):
    """A layer that has no way along which it could be dragged."""


@dataclass(slots=True, eq=False)
class Held:
    """A layer while it is held.

    Attributes:
        start: what was shown when it was taken. index: the layer's, in its recipe.
        name: such as "car 33".
        sight: its way.
        reach: where it is wanted, as a share of its own distance.
        free: the last place where nothing is in its way.
        blocked: what it would stand in where it is wanted, or "".
    """

    start: Rendered
    index: int
    name: str
    sight: LineOfSight
    reach: float
    free: Move
    blocked: str = ""

    @property
    def recipe(self) -> tuple[Recipe, int]:
        """The recipe with the layer at the last free place, and the layer's place in it."""
        return moved(self.start.recipe, self.index, self.free, self.start.ingredients.places)

    @property
    def changed(self) -> bool:
        """Whether it would be let go elsewhere than it was taken."""
        return self.free != self.start.recipe.objects[self.index].move

    @property
    def title(self) -> str:
        """What letting it go does, in words."""
        before = self.start.recipe.objects[self.index].move.reach_q16
        way = (self.free.reach_q16 - before) / ONE_Q16 * self.sight.distance_m
        return f"Move {self.name} {abs(way):.1f} m {'farther' if way > 0 else 'nearer'}"

    def drag(self, dx: float, dy: float) -> None:
        """Takes it along with the mouse, which is so many pixels away from where it took hold."""
        start = self.start.recipe.objects[self.index].move.reach_q16 / ONE_Q16
        self._want(self.sight.reach_at(start, dx, dy))

    def step(self, step_m: float) -> None:
        """Takes it so many metres farther."""
        self._want(self.sight.reach_after(self.reach, step_m))

    def slide(self, shown: Rendered, key: int) -> Slide:
        """How far its outline is drawn away from where it is shown.

        Args:
            shown: what is drawn now. key: of the layer in it.
        """
        before = shown.recipe.objects[key].move
        wanted = self.sight.move(self.reach) if self.blocked else self.free
        scale = wanted.scale_q16 / before.scale_q16
        dx = (wanted.dx_q16 - before.dx_q16 * scale) / ONE_Q16
        dy = (wanted.dy_q16 - before.dy_q16 * scale) / ONE_Q16
        return Slide(key, scale, dx, dy, self.blocked)

    def _want(self, reach: float) -> None:
        self.reach = reach
        move = self.sight.move(reach)
        recipe, places = self.start.recipe, self.start.ingredients.places
        place = places[recipe.objects[self.index].piece_id]
        self.blocked = ""
        if place.footprint is not None:
            other = stands_in(recipe, self.index, place.footprint.scaled(move.reach_q16), places)
            if other is not None:
                self.blocked = _called(self.start, other)
                return
        try:
            moved(recipe, self.index, move, places)
        except AmodalError:
            self.blocked = "a ring of others"
            return
        self.free = move


def hold(rendered: Rendered, index: int) -> Held:
    """Takes hold of a layer.

    Raises:
        NotSlidableError: it has no place on the ground, or belongs to the background.
    """
    one = rendered.recipe.objects[index]
    row = rendered.ingredients.rows.get(one.piece_id)
    name = "This layer" if row is None else f"{row.category.value} {row.instance_id}"
    if row is not None and row.standing:
        raise NotSlidableError(
            f"{name} stands in the background, and stays there.", "Swap or drag another one."
        )
    world = rendered.world
    if world is None or world.plane is None:
        raise NotSlidableError(
            "Without a calibration nobody knows which way is farther.", "Calibrate the camera in Sources."
        )
    foot = foot_of(one, rendered.ingredients.places)
    if foot is None:
        raise NotSlidableError(
            f"The place of {name} on the ground is not known.", "Fit it in 3D, and cut again."
        )
    reach = one.move.reach_q16 / ONE_Q16
    fit = rendered.ingredients.fits.get(one.piece_id)
    if fit is not None and fit.fit.place_m is not None:
        place = fit.fit.place_m
    else:
        count = len(foot.corners)
        x, y = (sum(corner[axis] for corner in foot.corners) / count / _MM / reach for axis in (0, 1))
        place = (x, y)
    if hypot(*place) < 1.0:
        raise NotSlidableError(f"{name} stands below the camera.", "Drag another one.")
    return Held(rendered, index, name, LineOfSight(world.camera, world.plane, place), reach, one.move)


def require_room(now: Rendered, index: int) -> None:
    """Refuses where a layer of a composite would stand in another.

    Raises:
        CompositeError: it would.
    """
    foot = foot_of(now.recipe.objects[index], now.ingredients.places)
    other = None if foot is None else stands_in(now.recipe, index, foot, now.ingredients.places)
    if other is not None:
        name = _called(now, other)
        raise CompositeError(f"It would stand in {name}.", f"Switch {name} off first, or move it.")


def _called(rendered: Rendered, index: int) -> str:
    row = rendered.ingredients.rows.get(rendered.recipe.objects[index].piece_id)
    return "another object" if row is None else f"{row.category.value} {row.instance_id}"
