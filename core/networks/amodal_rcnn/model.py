"""Amodal R-CNN: Mask R-CNN that sees whole objects behind others (WALT3D, section 4; ALGORITHMS 4.5)."""

from __future__ import annotations

from torch import Tensor
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.generalized_rcnn import GeneralizedRCNN
from torchvision.models.detection.rpn import RPNHead
from torchvision.ops import MultiScaleRoIAlign

from core.networks.amodal_rcnn.ignoring import IgnoringProposals
from core.networks.amodal_rcnn.object_heads import ObjectHeads
from core.networks.amodal_rcnn.roi_heads import AmodalRoiHeads
from core.networks.amodal_rcnn.settings import AmodalRcnnSettings
from core.networks.amodal_rcnn.transform import DISTORTION, INTRINSICS, AmodalTransform
from core.networks.backbones import Pyramid, feature_pyramid
from core.networks.losses.counted import Counted
from core.shapes.body.model import BodyModel

_MEAN, _SPREAD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]  # ImageNet's
_SHAPES = (0.5, 1.0, 2.0)
_BOX_SIDE, _OBJECT_SIDE = 7, 14
_MOST_ANCHORS = 256  # a picture that teach proposals
_POOLED_ANCHORS = 7
"""So many of the finest anchors' sides is the size of boxes that are looked at on the third level: 224 px of
FPN's 32 (Lin et al., CVPR 2017)."""
_POOLED_LEVEL = 4


class AmodalRcnn(GeneralizedRCNN):
    """The detector.

    In training it takes pictures, a list of (3, H, W) in 0 to 1, and targets, a list of dicts, and gives its
    losses by name, each with what it is a mean over. A target has, for n objects:

    - `boxes` (n, 4) float32, whole extents, pixel edges; `labels` (n,) int64, `settings.label_of`;
    - `masks` and `modal_masks` (n, H, W) uint8, the whole and what is seen, where there is a mask head that
      tells them; an empty whole mask is one that is not known;
    - `keypoints` (n, 29, 3) float32 x, y, v and `point_tags` (n, 29) int64, -1 where there is no label, where
      there is a point head: a car's points first, then a person's (`points_of`);
    - `ignored_boxes` (m, 4), if any: neither object nor background;
    - `chance` (), if any: the whole number that decides which anchors and proposals of the picture teach;
    - where there is a head for vehicles or bodies, `intrinsics` (3, 3) for places on pixel edges, zeros where
      the camera is not known, `distortion` (14,) of its lens as `core.networks.lens` has it, if it bends,
      and fits as `core.training.data.detection` has them.

    In evaluation it takes pictures, and with them, where cameras are known, dicts with `intrinsics` and, if
    the lens bends, `distortion`. It gives
    a dict for each, the surest objects first: `boxes`, which end at the picture's edges, `labels`, `scores`;
    `whole_masks` and `modal_masks` (n, 28, 28), the probability in each cell of the box; `keypoints`
    (n, 29, 3) with the score third, `point_tags` (n, 29, 4) probabilities. Of vehicles with a known camera
    (`car_held`, (n,) bool, else zeros) `car_shape` (n, 5), `car_rotation` (n, 3, 3) and `car_translation`
    (n, 3); of people likewise `body_held`, `body_rotations` (n, 24, 3, 3), `body_betas` (n, 10) and
    `body_translation` (n, 3).

    Args:
        settings: its parts and sizes.
        body: whose shapes people's betas are, of SMPL's 24 joints; None: the stand-in. No weight is of it.
    """

    def __init__(self, settings: AmodalRcnnSettings, body: BodyModel | None = None) -> None:
        pyramid = feature_pyramid(
            settings.backbone,
            channels=settings.channels,
            finest=settings.finest_px,
            frozen_norms=settings.frozen_norms,
            trained_stages=settings.trained_stages,
        )
        super().__init__(
            pyramid.body,
            _proposals(settings, pyramid),
            _heads(settings, pyramid, body),
            AmodalTransform(settings.min_side_px, settings.max_side_px, _MEAN, _SPREAD),
        )
        self.settings = settings

    def forward(
        self, images: list[Tensor], targets: list[dict[str, Tensor]] | None = None
    ) -> dict[str, Counted] | list[dict[str, Tensor]]:
        """See the class."""
        if not self.training and targets is not None:
            # torchvision wants boxes with whatever it scales
            targets = [
                {"boxes": image.new_zeros(0, 4)}
                | {name: target[name] for name in (INTRINSICS, DISTORTION) if name in target}
                for image, target in zip(images, targets, strict=True)
            ]
        return super().forward(images, targets)


def _proposals(settings: AmodalRcnnSettings, pyramid: Pyramid) -> IgnoringProposals:
    # one level more than the pyramid's own
    sizes = tuple((settings.anchor_px * 2**level,) for level in range(len(pyramid.levels) + 1))
    anchors = AnchorGenerator(sizes, (_SHAPES,) * len(sizes))
    counts = {"training": settings.proposals_in_training, "testing": settings.proposals}
    return IgnoringProposals(
        anchors,
        RPNHead(pyramid.channels, anchors.num_anchors_per_location()[0]),
        fg_iou_thresh=0.7,
        bg_iou_thresh=0.3,
        batch_size_per_image=min(_MOST_ANCHORS, 2 * settings.sampled),
        positive_fraction=0.5,
        pre_nms_top_n=counts,
        post_nms_top_n=counts,
        nms_thresh=0.7,
    )


def _heads(settings: AmodalRcnnSettings, pyramid: Pyramid, body: BodyModel | None) -> AmodalRoiHeads:
    def pool(side: int) -> MultiScaleRoIAlign:
        return MultiScaleRoIAlign(
            list(pyramid.levels),
            side,
            sampling_ratio=2,
            canonical_scale=_POOLED_ANCHORS * settings.anchor_px,
            canonical_level=_POOLED_LEVEL,
        )

    box = {
        "box_roi_pool": pool(_BOX_SIDE),
        "box_head": TwoMLPHead(pyramid.channels * _BOX_SIDE**2, settings.representation),
        "box_predictor": FastRCNNPredictor(settings.representation, len(settings.categories) + 1),
        "fg_iou_thresh": 0.5,
        "bg_iou_thresh": 0.5,
        "batch_size_per_image": settings.sampled,
        "positive_fraction": 0.25,
        "bbox_reg_weights": None,
        "score_thresh": settings.least_score,
        "nms_thresh": 0.5,
        "detections_per_img": settings.most_objects,
    }
    return AmodalRoiHeads(box, pool(_OBJECT_SIDE), ObjectHeads(settings, pyramid.channels, body))
