"""`amodal` in a program whose classifier is the tiny task: what torchrun starts for `test_several`."""

from __future__ import annotations

import sys

import torch

from core.cli import main
from core.jobs.train import purposes
from core.jobs.train.needs import Need
from core.jobs.train.purposes import Trainable
from core.records.runs import Purpose
from tests.training.tiny import NormedTask

if __name__ == "__main__":
    torch.set_num_threads(1)
    purposes.TRAINABLE[Purpose.CLASSIFIER] = Trainable(
        lambda project, settings: [Need("made-up labels", 40, 20)],
        lambda project, settings, past: NormedTask(),
    )
    sys.exit(main(sys.argv[1:]))
