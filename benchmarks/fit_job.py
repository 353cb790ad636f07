"""How many cars a second of one core a fit job fits, store included: by keypoints alone, and with masks.

    python -m benchmarks fit_job

Mean cars that stand about before the reference camera, 40 in each of four frames, each fitted by itself, with
their first keypoints and without or with masks. The limit is the issue's for cars with keypoints.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.jobs.doing import do_job
from tests.jobs.parking import Parking

LEAST_CARS_A_SECOND = 200.0
FRAMES, CARS = 4, 40


def rate(points: int, *, masked: bool, seed: int = 0) -> float:
    """Cars a second of processor time, from the job's beginning to its end."""
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        parking = Parking(Path(folder) / "cars.amodal", frames=FRAMES)
        for frame in range(FRAMES):
            places = zip(rng.uniform(16, 45, CARS).tolist(), rng.uniform(-5, 5, CARS).tolist(), strict=True)
            parking.add_cars(frame, list(places), points, masked=masked)
        began = time.process_time()
        do_job(parking.path, "fit", coarse=False, method="single")
        return FRAMES * CARS / (time.process_time() - began)


def main() -> dict[str, float]:
    """Measure, print, and return the figures with their limit."""
    rate(12, masked=False)  # what is loaded once
    found = {
        f"{points} points{', with masks' if masked else ''}": rate(points, masked=masked)
        for masked, counts in ((False, (12, 6)), (True, (12, 6, 2, 1)))
        for points in counts
    }
    for name, cars in found.items():
        print(f"{name}: {cars:.0f} cars a second of one core (limit {LEAST_CARS_A_SECOND:.0f})")
    print(f"load {os.getloadavg()[0]:.1f}")
    return found | {"limit": LEAST_CARS_A_SECOND}


if __name__ == "__main__":
    main()
