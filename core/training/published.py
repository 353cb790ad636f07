"""What torchvision publishes for the detector's backbones: the window asks before any is fetched."""

from __future__ import annotations

from core.mining.detectors.weights import WeightsFile

# torchvision's records: MaskRCNN_ResNet50_FPN COCO_V1, and ImageNet's; a test compares them
PUBLISHED: dict[str, WeightsFile] = {
    "resnet50": WeightsFile(
        "https://download.pytorch.org/models/maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth", megabytes=170
    ),
    "resnet18": WeightsFile("https://download.pytorch.org/models/resnet18-f37072fd.pth", megabytes=45),
    "mobilenet_v3_large": WeightsFile(
        "https://download.pytorch.org/models/mobilenet_v3_large-5c1a4163.pth", megabytes=21
    ),
    "swin_t": WeightsFile("https://download.pytorch.org/models/swin_t-704ceda3.pth", megabytes=108),
}
"""The name of a backbone -> a detector of COCO where there is one, else a classifier of ImageNet."""
