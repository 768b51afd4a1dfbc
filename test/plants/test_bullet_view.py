"""Where things are in a picture, against PyBullet's own matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_control.plants.bullet_camera import Camera, camera_for
from rl_control.plants.bullet_view import View, square_view
from rl_control.robot.description import load_robot

CAMERA = camera_for(load_robot("iiwa7"))
SHARES = st.floats(-0.5, 1.5)


def by_pybullet(view: View, points: np.ndarray) -> np.ndarray:
    bullet = pytest.importorskip("pybullet")
    camera = view.camera
    place = bullet.computeViewMatrix(*(x.tolist() for x in (camera.eye, camera.target, camera.up)))
    edges = (view.left, view.right, view.bottom, view.top)
    lens = bullet.computeProjectionMatrix(*edges, 1.0, 10.0)
    whole = np.reshape(lens, (4, 4)).T @ np.reshape(place, (4, 4)).T
    seen = np.hstack([points, np.ones((len(points), 1))]) @ whole.T
    x, y = (seen[:, :2] / seen[:, 3:]).T
    return np.stack([0.5 + 0.5 * x, 0.5 - 0.5 * y], axis=1)


@pytest.mark.parametrize("name", ["planar2", "iiwa7", "panda"])
def test_when_points_are_looked_at_expect_them_where_pybullet_draws_them(name: str) -> None:
    view = View(camera_for(load_robot(name)), -0.3, 0.5, -0.1, 0.6)
    points = np.random.default_rng(0).uniform(-0.8, 0.8, (20, 3))
    np.testing.assert_allclose(view.seen_at(points), by_pybullet(view, points), atol=1e-5)


@settings(max_examples=50, deadline=None)
@given(x=SHARES, y=SHARES, size=st.floats(0.1, 2.0))
def test_when_a_part_is_taken_expect_points_at_the_same_shares_of_it(
    x: float, y: float, size: float
) -> None:
    whole = square_view(CAMERA, 0.7)
    part = whole.part((y, y + 2.0 * size, x, x + size))
    points = np.array([[0.4, 0.1, 0.6], [0.0, 0.0, 0.0]])
    expected = (whole.seen_at(points) - [x, y]) / [size, 2.0 * size]
    np.testing.assert_allclose(part.seen_at(points), expected, atol=1e-9)
    assert part.aspect == pytest.approx(0.5)


def test_when_the_camera_looks_at_a_point_expect_it_in_the_middle() -> None:
    camera = Camera(np.array([1.0, 2.0, 3.0]), np.zeros(3), np.array([0.0, 0.0, 1.0]), 10.0)
    np.testing.assert_allclose(square_view(camera, 0.3).seen_at(np.zeros((1, 3))), [[0.5, 0.5]])
