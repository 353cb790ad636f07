"""The list of detectors: quick, honest, and plain about what is wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest

from core.errors import DetectorUnavailableError, SettingsError
from core.mining.detectors import registry
from core.mining.detectors.settings import MotionSettings


def test_it_lists_every_detector_with_a_word_on_each():
    listed = {entry.name: entry for entry in registry.availability()}
    assert tuple(listed) == registry.names() == ("motion", "torchvision", "onnx", "rfdetr")
    assert listed["motion"].available
    assert all(entry.title and entry.note for entry in listed.values())


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setattr(registry, "_has", lambda package: False)
    listed = {entry.name: entry for entry in registry.availability()}
    assert listed["motion"].available
    for name, package in (
        ("torchvision", "torch"),
        ("onnx", "onnxruntime"),
        ("rfdetr", "amodal-studio[detect]"),
    ):
        assert not listed[name].available
        assert package in listed[name].note
        assert "pip install" in listed[name].note


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from core.mining.detectors.registry import availability, settings_model, names; "
        "availability(); [settings_model(name) for name in names()]; "
        "print([m for m in ('torch', 'torchvision', 'onnxruntime', 'cv2', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", registry.names())
def test_every_setting_has_a_label_and_a_sentence_for_the_form(name):
    for field in registry.settings_model(name).model_fields.values():
        assert field.title
        assert field.description.endswith(".")


def test_a_detector_is_made_with_its_settings():
    detector = registry.create_detector("motion", min_size_px=30)
    assert detector.name == "motion"
    assert detector.needs_background


def test_an_unknown_detector_and_a_wrong_setting_are_said_plainly():
    with pytest.raises(SettingsError, match="motion, torchvision, onnx, rfdetr"):
        registry.create_detector("yolo")
    with pytest.raises(SettingsError, match="min_score"):
        registry.create_detector("motion", min_score=3)
    with pytest.raises(SettingsError, match="speed"):
        registry.create_detector("motion", speed=3)


def test_an_onnx_detector_without_a_file_asks_for_one():
    with pytest.raises(DetectorUnavailableError, match="No ONNX file"):
        registry.create_detector("onnx")


def test_settings_survive_a_jobs_row():
    settings = MotionSettings(min_size_px=30, look_for="people")
    assert MotionSettings.model_validate(settings.model_dump(mode="json")) == settings
