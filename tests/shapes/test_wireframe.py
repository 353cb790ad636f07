"""Which edges of a mesh are drawn as lines."""

from __future__ import annotations

import numpy as np

from core.shapes.drawable import box_level
from core.shapes.wireframe import visible_edges


def test_a_box_seen_over_its_corner_shows_its_nine_edges() -> None:
    # three faces are turned to the eye; each is split from the others, so that all its four edges are drawn,
    # the three inner ones twice, and neither diagonals nor the three edges behind
    box = box_level((2.0, 2.0, 2.0))
    edges = visible_edges(box.mean[:, :3], box.faces, [9.0, 7.0, 8.0])
    ends = np.sort(np.round(box.mean[edges, :3], 3), axis=1)
    lengths = np.linalg.norm(box.mean[edges[:, 0], :3] - box.mean[edges[:, 1], :3], axis=1)
    np.testing.assert_allclose(lengths, 2.0, atol=1e-6)
    assert len(np.unique(ends.reshape(len(ends), -1), axis=0)) == 9


def test_a_face_that_is_turned_away_has_no_lines() -> None:
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    faces = np.array([[0, 1, 2]])
    assert len(visible_edges(points, faces, [0.2, 0.2, 5.0])) == 3
    assert len(visible_edges(points, faces, [0.2, 0.2, -5.0])) == 0


def test_an_edge_between_two_faces_that_are_seen_is_none() -> None:
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    edges = visible_edges(points, np.array([[0, 1, 2], [1, 3, 2]]), [0.5, 0.5, 5.0])
    assert {tuple(edge) for edge in edges.tolist()} == {(0, 1), (0, 2), (1, 3), (2, 3)}
