"""Boxes by which objects are followed: whole ones are right where what is seen is half of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from core.evaluation.tracking import tracking_scores  # noqa: E402
from core.geometry.masks import patch_to_rle  # noqa: E402
from core.jobs.reproduce.followed_boxes import (  # noqa: E402
    box_claims,
    box_ious,
    box_report,
    box_rows,
    counts_of,
)
from core.jobs.reproduce.following import Told, counted, follow, found_in, keep_tracks  # noqa: E402
from core.jobs.reproduce.following_tables import (  # noqa: E402
    tracking_claims,
    tracking_report,
    tracking_rows,
)
from core.jobs.reproduce.whole_boxes import BoxesOfSeen, box_looks_of, taught_boxes, within  # noqa: E402
from core.records.boxes import Box  # noqa: E402
from core.records.detections import Category  # noqa: E402
from core.records.masks import MaskPatch  # noqa: E402
from core.training.data.street_frames import (  # noqa: E402
    KnownFrame,
    KnownObject,
    StreetTruth,
    keep_frames,
)

WIDTH, HEIGHT, FRAMES = 160, 96, 8


def an_object(track: int, x: int, seen_width: int) -> KnownObject:
    """A car of 40 x 24 px, of which a part on its left is seen."""
    whole = MaskPatch(x, 40, np.ones((24, 40), dtype=np.bool_))
    seen = MaskPatch(x, 40, np.ones((24, max(seen_width, 1)), dtype=np.bool_))
    box = Box(x, 40, seen_width, 24) if seen_width else None
    occlusion = 1 - seen_width / 40
    rles = [patch_to_rle(one, HEIGHT, WIDTH) for one in (seen, whole)]
    return KnownObject(Category.CAR, rles[0], rles[1], box, occlusion, track)


@pytest.fixture
def clip(tmp_path: Path) -> StreetTruth:
    """A car that is seen whole and one of which 16 of 40 columns are, both driving."""
    picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    frames = [
        KnownFrame(picture, (an_object(7, 4 + 3 * place, 40), an_object(9, 80 + 2 * place, 16)))
        for place in range(FRAMES)
    ]
    keep_frames(tmp_path / "clip", frames)
    return StreetTruth([tmp_path / "clip"])


def followed(clip: StreetTruth, told: Told, home: Path) -> Path:
    path = home / f"{told.name}.json"
    keep_tracks(path, follow(found_in(clip, told, None, key=3), fps=5.0))
    return path


def test_boxes_of_what_is_seen_miss_what_is_hidden_and_whole_ones_do_not(
    clip: StreetTruth, tmp_path: Path
) -> None:
    done = {told: [[counted(clip, followed(clip, told, tmp_path))]] for told in (Told.SEEN, Told.TRUE)}
    whole, seen = (tracking_scores(done[told][0]) for told in (Told.TRUE, Told.SEEN))
    assert whole is not None
    assert seen is not None
    assert (whole.mota, whole.idf1, whole.missed) == (1.0, 1.0, 0)
    # of one car less than half of the whole box is seen: a miss and a find of nothing in each frame
    assert (seen.missed, seen.extra, seen.mota) == (FRAMES, FRAMES, 0.0)
    rows = tracking_rows(done, draws=5)
    tables = tracking_report(rows, tracking_claims(done, 5), FRAMES, 5.0)
    assert f"{2 * FRAMES} true boxes" in tables
    assert "| COCO + WALT3D | 47.2 | 43.2 | 49.5 | 42.0 |" in tables


def test_boxes_are_measured_by_how_much_is_hidden(clip: StreetTruth, tmp_path: Path) -> None:
    done = {told: [box_ious([clip], [followed(clip, told, tmp_path)])] for told in (Told.SEEN, Told.TRUE)}
    assert counts_of(done[Told.TRUE][0])[:3] == [2 * FRAMES, FRAMES, FRAMES]
    rows = box_rows(done, draws=5)
    _, hidden, rest = (one.value for one in rows[Told.TRUE].figures[:3])
    assert (hidden, rest) == pytest.approx((1, 1), abs=1e-3)
    _, hidden, rest = (one.value for one in rows[Told.SEEN].figures[:3])
    assert rest > 0.8  # roughly where it is
    assert 0.25 < hidden < 0.45  # 16 of 40 columns, roughly
    assert rows[Told.SEEN].figures[4].value is None  # nothing is hidden by 10 to 20 %
    tables = box_report(rows, box_claims(done, 5), counts_of(done[Told.TRUE][0]))
    assert f"| how many | {2 * FRAMES} | {FRAMES} | {FRAMES} |" in tables


def test_what_nothing_follows_has_no_overlap(clip: StreetTruth, tmp_path: Path) -> None:
    keep_tracks(tmp_path / "none.json", [[]] * FRAMES)
    assert box_ious([clip], [tmp_path / "none.json"]).ious.tolist() == [0.0] * (2 * FRAMES)


def test_of_what_is_hardly_seen_nothing_is_proposed(tmp_path: Path) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    objects = (an_object(1, 10, 3), an_object(2, 60, 0), an_object(3, 100, 20))
    keep_frames(tmp_path, [KnownFrame(picture, objects)])
    [found] = found_in(StreetTruth([tmp_path]), Told.TRUE, None, key=0)
    assert [one.box for one in found] == [Box(100.0, 40.0, 40.0, 24.0)]


def test_all_see_the_same_proposals(clip: StreetTruth) -> None:
    one, again = (found_in(clip, Told.SEEN, None, key=3) for _ in range(2))
    assert [[row.box for row in frame] for frame in one] == [[row.box for row in frame] for frame in again]
    other = found_in(clip, Told.SEEN, None, key=4)
    assert one[0][0].box != other[0][0].box


def samples() -> list[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
    """Pictures of a bright half car beside what hides its right half."""
    out = []
    for place in range(3):
        image = torch.full((3, HEIGHT, WIDTH), 0.4)
        modal = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.uint8)
        left = 30 + 9 * place
        modal[0, 40:64, left : left + 20] = 1
        image[:, 40:64, left : left + 20] = 0.9
        whole = torch.tensor([[left, 40.0, left + 40.0, 64.0]])
        out.append((image, {"boxes": whole, "modal_masks": modal}))
    return out


def test_labels_of_what_is_seen_and_of_the_whole_teach_other_boxes() -> None:
    torch.manual_seed(0)
    trunk = BoxesOfSeen().trunk.state_dict()
    widths = {}
    for whole in (False, True):
        looks = box_looks_of(samples(), seed=1, whole=whole)
        assert len(looks.crops) == 6  # each as it is, and mirrored
        network = taught_boxes(trunk, looks, seed=1, steps=20)
        with torch.inference_mode():
            moves = network(looks.crops.float() / 255)
        widths[whole] = float((1 + moves[:, 2] - moves[:, 0]).mean())
    # the hidden half lies to the right, or to the left where it is mirrored
    assert widths[False] == pytest.approx(1.0, abs=0.1)
    assert widths[True] > widths[False] + 0.15


def test_boxes_stay_within_the_picture_and_keep_a_size() -> None:
    image = torch.zeros(3, HEIGHT, WIDTH)
    boxes = torch.tensor([[-5.0, -2.0, 30.0, 200.0], [170.0, 10.0, 160.0, 20.0]])
    low = within(boxes, image)
    assert low[0].tolist() == [0.0, 0.0, 30.0, HEIGHT]
    assert bool(((low[:, 2:] - low[:, :2]) >= 1).all())
    assert low[1, 2] <= WIDTH
