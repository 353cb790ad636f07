"""HMR 2.0's network as a system that estimates bodies: crops in, bodies before the real camera out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from core.errors import BodyEstimatorError
from core.fitting.people.crop_camera import pelvis_from_crop
from core.fitting.people.estimates import BodyEstimate, PersonPicture, RootFrame, is_smpl
from core.networks.hmr2.checkpoint import load_hmr2
from core.networks.hmr2.config import Hmr2Config
from core.networks.hmr2.crop import crop_of, crop_square
from core.records.fits import FitMethod
from core.shapes.body.model import BodyModel


class Hmr2Estimator:
    """The network of a checkpoint.

    Args:
        weights: the checkpoint. device: "cpu" or "cuda".
        body: that its answers are put into. The network's camera is told against where SMPL's rests its
            pelvis: this one, if it is SMPL's, or else the one in the checkpoint.
        config: sizes other than the published ones.

    Raises:
        CheckpointError: the weights cannot be used.
    """

    def __init__(self, weights: Path, device: str, body: BodyModel, config: Hmr2Config | None = None) -> None:
        loaded = load_hmr2(weights, config)
        self._network = loaded.network.to(device)
        self._device = device
        self._rest_pelvis = body.rest_joints()[0] if is_smpl(body) else loaded.rest_pelvis

    def estimate(self, people: Sequence[PersonPicture]) -> list[BodyEstimate | None]:
        """One answer for each person, in their order.

        Raises:
            BodyEstimatorError: the GPU ran out of memory.
        """
        squares = [crop_square(one.box) for one in people]
        crops = np.stack([crop_of(one.image, square) for one, square in zip(people, squares, strict=True)])
        try:
            with torch.inference_mode():
                told = self._network(torch.from_numpy(crops).to(self._device))
        except torch.cuda.OutOfMemoryError:
            raise BodyEstimatorError(
                "The GPU has too little memory for HMR 2.0.", "Choose the device cpu in the job's settings."
            ) from None
        rotations, betas, cameras = (
            part.double().cpu().numpy() for part in (told.rotations, told.betas, told.camera)
        )
        pelves = [
            None
            if self._rest_pelvis is None
            else pelvis_from_crop(one.camera, (square.x, square.y), square.size, numbers, self._rest_pelvis)
            for one, square, numbers in zip(people, squares, cameras, strict=True)
        ]
        return [
            BodyEstimate(turns, RootFrame.CROP, shape, pelvis, FitMethod.HMR2)
            for turns, shape, pelvis in zip(rotations, betas, pelves, strict=True)
        ]
