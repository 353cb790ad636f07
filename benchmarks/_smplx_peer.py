"""The same body in the smplx package, which reads the arrays that a licensed file would have."""

from __future__ import annotations

import contextlib
import io
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.shapes.body.model import BodyModel
from core.shapes.body.skeleton import SMPLX_COUNT

FloatArray = NDArray[np.float64]
Posed = Callable[[FloatArray, FloatArray, FloatArray | None], tuple[FloatArray, FloatArray]]


def smplx_is_here() -> bool:
    """Whether the package is installed: it is for comparison only, and its licence is non-commercial."""
    try:
        import smplx
    except ImportError:
        return False
    return hasattr(smplx, "SMPLLayer")


def posed_by_smplx(model: BodyModel, dtype: str = "float64") -> Posed:
    """What poses a body by the package.

    Returns:
        From rotations (B, J, 3, 3), betas (B, b) and, for SMPL-X, expressions (B, e), to vertices (B, V, 3)
        and joints (B, J, 3).
    """
    import torch

    layer = _layer(model, getattr(torch, dtype))
    joints = len(model.parents)

    def posed(
        turns: FloatArray, betas: FloatArray, expression: FloatArray | None
    ) -> tuple[FloatArray, FloatArray]:
        rotations, shape = (torch.as_tensor(array, dtype=layer.dtype) for array in (turns, betas))
        more: dict[str, Any] = {"body_pose": rotations[:, 1:]}
        if joints == SMPLX_COUNT:
            more = {
                "body_pose": rotations[:, 1:22],
                "jaw_pose": rotations[:, 22:23],
                "leye_pose": rotations[:, 23:24],
                "reye_pose": rotations[:, 24:25],
                "left_hand_pose": rotations[:, 25:40],
                "right_hand_pose": rotations[:, 40:],
                "expression": torch.as_tensor(expression, dtype=layer.dtype),
            }
        with torch.inference_mode():
            out = layer(betas=shape, global_orient=rotations[:, :1], **more)
        return out.vertices.numpy(), out.joints[:, :joints].numpy()

    return posed


def _layer(model: BodyModel, dtype: Any) -> Any:
    import smplx
    from smplx.utils import Struct

    joints = len(model.parents)
    shapes = model.shape_directions
    if model.expression_directions is not None:
        shapes = np.concatenate([shapes, model.expression_directions], axis=2)
    arrays: dict[str, Any] = {
        "v_template": model.template,
        "f": model.faces.astype(np.uint32),
        "shapedirs": shapes,
        "posedirs": model.pose_directions,
        "J_regressor": model.joint_regressor,
        "kintree_table": np.stack([model.parents, np.arange(joints)]).astype(np.int64),
        "weights": model.weights,
    }
    options: dict[str, Any] = {"dtype": dtype, "num_betas": model.betas}
    # the package says how many coefficients it found, and picks vertices that small bodies do not have
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if joints != SMPLX_COUNT:
            return smplx.SMPLLayer("", data_struct=Struct(**arrays), **options)
        assert model.hands is not None
        for side, mean, components in zip("lr", model.hands.means, model.hands.components, strict=True):
            arrays |= {f"hands_mean{side}": mean, f"hands_components{side}": components}
        arrays |= {
            "lmk_faces_idx": np.zeros(51, dtype=np.int64),
            "lmk_bary_coords": np.full((51, 3), 1 / 3),
        }
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "SMPLX_NEUTRAL.npz"
            np.savez(path, allow_pickle=False, **arrays)
            return smplx.SMPLXLayer(str(path), num_expression_coeffs=shapes.shape[2] - model.betas, **options)
