"""Triangles as a renderer likes them: joined where a surface is smooth, apart at its creases."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from rl_control.types import Array

Faces = NDArray[np.int64]

_SAME = 1e-6  # [m] within which two vertices are one


def welded(vertices: Array, faces: Faces, cell: float = _SAME) -> tuple[Array, Faces]:
    """Return the triangles with the vertices in each cube of edge `cell` [m] made one.

    A cell of some millimetres makes a mesh coarse. Triangles that lose a corner are left out.
    """
    cells = np.round(vertices / cell).astype(np.int64)
    _, first, which = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    corners = which.reshape(-1)[faces]
    a, b, c = corners.T
    return vertices[first], corners[(a != b) & (b != c) & (c != a)]


def split_at_creases(vertices: Array, faces: Faces, angle: float) -> tuple[Array, Faces]:
    """Return the triangles with vertices doubled where two smooth surfaces meet.

    A renderer that averages normals over the faces of a vertex then shows edges as edges.

    Args:
        vertices: [V, 3] in [m], each place once.
        faces: three vertices each, [F, 3].
        angle: between neighbouring faces in [rad] up to which they are one smooth surface.
    """
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    left, right = _neighbours(faces)
    smooth = np.einsum("ij,ij->i", normals[left], normals[right]) > np.cos(angle)
    links = coo_array(
        (np.ones(int(smooth.sum())), (left[smooth], right[smooth])), shape=(len(faces), len(faces))
    )
    surface = connected_components(links, directed=False)[1]
    pairs = np.column_stack([faces.reshape(-1), np.repeat(surface, 3)])
    kept, which = np.unique(pairs, axis=0, return_inverse=True)
    return vertices[kept[:, 0]], which.reshape(-1, 3)


def _neighbours(faces: Faces) -> tuple[Faces, Faces]:
    """Pairs of faces with an edge in common."""
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    order = np.lexsort(edges.T)
    same = (edges[order][1:] == edges[order][:-1]).all(axis=1)
    return order[:-1][same] // 3, order[1:][same] // 3
