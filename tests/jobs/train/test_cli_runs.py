"""The shell's `amodal train` and `amodal runs`, and who follows under torchrun."""

from __future__ import annotations

import pytest

from core.cli import main
from core.jobs import registry
from core.jobs.follow import follow, follows
from core.jobs.train import job
from core.records.runs import Purpose
from core.store.project import Project
from core.store.queries import runs as queries
from tests.jobs.train.conftest import Bench


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main([str(one) for one in arguments])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def train(capsys: pytest.CaptureFixture[str], bench: Bench, *options: object) -> tuple[int, str, str]:
    usual = ("--device", "cpu", "--workers", 0, "--epochs", 1)
    return run(capsys, "train", bench.path, "classifier", *usual, *options)


def test_from_a_training_to_its_use(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = train(capsys, bench, "--name", "First")
    assert code == 0
    assert "run: 1" in out.splitlines()
    assert train(capsys, bench, "--name", "Second")[0] == 0
    code, out, _ = run(capsys, "runs", "list", bench.path)
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert lines[1].split()[1:4] == ["classifier", "done", "epoch"]
    assert lines[1].endswith("First")
    assert run(capsys, "runs", "list", bench.path, "--what", "detector")[1] == ""
    code, out, _ = run(capsys, "runs", "use", bench.path, 1)
    assert (code, out.splitlines()) == (
        0,
        [
            "Run 1, First, serves as classifier now.",
            f"Label with it: amodal runs label {bench.path} classifier",
        ],
    )
    assert run(capsys, "runs", "list", bench.path)[1].splitlines()[1].startswith("*")
    code, out, _ = run(capsys, "runs", "show", bench.path, 1)
    told = dict(line.split(": ", 1) for line in out.splitlines())
    assert (told["state"], told["in use"], told["network, width"]) == ("done", "yes", "8")
    assert told["weights"].endswith(".safetensors")
    assert float(told["now, fit"]) == pytest.approx(float(told["best fit"].split()[0]))
    code, out, _ = run(capsys, "runs", "show", bench.path, 1, "--metric", "loss")
    assert [line.split()[0] for line in out.splitlines()] == ["1", "2", "3", "4", "5"]
    assert run(capsys, "runs", "use", bench.path, "--none", "classifier")[0] == 0
    with Project.open(bench.path) as project, project.read() as connection:
        assert queries.run_in_use(connection, Purpose.CLASSIFIER) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "{project}", "9"], "no run 9"),
        (["use", "{project}", "9"], "no run 9"),
        (["use", "{project}"], "not clear which run"),
        (["use", "{project}", "1", "--none", "classifier"], "not clear which run"),
    ],
)
def test_errors_are_one_line(
    bench: Bench, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    code, _, err = run(capsys, "runs", *(one.format(project=bench.path) for one in arguments))
    assert code == 2
    assert len(err.splitlines()) == 1
    assert words in err


def test_processes_beside_the_first_make_no_job(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not follows()
    followed = []
    monkeypatch.setattr(job, "follow_train", lambda path, settings, job_id: followed.append((path, settings)))
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    monkeypatch.setenv("RANK", "0")
    assert not follows()
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr("core.jobs.follow.signal.signal", lambda *_: None)
    assert train(capsys, bench, "--seed", 3) == (0, "", "")
    [(path, settings)] = followed
    assert (path, settings.what, settings.seed) == (bench.path, "classifier", 3)
    code, _, err = run(capsys, "mine", bench.path)
    assert code == 2
    assert "one process does that alone" in err
    with Project.open(bench.path) as project:
        queued = registry.create(project, "train", {"what": "classifier", "seed": 4})
    assert run(capsys, "job", "run", bench.path, queued)[0] == 0
    assert followed[-1][1].seed == 4
    assert "no job 99" in run(capsys, "job", "run", bench.path, 99)[2]
    with Project.open(bench.path) as project, project.read() as connection:
        assert queries.runs(connection) == []


def test_the_follower_trains_without_writing(bench: Bench) -> None:
    follow(bench.path, "train", {"what": "classifier", "device": "cpu", "workers": 0, "estimate": True})
    assert not bench.path.with_suffix(".files").exists()
