"""Composites for torch: the same bytes with any number of workers, in torchvision's format."""

from __future__ import annotations

import hashlib
import pickle
from typing import Any

import numpy as np
import pytest

from core.errors import CompositeError, JobError
from core.jobs.compose.draw import MOST_NUMBERS
from core.jobs.compose.supply import DrawnComposites, StoredComposites
from core.jobs.composite_settings import ComposeSettings
from core.records.occlusion import Verdict
from core.records.recipes import Split
from core.store.edits.recipes import remove_recipes
from core.store.edits.verdicts import set_verdict
from core.store.history import History
from core.store.project import Project
from core.store.queries.recipes import recipe_ids, set_by_name
from tests.jobs.doing import do_job
from tests.jobs.yard import HEIGHT, WIDTH, Yard

torch = pytest.importorskip("torch")

from torch.utils.data import ConcatDataset, DataLoader  # noqa: E402

from core.training.composites import LABELS, TAGS, CompositeDataset, collate  # noqa: E402

SETTINGS = {"validation_percent": 0, "test_percent": 0, "least": 2, "most": 4, "seed": 5}


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Yard:
    """A yard with a set of twelve composites."""
    made = Yard(tmp_path_factory.mktemp("yard") / "yard.amodal")
    do_job(made.path, "cut")
    do_job(made.path, "compose", count=12, name="Mine", **SETTINGS)
    return made


@pytest.fixture
def stored(yard: Yard) -> CompositeDataset:
    return CompositeDataset(StoredComposites(yard.path, "Mine"))


def drawn(yard: Yard, length: int = 12, first: int = 0) -> CompositeDataset:
    return CompositeDataset(DrawnComposites(yard.path, ComposeSettings(**SETTINGS), length, first))


def digests(data: Any, workers: int = 0, context: str | None = None) -> list[str]:
    """A hash of all bytes of each sample."""
    loader: Any = DataLoader(
        data, batch_size=2, num_workers=workers, collate_fn=collate, multiprocessing_context=context
    )
    found = []
    for images, targets in loader:
        for image, target in zip(images, targets, strict=True):
            digest = hashlib.blake2b(image.numpy().tobytes())
            for name in sorted(target):
                digest.update(name.encode() + target[name].numpy().tobytes())
            found.append(digest.hexdigest())
    return found


def test_any_number_of_workers_gives_the_same_bytes(stored: CompositeDataset) -> None:
    here = digests(stored)
    assert len(set(here)) == 12
    # read in this process first, so that a fork meets an open project
    assert digests(stored, 1, "fork") == here
    assert digests(stored, 2, "fork") == here
    assert digests(stored) == here


def test_spawned_workers_too(yard: Yard, stored: CompositeDataset) -> None:
    here = digests(stored)
    assert digests(ConcatDataset([stored, drawn(yard)]), 1, "spawn") == here + here


def test_a_supply_that_is_drawn_on_the_fly_is_that_of_the_job(yard: Yard, stored: CompositeDataset) -> None:
    here = digests(stored)
    assert digests(drawn(yard), 2, "fork") == here
    # the next epoch goes on where this one ended
    following = drawn(yard, 4, first=8)
    for index in range(4):
        assert torch.equal(following[index][0], stored[8 + index][0])
        assert torch.equal(following[index][1]["modal_masks"], stored[8 + index][1]["modal_masks"])


def test_a_data_set_is_pickled_without_its_memory(yard: Yard, stored: CompositeDataset) -> None:
    here = digests(stored)
    for data in (stored, drawn(yard)):
        sent = pickle.dumps(data)
        assert len(sent) < 5000
        assert digests(pickle.loads(sent)) == here  # noqa: S301


def test_targets_say_what_is_known(stored: CompositeDataset) -> None:
    for index in range(len(stored)):
        image, target = stored[index]
        labels = stored.composite(index).labels
        n = len(labels)
        assert image.shape == (3, HEIGHT, WIDTH)
        assert (image.dtype, float(image.min()) >= 0, float(image.max()) <= 1) == (torch.float32, True, True)
        shapes = {name: tuple(tensor.shape) for name, tensor in target.items()}
        assert shapes["masks"] == shapes["modal_masks"] == (n, HEIGHT, WIDTH)
        assert shapes["keypoints"] == (n, 12, 3)
        assert shapes["hidden_by"] == (n, n)
        assert target["labels"].tolist() == [LABELS[one.category] for one in labels]
        assert target["image_id"].tolist() == [index]
        assert sorted(target["depth_rank"].tolist()) == list(range(n))
        whole, seen = target["masks"].bool(), target["modal_masks"].bool()
        # in front to back, the nearest first, each takes what is left
        taken = torch.zeros(HEIGHT, WIDTH, dtype=torch.bool)
        for row in torch.argsort(target["depth_rank"]).tolist():
            assert torch.equal(seen[row], whole[row] & ~taken)
            taken |= whole[row]
        area = whole.sum(dim=(1, 2))
        hidden = area - seen.sum(dim=(1, 2))
        assert target["area"].tolist() == area.tolist()
        assert target["hidden_by"].sum(dim=1).tolist() == hidden.tolist()
        assert torch.allclose(target["occlusion"], hidden / area, atol=0.0005001)
        for row in range(n):
            ys, xs = np.nonzero(whole[row].numpy())
            box = [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
            assert target["boxes"][row].tolist() == box
        assert target["has_fit"].all()
        eye = target["rotation"] @ target["rotation"].transpose(1, 2)
        assert torch.allclose(eye, torch.eye(3).expand(n, 3, 3), atol=1e-5)
        assert not target["keypoints"].any()
        assert set(target["keypoint_tags"].flatten().tolist()) == {len(TAGS) - 1}


def test_places_beyond_the_end_are_none(stored: CompositeDataset) -> None:
    assert torch.equal(stored[-1][0], stored[11][0])
    for index in (12, -13):
        with pytest.raises(IndexError):
            stored[index]


def test_a_transform_comes_last(yard: Yard) -> None:
    data = CompositeDataset(StoredComposites(yard.path, "Mine"), lambda sample: (sample[0] * 0, sample[1]))
    assert not data[0][0].any()


def test_what_is_not_there_is_told(yard: Yard) -> None:
    with pytest.raises(JobError, match="no set of composites called Yours"):
        StoredComposites(yard.path, "Yours")
    with pytest.raises(JobError, match="no composites for test"):
        StoredComposites(yard.path, "Mine", Split.TEST)
    with pytest.raises(CompositeError, match="another seed"):
        DrawnComposites(yard.path, ComposeSettings(**SETTINGS), 2, MOST_NUMBERS - 1)
    with pytest.raises(JobError, match="no camera Gate"):
        DrawnComposites(yard.path, ComposeSettings(**SETTINGS, camera="Gate"), 2)


def test_a_composite_that_was_removed_meanwhile_is_told(yard: Yard) -> None:
    data = CompositeDataset(StoredComposites(yard.path, "Mine"))
    with Project.open(yard.path) as project:
        with project.read() as connection:
            found = set_by_name(connection, "Mine")
            assert found is not None
            ids = recipe_ids(connection, found.id)
        history = History(project, "Ann")
        remove_recipes(history, [ids[3]])
        with pytest.raises(CompositeError, match="was removed from its set"):
            data[3]
        history.undo()
    data[3]


def test_another_process_never_draws_from_other_pieces(yard: Yard) -> None:
    data = drawn(yard)
    sent = pickle.dumps(data)
    before = pickle.loads(sent)[0]  # noqa: S301
    with Project.open(yard.path) as project:
        history = History(project, "Ann")
        set_verdict(history, yard.all_ids()[:1], Verdict.REJECTED)
        with pytest.raises(CompositeError, match="has changed since the data set was opened"):
            pickle.loads(sent)[0]  # noqa: S301
        history.undo()
    assert torch.equal(pickle.loads(sent)[0][0], before[0])  # noqa: S301
