"""Joint trajectories: interpolation, tracking, refusals."""

import numpy as np
import pytest
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.errors import ConfigError, JointMismatchError, NonFiniteError, ShapeError
from rl_control.plants.bullet import BulletPlant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros.convert import duration_message
from rl_control.ros.trajectory import CubicPath, PathFollower, path_of
from rl_control.types import Command, JointState

STATE = JointState(("a", "b"), [0.0, 1.0], [0.1, 0.0], [0.0, 0.0], 5.0)


def trajectory(names, *points, velocities=()):
    message = JointTrajectory(joint_names=list(names))
    for k, (time, values) in enumerate(points):
        message.points.append(
            JointTrajectoryPoint(
                positions=[float(v) for v in values],
                velocities=[float(v) for v in velocities[k]] if velocities else [],
                time_from_start=duration_message(time),
            )
        )
    return message


def test_when_path_is_followed_expect_state_then_waypoints_in_own_joint_order():
    path = path_of(trajectory("ba", (1.0, (3.0, 2.0)), (2.0, (5.0, 4.0))), STATE)
    q, v, _ = path.at(0.0)
    assert (q.tolist(), v.tolist()) == ([0.0, 1.0], [0.1, 0.0])
    assert path.at(1.0)[0] == pytest.approx([2.0, 3.0])
    q, v, a = path.at(2.0)
    assert (q.tolist(), v.tolist(), a.tolist()) == ([4.0, 5.0], [0.0, 0.0], [0.0, 0.0])


def test_when_path_is_differentiated_expect_its_velocity_and_acceleration():
    rng = np.random.default_rng(1)
    path = CubicPath(np.array([0.0, 0.7, 1.5]), rng.normal(size=(3, 2)), rng.normal(size=(3, 2)))
    for t in (0.2, 0.65, 0.9, 1.4):
        h = 1e-5
        assert (path.at(t + h)[0] - path.at(t - h)[0]) / (2 * h) == pytest.approx(path.at(t)[1])
        assert (path.at(t + h)[1] - path.at(t - h)[1]) / (2 * h) == pytest.approx(
            path.at(t)[2], rel=1e-5
        )


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (trajectory("a", (1.0, (0.0,))), JointMismatchError),
        (trajectory("ab"), ConfigError),
        (trajectory("ab", (1.0, (0.0,))), ShapeError),
        (trajectory("ab", (1.0, (0.0, float("nan")))), NonFiniteError),
        (trajectory("ab", (1.0, (0, 0)), (0.5, (1, 1))), ConfigError),
        (trajectory("ab", (1.0, (0, 0)), velocities=[(0.0,)]), ShapeError),
    ],
)
def test_when_trajectory_is_malformed_expect_refusal(message, error):
    with pytest.raises(error):
        path_of(message, STATE)


def test_when_arm_follows_a_path_expect_it_at_the_end():
    robot = load_robot("arm7")
    plant = BulletPlant(robot)
    state = plant.reset()
    target = robot.home + 0.2
    path = path_of(trajectory(robot.names, (0.5, target)), state.joints)
    follower = PathFollower(ArmModel(robot), path, state.joints.stamp)
    for _ in range(200):
        joints = state.joints
        state = plant.step(
            Command(robot.names, follower.effort(joints, joints.stamp), joints.stamp)
        )
    plant.close()
    assert state.joints.position == pytest.approx(target, abs=1e-2)  # friction
