"""Vertices shared where a surface is smooth, and only there."""

import numpy as np
import trimesh

from rl_control.view.creases import split_at_creases, welded


def normals(vertices, faces):
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    n = np.cross(b - a, c - a)
    return n / np.linalg.norm(n, axis=1, keepdims=True)


def test_when_a_box_is_split_expect_four_vertices_a_side():
    box = trimesh.creation.box((1, 2, 3))
    vertices, faces = split_at_creases(np.array(box.vertices), np.array(box.faces), 0.6)
    assert len(vertices) == 24
    for k in range(24):
        around = normals(vertices, faces)[(faces == k).any(axis=1)]
        np.testing.assert_allclose(around, np.broadcast_to(around[0], around.shape), atol=1e-12)


def test_when_a_ball_is_split_expect_it_whole():
    ball = trimesh.creation.icosphere(subdivisions=3)
    vertices, faces = split_at_creases(np.array(ball.vertices), np.array(ball.faces), 0.6)
    assert len(vertices) == len(ball.vertices)
    assert len(faces) == len(ball.faces)


def test_when_a_mesh_is_split_expect_the_same_triangles_in_the_same_order():
    tube = trimesh.creation.cylinder(1.0, 2.0, sections=32)
    before, faces = np.array(tube.vertices), np.array(tube.faces)
    vertices, split = split_at_creases(before, faces, 0.6)
    np.testing.assert_array_equal(vertices[split], before[faces])
    assert len(vertices) > len(before)


def test_when_triangles_have_their_own_vertices_expect_them_joined():
    box = trimesh.creation.box((1, 2, 3))
    loose = np.array(box.vertices)[box.faces].reshape(-1, 3)
    vertices, faces = welded(loose, np.arange(len(loose)).reshape(-1, 3))
    assert len(vertices) == 8
    assert len(faces) == 12


def test_when_a_triangle_is_smaller_than_a_cell_expect_it_left_out():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1e-3, 0, 0], [0, 1e-3, 0]], dtype=float)
    faces = np.array([[0, 1, 2], [0, 3, 4]])
    kept, left = welded(vertices, faces, cell=0.1)
    assert left.tolist() != [] and len(left) == 1
    assert len(kept) == 3
