"""The pre-labeller: a car's twelve keypoints and their tags from the crop around it, top-down.

Each point is told twice: on a heat map, and as two distributions over bins of x and of y (SimCC: Li et al.,
ECCV 2022), which reach beyond the crop, for hidden points of half hidden cars lie there. The surer one is
taken.
Either alone is kept to compare with (docs/decisions/0058).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.ops import Conv2dNormActivation

from core.networks.losses.counted import Counted, mean_over
from core.networks.small_trunk import SmallTrunk, check_trunk
from core.shapes.keypoints import COUNT, FLIP

TAG_COUNT = 4
"""Visible, self-occluded, other-occluded, truncated."""
_HALVINGS = 16


class PointHead(StrEnum):
    """How the network says where points are."""

    SIMCC = "simcc"  # two distributions, which reach beyond the square
    MAPS = "maps"  # heat maps of the square
    BOTH = "both"  # for each point the one that is surer of it


@dataclass(frozen=True, slots=True)
class PrelabellerSettings:
    """Its form.

    Attributes:
        px: side of its input.
        widths, blocks: of the trunk.
        hidden: units between the trunk and the read-outs.
        bins: along each axis; reach: the share of the crop's side that they go beyond it on each side.
        spread: standard deviation of the distributions that it learns, in bins (or cells of the maps).
        dropout: before the read-outs, in training.
        head: how it says where points are.
    """

    px: int = 128
    widths: tuple[int, ...] = (16, 32, 64, 128)
    blocks: tuple[int, ...] = (0, 1, 1, 2)
    hidden: int = 320
    bins: int = 96
    reach: float = 0.25
    spread: float = 1.5
    dropout: float = 0.1
    head: PointHead = PointHead.BOTH

    def __post_init__(self) -> None:
        """What no network could be built of.

        Raises:
            TypeError, ValueError: a value lies outside what is possible.
        """
        check_trunk(self.px, self.widths, self.blocks)
        if not (self.hidden >= 1 and self.bins > 1 and self.reach >= 0 and self.spread > 0):
            raise ValueError(
                f"hidden is {self.hidden}, bins {self.bins}, reach {self.reach}, spread {self.spread}"
            )

    def as_json(self) -> dict[str, Any]:
        """Plain values, from which `of_json` makes the same."""
        return {"kind": "prelabeller", **asdict(self), "head": self.head.value}

    @staticmethod
    def of_json(values: Mapping[str, Any]) -> PrelabellerSettings:
        """The settings that `as_json` gave."""
        known = {name: value for name, value in values.items() if name != "kind"}
        known |= {name: tuple(known[name]) for name in ("widths", "blocks") if name in known}
        return PrelabellerSettings(**{**known, "head": PointHead(known.get("head", PointHead.SIMCC))})


@dataclass(frozen=True, eq=False)
class PointLogits:
    """What the network says of a batch.

    Attributes:
        x, y: (B, 12, bins) logits of where along each axis; of maps, both are of the maps' sums.
        tags: (B, 12, 4) logits.
        maps: (B, 12, S, S) logits of the square's cells, or None.
    """

    x: Tensor
    y: Tensor
    tags: Tensor
    maps: Tensor | None = None


class Prelabeller(nn.Module):
    """(B, 3, px, px) as `core.networks.crop_view` gives it -> `PointLogits`."""

    def __init__(self, settings: PrelabellerSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or PrelabellerSettings()
        one = self.settings
        self.trunk = SmallTrunk(3, one.widths, one.blocks)
        cells = one.px // 2 ** len(one.widths)
        self.between = nn.Sequential(
            Conv2dNormActivation(self.trunk.channels, 64, 1),
            nn.Flatten(),
            nn.Linear(64 * cells * cells, one.hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(one.dropout),
        )
        self.tags = nn.Linear(one.hidden, COUNT * TAG_COUNT)
        self.places = nn.Linear(one.hidden, COUNT * 2 * one.bins) if one.head is not PointHead.MAPS else None
        self.maps = _drawn(self.trunk.channels) if one.head is not PointHead.SIMCC else None

    def forward(self, squares: Tensor) -> PointLogits:
        """See the class."""
        one = self.settings
        features = self.trunk(squares.contiguous(memory_format=torch.channels_last))
        gathered = self.between(features)
        tags = self.tags(gathered).view(-1, COUNT, TAG_COUNT)
        maps = None if self.maps is None else self.maps(features)
        if self.places is None:
            assert maps is not None
            return PointLogits(maps.logsumexp(dim=2), maps.logsumexp(dim=3), tags, maps)
        both = self.places(gathered).view(-1, COUNT, 2, one.bins)
        return PointLogits(both[:, :, 0], both[:, :, 1], tags, maps)


def _drawn(channels: int) -> nn.Module:
    """(B, channels, S, S) -> (B, 12, 4 S, 4 S) logits of the cells."""
    return nn.Sequential(
        nn.ConvTranspose2d(channels, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(64, 48, 4, 2, 1, bias=False),
        nn.BatchNorm2d(48),
        nn.ReLU(inplace=True),
        nn.Conv2d(48, COUNT, 1),
    )


def said_both_ways(network: nn.Module, squares: Tensor) -> PointLogits:
    """What the network says of squares and of their mirror images, as one: the mean of the logits.

    A car's front and back are taken for one another less often so (docs/benchmarks.md).

    Args:
        network: a `Prelabeller` in evaluation mode. squares: (B, 3, px, px).
    """
    plain, mirrored = network(squares), network(squares.flip(-1))
    flip = torch.tensor(FLIP, device=squares.device)
    maps = None
    if plain.maps is not None and mirrored.maps is not None:
        maps = (_even(plain.maps, 2) + _even(mirrored.maps[:, flip].flip(-1), 2)) / 2
    return PointLogits(
        (_even(plain.x) + _even(mirrored.x[:, flip].flip(-1))) / 2,
        (_even(plain.y) + _even(mirrored.y[:, flip])) / 2,
        (_even(plain.tags) + _even(mirrored.tags[:, flip])) / 2,
        maps,
    )


def places_of(said: PointLogits, settings: PrelabellerSettings) -> tuple[Tensor, Tensor]:
    """Where the points are, from the peaks of their distributions, finer than a bin.

    Returns:
        (B, 12, 2) in shares of the square's sides on pixel edges, and (B, 12) scores 0 to 1: how much of the
        belief lies about the peak.
    """
    if said.maps is None or settings.head is PointHead.SIMCC:
        return _peaks(said.x, said.y, settings.reach)
    on_map = _peaks(said.maps.float().logsumexp(dim=2), said.maps.float().logsumexp(dim=3), 0.0)
    if settings.head is PointHead.MAPS:
        return on_map
    along = _peaks(said.x, said.y, settings.reach)
    better = on_map[1] >= along[1]
    return torch.where(better[..., None], on_map[0], along[0]), torch.maximum(on_map[1], along[1])


def point_losses(
    said: PointLogits, places: Tensor, tags: Tensor, settings: PrelabellerSettings
) -> dict[str, Counted]:
    """The losses of a batch: cross-entropy to a blurred place along each axis, or on maps, and of the tags.

    Each is a mean over the points that it is of.

    Args:
        places: (B, 12, 2) in shares of the square's sides.
        tags: (B, 12) numbers; -1: the point counts in neither loss.
    """
    known = tags >= 0
    losses: dict[str, Counted] = {}
    if settings.head is not PointHead.MAPS:
        reach = settings.reach
        logits = torch.stack([said.x, said.y], dim=2).float()  # (B, 12, 2, bins)
        within = known[:, :, None] & (places > -reach) & (places < 1 + reach)
        target = _blurred(_known(places, within), logits.shape[-1], reach, settings.spread)
        each = -(target * logits.log_softmax(dim=-1)).sum(dim=-1)
        losses["places"] = mean_over(each, within)
    if said.maps is not None:
        inside = known & (places > 0).all(dim=-1) & (places < 1).all(dim=-1)
        across = _blurred(_known(places, inside[:, :, None]), said.maps.shape[-1], 0.0, settings.spread)
        target = (across[:, :, 1, :, None] * across[:, :, 0, None, :]).flatten(2)
        each = -(target * said.maps.float().flatten(2).log_softmax(dim=-1)).sum(dim=-1)
        losses["maps"] = mean_over(each, inside)
    what = functional.cross_entropy(
        said.tags.float().flatten(0, 1), tags.flatten(), ignore_index=-1, reduction="none"
    )
    losses["tags"] = mean_over(what, known.flatten())
    return losses


def _blurred(places: Tensor, bins: int, reach: float, spread: float) -> Tensor:
    """(..., bins) a Gaussian about each place, summing to 1."""
    at = (places[..., None] + reach) / (1 + 2 * reach) * bins - 0.5
    away = (torch.arange(bins, device=places.device) - at) / spread
    return (-(away**2) / 2).softmax(dim=-1)


def _even(logits: Tensor, axes: int = 1) -> Tensor:
    """Logits that are logarithms of shares over the last axes."""
    total = logits.float().flatten(-axes).logsumexp(dim=-1)
    return logits.float() - total.view(*total.shape, *(1,) * axes)


def _known(places: Tensor, chosen: Tensor) -> Tensor:
    # a place that nobody knows may be no number: not even times nothing may it reach a gradient
    return torch.where(chosen, places, torch.zeros_like(places))


def _peaks(x: Tensor, y: Tensor, reach: float) -> tuple[Tensor, Tensor]:
    """(B, 12, 2) places and (B, 12) beliefs of the axes' logits."""
    axes = [_peak(logits.float(), reach) for logits in (x, y)]
    return torch.stack([place for place, _ in axes], dim=-1), torch.stack([s for _, s in axes]).amin(dim=0)


def _peak(logits: Tensor, reach: float) -> tuple[Tensor, Tensor]:
    """(..., bins) -> the mean place about the highest bin in shares of the side, and the belief there."""
    bins = logits.shape[-1]
    belief = logits.softmax(dim=-1)
    numbers = torch.arange(bins, device=logits.device)
    near = (numbers - belief.argmax(dim=-1, keepdim=True)).abs() <= max(bins // _HALVINGS, 1)
    mass = torch.where(near, belief, torch.zeros_like(belief))
    total = mass.sum(dim=-1)
    middle = (mass * numbers).sum(dim=-1) / total.clamp(min=1e-12)
    return (middle + 0.5) / bins * (1 + 2 * reach) - reach, total
