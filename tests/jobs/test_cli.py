"""The shell: the same jobs, errors in one line with exit code 2."""

from __future__ import annotations

import signal
import subprocess
import threading
from pathlib import Path

import pytest

from core.cli import main
from core.jobs.registry import create
from core.jobs.spawn import program_command
from core.store import tables
from core.store.project import Project
from tests.media.live_servers import free_port
from tests.street_clip import StreetClip


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def test_from_footage_to_a_file(
    tmp_path: Path, street_clip: StreetClip, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "p.amodal"
    assert run(capsys, "new", project)[0] == 0
    start = ("--camera", "Gate", "--start", "2026-05-01T14:00")
    assert run(capsys, "add", project, street_clip.path, *start)[0] == 0
    assert run(capsys, "background", project, "--samples", "12")[0] == 0
    code, out, _ = run(capsys, "mine", project, "--end-s", "1", "--motion-min-size-px", "12")
    assert code == 0
    assert "unoccluded" in out
    code, out, _ = run(capsys, "info", project)
    assert "camera Gate: 1 sources, 72 frames" in out
    assert run(capsys, "export", project, tmp_path / "o.json")[0] == 0
    assert (tmp_path / "o.json").exists()
    code, out, _ = run(capsys, "job", "list", project)
    assert [line.split()[1] for line in out.splitlines()] == ["export", "mine", "background", "add"]
    code, out, _ = run(capsys, "doctor", project)
    assert "every page and every reference is sound" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mine", "{missing}"], "does not exist"),
        (["mine", "{text}"], "no Amodal Studio project"),
        (["add", "{project}", "{missing}"], "missing"),
        (["add", "{project}", "{text}"], "text.amodal"),
        (["mine", "{project}", "--detector", "onnx"], "no footage"),
        (["background", "{project}", "--camera", "Nowhere"], "no camera Nowhere"),
        (["job", "run", "{project}", "77"], "no job 77"),
        (["job", "log", "{project}", "999"], "no job 999"),
        (["import", "{project}", "{missing}"], "missing"),
        (["new", "{project}"], "already"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    places = {
        "{missing}": tmp_path / "missing.amodal",
        "{text}": tmp_path / "text.amodal",
        "{project}": tmp_path / "project.amodal",
    }
    places["{text}"].write_text("only words")
    run(capsys, "new", places["{project}"])
    code, _, err = run(capsys, *(places.get(one, one) for one in arguments))
    assert code == 2
    assert err.startswith("amodal: ")
    assert len(err.splitlines()) == 1
    assert words in err


def test_what_stands_in_square_brackets_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They mark an extra, a unit, a default, and not a colour."""
    monkeypatch.setattr("core.mining.detectors.registry._has", lambda name: False)
    monkeypatch.setenv("COLUMNS", "200")
    _, out, _ = run(capsys, "detectors")
    assert 'install it with pip install "amodal-studio[detect]".' in out
    _, out, _ = run(capsys, "mine", "--help")
    assert "Longest side of a stored crop. [px] [default: 256]" in " ".join(out.split())


def test_a_job_that_is_run_prints_what_it_made(
    project_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Project.open(project_path) as project:
        jobs = [create(project, "export", {"path": str(tmp_path / f"{n}.json")}) for n in range(2)]
    code, out, _ = run(capsys, "job", "run", project_path, jobs[0])
    assert (code, out.splitlines()) == (0, [f"file: {tmp_path / '0.json'}", "images: 0", "objects: 0"])
    assert run(capsys, "job", "run", project_path, jobs[1], "--quiet") == (0, "", "")


def test_a_long_log_is_printed_whole(project_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Project.open(project_path) as project:
        job = create(project, "mine", {})
        with project.write() as connection:
            connection.execute(
                tables.job_log.insert(),
                [{"job_id": job, "at": 0.0, "text": f"line {n}"} for n in range(2500)],
            )
    code, out, _ = run(capsys, "job", "log", project_path, job)
    assert code == 0
    assert [line.split("  ")[1] for line in out.splitlines()] == [f"line {n}" for n in range(2500)]


def test_a_camera_that_does_not_answer_is_told_of_in_a_log_file(tmp_path: Path) -> None:
    """Where no terminal draws a bar, the job's log goes to standard error while it waits."""
    path = tmp_path / "p.amodal"
    Project.create(path).close()
    address = f"rtsp://127.0.0.1:{free_port()}/x"
    process = subprocess.Popen(
        program_command("record", str(path), address, "--camera", "Gate", "--bursts", "1"),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    watch = threading.Timer(60.0, process.kill)
    watch.start()
    said = []
    for line in process.stderr:
        said.append(line)
        if "Nothing answers at 127.0.0.1" in line:
            process.send_signal(signal.SIGINT)
            break
    process.stderr.read()
    assert process.wait() == 130, said
    watch.cancel()
    assert said[0] == "Connecting to the camera.\n"


def test_a_new_project_says_what_it_is_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "new", tmp_path / "plain") == (0, f"Made {tmp_path / 'plain.amodal'}\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["plain.amodal"]
