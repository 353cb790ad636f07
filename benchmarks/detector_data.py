"""What a sample of each kind of the detector's data costs whoever prepares it.

    python -m benchmarks detector_data

Processor time of one thread, so that a busy machine does not change it much. A street is drawn as trainings
draw it, though fewer pictures of it; a video of another is a project of which every unoccluded object has
been reviewed, and its frames are read in an order of chance.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from core.jobs.street_project import make_street_project
from core.jobs.train.detector import detector_stock
from core.jobs.train.settings import TrainSettings
from core.records.detections import Category
from core.records.occlusion import Verdict
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.synthesis.street.settings import StreetSettings
from core.synthesis.street.street import Street, StreetCamera
from core.training.data.augment import Augment
from core.training.data.picture_plan import PicturePlan
from core.training.data.real import ReviewedFrames
from core.training.data.street_pictures import StreetPictures, draw_pictures

DRAWN = PicturePlan(streets=(1, 0, 0), frames=4)
FRAMES = 120
ASKED = 40
CATEGORIES = tuple(Category)


def main() -> dict[str, float]:
    """Measures and prints."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        drawing_s = _spent(lambda: draw_pictures(folder / "street", DRAWN))
        pictures = StreetPictures(folder / "street", DRAWN.names("train"), CATEGORIES)
        size = float(np.mean([path.stat().st_size for path in (folder / "street").iterdir()])) / 1024
        frames = _reviewed(folder / "street.amodal")
        found = {
            "drawing_s": drawing_s,
            "picture_kib": size,
            "picture_ms": _each(pictures),
            "frame_ms": _each(frames),
        }
        kept = [frames[place] for place in range(8)]
        augment = Augment()
        found["changing_ms"] = 1000 * _spent(lambda: [augment(one) for one in kept]) / len(kept)
    print(f"a street with {len(pictures)} pictures of {DRAWN.width} x {DRAWN.height}: {drawing_s:.1f} s")
    print(f"a drawn picture: {size:.0f} KiB, opened in {found['picture_ms']:.0f} ms")
    print(f"a reviewed frame of a video, in an order of chance: {found['frame_ms']:.0f} ms")
    print(f"changing one by chance: {found['changing_ms']:.0f} ms")
    return found


def _reviewed(path: Path) -> ReviewedFrames:
    """The reviewed frames of a project of a street's video."""
    street = Street(
        StreetSettings(width=DRAWN.width, height=DRAWN.height, frame_count=FRAMES, cars=8, parked=6, people=4)
    )
    make_street_project(path, [StreetCamera(street, street.default_mount())])
    with Project.open(path) as project:
        with project.read() as connection:
            ids = (
                connection.exec_driver_sql("SELECT id FROM instance WHERE label = 'unoccluded'")
                .scalars()
                .all()
            )
        set_verdict(History(project, "Ann"), list(ids), Verdict.UNOCCLUDED)
        return ReviewedFrames(detector_stock(project, TrainSettings()).frames.training, CATEGORIES)


def _each(samples: StreetPictures | ReviewedFrames) -> float:
    """Milliseconds a sample, in an order of chance."""
    order = np.random.default_rng(0).integers(len(samples), size=ASKED).tolist()
    samples[order[0]]
    return 1000 * _spent(lambda: [samples[place] for place in order]) / ASKED


def _spent(work: Callable[[], object]) -> float:
    """Processor seconds of this thread's process."""
    before = time.process_time()
    work()
    return time.process_time() - before


if __name__ == "__main__":
    main()
