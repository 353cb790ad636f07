"""The occlusion classifier: does anything cover an object, or the picture's border cut it?

WALT3D (Vuong et al., CVPR 2024) trains one on people's labels and names no architecture: this is ours. It
sees the crop, the object's own mask and all other objects', so that it can tell whose edge is whose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from core.networks.small_trunk import SmallTrunk, check_trunk

CHANNELS = 6
"""Red, green, blue, the own mask, the others' masks, and what lies inside the picture."""


@dataclass(frozen=True, slots=True)
class ClassifierSettings:
    """Its form.

    Attributes:
        px: side of its input.
        widths, blocks: of the trunk.
        dropout: before the read-out, in training.
    """

    px: int = 96
    widths: tuple[int, ...] = (16, 32, 64, 96)
    blocks: tuple[int, ...] = (0, 1, 1, 1)
    dropout: float = 0.2

    def __post_init__(self) -> None:
        """What no network could be built of; raises TypeError or ValueError."""
        check_trunk(self.px, self.widths, self.blocks)

    def as_json(self) -> dict[str, Any]:
        """Plain values, from which `of_json` makes the same."""
        return {"kind": "classifier", **asdict(self)}

    @staticmethod
    def of_json(values: Mapping[str, Any]) -> ClassifierSettings:
        """The settings that `as_json` gave."""
        known = {name: value for name, value in values.items() if name != "kind"}
        known |= {name: tuple(known[name]) for name in ("widths", "blocks") if name in known}
        return ClassifierSettings(**known)


class OcclusionClassifier(nn.Module):
    """(B, 6, px, px) -> (B,) logits: above 0 it is unoccluded."""

    def __init__(self, settings: ClassifierSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or ClassifierSettings()
        one = self.settings
        self.trunk = SmallTrunk(CHANNELS, one.widths, one.blocks)
        self.read_out = nn.Sequential(
            nn.Dropout(one.dropout),
            nn.Linear(2 * self.trunk.channels, 1),
        )

    def forward(self, squares: Tensor) -> Tensor:
        """See the class."""
        features = self.trunk(squares.contiguous(memory_format=torch.channels_last)).flatten(2)
        # a cover is small: its strongest sign counts beside the mean
        return self.read_out(torch.cat([features.mean(dim=2), features.amax(dim=2)], dim=1))[:, 0]
