"""One set of array functions for numpy on the processor and torch on any device.

The fitter's inner loop is written once, over the Python array API standard (array_api_compat). Numbers are
of double precision everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import FittingError

Device = Any
AnyArray = Any
"""(...) an array of numpy or torch."""


@dataclass(frozen=True, eq=False)
class Kit:
    """Where arrays live, and what computes with them.

    Attributes:
        xp: the functions of the array API.
        device: of torch; None for numpy.
    """

    xp: Any
    device: Device

    def array(self, values: ArrayLike) -> AnyArray:
        """Doubles, there."""
        if self.device is None:
            return np.asarray(values, dtype=np.float64)
        # a copy: torch warns of arrays that may not be written
        return self.xp.asarray(np.array(values, dtype=np.float64), device=self.device)

    def indices(self, values: ArrayLike) -> AnyArray:
        """Whole numbers to pick rows with, there."""
        if self.device is None:
            return np.asarray(values, dtype=np.int64)
        return self.xp.asarray(np.array(values, dtype=np.int64), device=self.device)

    def zeros(self, *shape: int) -> AnyArray:
        """Zeros, there."""
        if self.device is None:
            return np.zeros(shape)
        return self.xp.zeros(shape, dtype=self.xp.float64, device=self.device)

    def eye(self, size: int) -> AnyArray:
        """(size, size), there."""
        return self.array(np.eye(size))

    def numpy(self, values: AnyArray) -> NDArray[Any]:
        """The same numbers as numpy has them."""
        if self.device is None:
            return np.asarray(values)
        return np.asarray(values.cpu().numpy())


def kit_of(device: str | None) -> Kit:
    """The functions for a device: None for numpy, which imports no torch; else torch's name of it.

    Raises:
        FittingError: where the device is none that torch has here, or has no double precision.
    """
    if device is None:
        import array_api_compat.numpy as xp

        return Kit(xp, None)
    import torch

    try:
        there = torch.device(device)
        if there.type == "mps":
            # Apple's GPUs have no doubles, and normal equations of 44 unknowns lose half of theirs
            raise FittingError(
                "People cannot be fitted on Apple's GPU: it has no numbers of double precision.",
                "Fit them on the processor.",
            )
        torch.zeros(1, dtype=torch.float64, device=there)
    except (RuntimeError, TypeError, AssertionError) as error:
        problem = (
            str(error).strip().split(". ")[0].splitlines()[0][:120] if str(error).strip() else "it fails"
        )
        raise FittingError(
            f"People cannot be fitted on the device {device!r}: {problem}.",
            "Fit them on the processor, or install a torch that knows this device.",
        ) from error
    import array_api_compat.torch as torch_xp

    return Kit(torch_xp, there)
