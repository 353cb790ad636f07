"""Posing of bodies against the smplx package, and what HMR 2.0's network costs a person.

    python -m benchmarks bodies

Models are random, in the sizes of SMPL's and SMPL-X's files. smplx is for comparison only and no part of an
installation (docs/decisions/0047): where it is missing, its figures are left out. The network has random
weights, so that nothing is fetched; AMODAL_HMR2=1 asks for it, since it takes 2.7 GB and a minute.
"""

from __future__ import annotations

import os
import statistics
import time
import timeit
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks._random_bodies import SMPL_VERTICES, SMPLX_VERTICES, random_body
from benchmarks._smplx_peer import posed_by_smplx, smplx_is_here
from core.shapes.body.model import BodyModel
from core.shapes.body.rotations import matrices
from core.shapes.body.skeleton import SMPLX_COUNT

_BODIES, _ROUNDS = 8, 15


@dataclass(frozen=True, slots=True)
class BodyFigures:
    """What was measured; None where smplx is not installed or the network was not asked for.

    Attributes:
        smpl_um, smplx_um: the farthest that a vertex or joint of numpy's posing lies from smplx's in double
            precision, micrometres.
        torch_um: the same of torch's posing in double precision.
        numpy_ms, smplx_ms, torch_ms: processor time for one SMPL body of eight posed together; numpy's in
            double precision, the other two in single.
        hmr2_s, hmr2_cpu_s: for one person by HMR 2.0's network on the processor, by the clock and of all
            cores' time.
        hmr2_parameters_m: its size in millions.
    """

    smpl_um: float | None
    smplx_um: float | None
    torch_um: float | None
    numpy_ms: float
    smplx_ms: float | None
    torch_ms: float
    hmr2_s: float | None
    hmr2_cpu_s: float | None
    hmr2_parameters_m: float | None


def main() -> dict[str, float | None]:
    """Measures and prints."""
    import torch

    from core.networks.body import TorchBody

    smpl = random_body(1, SMPL_VERTICES)
    pose, betas = _poses(smpl)
    turns = matrices(pose)
    tensors = [torch.as_tensor(array, dtype=torch.float32) for array in (turns, betas)]
    single = TorchBody(smpl)
    with torch.inference_mode():
        torch_ms = _ms(lambda: single(*tensors))
    smpl_um = smplx_um = torch_um = smplx_ms = None
    if smplx_is_here():
        smpl_um = farthest_um(smpl)
        smplx_um = farthest_um(random_body(2, SMPLX_VERTICES, SMPLX_COUNT))
        torch_um = farthest_um(smpl, by_torch=True)
        peer = posed_by_smplx(smpl, "float32")
        smplx_ms = _ms(lambda: peer(turns, betas, None))
    else:
        print("smplx is not installed: nothing is compared with it.")
    asked = os.environ.get("AMODAL_HMR2") == "1"
    seconds, of_cores, millions = _hmr2() if asked else (None, None, None)
    figures = BodyFigures(
        smpl_um=smpl_um,
        smplx_um=smplx_um,
        torch_um=torch_um,
        numpy_ms=_ms(lambda: smpl.posed(pose, betas)),
        smplx_ms=smplx_ms,
        torch_ms=torch_ms,
        hmr2_s=seconds,
        hmr2_cpu_s=of_cores,
        hmr2_parameters_m=millions,
    )
    for name, value in asdict(figures).items():
        print(f"{name}: {'absent' if value is None else round(value, 6)}")
    return asdict(figures)


def farthest_um(model: BodyModel, *, by_torch: bool = False) -> float:
    """How far our vertices and joints lie from smplx's at most, micrometres, both in double precision."""
    import torch

    from core.networks.body import TorchBody

    pose, betas = _poses(model)
    face = model.expression_directions
    expression = None if face is None else np.random.default_rng(6).normal(size=(_BODIES, face.shape[2]))
    expected = posed_by_smplx(model)(matrices(pose), betas, expression)
    if by_torch:
        with torch.inference_mode():
            out = TorchBody(model, torch.float64)(torch.as_tensor(matrices(pose)), torch.as_tensor(betas))
        found = out.vertices.numpy(), out.joints.numpy()
    else:
        body = model.posed(pose, betas, expression=expression)
        found = body.vertices, body.joints
    return max(float(np.abs(ours - theirs).max()) for ours, theirs in zip(found, expected, strict=True)) * 1e6


def _poses(model: BodyModel) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    count = len(model.parents)
    return rng.normal(size=(_BODIES, count, 3)) * 0.5, rng.normal(size=(_BODIES, model.betas))


def _hmr2() -> tuple[float, float, float]:
    """Seconds a person in fours, those of all cores, and millions of numbers; of the published size."""
    import torch

    from core.networks.hmr2.network import Hmr2

    torch.manual_seed(0)
    network = Hmr2().eval()
    crops = torch.randn(4, 3, 256, 256)
    with torch.inference_mode():
        network(crops[:1])
        began, spent = time.perf_counter(), time.process_time()
        network(crops)
        seconds, of_cores = time.perf_counter() - began, time.process_time() - spent
    millions = sum(tensor.numel() for tensor in network.parameters()) / 1e6
    return seconds / len(crops), of_cores / len(crops), millions


def _ms(run: Callable[[], object]) -> float:
    """Milliseconds of processor time for one of the bodies, the median of some rounds."""
    run()
    rounds = timeit.repeat(run, timer=time.process_time, number=1, repeat=_ROUNDS)
    return statistics.median(rounds) / _BODIES * 1e3


if __name__ == "__main__":
    main()
