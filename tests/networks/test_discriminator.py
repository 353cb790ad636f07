"""The discriminator: one judge for each part, and losses that pull both sides apart."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from core.networks.discriminator import Discriminator, judge_loss, judged, realism_loss  # noqa: E402
from core.networks.rotations import rotation_from_vector  # noqa: E402


def bodies(count: int, seed: int, spread: float = 0.4) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    pose = rotation_from_vector(spread * torch.randn(count, 23, 3, generator=random))
    return pose, spread * torch.randn(count, 10, generator=random)


def test_it_has_hmrs_sizes_and_outputs() -> None:
    made = Discriminator()
    assert made(*bodies(3, 1)).shape == (3, 25)
    # shared 9 -> 32 -> 32, 23 of 32 -> 1, 10 -> 10 -> 5 -> 1, 736 -> 1024 -> 1024 -> 1
    joints = (9 * 32 + 32) + (32 * 32 + 32) + 23 * 33
    shape = (10 * 10 + 10) + (10 * 5 + 5) + 6
    whole = (736 * 1024 + 1024) + (1024 * 1024 + 1024) + 1025
    assert sum(one.numel() for one in made.parameters()) == joints + shape + whole


def test_each_judge_looks_at_its_own_part() -> None:
    torch.manual_seed(1)
    made = Discriminator()
    pose, shape = bodies(1, 2)
    before = made(pose, shape)
    pose[0, 7] = torch.eye(3)
    changed = (made(pose, shape) - before)[0].abs() > 0
    assert changed.nonzero()[:, 0].tolist() == [7, 24]  # the joint and the whole
    changed = (made(pose, shape + 1.0) - made(pose, shape))[0].abs() > 0
    assert changed.nonzero()[:, 0].tolist() == [23]


def test_losses_are_least_squares() -> None:
    said = torch.tensor([[1.0, 0.0], [0.5, 2.0]])
    assert realism_loss(said).item() == pytest.approx((0 + 1 + 0.25 + 1) / 2)
    assert judge_loss(said, torch.tensor([[0.0, 1.0]])).item() == pytest.approx((1 + 0 + 0.25 + 4) / 2 + 1)


def test_the_generators_loss_leaves_the_judge_alone() -> None:
    made = Discriminator()
    pose, shape = bodies(2, 3)
    shape.requires_grad_()
    realism_loss(judged(made, pose, shape)).backward()
    assert shape.grad is not None
    assert shape.grad.abs().sum() > 0
    assert all(one.grad is None for one in made.parameters())


def test_it_learns_what_is_a_person() -> None:
    torch.manual_seed(4)
    made = Discriminator()
    real, fake = bodies(16, 5, 0.2), bodies(16, 6, 1.5)
    search = torch.optim.Adam(made.parameters(), lr=2e-3)
    for _ in range(50):
        loss = judge_loss(made(*fake), made(*real))
        search.zero_grad()
        loss.backward()
        search.step()
    assert made(*real)[:, 24].min() > 0.8
    assert made(*fake)[:, 24].max() < 0.2
