"""What a head for people's bodies is made with: the body that betas are of, and poses that are real."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from core.networks.rotations import rotation_from_vector
from core.shapes.body.motion_file import Motions
from core.shapes.body.placed import NamedBody, named_body
from core.shapes.body.skeleton import COUNT

MOST_POSES = 4096
"""Real poses that a discriminator learns from, at most."""

_NAMED = 3  # files


@dataclass(frozen=True, slots=True, eq=False)
class PeopleIn3D:
    """See the module.

    Attributes:
        body: the body. Only fits with it teach.
        motions: real poses of motion capture files; None: the stand-in's own walk.
    """

    body: NamedBody = field(default_factory=named_body)
    motions: Motions | None = None

    def __post_init__(self) -> None:
        """Raises ValueError where the body has not SMPL's 24 joints."""
        if len(self.body.model.parents) != COUNT:
            raise ValueError(f"a body of {len(self.body.model.parents)} joints")

    @property
    def real_poses(self) -> Tensor | None:
        """(m, 23, 3, 3) of the motions."""
        if self.motions is None:
            return None
        return rotation_from_vector(torch.from_numpy(self.motions.poses).float())

    def said(self) -> dict[str, Any]:
        """What of this a person finds again in a run."""
        return {"body": self.body.name, "real poses": self._poses_said()}

    def notes(self) -> Sequence[str]:
        """What is said at the beginning."""
        lines = [f"What poses are real is learned from {self._poses_said()}."]
        motions = self.motions
        if motions is not None and motions.refused:
            name, why = motions.refused[0]
            lines.append(
                f"{len(motions.refused)} files in {motions.place} could not be used, such as {name}: {why}"
            )
        if motions is not None and motions.left_out:
            lines.append(
                f"{motions.place} has {motions.left_out} files more, which were left out: every so many-th "
                "was read."
            )
        return lines

    def _poses_said(self) -> str:
        motions = self.motions
        if motions is None:
            return "the stand-in's own walk"
        names = ", ".join(motions.names[:_NAMED]) + (", …" if len(motions.names) > _NAMED else "")
        files = "a file" if len(motions.names) == 1 else f"{len(motions.names)} files"
        return f"{len(motions.poses):,} poses of {files} in {motions.place}: {names}"
