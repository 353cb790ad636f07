"""A person's pose, shape and place from the object's features (HMR 2.0's decoder; WALT3D, equation 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.networks.amodal_rcnn.lenses import Lenses
from core.networks.amodal_rcnn.settings import points_of
from core.networks.body import TorchBody
from core.networks.discriminator import Discriminator, judge_loss, judged
from core.networks.hmr2.config import Hmr2Config
from core.networks.hmr2.head import SmplHead
from core.networks.losses.counted import Counted
from core.networks.losses.people import PersonLossWeights, PersonPrediction, PersonTargets, person_losses
from core.networks.precision import exact
from core.networks.projection import project
from core.networks.rotations import rotation_from_vector, rotations_to_6d
from core.records.keypoints import Template
from core.shapes.body.coco import COCO_JOINTS
from core.shapes.body.gait import Gait, walking_pose
from core.shapes.body.model import BodyModel, bones_of
from core.shapes.body.model_file import stand_in_body
from core.shapes.body.skeleton import COUNT, Joint
from core.shapes.person_keypoints import PersonKeypoint

PUBLISHED_BATCH = 48
"""People in a batch of HMR 2.0's, over which its losses are sums; here they are means."""

_SIDE = 14
_HEADS = 4
_LAYERS = 2
_LEAST_SCALE = 0.05
_FIRST_SCALE = 0.9  # of a person in a box, as HMR's mean camera
_FACING = np.diag([1.0, -1.0, -1.0])  # upright, towards the camera
_SURE_FROM = PersonKeypoint.LEFT_SHOULDER  # COCO's points that are joints, in the order of COCO_JOINTS
_REAL_POSES = 256
_MARKS = (
    (0.5, 0.5),
    (0.0, 0.5),
    (1.0, 0.5),
    (0.5, 0.0),
    (0.5, 1.0),
)  # of a box: middle, left, right, top, bottom


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """What is said of n people.

    Attributes:
        rotations: (n, 24, 3, 3) of SMPL's joints against their parents; the root's to the camera's frame.
        betas: (n, 10).
        translation: (n, 3) of the pelvis joint in the camera's frame, metres.
        joints: (n, 24, 3) about the pelvis, camera frame, metres.
        places: (n, 24, 2) of the joints, through the lens, pixels on pixel edges; NaN behind the camera.
    """

    rotations: Tensor
    betas: Tensor
    translation: Tensor
    joints: Tensor
    places: Tensor


class BodyHead(nn.Module):
    """From a person's features, (n, C, 14, 14), to the body.

    Args:
        channels: C. width: of the decoder's token.
        body: whose shapes the betas are; no checkpoint holds it.
        adversarial: whether a discriminator says what poses are real. It learns with the rest; what is real
            is the stand-in's walk until `real_poses` are set.
    """

    def __init__(
        self, channels: int, width: int, *, body: BodyModel | None = None, adversarial: bool = False
    ) -> None:
        super().__init__()
        model = body or stand_in_body()
        self.skeleton = TorchBody(bones_of(model))
        self.shapes = model.betas
        self.place = nn.Parameter(torch.zeros(_SIDE**2, channels))
        nn.init.normal_(self.place, std=0.02)
        self.decoder = SmplHead(
            Hmr2Config(
                width=channels,
                head_width=width,
                head_depth=_LAYERS,
                head_heads=_HEADS,
                head_size=max(width // _HEADS, 1),
                head_hidden=2 * width,
            )
        )
        rest = torch.eye(3).repeat(COUNT, 1, 1)
        rest[Joint.PELVIS] = torch.from_numpy(_FACING)
        self.decoder.get_buffer("init_body_pose").copy_(rotations_to_6d(rest).flatten())
        self.decoder.get_buffer("init_cam")[0, 0] = _FIRST_SCALE
        for last in (self.decoder.decpose, self.decoder.decshape, self.decoder.deccam):
            nn.init.xavier_uniform_(last.weight, gain=0.01)
            nn.init.zeros_(last.bias)
        self.judge = Discriminator() if adversarial else None
        self.register_buffer("real", _walks() if adversarial else None, persistent=False)

    def real_poses(self, rotations: Tensor) -> None:
        """What the discriminator takes for real: (m, 23, 3, 3) of the joints against their parents."""
        self.real = rotations

    def forward(self, features: Tensor, boxes: Tensor, lenses: Lenses) -> People:
        """What is said of n people.

        Args:
            features: (n, C, 14, 14).
            boxes: (n, 4), pixels. lenses: of their n cameras, all known.
        """
        tokens = features.flatten(2).mT
        said = self.decoder(tokens + self.place.to(tokens.dtype))
        betas, rotations = said.betas.float(), said.rotations.float()
        joints = self.joints(rotations, betas)
        translation = _placed(said.camera.float(), boxes.float(), lenses)
        places = lenses.bent(project(joints + translation[:, None], lenses.matrix))
        return People(rotations, betas, translation, joints, places)

    def joints(self, rotations: Tensor, betas: Tensor) -> Tensor:
        """(n, 24, 3) about the pelvis, of rotations (n, 24, 3, 3) and betas (n, 10)."""
        return _joints(rotations, betas[:, : self.shapes], self.skeleton)

    def losses(
        self, said: People, target: dict[str, Tensor], boxes: Tensor, lenses: Lenses
    ) -> dict[str, Counted]:
        """Equation 2 over n people, means; zeros, with gradients, where there is none, or nothing is known.

        Args:
            target: of each person `keypoints`, `point_tags`, `has_body`, `body_rotation`, `body_translation`,
                `body_pose` and `body_betas`.
            boxes, lenses: as for `forward`.
        """
        known = target["has_body"]
        eye = torch.eye(3, device=known.device)
        root = torch.where(known[:, None, None], target["body_rotation"], eye)
        true = torch.cat([root[:, None], rotation_from_vector(target["body_pose"])], dim=1)
        joints = self.joints(true, target["body_betas"])
        seen = lenses.bent(project(joints + target["body_translation"][:, None], lenses.matrix))
        places, sure = _annotated(target, torch.nan_to_num(seen), known)
        side = (boxes[:, 2:] - boxes[:, :2]).amax(dim=1)[:, None, None]
        middle = (0.5 * (boxes[:, :2] + boxes[:, 2:]))[:, None]
        ahead = said.places.isfinite().all(dim=2)
        told = torch.where(ahead[..., None], said.places, middle)
        losses = person_losses(
            PersonPrediction(
                keypoints_2d=(told - middle) / side,
                keypoints_3d=said.joints,
                global_orientation=said.rotations[:, :1],
                body_pose=said.rotations[:, 1:],
                shape=said.betas,
            ),
            PersonTargets(
                keypoints_2d=(places - middle) / side,
                sure_2d=sure * ahead,
                keypoints_3d=joints,
                sure_3d=known[:, None].expand(-1, COUNT).float(),
                global_orientation=true[:, :1],
                body_pose=true[:, 1:],
                shape=target["body_betas"],
                has_orientation=known,
                has_pose=known,
                has_shape=known,
            ),
            PersonLossWeights(),
            root=Joint.PELVIS,
        )
        share, count = PUBLISHED_BATCH / max(len(boxes), 1), len(boxes)
        losses = {f"loss_body_{name}": share * loss for name, loss in losses.items()} | self._judged(said)
        return {name: Counted(loss, count) for name, loss in losses.items()}

    def _judged(self, said: People) -> dict[str, Tensor]:
        """What the discriminator says of the bodies, and what it learns itself: neither teaches the other."""
        if self.judge is None:
            return {}
        pose = said.rotations[:, 1:]
        if not len(pose):
            nothing = torch.stack([one.sum() for one in self.judge.parameters()]).sum() * 0
            return {"loss_body_adversarial": pose.sum() * 0, "loss_judge": nothing}
        chosen = torch.randint(len(self.real), (len(pose),)).to(pose.device)
        shapes = torch.randn_like(said.betas)
        fooled = judged(self.judge, pose, said.betas)
        learned = judge_loss(
            self.judge(pose.detach(), said.betas.detach()), self.judge(self.real[chosen], shapes)
        )
        weight = PersonLossWeights().adversarial * PUBLISHED_BATCH
        return {
            "loss_body_adversarial": weight * (fooled - 1).square().sum() / len(pose),
            "loss_judge": learned,
        }


@exact
def _placed(camera: Tensor, boxes: Tensor, lenses: Lenses) -> Tensor:
    """(n, 3) where a weak camera in a box puts the body, seen by the real one (ALGORITHMS 6.1)."""
    matrix = lenses.matrix
    corner, size = boxes[:, None, :2], (boxes[:, 2:] - boxes[:, :2])[:, None]
    # the box's middle and the middles of its sides, as an ideal lens would see them
    marks = corner + size * torch.tensor(_MARKS).to(boxes)
    middle, west, east, north, south = lenses.straightened(marks)[0].unbind(1)
    side = torch.maximum((east - west).norm(dim=1), (south - north).norm(dim=1))
    focal = torch.stack([matrix[:, 0, 0], matrix[:, 1, 1]], dim=1)
    size = side * camera[:, 0].clamp(min=_LEAST_SCALE)
    depth = 2 * focal.mean(dim=1) / size
    aside = (middle - matrix[:, :2, 2]) * depth[:, None] / focal
    return torch.cat([camera[:, 1:] + aside, depth[:, None]], dim=1)


@exact
def _joints(rotations: Tensor, betas: Tensor, skeleton: TorchBody) -> Tensor:
    joints = skeleton(rotations, betas).joints
    return joints - joints[:, :1]


def _annotated(target: dict[str, Tensor], seen: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """(n, 24, 2) joints' places and (n, 24) how sure: of the fit, else of the keypoints that are joints."""
    points = target["keypoints"][:, points_of(Template.PERSON)][:, _SURE_FROM:]
    places, sure = seen.clone(), known[:, None].expand(-1, COUNT).float()
    joints = list(COCO_JOINTS)
    fitted = known[:, None, None]
    places[:, joints] = torch.where(fitted, seen[:, joints], points[..., :2])
    sure[:, joints] = torch.where(fitted[..., 0], 1.0, (points[..., 2] > 0).float())
    return places, sure


def _walks() -> Tensor:
    """(256, 23, 3, 3) poses of the stand-in's walk, from standing to a long stride."""
    share = np.arange(_REAL_POSES) / _REAL_POSES
    poses = np.stack([walking_pose(7 * one % 1, Gait(swing=one, arm_swing=1 - one / 2)) for one in share])
    return rotation_from_vector(torch.from_numpy(poses[:, 1:]).float())
