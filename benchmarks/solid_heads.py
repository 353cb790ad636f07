"""What the head for cars in 3D tells after a short training, with true boxes.

    python -m benchmarks solid_heads

Single cars of 16 models, in pictures of 128 px: 240 to learn from, and 80 of 16 others, paints,
lights and directions to be measured by. The small variant, from nothing, learns keypoints, tags, shape and
pose for 120 s of one processor's own time; there are no proposals and no masks, and each car's box is the
true one. So it says what features, heat maps, PnP and shape come to together in two minutes, and nothing of
a trained detector: it is no figure of accuracy, but one to notice a change by. The figures before the first
step stand beside.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import Tensor

from core.geometry.masks import patch_to_rle
from core.networks.amodal_rcnn.lenses import lenses_of
from core.networks.amodal_rcnn.model import AmodalRcnn
from core.networks.amodal_rcnn.object_heads import Taught
from core.networks.amodal_rcnn.settings import MaskKind, small
from core.networks.losses.counted import summed
from core.records.detections import Category
from core.records.keypoints import KeypointSet, PlacedPoint, Template
from core.synthesis.street.car_renders import CarRender, CarRenders
from core.training.composites import Sample
from core.training.data.augment import Augment
from core.training.data.real import RealFrame, RealObject, of_frame
from core.training.tasks.seen import known_objects, said_objects
from core.training.tasks.solid_scores import SolidScores

SIZE, LEARNED, MEASURED = 128, 240, 80
SECONDS, BATCH, RATE = 120.0, 8, 1e-3
MODELS = 16
AUGMENT = Augment(nearer=1.1, further=0.85)


def sample(render: CarRender) -> Sample:
    """All that is known of a picture, as the detector learns from it."""
    car = render.car
    pairs = zip(car.points.pixels.tolist(), car.points.tags, strict=True)
    points = KeypointSet(Template.CAR, tuple(PlacedPoint(x, y, tag) for (x, y), tag in pairs))
    whole = RealObject(Category.CAR, car.amodal_box, patch_to_rle(car.amodal, SIZE, SIZE), points)
    frame = RealFrame(render.picture, (whole,), (), np.array(render.camera.matrix))
    image, target = of_frame(frame, (Category.CAR,))
    target["has_fit"][0] = True
    target["rotation"][0] = torch.from_numpy(np.array(car.pose.rotation))
    target["translation"][0] = torch.from_numpy(np.array(car.pose.translation))
    shape = torch.from_numpy(np.array(car.shape[:10], dtype=np.float32))
    target["shape"][0, : len(shape)] = shape
    return image, target


def samples(seed: int, count: int) -> list[Sample]:
    """Pictures of one set of models."""
    renders = CarRenders(seed, SIZE, MODELS)
    made = (renders.render(index) for index in range(count))
    return [sample(one) for one in made if one.car.box is not None]


def looked_at(network: AmodalRcnn, some: list[Sample]) -> tuple[Tensor, Taught]:
    """The features of the true boxes of some pictures with an object each."""
    images, targets = network.transform([one for one, _ in some], [dict(target) for _, target in some])
    boxes = [target["boxes"] for target in targets]
    pooled = network.roi_heads.object_pool(network.backbone(images.tensors), boxes, images.image_sizes)
    return pooled, Taught(boxes, [torch.arange(len(box)) for box in boxes], targets)


def figures(network: AmodalRcnn, some: list[Sample]) -> dict[str, float]:
    """What a validation says of cars whose boxes are known."""
    network.eval()
    scores = SolidScores()
    with torch.inference_mode():
        for one in some:
            pooled, taught = looked_at(network, [one])
            boxes, labels = torch.cat(taught.boxes), taught.of("labels")
            lenses = lenses_of(taught.targets, taught.boxes)
            told = network.roi_heads.objects.found(pooled, boxes, labels, lenses)
            told |= {"boxes": boxes, "labels": labels, "scores": torch.ones(len(boxes))}
            [said] = said_objects(told, network.settings, (SIZE, SIZE))
            [known] = known_objects(one[1], network.settings)
            scores.add(known, said, one[1]["intrinsics"].double().numpy())
    network.train()
    return scores.figures()


def main() -> dict[str, object]:
    """Trains, measures and prints."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    learned, measured = samples(31, LEARNED), samples(32, MEASURED)
    sizes = {"min_side_px": SIZE, "max_side_px": SIZE, "masks": MaskKind.NONE}
    network = AmodalRcnn(small(categories=(Category.CAR,), vehicles=True, **sizes)).train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    report: dict[str, object] = {"before": figures(network, measured)}
    begun, step = time.thread_time(), 0
    while (spent := time.thread_time() - begun) < SECONDS:
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 20) * (1 - 0.95 * spent / SECONDS)
        chosen = torch.randint(len(learned), (BATCH,)).tolist()
        some = [one for one in (AUGMENT(learned[which]) for which in chosen) if len(one[1]["boxes"])]
        pooled, taught = looked_at(network, some)
        loss = summed(network.roi_heads.objects.losses(pooled, taught))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 10.0)
        optimiser.step()
        step += 1
    report |= {
        "steps": step,
        "after": figures(network, measured),
        "on what it learned": figures(network, learned),
    }
    for name, values in report.items():
        told = values if isinstance(values, dict) else {"": values}
        print(f"{name}: " + ", ".join(f"{one} {value:.3g}".strip() for one, value in told.items()))
    return report


if __name__ == "__main__":
    main()
