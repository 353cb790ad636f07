"""The two small networks learn, are measured, and show what they have learned."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from core.errors import TrainingError
from core.networks.classifier import ClassifierSettings
from core.networks.losses.counted import summed
from core.networks.prelabeller import PrelabellerSettings
from core.records.detections import Category
from core.training.checkpoints import read_checkpoint
from core.training.data.crop_augment import Augmentation
from core.training.data.crops import Crops, packed
from core.training.loop import train
from core.training.task import Schedule
from core.training.tasks import classifier, prelabeller
from tests.training.data.made_crops import drawn_car, drawn_set
from tests.training.tiny import Asked, Heard, plan

TINY_POINTS = PrelabellerSettings(px=32, widths=(8, 16), blocks=(0, 1), hidden=32, bins=48, dropout=0.0)
TINY_LABEL = ClassifierSettings(px=32, widths=(8, 16), blocks=(0, 1), dropout=0.0)
NOTHING = Augmentation(**dict.fromkeys(Augmentation.__slots__, 0.0))
CPU = torch.device("cpu")


def supply() -> Crops:
    return Crops(drawn_set(8), drawn_set(8), {"made": "by hand"})


def points_task() -> prelabeller.PrelabellerTask:
    return prelabeller.make_task(supply(), settings=TINY_POINTS)


def label_task() -> classifier.ClassifierTask:
    return classifier.make_task(supply(), settings=TINY_LABEL)


def overfitted(task: Any, steps: int, rate: float) -> tuple[torch.nn.Module, list[float], Any]:
    """A network after some steps on one batch, without chance; the losses, and the batch."""
    torch.manual_seed(0)
    network = task.network()
    crops = drawn_set(8)
    module = prelabeller if isinstance(task, prelabeller.PrelabellerTask) else classifier
    from core.training.data.crop_sets import CropSet

    still = CropSet(crops, 32, None, module.as_tensors)
    batch = task.collate([still[place] for place in range(8)])
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.0)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    losses = []
    for _ in range(steps):
        loss = summed(task.losses(network, batch))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        falling.step()
        losses.append(float(loss.detach()))
    return network.eval(), losses, batch


def least_loss(batch: Any, settings: PrelabellerSettings) -> float:
    """What a network that knows all would lose: the entropy of the blurred places."""
    known = batch["tags"] >= 0

    def entropy(bins: int, reach: float, axis: int) -> torch.Tensor:
        middles = (torch.arange(bins) + 0.5) / bins * (1 + 2 * reach) - reach
        spread = settings.spread * (1 + 2 * reach) / bins
        away = (middles - batch["places"][..., axis, None]) / spread
        return torch.special.entr((-(away**2) / 2).softmax(dim=-1)).sum(dim=-1)[known]

    cells = 4 * settings.px // 2 ** len(settings.widths)
    along = torch.stack([entropy(settings.bins, settings.reach, axis) for axis in (0, 1)]).mean()
    # what is independent on both axes has the sum of their entropies
    on_maps = torch.stack([entropy(cells, 0.0, axis) for axis in (0, 1)]).sum(dim=0).mean()
    return float(along + on_maps)


def test_one_batch_of_points_is_learned_by_heart() -> None:
    task = points_task()
    network, losses, batch = overfitted(task, 80, 1e-2)
    least = least_loss(batch, task.settings)
    assert 0 < losses[-1] - least < 0.02 * (losses[0] - least)
    numbers = task.validate(network, CPU, lambda: None)
    assert numbers["pck_0.1"] > 0.95
    assert numbers["tag_accuracy"] > 0.95
    assert task.metric in numbers


def test_one_batch_of_labels_is_learned_by_heart() -> None:
    task = label_task()
    network, losses, _ = overfitted(task, 60, 5e-3)
    assert losses[-1] < 0.02 * losses[0]
    numbers = task.validate(network, CPU, lambda: None)
    assert numbers["average_precision"] == pytest.approx(1.0)
    assert numbers["accuracy"] == 1.0
    assert task.metric in numbers


@pytest.mark.parametrize("make", [points_task, label_task])
def test_an_epoch_is_the_same_in_workers_and_its_task_can_be_pickled(make: Any) -> None:
    task = pickle.loads(pickle.dumps(make()))  # noqa: S301 - its own
    samples = task.training_set(0)

    def squares(workers: int) -> torch.Tensor:
        torch.manual_seed(5)
        seeds = torch.randint(2**31, (8,)).tolist()
        sampler = list(range(8))
        loader = DataLoader(
            _Seeded(samples, seeds),
            batch_size=8,
            sampler=sampler,
            num_workers=workers,
            collate_fn=task.collate,
        )
        return next(iter(loader))["square"]

    assert torch.equal(squares(0), squares(1))


class _Seeded(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """As the loop's: torch's generator is seeded for each sample."""

    def __init__(self, samples: Any, seeds: list[int]) -> None:
        self._samples, self._seeds = samples, seeds

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, place: int) -> Any:
        torch.manual_seed(self._seeds[place])
        return self._samples[place]


@pytest.mark.parametrize("make", [points_task, label_task])
def test_the_gallery_shows_what_is_predicted_and_what_is_true(make: Any) -> None:
    task = make()
    pictures = task.show(task.network().eval(), CPU, 7)
    assert [one.place for one in pictures] == list(range(8))
    for one in pictures:
        assert one.step == 7
        assert one.caption
        for data in (one.picture, one.truth):
            assert cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape[1] == 256


def test_a_verdict_says_that_it_is_occluded_and_not_how_much() -> None:
    told = [classifier.truth_words(hidden) for hidden in (0.0, 0.3, 1.0)]
    assert told == ["unoccluded", "occluded, 30% hidden", "occluded"]


def test_a_fresh_task_begins_with_given_weights() -> None:
    torch.manual_seed(1)
    trained = points_task().network()
    task = prelabeller.make_task(supply(), settings=TINY_POINTS, start=trained.state_dict())
    assert torch.equal(task.network().tags.weight, trained.tags.weight)  # type: ignore[union-attr, arg-type]


def test_what_cannot_teach_is_refused() -> None:
    people = [packed(drawn_car(n, category=Category.PERSON)) for n in range(3)]
    with pytest.raises(TrainingError, match="no cars with keypoints"):
        prelabeller.make_task(Crops(people, people, {}))
    whole = [packed(drawn_car(n)) for n in range(3)]
    with pytest.raises(TrainingError, match="both unoccluded"):
        classifier.make_task(Crops(whole, whole, {}))


def test_of_what_is_hidden_a_little_nobody_is_sure() -> None:
    """It counts neither way."""
    crops = [packed(drawn_car(hidden=share)) for share in (0.0, 0.001, 0.01, 0.05, 1.0)]
    assert [one.hidden for one in classifier.sure_ones(crops)] == [0.0, 0.001, 0.05, 1.0]
    doubtful = crops[2].open()
    from core.training.data.crop_augment import seen

    assert float(classifier.as_tensors(doubtful, seen(doubtful, 32))["weight"]) == 0.0


def test_a_resumed_run_of_a_real_network_equals_an_unbroken_one_to_the_bit(tmp_path: Path) -> None:
    """Stopped in the middle of an epoch, in two parts a step; with norms, dropout and changed samples."""
    schedule = Schedule(epochs=2, batch=4, learning_rate=1e-3, warmup_steps=1)
    settings = replace(TINY_POINTS, dropout=0.2)

    def run(folder: str, heard: Heard, resume: Path | None = None) -> dict[str, torch.Tensor]:
        task = prelabeller.make_task(supply(), settings=settings, schedule=schedule)
        train(task, plan(schedule, accumulate=2), heard, tmp_path / folder, resume=resume)
        return read_checkpoint(heard.last()).network

    unbroken, first, second = Heard(), Heard(stop_at=4), Heard()
    whole = run("unbroken", unbroken)
    with pytest.raises(Asked):
        run("broken", first)
    assert first.kept[-1][2].step == 1
    again = run("broken", second, first.last())
    assert all(torch.equal(again[name], one) for name, one in whole.items())
    told = ("loss", "loss.maps", "grad_norm", prelabeller.METRIC)
    assert {step for _, step in second.by_step(*told)} == {2, 3, 4}
    assert first.by_step(*told) | second.by_step(*told) == unbroken.by_step(*told)
