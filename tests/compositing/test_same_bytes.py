"""The same bytes on another processor: numpy without the instructions that this one has over the oldest."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from core.compositing.render import Composer
from core.compositing.sampling.walt3d import Walt3dSampler, Walt3dSettings
from core.compositing.sampling.wanted import WantedOcclusion
from core.records.recipes import Split
from tests.compositing.painted import moved, recipe
from tests.compositing.sampling.stocked import SCENE, stock, street
from tests.compositing.test_render import soft_pieces


def digest() -> str:
    """Of pictures, labels and recipes."""
    said = hashlib.sha256()
    for seed in range(3):
        one = Composer(soft_pieces(seed)).render(
            recipe(3, moved(1, 0.8, 2.3, 1.7), 5, moved(2, 1.7, -9, -6), 4)
        )
        said.update(one.picture.tobytes())
        for label in one.labels:
            said.update(label.modal.bits.tobytes() + repr((label.modal_box, label.hidden_by)).encode())
    sampler = Walt3dSampler(stock(street(80)), Walt3dSettings(3, 8, wanted=WantedOcclusion((5, *[1] * 9))))
    for seed in range(3):
        said.update(repr(sampler.recipe(seed, SCENE, Split.TRAIN)).encode())
    return said.hexdigest()


def test_an_older_processor_gives_the_same_bytes():
    newer = " ".join(name for name in __cpu_dispatch__ if __cpu_features__[name])
    found = subprocess.run(
        [sys.executable, "-c", "from tests.compositing.test_same_bytes import digest; print(digest())"],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": newer, "PYTHONHASHSEED": "77", "PYTHONPATH": "."},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == digest()
