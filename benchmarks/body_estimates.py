"""Where bodies that another system estimates end up, and against what their own turn is told.

    python -m benchmarks body_estimates

The system is the best one there can be of its kind: it knows each person's true pose, and tells the root and
the crop's camera that explain the true picture best in a crop, with HMR 2.0's focal length. What is left is
the error of the conversion to the real camera and of the placing. People are drawn as in `_drawn_people`,
anywhere in the picture.

Then boxes are cut at the feet, as by a wall that nobody drew: pose and pelvis are the true ones, and the body
has the mean's stature.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks._drawn_people import TrueBody, draw_people, drawn_pose, person_at
from benchmarks._fitting_scenes import reference_camera
from core.fitting.people.crop_camera import pelvis_from_crop, view_rotation
from core.fitting.people.estimates import BodyEstimate, RootFrame, place_estimate
from core.fitting.people.evidence import body_evidence
from core.geometry.poses import rotation_angle, rotation_from_vector
from core.networks.hmr2.crop import CropSquare, crop_square
from core.records.boxes import Box
from core.records.fits import BodyFit, FitVerdict
from core.records.masks import MaskPatch
from core.shapes.body.placed import NamedBody, named_body

Array = NDArray[np.float64]

_FOCAL = 5000 / 256
_PEOPLE = 60
_SHARES = (1.0, 0.9, 0.8, 0.75, 0.7)
_BINS = ((0.0, 8.0), (8.0, 20.0), (20.0, 40.0))


@dataclass(frozen=True, slots=True)
class EstimateFigures:
    """What was measured; medians, and the nine in ten.

    Attributes:
        root_deg, root_turned_deg: error of the root as published, and turned by the ray, by how many degrees
            aside of the camera's axis a person stands.
        place_m, place_p90_m: of the fit's place at 15 m, pose and stature known. uncentred_m: without moving
            the body aside. mean_shape_m: where the body has the mean's stature, as a body other than SMPL's
            has.
        place_30_m: of the place at 30 m, pose and stature known.
        own_m: of the place that the crop's camera alone tells, at 15 m.
        hidden_m, hidden_p90_m: at 15 m where the feet are hidden, stature known.
        good: the part that is called good.
        within_2_sigma: the part of places, along the sight, within two of the standard deviations told, of
            mean stature. hidden_within_2_sigma: the same where the feet are known to be hidden.
        cut: what is said of boxes of which a part is left (`CutBoxes`).
    """

    root_deg: tuple[float, ...]
    root_turned_deg: tuple[float, ...]
    place_m: float
    place_p90_m: float
    uncentred_m: float
    mean_shape_m: float
    place_30_m: float
    own_m: float
    hidden_m: float
    hidden_p90_m: float
    good: float
    within_2_sigma: float
    hidden_within_2_sigma: float
    cut: tuple[CutBoxes, ...]


@dataclass(frozen=True, slots=True)
class CutBoxes:
    """What is said of people whose boxes are cut at the feet, with neither tag nor hider.

    Attributes:
        distance_m: of the people. share: of the box that is left. ray: whether the pelvis is told.
        good, ambiguous: the parts with that verdict.
        good_off_m, good_told_m: of good ones, medians of the place's error and of the standard deviation
            along the line of sight; NaN where there is none.
        good_within_2: of good ones, the part within two of these along the line of sight.
    """

    distance_m: float
    share: float
    ray: bool
    good: float
    ambiguous: float
    good_off_m: float
    good_told_m: float
    good_within_2: float


def main() -> dict[str, object]:
    """Measures and prints."""
    body = named_body()
    near, far = _people(body, 15.0, 3), _people(body, 30.0, 4)
    camera, _ = reference_camera()
    estimates = [ideal_estimate(one, body) for one in near]
    errors: list[tuple[float, float, float]] = []
    for one, estimate in zip(near, estimates, strict=True):
        view = view_rotation(camera, _middle_px(one))
        aside = float(np.rad2deg(np.arccos(view[2, 2])))
        root = estimate.rotations[0]
        errors.append((aside, *(_degrees(turn, one.turn) for turn in (root, view @ root))))
    fits = [_fit(one, estimate, body) for one, estimate in zip(near, estimates, strict=True)]
    mean = [_fit(one, estimate, body, mean_shape=True) for one, estimate in zip(near, estimates, strict=True)]
    loose = [_fit(one, estimate, body, centred=False) for one, estimate in zip(near, estimates, strict=True)]
    hidden = [_fit(one, estimate, body, hidden=True) for one, estimate in zip(near, estimates, strict=True)]
    behind_mean = [
        _fit(one, estimate, body, hidden=True, mean_shape=True)
        for one, estimate in zip(near, estimates, strict=True)
    ]
    places = np.array([_miss(fit, one) for fit, one in zip(fits, near, strict=True)])
    behind = np.array([_miss(fit, one) for fit, one in zip(hidden, near, strict=True)])
    far_places = [_miss(_fit(one, ideal_estimate(one, body), body), one) for one in far]
    own = [
        float(np.linalg.norm(estimate.pelvis - one.place))
        for one, estimate in zip(near, estimates, strict=True)
        if estimate.pelvis is not None
    ]
    figures = EstimateFigures(
        root_deg=_by_angle(errors, 1),
        root_turned_deg=_by_angle(errors, 2),
        place_m=float(np.median(places)),
        place_p90_m=float(np.quantile(places, 0.9)),
        uncentred_m=_median([_miss(fit, one) for fit, one in zip(loose, near, strict=True)]),
        mean_shape_m=_median([_miss(fit, one) for fit, one in zip(mean, near, strict=True)]),
        place_30_m=_median(far_places),
        own_m=_median(own),
        hidden_m=float(np.median(behind)),
        hidden_p90_m=float(np.quantile(behind, 0.9)),
        good=float(np.mean([fit.verdict is FitVerdict.GOOD for fit in fits])),
        within_2_sigma=float(np.mean([_within(fit, one) for fit, one in zip(mean, near, strict=True)])),
        hidden_within_2_sigma=float(
            np.mean([_within(fit, one) for fit, one in zip(behind_mean, near, strict=True)])
        ),
        cut=tuple(
            _cut(body, metres, share, ray=ray)
            for metres in (15.0, 30.0)
            for ray in (True, False)
            for share in _SHARES
        ),
    )
    for name, value in asdict(figures).items():
        print(f"{name}: {value}")
    return asdict(figures)


def ideal_estimate(one: TrueBody, body: NamedBody) -> BodyEstimate:
    """What a network that knows the pose would tell of a crop: the root and camera that explain it best.

    HMR 2.0 has a point X of the body with the root R at f (R X + t) / Z of the crop, t = (tx, ty, 2 f / s).
    """
    from scipy.optimize import least_squares

    camera, _ = reference_camera()
    square = crop_square(one.box)
    rest = body.model.posed(one.pose, one.betas)
    points = (rest.joints - rest.joints[0]).copy()
    truth = (_edges(camera.project(one.body.joints)) - [square.x, square.y]) / square.size

    def seen(numbers: Array) -> Array:
        moved = points @ (rotation_from_vector(numbers[:3]) @ one.turn).T
        moved += np.array([numbers[4], numbers[5], 2 * _FOCAL / numbers[3]])
        return np.asarray((_FOCAL * moved[:, :2] / moved[:, 2:] - truth).ravel())

    found = least_squares(seen, [0.0, 0.0, 0.0, 0.9, 0.0, 0.0], xtol=1e-12, ftol=1e-12).x
    turns = rotation_from_vector(one.pose)
    turns[0] = rotation_from_vector(found[:3]) @ one.turn
    pelvis = pelvis_from_crop(camera, _centre(square), square.size, found[3:], np.zeros(3))
    return BodyEstimate(turns, pelvis=pelvis)


def _people(body: NamedBody, distance: float, seed: int) -> list[TrueBody]:
    """People anywhere in the picture, a distance away."""
    camera, plane = reference_camera()
    rng = np.random.default_rng(seed)
    found: list[TrueBody] = []
    while len(found) < _PEOPLE:
        one = person_at(
            body,
            camera,
            plane,
            np.array([distance, rng.uniform(-0.7, 0.7) * distance]),
            float(rng.uniform(-np.pi, np.pi)),
            drawn_pose(rng),
            rng.normal(size=body.model.betas),
        )
        if camera.contains(camera.project(one.body.vertices)).all():
            found.append(one)
    return found


def _fit(
    one: TrueBody,
    estimate: BodyEstimate,
    body: NamedBody,
    *,
    mean_shape: bool = False,
    centred: bool = True,
    hidden: bool = False,
) -> BodyFit:
    camera, plane = reference_camera()
    named = body
    if not mean_shape:  # the body has the person's own shape, which stands for betas that are right
        model = replace(body.model, template=body.model.shaped(one.betas))
        named = replace(body, model=model)
    box = one.box
    evidence = body_evidence(None, box)
    if hidden:  # something covers the lower quarter
        box = Box(box.x, box.y, box.w, 0.75 * box.h)
        cover = MaskPatch(
            max(int(box.x), 0), int(box.bottom), np.ones((int(box.h / 3), int(box.w)), dtype=np.bool_)
        )
        evidence = body_evidence(None, box, None, [cover])
    return place_estimate(estimate, camera, plane, named, evidence, centred=centred)


def _cut(body: NamedBody, metres: float, share: float, *, ray: bool) -> CutBoxes:
    camera, plane = reference_camera()
    people = draw_people(body, metres, _PEOPLE, seed=11)
    fits: list[BodyFit] = []
    for one in people:
        turns = rotation_from_vector(one.pose)
        turns[0] = one.turn
        box = Box(one.box.x, one.box.y, one.box.w, share * one.box.h)
        estimate = BodyEstimate(turns, RootFrame.CAMERA, pelvis=one.place if ray else None)
        fits.append(place_estimate(estimate, camera, plane, body, body_evidence(None, box)))
    good = [pair for pair in zip(fits, people, strict=True) if pair[0].verdict is FitVerdict.GOOD]
    return CutBoxes(
        distance_m=metres,
        share=share,
        ray=ray,
        good=len(good) / len(fits),
        ambiguous=float(np.mean([fit.verdict is FitVerdict.AMBIGUOUS for fit in fits])),
        good_off_m=_median([_miss(fit, one) for fit, one in good]),
        good_told_m=_median([fit.sigmas.along_m for fit, _ in good if fit.sigmas is not None]),
        good_within_2=float(np.mean([_within(fit, one) for fit, one in good])) if good else float("nan"),
    )


def _miss(fit: BodyFit, one: TrueBody) -> float:
    assert fit.place_m is not None
    return float(np.linalg.norm(np.array(fit.place_m) - one.spot))


def _within(fit: BodyFit, one: TrueBody) -> bool:
    assert fit.place_m is not None
    assert fit.sigmas is not None
    sight = one.spot / np.linalg.norm(one.spot)
    return bool(abs((np.array(fit.place_m) - one.spot) @ sight) < 2 * fit.sigmas.along_m)


def _by_angle(errors: list[tuple[float, float, float]], column: int) -> tuple[float, ...]:
    return tuple(_median([row[column] for row in errors if low <= row[0] < high]) for low, high in _BINS)


def _median(values: list[float]) -> float:
    return float(np.median(values)) if values else float("nan")


def _degrees(first: Array, second: Array) -> float:
    return float(np.rad2deg(rotation_angle(first, second)))


def _middle_px(one: TrueBody) -> Array:
    return np.array([one.box.x + one.box.w / 2 - 0.5, one.box.y + one.box.h / 2 - 0.5])


def _centre(square: CropSquare) -> Array:
    return np.array([square.x, square.y])


def _edges(pixels: Array) -> Array:
    return pixels + 0.5


if __name__ == "__main__":
    main()
