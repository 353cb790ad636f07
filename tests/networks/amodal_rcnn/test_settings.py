"""Settings of an Amodal R-CNN as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.networks.amodal_rcnn.settings import AmodalRcnnSettings, MaskKind, small
from core.networks.backbones import BackboneName
from core.records.detections import Category


def test_settings_come_back_from_json() -> None:
    for settings in (
        AmodalRcnnSettings(),
        small(backbone=BackboneName.SWIN_T, masks=MaskKind.WHOLE, categories=(Category.PERSON, Category.CAR)),
    ):
        assert AmodalRcnnSettings.from_json(json.loads(json.dumps(settings.as_json()))) == settings


def test_labels_count_from_one() -> None:
    settings = small(categories=(Category.PERSON, Category.CAR))
    assert [settings.label_of(one) for one in (Category.PERSON, Category.CAR, Category.BUS)] == [1, 2, 0]


@pytest.mark.parametrize(
    "changed",
    [
        {"backbone": "resnet1000"},
        {"categories": ["spaceship"]},
        {"categories": []},
        {"categories": ["car", "car"]},
        {"sampled": 0},
        {"sampled": "many"},
        {"least_score": float("nan")},
        {"frozen_norms": "yes"},
        {"finest_px": 5},
        {"trained_stages": 6},
        {"another": 1},
    ],
)
def test_strange_values_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        AmodalRcnnSettings.from_json(small().as_json() | changed)


def test_a_missing_value_is_refused() -> None:
    values = small().as_json()
    del values["sampled"]
    with pytest.raises(KeyError, match="sampled"):
        AmodalRcnnSettings.from_json(values)
