"""What is said of a project in which nothing can be trained yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import TooFewLabelsError
from core.jobs.flatten import checked
from core.jobs.train.purposes import trainable
from core.jobs.train.settings import TrainSettings
from core.records.runs import Purpose
from core.store.project import Project

WAYS_OUT = {
    Purpose.DETECTOR: "Make composites with `amodal compose`",
    Purpose.CLASSIFIER: "Review more objects",
    Purpose.PRELABELLER: "Place keypoints on more cars",
    Purpose.HIDDEN_POINTS: "Make composites with `amodal compose`",
}


@pytest.mark.parametrize("purpose", Purpose)
def test_the_way_out_of_too_few_labels_is_the_purposes_own(purpose: Purpose, tmp_path: Path) -> None:
    with Project.create(tmp_path / "empty.amodal") as project, pytest.raises(TooFewLabelsError) as caught:
        trainable(project, checked(TrainSettings, {"what": purpose.value}))
    assert caught.value.way_out.startswith(WAYS_OUT[purpose])
    assert caught.value.problem.startswith("There is too little to learn from")
