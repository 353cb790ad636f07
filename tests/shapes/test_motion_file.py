"""Motion capture files: what is read, what is refused and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import MotionFileError
from core.shapes.body import motion_file
from core.shapes.body.gait import walking_pose
from core.shapes.body.motion_file import read_motions


def rows(frames: int, numbers: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.3, (frames, numbers))


def save(path: Path, poses: Any, rate: Any = 120.0, **more: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {} if rate is None else {"mocap_framerate": rate}
    np.savez(path, poses=poses, betas=np.zeros(16), trans=np.zeros((len(poses), 3)), **said, **more)
    return path


@pytest.mark.parametrize("numbers", [72, 156, 165])
def test_the_bodys_joints_are_where_all_layouts_have_them(tmp_path: Path, numbers: int) -> None:
    given_rows = rows(5, numbers)
    found = read_motions(save(tmp_path / "walk.npz", given_rows, gender=np.array("female")), 10)
    assert found.poses.shape == (5, 23, 3)
    assert np.array_equal(found.poses[:, :21].reshape(5, 63), given_rows[:, 3:66])
    hands = found.poses[:, 21:].reshape(5, 6)
    assert np.array_equal(hands, given_rows[:, 66:72] if numbers == 72 else np.zeros((5, 6)))
    assert (found.place, found.names, found.seconds) == ("walk.npz", ("walk.npz",), pytest.approx(5 / 120))


def test_a_known_pose_is_read_back(tmp_path: Path) -> None:
    pose = walking_pose(np.array([0.0, 0.3]))
    row = np.concatenate([pose[:, :22].reshape(2, 66), np.zeros((2, 90))], axis=1)
    found = read_motions(save(tmp_path / "walk.npz", row.astype(np.float32)), 2)
    assert found.poses[:, :21] == pytest.approx(pose[:, 1:22], abs=1e-6)


def test_poses_lie_evenly_in_time(tmp_path: Path) -> None:
    """Ten seconds at 10 frames a second and ten at 100 give as many poses each."""
    slow, fast = np.full((100, 72), 0.1), np.full((1000, 72), 0.2)
    save(tmp_path / "amass" / "CMU" / "a.npz", slow, 10)
    save(tmp_path / "amass" / "KIT" / "b.npz", fast, 100.0)
    found = read_motions(tmp_path / "amass", 40)
    assert [int((found.poses[:, 0, 0] == value).sum()) for value in (0.1, 0.2)] == [20, 20]
    assert (found.names, found.seconds) == (("CMU/a.npz", "KIT/b.npz"), pytest.approx(20.0))


def test_no_frame_twice_and_all_of_a_short_file(tmp_path: Path) -> None:
    found = read_motions(save(tmp_path / "short.npz", rows(7, 72)), 4096)
    assert len(found.poses) == 7
    assert len(np.unique(found.poses[:, 0, 0])) == 7


def test_files_of_a_folder_that_are_none_are_told(tmp_path: Path) -> None:
    save(tmp_path / "good.npz", rows(3, 156))
    np.savez(tmp_path / "shape.npz", betas=np.zeros(16))
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04 nothing")
    (tmp_path / "link.npz").symlink_to(tmp_path / "good.npz")
    found = read_motions(tmp_path, 10)
    assert found.names == ("good.npz",)
    assert [name for name, _ in found.refused] == ["shape.npz", "torn.npz"]
    assert "no `poses`" in found.refused[0][1]


def test_of_very_many_files_some_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion_file, "_MOST_FILES", 3)
    for number in range(7):
        save(tmp_path / f"{number}.npz", rows(2, 72))
    found = read_motions(tmp_path, 10)
    assert (found.names, found.left_out) == (("0.npz", "2.npz", "4.npz"), 4)


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"pose": rows(3, 72)}, "no `poses`"),
        ({"poses": rows(3, 69)}, "3 x 69 float64"),
        ({"poses": rows(3, 72).ravel()}, "216 float64"),
        ({"poses": np.ones((3, 72), int)}, "3 x 72 int64"),
        ({"poses": np.zeros((0, 72))}, "0 x 72"),
        ({"poses": np.full((3, 72), np.nan)}, "no numbers"),
        ({"poses": np.full((3, 72), 45.0)}, "not in radians"),
        ({"poses": rows(3, 72), "mocap_framerate": np.array(0.0)}, "frame rate"),
        ({"poses": rows(3, 72), "mocap_frame_rate": np.array("fast")}, "frame rate"),
    ],
)
def test_what_is_no_motion_is_refused_with_the_reason(
    tmp_path: Path, arrays: dict[str, Any], why: str
) -> None:
    path = tmp_path / "odd.npz"
    np.savez(path, **arrays)
    with pytest.raises(MotionFileError, match=why):
        read_motions(path, 10)


def test_nothing_of_a_file_is_run(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (ran,)

    np.savez(tmp_path / "trap.npz", poses=np.array([Trap()], dtype=object))
    with pytest.raises(MotionFileError, match="more than plain arrays"):
        read_motions(tmp_path / "trap.npz", 10)
    assert not ran.exists()


def test_a_place_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(MotionFileError, match="cannot be read"):
        read_motions(tmp_path / "gone.npz", 10)
    with pytest.raises(MotionFileError, match="no npz file"):
        read_motions(tmp_path, 10)
    np.savez(tmp_path / "shape.npz", betas=np.zeros(16))
    with pytest.raises(MotionFileError, match=r"None of the 1 npz files .*shape\.npz has no"):
        read_motions(tmp_path, 10)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300), head=st.sampled_from([b"", b"PK\x03\x04", b"\x93NUMPY"]))
def test_any_bytes_are_refused_plainly(tmp_path: Path, data: bytes, head: bytes) -> None:
    path = tmp_path / "bytes.npz"
    path.write_bytes(head + data)
    with pytest.raises(MotionFileError):
        read_motions(path, 10)
