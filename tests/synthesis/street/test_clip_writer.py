"""What is written beside a video, and as COCO, says what the frames say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from faster_coco_eval import COCO, mask

from core.errors import MediaError
from core.geometry.masks import patch_area, patch_to_full
from core.media.source import index_source
from core.records.shapes import KeypointTag
from core.synthesis.street.car_pictures import car_pictures
from core.synthesis.street.car_renders import CarRenders
from core.synthesis.street.clip_writer import write_cars, write_clip, write_coco
from core.synthesis.street.depth_file import DepthFile
from tests.synthesis.street.conftest import TINY


@pytest.fixture(scope="module")
def written(camera, tmp_path_factory):
    """The files of a clip."""
    told = []
    files = write_clip(camera, tmp_path_factory.mktemp("clip") / "street.mp4", told.append)
    assert told[-1] == 1.0
    assert told == sorted(told)
    return files


def test_the_video_holds_the_pictures(written, frames):
    with av.open(str(written.video)) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == TINY.fps
    assert len(decoded) == TINY.frame_count
    for image, frame in zip(decoded, frames, strict=True):
        # grey levels survive compression but for noise
        assert np.abs(image.mean(axis=2) - frame.picture.mean(axis=2)).mean() < 6


def test_depth_comes_back_exactly(written, frames):
    depth = DepthFile(written.depth)
    assert len(depth) == TINY.frame_count
    for frame in frames:
        np.testing.assert_array_equal(depth.frame(frame.index), frame.depth)
    with pytest.raises(IndexError):
        depth.frame(TINY.frame_count)


_BY_ONE_PROCESSOR = """
import os, sys
from pathlib import Path
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from core.synthesis.street.clip_writer import write_clip
from core.synthesis.street.street import Street, StreetCamera
from tests.synthesis.street.conftest import TINY
street = Street(TINY)
write_clip(StreetCamera(street, street.default_mount()), Path(sys.argv[1]), depth=False)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the processors cannot be chosen here")
def test_one_seed_gives_the_same_frames_in_another_process_with_fewer_processors(written, tmp_path):
    again = tmp_path / "street.mp4"
    command = [sys.executable, "-c", _BY_ONE_PROCESSOR, str(again)]
    subprocess.run(command, cwd=Path(__file__).resolve().parents[3], check=True)
    hashes = [[frame.content_hash for frame in index_source(clip).frames] for clip in (written.video, again)]
    assert hashes[0] == hashes[1]
    assert len(set(hashes[0])) == TINY.frame_count
    # the file too, by which footage is found again, and the truth beside it
    assert again.read_bytes() == written.video.read_bytes()
    assert again.with_suffix(".truth.json").read_bytes() == written.truth.read_bytes()


def test_the_truth_file_says_what_the_frames_say(written, frames, camera):
    truth = json.loads(written.truth.read_text())
    np.testing.assert_array_equal(truth["camera"]["matrix"], camera.mount.camera.matrix)
    for row, frame in zip(truth["pictures"], frames, strict=True):
        assert row["index"] == frame.index
        for item, one in zip(row["objects"], frame.objects, strict=True):
            assert item["track_id"] == one.track_id
            coded = {"size": item["amodal"]["size"], "counts": item["amodal"]["counts"].encode()}
            decoded = mask.decode(coded).astype(bool)
            np.testing.assert_array_equal(decoded, patch_to_full(one.amodal, TINY.height, TINY.width))
            assert item["points"]["tags"] == [tag.value for tag in one.points.tags]
            np.testing.assert_allclose(item["pose"]["translation"], one.pose.translation)
            np.testing.assert_allclose(item["points"]["space"], one.points.space)
            if one.person_keypoints is None:
                assert item["person_keypoints"] is None
            else:
                assert item["person_keypoints"]["tags"] == [tag.value for tag in one.person_keypoints.tags]
                np.testing.assert_allclose(item["person_keypoints"]["space"], one.person_keypoints.space)


def test_cocos_own_reader_takes_the_coco_file(camera, frames, tmp_path):
    path = write_coco(camera, tmp_path)
    depth = DepthFile(tmp_path / "depth.npz")
    assert len(depth) == TINY.frame_count
    coco = COCO(str(path))
    assert len(coco.imgs) == TINY.frame_count
    for number, frame in enumerate(frames, start=1):
        rows = coco.loadAnns(coco.getAnnIds(imgIds=number))
        np.testing.assert_array_equal(depth.frame(number - 1), frame.depth)
        assert (tmp_path / "images" / coco.imgs[number]["file_name"]).exists()
        assert len(rows) == len(frame.objects)
        for row, item in zip(rows, frame.objects, strict=True):
            assert coco.annToMask(row).sum() == patch_area(item.modal) == row["area"]
            said = item.points if item.person_keypoints is None else item.person_keypoints
            values = np.array(row["keypoints"]).reshape(12 if item.person_keypoints is None else 17, 3)
            assert len(coco.cats[row["category_id"]]["keypoints"]) == len(values)
            for (x, y, v), tag, pixel in zip(values, said.tags, said.pixels, strict=True):
                assert v == {KeypointTag.VISIBLE: 2, KeypointTag.TRUNCATED: 0}.get(tag, 1)
                if v:
                    np.testing.assert_allclose([x - 0.5, y - 0.5], pixel, atol=1e-3)


def test_single_cars_are_written_with_their_own_cameras(tmp_path):
    pictures = car_pictures(CarRenders(1, 64, 2), range(3))
    document = json.loads(write_cars(pictures, 3, tmp_path).read_text())
    assert len(document["images"]) == len(document["annotations"]) == 3
    assert len({json.dumps(image["amodal"]["camera"]) for image in document["images"]}) == 3


def test_a_place_that_cannot_be_written_is_named(camera, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MediaError, match="file"):
        write_coco(camera, tmp_path / "file" / "below")
