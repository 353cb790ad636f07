"""What a body's fit costs: points in the picture, feet on the ground, box, upright, limits and prior.

All in squared sigmas. Points count with Huber's loss (Huber 1964) over their distance, all else plainly. Like
the car's fits, all is done in the ideal picture, to which points and box are undistorted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.fitting.people import degrees
from core.fitting.people.arrays import AnyArray, Kit
from core.fitting.people.chain import ROOT, Chain, Posed, State
from core.fitting.people.marks import CROWN, LEFT_SOLE, POINTS, RIGHT_SOLE, SOLES, BodyMarks
from core.fitting.people.prior import LIMIT_RAD, UPRIGHT_RAD, PosePrior
from core.geometry.cameras import Camera
from core.geometry.ground_plane import GroundPlane
from core.shapes.person_keypoints import ANKLES, COUNT

Array = NDArray[np.float64]

HUBER_SIGMAS = 2.0
CONTACT_M = 0.01
"""How far the lowest sole may be from the ground: soles, heels, and how flat roads are."""
UPRIGHT_WITHOUT_GROUND_RAD = 0.5
NEAREST_M = 0.3
LIFTED_M = 0.08
"""How far the other foot is lifted in a walk."""
LIFTED_SIGMAS = 1.0
BALANCE_M = 0.10
"""How far a person's weight is from above the line between the feet."""
# hips, shoulders and head: where their mean is, the whole body's is to 1 cm in a walk, to 6 cm in any pose
_PARTS = {11: 0.25, 12: 0.25, 5: 0.175, 6: 0.175, 0: 0.03, 1: 0.03, 2: 0.03, 3: 0.03, 4: 0.03}
MASS: Array = np.array([_PARTS.get(point, 0.0) for point in range(COUNT)])
# how sharply the lowest of several soles, and the outermost pixel, is told from the next
_LOWEST_M, _OUTERMOST_PX = 0.004, 1.0


@dataclass(frozen=True, eq=False)
class Sightings:
    """What rows are fitted to, in the ideal picture.

    Attributes:
        pixels: (n, 17, 2); any number where the weight is 0.
        weights: (n, 17) one over sigma, 1 / px; 0 where there is no point.
        ends: (n, 2) the picture's rows where the body begins and ends.
        end_weights: (n, 2) one over their sigma; 0 where an end is not known.
    """

    pixels: AnyArray
    weights: AnyArray
    ends: AnyArray
    end_weights: AnyArray

    def of(self, rows: AnyArray) -> Sightings:
        """Those of some rows, which may repeat."""
        return Sightings(self.pixels[rows], self.weights[rows], self.ends[rows], self.end_weights[rows])


@dataclass(frozen=True, eq=False)
class Local:
    """The cost of states, and its shape around them.

    Attributes:
        cost: (n,) squared sigmas; inf where a body is not before the camera.
        squares: (n, 17) squared residuals in sigmas, 0 where there is no point.
        information: (n, K, K) J^T W J plus the priors'. gradient: (n, K) half the cost's.
    """

    cost: AnyArray
    squares: AnyArray
    information: AnyArray
    gradient: AnyArray

    def of(self, rows: AnyArray) -> Local:
        """Some of the rows."""
        return Local(self.cost[rows], self.squares[rows], self.information[rows], self.gradient[rows])

    def put(self, rows: AnyArray, other: Local) -> None:
        """Writes another's rows over some of these."""
        self.cost[rows], self.squares[rows] = other.cost, other.squares
        self.information[rows], self.gradient[rows] = other.information, other.gradient


class Objective:
    """The cost of one body model's states before one camera."""

    def __init__(
        self, kit: Kit, camera: Camera, plane: GroundPlane | None, body: BodyMarks, prior: PosePrior
    ) -> None:
        self.kit, self.body, self.chain = kit, body, Chain(kit, body)
        self._focal, self._centre = kit.array(camera.focal), kit.array(camera.centre)
        up = np.array([0.0, -1.0, 0.0]) if plane is None else plane.normal
        self._grounded = plane is not None
        self._up, self._height = kit.array(up), 0.0 if plane is None else plane.height
        self.level: Array = np.linalg.svd(up[None])[2][1:]
        lean = UPRIGHT_WITHOUT_GROUND_RAD if plane is None else UPRIGHT_RAD
        self._level = kit.array(self.level / lean)
        self._mean, self._precision = kit.array(prior.mean), kit.array(prior.precision)
        self._low, self._high = kit.array(degrees.LOW), kit.array(degrees.HIGH)
        self._mass, self._ground = kit.array(MASS), kit.array(self.level.T)
        self._at = ROOT + body.betas
        held = np.zeros((self.chain.parameters, self.chain.parameters))
        held[ROOT : self._at, ROOT : self._at] = np.eye(body.betas)
        held[self._at :, self._at :] = prior.precision
        self._held = kit.array(held)

    def at(self, state: State, seen: Sightings, huber: float = HUBER_SIGMAS) -> Local:
        """Cost, residuals and normal equations of states."""
        kit, xp = self.kit, self.kit.xp
        posed = self.chain.posed(state, self.body.marks, slopes=True)
        pixels, flat, ahead = self._projected(posed)
        wrong = (pixels[:, POINTS] - seen.pixels) * seen.weights[:, :, None]
        squares = xp.sum(wrong * wrong, axis=2)
        pull, costs = huber_of(xp, xp.sqrt(squares), huber)
        cost = xp.sum(costs, axis=1)
        count, parameters = len(state.place), self.chain.parameters
        strength = (seen.weights * pull)[:, None, :, None]
        columns = xp.reshape(flat[:, :, POINTS] * strength, (count, -1, parameters))
        pulled = xp.reshape(xp.permute_dims(wrong * pull[:, :, None], (0, 2, 1)), (count, -1))
        residuals, slopes, squares_of = self._others(state, posed, pixels, flat, seen)
        cost = cost + squares_of
        columns = xp.concat([columns, slopes], axis=1)
        pulled = xp.concat([pulled, residuals], axis=1)
        turned = xp.matrix_transpose(columns)
        information = turned @ columns + self._held
        gradient = (turned @ pulled[:, :, None])[:, :, 0]
        prior, by_prior, stiff = self._prior(state)
        gradient[:, ROOT:] = gradient[:, ROOT:] + by_prior
        each = kit.indices(np.arange(self._at, parameters))
        information[:, each, each] = information[:, each, each] + stiff
        lost = ~ahead | ~xp.isfinite(cost)
        cost = xp.where(lost, xp.full_like(cost, np.inf), cost + prior)
        return Local(cost, squares, information, gradient)

    def _projected(self, posed: Posed) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Pixels (n, P, 2), their slopes (n, 2, P, K), and whether rows are before the camera (n,)."""
        xp = self.kit.xp
        depth = posed.points[..., 2]
        ahead = xp.min(depth, axis=1) > NEAREST_M
        safe = xp.where(depth > NEAREST_M, depth, xp.ones_like(depth))
        flat = posed.points[..., :2] / safe[..., None]
        scale = self._focal / safe[..., None]
        slopes = posed.slopes[:, :2] - xp.permute_dims(flat, (0, 2, 1))[..., None] * posed.slopes[:, 2:]
        slopes = slopes * xp.permute_dims(scale, (0, 2, 1))[..., None]
        return flat * self._focal + self._centre, slopes, ahead

    def _others(
        self, state: State, posed: Posed, pixels: AnyArray, flat: AnyArray, seen: Sightings
    ) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Residuals (n, r), slopes (n, r, K) and cost (n,) of the box's ends, leaning, feet and balance."""
        xp = self.kit.xp
        residuals, slopes = [], []
        for end, part, sign in ((0, CROWN, -1.0), (1, SOLES, 1.0)):
            rows = pixels[:, part, 1]
            share = softmax(xp, sign * rows / _OUTERMOST_PX)
            weight = seen.end_weights[:, end]
            residuals.append((xp.sum(share * rows, axis=1) - seen.ends[:, end]) * weight)
            slopes.append(xp.sum(share[:, :, None] * flat[:, 1, part], axis=1) * weight[:, None])
        own_up = state.turn[:, :, 1]
        for row in range(2):
            way = self._level[row]
            residuals.append(xp.sum(own_up * way, axis=1))
            slope = self.kit.zeros(len(own_up), self.chain.parameters)
            # way . (w x up) = w . (up x way)
            slope[:, 0] = own_up[:, 1] * way[2] - own_up[:, 2] * way[1]
            slope[:, 1] = own_up[:, 2] * way[0] - own_up[:, 0] * way[2]
            slope[:, 2] = own_up[:, 0] * way[1] - own_up[:, 1] * way[0]
            slopes.append(slope)
        cost = sum(residual * residual for residual in residuals)
        if self._grounded:
            for more, by_more, costs in (self._feet(posed), self._balance(posed)):
                residuals += more
                slopes += by_more
                cost = cost + costs
        return xp.stack(residuals, axis=1), xp.stack(slopes, axis=1), cost

    def _feet(self, posed: Posed) -> tuple[list[AnyArray], list[AnyArray], AnyArray]:
        """Residuals (n,), slopes (n, K) and cost (n,) of the lower foot, which stands, and of the other."""
        xp = self.kit.xp
        heights, slopes = [], []
        for sole in (LEFT_SOLE, RIGHT_SOLE):
            height = posed.points[:, sole] @ self._up + self._height
            share = softmax(xp, -height / _LOWEST_M)
            heights.append(xp.sum(share * height, axis=1))
            # (n, 3, P, K) down to (n, K): up over the axes, shares over the soles
            both = self._up[None, :, None, None] * share[:, None, :, None]
            slopes.append(xp.sum(posed.slopes[:, :, sole] * both, axis=(1, 2)))
        lower = (heights[0] < heights[1])[:, None]
        low, high = xp.minimum(heights[0], heights[1]), xp.maximum(heights[0], heights[1])
        by_low, by_high = xp.where(lower, slopes[0], slopes[1]), xp.where(lower, slopes[1], slopes[0])
        lifted = high / LIFTED_M
        # beyond a step's height feet are lifted for a purpose
        pull, cost = huber_of(xp, xp.abs(lifted), LIFTED_SIGMAS)
        return (
            [low / CONTACT_M, lifted * pull],
            [by_low / CONTACT_M, by_high * (pull / LIFTED_M)[:, None]],
            low * low / CONTACT_M**2 + cost,
        )

    def _balance(self, posed: Posed) -> tuple[list[AnyArray], list[AnyArray], AnyArray]:
        """Residuals (n,), slopes (n, K) and cost (n,) of where the weight is, over the line between the feet.

        Without it somebody small who stands upright is as well a tall one who leans towards the camera.
        """
        xp = self.kit.xp
        points, slopes = posed.points[:, POINTS], posed.slopes[:, :, POINTS]
        weight = xp.sum(points * self._mass[None, :, None], axis=1) @ self._ground
        one, two = points[:, ANKLES[0]] @ self._ground, points[:, ANKLES[1]] @ self._ground
        along = two - one
        part = xp.sum((weight - one) * along, axis=1) / (xp.sum(along * along, axis=1) + 1e-6)
        part = xp.clip(part, 0.0, 1.0)
        # the nearest point's own motion along the line changes nothing to first order
        shares = self._mass + 0.0 * part[:, None]
        shares[:, ANKLES[0]] = shares[:, ANKLES[0]] - (1 - part)
        shares[:, ANKLES[1]] = shares[:, ANKLES[1]] - part
        moved = xp.sum(slopes * shares[:, None, :, None], axis=2)  # (n, 3, K)
        away = (weight - one - part[:, None] * along) / BALANCE_M
        # who pushes, runs or leans on something is not out of the question
        pull, cost = huber_of(xp, xp.sqrt(xp.sum(away * away, axis=1)), HUBER_SIGMAS)
        residuals = [away[:, axis] * pull for axis in range(2)]
        slopes = [
            xp.sum(moved * self._ground[None, :, axis, None], axis=1) * (pull / BALANCE_M)[:, None]
            for axis in range(2)
        ]
        return residuals, slopes, cost

    def _prior(self, state: State) -> tuple[AnyArray, AnyArray, AnyArray]:
        """Cost (n,) and half its gradient (n, B + 28) of shape and pose, and how stiff limits are (n, 28)."""
        xp = self.kit.xp
        away = state.pose - self._mean
        pulled = away @ self._precision
        zero = xp.zeros_like(away)
        under, over = xp.maximum(self._low - state.pose, zero), xp.maximum(state.pose - self._high, zero)
        beyond = (over - under) / LIMIT_RAD
        cost = (
            xp.sum(state.beta * state.beta, axis=1)
            + xp.sum(away * pulled, axis=1)
            + xp.sum(beyond * beyond, axis=1)
        )
        stiff = xp.where(beyond != 0, xp.full_like(beyond, LIMIT_RAD**-2), zero)
        return cost, xp.concat([state.beta, pulled + beyond / LIMIT_RAD], axis=1), stiff


def huber_of(xp: Any, sizes: AnyArray, bend: float) -> tuple[AnyArray, AnyArray]:
    """What residuals of some sizes are multiplied with, and Huber's cost of them.

    Reweighting: a residual beyond the bend pulls as one on the bend does.
    """
    far, one = sizes > bend, xp.ones_like(sizes)
    pull = xp.sqrt(xp.where(far, bend / xp.where(far, sizes, one), one))
    return pull, xp.where(far, 2 * bend * sizes - bend * bend, sizes * sizes)


def softmax(xp: Any, values: AnyArray) -> AnyArray:
    """(n, m) shares of one, the largest number's the largest."""
    raised = xp.exp(values - xp.max(values, axis=1, keepdims=True))
    return raised / xp.sum(raised, axis=1, keepdims=True)
