"""`amodal synth` writes what it says."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from core.cli_synth import synth_app

SMALL = ["--width", "64", "--height", "48", "--frames", "2", "--cars", "6", "--parked", "2", "--people", "0"]


def test_a_street_from_two_cameras(tmp_path):
    done = CliRunner().invoke(synth_app, ["street", str(tmp_path / "a.mp4"), *SMALL, "--cameras", "2"])
    assert done.exit_code == 0, done.output
    near, far = (json.loads((tmp_path / f"{name}.truth.json").read_text()) for name in ("a", "a-far"))
    assert near["camera"]["name"] != far["camera"]["name"]
    assert len(near["pictures"]) == len(far["pictures"]) == 2
    assert near["camera"]["ground"]["height"] == 6.0
    assert (tmp_path / "a.depth.npz").exists()


def test_a_street_as_coco(tmp_path):
    done = CliRunner().invoke(synth_app, ["street", str(tmp_path / "set"), *SMALL, "--weather", "rain"])
    assert done.exit_code == 0, done.output
    document = json.loads((tmp_path / "set" / "annotations.json").read_text())
    assert len(document["images"]) == 2
    assert document["info"]["amodal"]["weather"] == "rain"


def test_a_street_as_a_project(tmp_path):
    done = CliRunner().invoke(synth_app, ["street", str(tmp_path / "a.amodal"), *SMALL])
    assert done.exit_code == 0, done.output
    assert {path.name for path in tmp_path.iterdir()} == {"a.amodal", "a.mp4", "a.truth.json", "a.depth.npz"}


def test_cars(tmp_path):
    written = []
    for processes in ("1", "2"):
        folder = tmp_path / processes
        small = ["--count", "2", "--size", "64", "--models", "2", "--processes", processes]
        done = CliRunner().invoke(synth_app, ["cars", str(folder), *small])
        assert done.exit_code == 0, done.output
        written.append({path.name: path.read_bytes() for path in folder.rglob("*.*")})
    assert set(written[0]) == {"annotations.json", "000000.jpg", "000001.jpg"}
    assert written[0] == written[1]
    assert len(json.loads(written[0]["annotations.json"])["annotations"]) == 2


def test_a_weather_that_is_none_is_refused(tmp_path):
    done = CliRunner().invoke(synth_app, ["street", str(tmp_path / "a.mp4"), "--weather", "hail"])
    assert done.exit_code == 2
    assert not list(tmp_path.iterdir())
