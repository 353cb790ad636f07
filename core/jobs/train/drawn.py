"""What is simulated for trainings: drawn once on a machine, for all of its projects."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from core.jobs.train.device_lock import device_held
from core.training.data.picture_plan import PicturePlan

Tell = Callable[[float, str], None]
"""Told the share that is done, 0 to 1, and a few words; what it raises ends the work."""

PICTURES = PicturePlan()
"""Of streets, for detectors."""

SHARED_VIEWS = "shared_views"
"""Stands beside the purposes: cars that three cameras of a street see at once."""

NOT_DRAWN = "they are not drawn on this machine; with a weight they are"
"""Why what could be drawn is not learned from."""

_DONE = "whole"


@dataclass(frozen=True, slots=True)
class CropCounts:
    """How many crops are drawn for the classifier and the pre-labeller.

    Attributes:
        cars: single cars all around. models: different ones among them.
        streets: each through two cameras. frames: of each camera.
    """

    cars: int = 1500
    models: int = 100
    streets: int = 2
    frames: int = 12


@dataclass(frozen=True, slots=True)
class SharedCounts:
    """Of which streets shared cars are taken.

    Attributes:
        streets: to learn from, and to be measured by; each through three cameras. frames: of each camera.
        width, height: of the pictures, pixels.
    """

    streets: tuple[int, int] = (3, 1)
    frames: int = 24
    width: int = 960
    height: int = 540

    def pictures(self, measured: bool = False) -> int:
        """How many pictures they are taken from."""
        return 3 * self.frames * self.streets[int(measured)]


CROPS, SHARED = CropCounts(), SharedCounts()


def synthetic_folder() -> Path:
    """The folder of all that is drawn on this machine; it may not exist yet."""
    from platformdirs import user_cache_path

    return user_cache_path("amodal-studio", appauthor=False) / "synthetic"


def pictures_folder() -> Path:
    """Of the pictures of PICTURES."""
    return synthetic_folder() / f"street-{_digest(PICTURES)}"


def crops_folder() -> Path:
    """Of the crops of CROPS."""
    return synthetic_folder() / f"crops-{_digest(CROPS)}"


def shared_folder() -> Path:
    """Of the crops of SHARED."""
    return synthetic_folder() / f"shared-{_digest(SHARED)}"


def drawn_for(what: str, hidden_from: str) -> str:
    """What is drawn for a training: its purpose, or SHARED_VIEWS.

    Args:
        what, hidden_from: as `TrainSettings` has them.
    """
    return SHARED_VIEWS if what == "hidden_points" and hidden_from == "trifocal" else what


def are_drawn(what: str) -> bool:
    """Whether what a purpose learns from is drawn on this machine.

    Args:
        what: as `drawn_for`.
    """
    if what == "detector":
        return PICTURES.are_in(pictures_folder())
    return ((shared_folder() if what == SHARED_VIEWS else crops_folder()) / _DONE).is_file()


def weight_of_drawn(what: str, weight: float | None) -> float:
    """How often each is seen: as was said; else once where they are drawn already, or are what matters.

    Args:
        what: as `drawn_for`.
    """
    if weight is not None:
        return weight
    return 1.0 if what == SHARED_VIEWS else float(are_drawn(what))


def draw(what: str, tell: Tell) -> None:
    """Draws what a purpose learns from, where it is not here yet; who comes second waits for the first.

    Args:
        what: as `drawn_for`. tell: hears how far it is.

    Raises:
        RayCastingUnavailableError: rays cannot be cast here.
        DiskFullError: there is no room.
    """
    if are_drawn(what):
        return

    def waiting(holder: str) -> None:
        tell(0.0, f"Waiting for {holder}, which draws the synthetic street")

    def show(share: float) -> None:
        tell(share, f"Drawing the synthetic street, once on this machine: {share:.0%}".replace("%", " %"))

    with device_held(synthetic_folder() / "drawing.lock", "another training", waiting):
        if are_drawn(what):
            return
        show(0.0)
        if what == "detector":
            from core.training.data.street_pictures import draw_pictures

            draw_pictures(pictures_folder(), PICTURES, show)
        else:
            from core.training.data.synthetic_crops import CropPlan, make_crops

            if what == SHARED_VIEWS:
                folder, none = shared_folder(), (0, 0, 0)
                plan = CropPlan(
                    none,
                    streets=none,
                    shared=(*SHARED.streets, 0),
                    frames=SHARED.frames,
                    width=SHARED.width,
                    height=SHARED.height,
                )
            else:
                folder = crops_folder()
                plan = CropPlan(
                    (CROPS.cars, 0, 0),
                    (CROPS.models, 1, 1),
                    streets=(CROPS.streets, 0, 0),
                    frames=CROPS.frames,
                )
            make_crops(folder, plan, show)
            (folder / _DONE).touch()


def _digest(plan: PicturePlan | CropCounts | SharedCounts) -> str:
    return hashlib.blake2b(repr(sorted(asdict(plan).items())).encode(), digest_size=6).hexdigest()
