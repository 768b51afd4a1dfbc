"""Pictures of a posed arm, against those of the simulated arm."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.errors import UnknownNameError
from rl_control.paths import data_dir
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_camera import FIELD_OF_VIEW, camera_for
from rl_control.plants.bullet_stage import Stage
from rl_control.plants.bullet_view import square_view
from rl_control.robot.description import load_robot
from rl_control.types import Pose

ROBOT = load_robot("arm7")
CAMERA = camera_for(ROBOT)
VIEW = square_view(CAMERA, float(np.tan(0.5 * np.radians(FIELD_OF_VIEW))))
TARGET = np.array([0.3, -0.4, 0.7])


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage(ROBOT, {"hole": data_dir("urdf") / "hole.urdf"})
    yield made
    made.close()


def test_when_an_arm_is_posed_expect_the_picture_of_the_simulated_arm(stage: Stage) -> None:
    q = ROBOT.home + 0.3
    stage.pose(q, TARGET)
    plant = BulletPlant(ROBOT)
    plant.reset(q)
    plant.show_target(TARGET)
    expected = plant.frame(200, 200)
    plant.close()
    off = np.abs(stage.picture(VIEW, 200).astype(int) - expected).max(axis=2)
    assert (off > 8).mean() < 0.002  # edges are rounded another way
    stage.pose(ROBOT.home, TARGET)
    off = np.abs(stage.picture(VIEW, 200).astype(int) - expected).max(axis=2)
    assert (off > 8).mean() > 0.01


def test_when_the_ball_is_looked_at_from_near_expect_it_where_it_should_be(stage: Stage) -> None:
    x, y = VIEW.seen_at(TARGET[None])[0]
    part = VIEW.part((y - 0.05, y + 0.05, x - 0.1, x + 0.1))
    stage.pose(ROBOT.home, np.array([0.0, 0.0, -5.0]))
    without = stage.picture(part, 100)
    stage.pose(ROBOT.home, TARGET)
    picture = stage.picture(part, 100)
    assert picture.shape == (100, 200, 3)
    rows, columns = np.nonzero((picture != without).any(axis=2))
    assert np.mean([columns.min(), columns.max()]) == pytest.approx(100, abs=2)
    assert np.mean([rows.min(), rows.max()]) == pytest.approx(50, abs=2)


def test_when_the_arm_is_looked_for_expect_it_where_moving_it_changes_the_picture(
    stage: Stage,
) -> None:
    pictures, masks = [], []
    for q in (ROBOT.home, ROBOT.home + 0.5):
        stage.pose(q, TARGET)
        pictures.append(stage.picture(VIEW, 120))
        masks.append(stage.arm_in(VIEW, 120))
    changed = (pictures[0] != pictures[1]).any(axis=2)
    assert masks[0].shape == (120, 120)
    assert (masks[0] | masks[1])[changed].all()
    assert changed[masks[0] ^ masks[1]].mean() > 0.99


def test_when_a_fixture_is_placed_and_taken_away_expect_that_seen(stage: Stage) -> None:
    stage.pose(ROBOT.home, TARGET)
    empty = stage.picture(VIEW, 120)
    stage.place({"hole": Pose(np.array([0.5, 0.0, 0.2]), np.eye(3))})
    assert (stage.picture(VIEW, 120) != empty).any(axis=2).mean() > 0.002
    stage.place({})
    np.testing.assert_array_equal(stage.picture(VIEW, 120), empty)


def test_when_a_fixture_is_unknown_expect_it_named(stage: Stage) -> None:
    with pytest.raises(UnknownNameError, match="hole"):
        stage.place({"table": Pose(np.zeros(3), np.eye(3))})
