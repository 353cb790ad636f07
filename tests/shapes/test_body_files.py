"""Body files in SMPL's and SMPL-X's official forms: read whole, or refused with the reason; none is run."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import types
import zipfile
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from core.errors import BodyModelError
from core.shapes.body.anatomy import rest_joints
from core.shapes.body.model_file import body_digest, load_body, save_body
from core.shapes.body.skeleton import PARENTS

COUNT = 30


HAND_PARENTS = {"index": 25, "middle": 28, "pinky": 31, "ring": 34, "thumb": 37}
"""Where the three joints of each of the left hand's fingers begin; the right hand's come 15 later."""


def parents_of(joints: int) -> list[int]:
    """SMPL's tree, or SMPL-X's: jaw and eyes on the head (15), fingers on the wrists (20 and 21)."""
    if joints == 24:
        return list(PARENTS)
    parents = [*PARENTS[:22], 15, 15, 15, *range(24, 54)]
    for first in HAND_PARENTS.values():
        parents[first], parents[first + 15] = 20, 21
    return parents


def joint_places(joints: int) -> np.ndarray:
    """(J, 3) where somebody's joints are at rest; those that SMPL has not, at their parents'."""
    places = list(rest_joints())[: 24 if joints == 24 else 22]
    for parent in parents_of(joints)[len(places) :]:
        places.append(places[parent])
    return np.array(places)


def body_arrays(joints: int = 24, shapes: int = 10, count: int = COUNT, seed: int = 0) -> dict[str, Any]:
    """Random arrays as a body file has them: of the skin, only that it is around the joints is no chance."""
    rng = np.random.default_rng(seed)
    parents = parents_of(joints)
    template = rng.uniform(-0.9, 0.9, (count, 3))
    template[:4] = np.array([[1, 1, 1], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]]) * 0.95
    regressor = rng.dirichlet(np.full(count, 0.1), joints)
    skin = np.concatenate([template, np.ones((count, 1))], axis=1)
    joints_at = np.concatenate([joint_places(joints), np.ones((joints, 1))], axis=1)
    arrays = {
        "v_template": template,
        "f": rng.integers(0, count, (20, 3)).astype(np.uint32),
        "shapedirs": rng.normal(size=(count, 3, shapes)) * 0.01,
        "posedirs": rng.normal(size=(count, 3, 9 * (joints - 1))) * 0.01,
        "J_regressor": regressor + (joints_at - regressor @ skin) @ np.linalg.pinv(skin),
        "kintree_table": np.array([[p % 2**32 for p in parents], range(joints)], dtype=np.uint32),
        "weights": rng.dirichlet(np.full(joints, 0.1), count),
    }
    if joints == 55:
        for side in "lr":
            arrays[f"hands_mean{side}"] = rng.normal(size=45)
            arrays[f"hands_components{side}"] = rng.normal(size=(45, 45))
    return arrays


class Python2Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Writes texts and bytes alike as Python 2's texts, in its protocols: 0, of lines of letters, to 2."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)  # type: ignore[attr-defined]

    def save_text(self, value: str | bytes) -> None:
        raw = value.encode("latin-1") if isinstance(value, str) else value
        short = len(raw) < 256
        if self.proto == 0:
            self.write(b"S" + repr(raw)[1:].encode() + b"\n")
        else:
            self.write((b"U" + bytes([len(raw)]) if short else b"T" + struct.pack("<i", len(raw))) + raw)
        self.memoize(value)

    dispatch[str] = dispatch[bytes] = save_text


def as_python_2(value: Any, protocol: int = 2) -> bytes:
    stream = io.BytesIO()
    Python2Pickler(stream, protocol).dump(value)
    written = stream.getvalue()
    for now, then in ((b"numpy._core.", b"numpy.core."), (b"scipy.sparse._csc\n", b"scipy.sparse.csc\n")):
        written = written.replace(b"c" + now, b"c" + then)
    return written


@pytest.fixture
def chumpy(monkeypatch):
    """Classes named like chumpy's, with the state that its own __getstate__ leaves; for writing only."""
    made = {}
    for module, name in (("chumpy.ch", "Ch"), ("chumpy.reordering", "Select"), ("chumpy.ch", "Add")):
        kind = type(name, (), {"__module__": module, "__init__": lambda self, **s: self.__dict__.update(s)})
        monkeypatch.setitem(sys.modules, "chumpy", types.ModuleType("chumpy"))
        holder = sys.modules.get(module, types.ModuleType(module))
        monkeypatch.setitem(sys.modules, module, holder)
        setattr(holder, name, kind)
        made[name] = kind
    return types.SimpleNamespace(**made, forget=monkeypatch.undo)


def variable(chumpy, array):
    return chumpy.Ch(x=array, _dirty_vars={"x"}, _itr=None, _depends_on_deps=False, _status="new")


def assert_holds(body, arrays, rtol=0.0):
    shapes = np.concatenate(
        [part for part in (body.shape_directions, body.expression_directions) if part is not None], axis=2
    )
    for found, key in (
        (body.template, "v_template"),
        (body.faces, "f"),
        (shapes, "shapedirs"),
        (body.pose_directions, "posedirs"),
        (body.joint_regressor, "J_regressor"),
    ):
        np.testing.assert_allclose(found, arrays[key], rtol=rtol, atol=1e-30 if rtol else 0)
    np.testing.assert_allclose(body.weights, arrays["weights"], rtol=max(rtol, 1e-12), atol=1e-12)
    assert body.parents[0] == -1
    np.testing.assert_array_equal(body.parents[1:], arrays["kintree_table"][0, 1:])


@pytest.mark.parametrize("shapes", [10, 300])
@pytest.mark.parametrize("is_sparse", [False, True])
@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_smpls_official_pickle_is_read(tmp_path, chumpy, shapes, is_sparse, protocol):
    arrays = body_arrays(shapes=shapes)
    written: dict[str, Any] = dict(arrays)
    for key in ("v_template", "shapedirs", "posedirs", "weights"):
        written[key] = variable(chumpy, arrays[key])
    if is_sparse:
        written["J_regressor"] = sparse.csc_matrix(arrays["J_regressor"])
    written |= {"bs_type": "lrotmin", "bs_style": "lbs", "J": variable(chumpy, np.zeros((24, 3)))}
    path = tmp_path / "SMPL_NEUTRAL.pkl"
    path.write_bytes(as_python_2(written, protocol))
    assert b"_dirty_vars" in path.read_bytes()
    assert b"__builtin__\nset" in path.read_bytes()
    chumpy.forget()
    assert_holds(load_body(path), arrays)
    assert "chumpy" not in sys.modules


def test_a_chumpy_choice_is_its_values(tmp_path, chumpy):
    arrays = body_arrays(shapes=10)
    longer = np.concatenate([arrays["shapedirs"], np.ones((COUNT, 3, 5))], axis=2)
    places = np.arange(longer.size).reshape(longer.shape)[..., :10].ravel()
    choice = chumpy.Select(a=variable(chumpy, longer), idxs=places, preferred_shape=(COUNT, 3, 10))
    path = tmp_path / "chosen.pkl"
    path.write_bytes(as_python_2(arrays | {"shapedirs": choice}))
    assert_holds(load_body(path), arrays)
    for state, why in (
        ({"idxs": places + 6 * COUNT * 3}, "not there"),
        ({"preferred_shape": (COUNT, 3, 9)}, "another size"),
        ({"idxs": places * 1.0}, "another kind"),
        ({"a": None}, "more than a choice"),
    ):
        wrong = chumpy.Select(**(choice.__dict__ | state))
        path.write_bytes(as_python_2(arrays | {"shapedirs": wrong}))
        with pytest.raises(BodyModelError, match=why):
            load_body(path)


def test_a_chumpy_sum_is_refused(tmp_path, chumpy):
    path = tmp_path / "sum.pkl"
    path.write_bytes(as_python_2(body_arrays() | {"v_template": chumpy.Add(a=1, b=2)}))
    with pytest.raises(BodyModelError, match=r"chumpy\.ch\.Add"):
        load_body(path)


@pytest.mark.parametrize(("shapes", "of_shape"), [(400, 300), (20, 10)])
@pytest.mark.parametrize("ending", ["npz", "pkl"])
def test_smplx_is_read_with_face_and_hands(tmp_path, shapes, of_shape, ending):
    arrays = body_arrays(55, shapes)
    path = tmp_path / f"SMPLX_NEUTRAL.{ending}"
    if ending == "npz":
        tree = np.array([{"what": "official files have dicts as objects"}], dtype=object)
        np.savez(path, joint2num=tree, **arrays)
    else:
        path.write_bytes(as_python_2(arrays | {"joint2num": {"Pelvis": 0}}))
    body = load_body(path)
    assert_holds(body, arrays)
    assert body.betas == of_shape
    assert body.expression_directions.shape[2] == shapes - of_shape
    # a hand's pose is its mean and what its numbers say of the components
    left = arrays["hands_meanl"] + 2 * arrays["hands_componentsl"][0] - arrays["hands_componentsl"][1]
    pose = body.hands.pose([2, -1], [0])
    np.testing.assert_allclose(pose[:15].ravel(), left)
    np.testing.assert_allclose(pose[15:].ravel(), arrays["hands_meanr"])
    again = tmp_path / "again.npz"
    save_body(body, again)
    assert_holds(load_body(again), arrays, rtol=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    joints=st.sampled_from([24, 55]),
    count=st.integers(4, 40),
    shapes=st.integers(1, 30),
    protocol=st.integers(0, pickle.HIGHEST_PROTOCOL) | st.none(),
    ending=st.sampled_from(["npz", "pkl", "body"]),
    seed=st.integers(0, 1000),
)
def test_what_is_written_is_read(tmp_path_factory, joints, count, shapes, protocol, ending, seed):
    arrays = body_arrays(joints, 20 if joints == 55 else shapes, count, seed)
    path = tmp_path_factory.mktemp("body") / f"some.{ending}"  # the name says nothing of the form
    if protocol is None:
        with path.open("wb") as stream:
            np.savez(stream, **arrays)
    else:
        path.write_bytes(pickle.dumps(arrays, protocol))
    body = load_body(path)
    assert_holds(body, arrays)
    back = path.with_name("back.npz")
    save_body(body, back)
    assert_holds(load_body(back), arrays, rtol=1e-6)


@pytest.mark.parametrize("joints", [24, 55])
@pytest.mark.parametrize("off", [0.0, 1e-7, 3e-3])
def test_a_body_is_told_the_same_whatever_kind_of_file_it_came_from(tmp_path, joints, off):
    """From double precision in a pickle to single in an npz; and weights that do not quite sum to 1."""
    arrays = body_arrays(joints, 20, count=300)
    arrays["weights"] *= 1 + off * np.random.default_rng(1).uniform(-1, 1, (300, 1))
    paths = [tmp_path / name for name in ("double.pkl", "single.npz", "again.npz")]
    paths[0].write_bytes(as_python_2(arrays))
    for before, after in pairwise(paths):
        save_body(load_body(before), after)
    assert len({body_digest(load_body(path)) for path in paths}) == 1


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("key", ["v_template", "weights", "more"])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_that_would_run_code_runs_none(tmp_path, key, protocol):
    made, path = tmp_path / "made", tmp_path / "body.pkl"
    written = pickle.dumps(body_arrays() | {key: Harmful(str(made))}, protocol)
    path.write_bytes(written)
    with pytest.raises(BodyModelError, match=r"asks for (posix|nt)\.mkdir") as caught:
        load_body(path)
    assert not made.exists()
    assert "body that comes with the program" in caught.value.way_out
    # it would have: Python's own reader makes the folder
    pickle.loads(written)  # noqa: S301
    assert made.is_dir()


def test_objects_in_an_npz_are_not_unpickled(tmp_path):
    made, path = tmp_path / "made", tmp_path / "body.npz"
    harm = np.array([Harmful(str(made))], dtype=object)
    np.savez(path, **(body_arrays() | {"weights": harm}))
    with pytest.raises(BodyModelError, match="more than plain arrays"):
        load_body(path)
    assert not made.exists()


def turned(*rows: list[float]) -> np.ndarray:
    return body_arrays()["v_template"] @ np.array(rows).T


def joint_off(place_m: float) -> np.ndarray:
    """A regressor that puts the left hand beyond the first vertex, with weights that sum to 1."""
    array = body_arrays()["J_regressor"]
    array[22] = 0
    array[22, [0, 1]] = [1 + place_m / 1.9, -place_m / 1.9]
    return array


def changed(key: str, place: Any, value: float) -> np.ndarray:
    array = body_arrays()[key]
    array[place] = value
    return array


WRONG = [
    ({"posedirs": None}, "has no array called posedirs"),
    ({"v_template": np.zeros((COUNT, 2))}, "v_template of 30 x 2"),
    ({"v_template": np.zeros((COUNT, 3), dtype=int)}, "v_template of 30 x 3 int64"),
    ({"v_template": np.zeros((3, 3))}, "3 vertices"),
    ({"v_template": np.zeros((COUNT, 3))}, "0 m large"),
    ({"v_template": 1000 * body_arrays()["v_template"]}, "m large; SMPL's are in metres"),
    ({"v_template": np.zeros((200_001, 3))}, "200001 vertices"),
    ({"v_template": changed("v_template", (3, 1), np.nan)}, "v_template with numbers that are not finite"),
    ({"shapedirs": changed("shapedirs", (3, 1, 0), np.inf)}, "shapedirs with numbers that are not finite"),
    ({"shapedirs": changed("shapedirs", (3, 1, 0), 1e300)}, "shapedirs with numbers beyond"),
    ({"shapedirs": np.zeros((COUNT, 3, 301))}, "301 shapedirs"),
    ({"shapedirs": np.zeros((COUNT, 3, 0))}, "0 shapedirs"),
    ({"posedirs": np.zeros((207, 3 * COUNT))}, "posedirs of 207 x 90"),
    ({"J_regressor": np.zeros((COUNT, 24))}, "J_regressor of 30 x 24"),
    ({"weights": body_arrays()["weights"] * 1.1}, "weights that do not sum to 1"),
    ({"weights": np.tile([2.0, -1.0] + 22 * [0.0], (COUNT, 1))}, "weights below 0"),
    ({"weights": np.ones((COUNT, 25)) / 25}, "weights of 30 x 25"),
    ({"f": np.zeros((20, 4), dtype=int)}, "an f of 20 x 4"),
    ({"f": np.full((20, 3), COUNT)}, "vertices which are not there"),
    ({"f": np.zeros((0, 3), dtype=int)}, "an f of 0 x 3"),
    ({"f": np.broadcast_to(np.zeros((), np.uint8), (400_001, 3))}, "an f of 400001 x 3"),
    ({"kintree_table": np.arange(24)}, "kintree_table of 24"),
    ({"kintree_table": np.zeros((2, 24))}, "kintree_table of 2 x 24 float64"),
    ({"kintree_table": np.stack([np.arange(52) - 1, np.arange(52)])}, "skeleton of 52 joints"),
    ({"kintree_table": changed("kintree_table", (0, 5), 9)}, "other parents than SMPL's"),
    ({"kintree_table": changed("kintree_table", (0, 5), 2**32 - 1)}, "other parents than SMPL's"),
    ({"kintree_table": changed("kintree_table", (0, slice(1, 24)), 0)}, "other parents than SMPL's"),
    ({"kintree_table": changed("kintree_table", (1, 5), 6)}, "other parents than SMPL's"),
    ({"J_regressor": 2 * body_arrays()["J_regressor"]}, "rows do not sum to 1"),
    ({"J_regressor": 0 * body_arrays()["J_regressor"]}, "rows do not sum to 1"),
    ({"J_regressor": joint_off(0.1)}, "puts joints outside the body"),
    ({"J_regressor": joint_off(-2.0)}, "puts joints outside the body"),
    ({"J_regressor": body_arrays()["J_regressor"][[0, 2, 1, *range(3, 24)]]}, "stand as SMPL's bodies do"),
    ({"v_template": turned([1, 0, 0], [0, 0, -1], [0, 1, 0])}, "stand as SMPL's bodies do"),
    ({"v_template": turned([-1, 0, 0], [0, -1, 0], [0, 0, 1])}, "stand as SMPL's bodies do"),
    ({"v_template": turned([-1, 0, 0], [0, 1, 0], [0, 0, -1])}, "stand as SMPL's bodies do"),
    ({"v_template": turned([-1, 0, 0], [0, 1, 0], [0, 0, 1])}, "stand as SMPL's bodies do"),
]


@pytest.mark.parametrize(("changes", "why"), WRONG, ids=[f"{n}: {why}" for n, (_, why) in enumerate(WRONG)])
@pytest.mark.parametrize("as_pickle", [False, True])
def test_arrays_that_no_body_has_are_refused(tmp_path, changes, why, as_pickle):
    path = tmp_path / "body.file"
    arrays = {key: value for key, value in (body_arrays() | changes).items() if value is not None}
    with path.open("wb") as stream:
        if as_pickle:
            pickle.dump(arrays, stream)
        else:
            np.savez_compressed(stream, **arrays)
    with pytest.raises(BodyModelError, match=why) as caught:
        load_body(path)
    assert caught.value.problem.startswith("body.file ")
    assert "SMPL" in caught.value.way_out


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"hands_meanr": None}, "has no array called hands_meanr"),
        ({"hands_componentsl": np.zeros((6, 45))}, "hands_componentsl of 6 x 45"),
        ({"shapedirs": np.zeros((COUNT, 3, 16))}, "16 shapedirs; SMPL-X has 400 or 20"),
        ({"kintree_table": np.stack([np.arange(55) - 1, np.arange(55)])}, "other parents than SMPL-X's"),
    ],
)
def test_smplx_without_what_it_needs_is_refused(tmp_path, changes, why):
    path = tmp_path / "body.npz"
    arrays = {key: value for key, value in (body_arrays(55, 20) | changes).items() if value is not None}
    np.savez(path, **arrays)
    with pytest.raises(BodyModelError, match=why):
        load_body(path)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (b"", "neither an npz file nor a pickle"),
        (b"\x89HDF\r\n", "neither an npz file nor a pickle"),
        (pickle.dumps(3), "holds no dict"),
        (pickle.dumps({"v_template": [[0.0, 1.0]]}), "something else than an array as v_template"),
        (pickle.dumps({"weights": np.array([{}])}), "something else than an array as weights"),
        (pickle.dumps({"J_regressor": sparse.csc_matrix((2**20, 2**20))}), "larger than any"),
        (b"\x80\x02(" + b"}" * 200_000 + b"l.", "more than 100,000 instructions"),
        (b"(c__builtin__\nset\np0\n0(" + b"N" * 999 + b"lp1\n0" + b"g0\n(g1\ntR" * 99 + b"l.", "unfolds"),
    ],
)
def test_other_files_are_refused(tmp_path, written, why):
    path = tmp_path / "body.pkl"
    path.write_bytes(written)
    with pytest.raises(BodyModelError, match=why):
        load_body(path)


def test_an_array_that_claims_to_be_huge_is_refused(tmp_path):
    path = tmp_path / "huge.npz"
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 44, 3)}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("v_template.npy", head.getvalue())
    with pytest.raises(BodyModelError, match=r"fits into memory|damaged"):
        load_body(path)


def test_a_file_beyond_the_limit_is_not_even_read(tmp_path):
    path = tmp_path / "long.pkl"
    with path.open("wb") as stream:
        stream.write(b"\x80\x02")
        stream.truncate((1 << 30) + 1)  # a hole: takes no room
    with pytest.raises(BodyModelError, match="larger than 1024 MiB"):
        load_body(path)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_file_that_is_cut_short_is_refused(tmp_path_factory, data):
    written = as_python_2(body_arrays(count=4, shapes=1))
    path = tmp_path_factory.mktemp("cut") / "body.pkl"
    path.write_bytes(written[: data.draw(st.integers(0, len(written) - 1))])
    with pytest.raises(BodyModelError):
        load_body(path)


def test_a_body_without_a_face_has_no_expression(tmp_path):
    path = tmp_path / "body.npz"
    np.savez(path, **body_arrays())
    body = load_body(path)
    with pytest.raises(ValueError, match="expression"):
        body.posed(np.zeros((24, 3)), expression=[1.0])
    assert body.expression_directions is None
    assert body.hands is None
