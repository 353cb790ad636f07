"""The systems that look at people, ready to: HMR 2.0's network, and adapters that packages announce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import AmodalError, BodyEstimatorError
from core.fitting.people.estimates import BodyEstimate, BodyEstimator, PersonPicture, check_estimate
from core.jobs.fit.people.ways import HMR2, POINTS, adapters, check_way
from core.jobs.settings import FitSettings
from core.mining.detectors.settings import Device
from core.mining.detectors.torch_device import torch_device
from core.shapes.body.placed import NamedBody

_GPU_BATCH, _CPU_BATCH = 32, 4


@dataclass(frozen=True, slots=True, eq=False)
class NamedEstimator:
    """A system ready to look.

    Attributes:
        title: as people read it.
        estimator: the system. device: where it runs.
        batch: how many people it is asked about at once.
    """

    title: str
    estimator: BodyEstimator
    device: Device

    @property
    def batch(self) -> int:
        """How many people are looked at together."""
        return _CPU_BATCH if self.device is Device.CPU else _GPU_BATCH

    def ask(self, people: Sequence[PersonPicture]) -> list[BodyEstimate | None]:
        """What it says of each, checked.

        Raises:
            BodyEstimatorError: it failed, or gave something else than an answer for each.
        """
        try:
            answers = list(self.estimator.estimate(people))
        except AmodalError:
            raise
        except Exception as error:  # whatever somebody else's package raises
            raise BodyEstimatorError(
                f"{self.title} failed: {type(error).__name__}: {_first_line(error)}.",
                "What it had found until then is kept. Correct or update the adapter.",
            ) from error
        if len(answers) != len(people):
            raise BodyEstimatorError(
                f"{self.title} gave {len(answers)} answers about {len(people)} people.",
                "Correct the adapter.",
            )
        return [None if answer is None else check_estimate(answer) for answer in answers]


def estimator_of(settings: FitSettings, body: NamedBody) -> NamedEstimator | None:
    """What fits people by their pictures; None where their points do.

    Raises:
        JobError: there is none of that name.
        BodyEstimatorError: it cannot be loaded, or its weights are missing.
        CheckpointError: HMR 2.0's weights cannot be used.
        DetectorUnavailableError: a GPU was asked for and is not there.
    """
    check_way(settings.people)
    if settings.people == POINTS:
        return None
    device = torch_device(settings.device)
    weights = None if settings.weights is None else settings.weights.expanduser()
    if settings.people == HMR2:
        if weights is None:
            raise BodyEstimatorError(
                "HMR 2.0 needs its weights, which do not come with this program.",
                "Name the file of its checkpoint in the job's settings, or fit people by points.",
            )
        from core.jobs.fit.people.hmr2 import Hmr2Estimator

        return NamedEstimator("HMR 2.0", Hmr2Estimator(weights, device.value, body.model), device)
    point = adapters()[settings.people]
    try:
        made = point.load()(weights, device.value)
    except AmodalError:
        raise
    except Exception as error:  # whatever somebody else's package raises
        raise BodyEstimatorError(
            f"The adapter {settings.people} cannot be loaded: {type(error).__name__}: {_first_line(error)}.",
            f"It is announced as {point.value}: install what it needs, or choose another way.",
        ) from error
    if not callable(getattr(made, "estimate", None)):
        raise BodyEstimatorError(
            f"The adapter {settings.people} makes no body estimator.",
            f"What {point.value} makes needs a method estimate.",
        )
    return NamedEstimator(f"The adapter {settings.people}", made, device)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else "no reason given"
