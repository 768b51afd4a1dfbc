"""mpc_controller keeps an arm to a trajectory over DDS, and refuses what it must."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.robot.description import load_robot
from rl_control.ros import qos
from rl_control.ros.convert import duration_message, seconds_of
from rl_control.run.replay_path import ready_path
from rl_control.safety.settings import SafetyConfig

ROBOT = load_robot("planar2")
NODE = "mpc_controller"
TIMES = np.linspace(0.0, 2.0, 21)


def trajectory(width=0.4, duration=2.0, start=ROBOT.home, names=ROBOT.names):
    """Out and back in `duration` [s]."""
    lean = width * np.sin(np.pi * TIMES / 2.0) ** 2
    points = [
        JointTrajectoryPoint(
            positions=(start + off * np.array([1.0, -1.0])).tolist(),
            time_from_start=duration_message(duration * time / 2.0),
        )
        for time, off in zip(TIMES, lean, strict=True)
    ]
    return JointTrajectory(joint_names=list(names), points=points)


def stamp(message):
    return seconds_of(message.header.stamp)


@pytest.fixture
def chain(ros):
    """An arm under the controller, in simulated time and lock-step."""
    states = ros.listen(JointState, "joint_states")
    paths = ros.talk(JointTrajectory, f"{NODE}/target_trajectory", qos.events())
    controller = ros.start(NODE, robot="planar2", lock_step=True)
    ros.until(paths.get_subscription_count, 60)
    sim = ros.start("arm_sim", robot="planar2", lock_step=True, publish_clock=True)
    ros.until(lambda: len(states) > 20, 30)
    return ros, states, paths, controller, sim


def test_when_a_trajectory_comes_expect_the_arm_to_keep_to_it(chain) -> None:
    ros, states, paths, _, _ = chain
    before = len(states)
    paths.publish(trajectory())
    ros.until(lambda: abs(states[-1].position[0] - ROBOT.home[0]) > 0.3, 30)
    ros.until(lambda: abs(states[-1].position[0] - ROBOT.home[0]) < 2e-3, 30)
    ros.until(lambda: ros.reports[NODE]["goal"] == "reached", 30)
    q = np.array([state.position for state in states[before:]])
    times = np.array([stamp(state) for state in states[before:]])
    moving = np.flatnonzero(np.abs(q - ROBOT.home).max(axis=1) > 1e-4)
    # Where the path was when: the start is found where the arm fits it best.
    best = min(
        np.abs(q[:, 0] - ROBOT.home[0] - wanted(times - start)).max()
        for start in np.arange(times[moving[0]] - 0.3, times[moving[0]] + 0.01, 0.005)
    )
    assert best < 5e-3
    assert np.abs(q - ROBOT.home).max() > 0.39
    assert ros.reports[NODE]["goal_refused"] == ""


def wanted(since):
    inside = np.clip(since, 0.0, 2.0)
    return 0.4 * np.sin(np.pi * inside / 2.0) ** 2


def test_when_a_trajectory_cannot_be_gone_expect_the_reason_and_no_motion(chain) -> None:
    ros, states, paths, controller, _ = chain
    for sent, reason in (
        (trajectory(duration=0.05), "allowed"),
        (trajectory(width=9.0, duration=60.0), "position"),
        (trajectory(start=ROBOT.home + 0.5), "away, allowed 0.1"),
        (trajectory(names=("a", "b")), "missing joint(s) shoulder, elbow"),
    ):
        paths.publish(sent)
        ros.until(lambda reason=reason: reason in ros.reports[NODE]["goal_refused"], 20)
        assert reason in controller.output
    q = np.array([state.position for state in states])
    assert np.abs(q - ROBOT.home).max() < 1e-3


def test_when_another_target_comes_on_the_way_expect_it_instead_without_a_jump(chain) -> None:
    ros, states, paths, controller, _ = chain
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    ros.until(targets.get_subscription_count, 20)
    before = len(states)
    paths.publish(trajectory(width=0.8))
    ros.until(lambda: len(states) and abs(states[-1].position[0] - ROBOT.home[0]) > 0.3, 30)
    targets.publish(JointState(name=list(ROBOT.names), position=ROBOT.home.tolist()))
    ros.until(lambda: controller.output.count("new target") == 2, 20)
    ros.until(lambda: abs(states[-1].position[0] - ROBOT.home[0]) < 5e-3, 30)
    ros.until(lambda: ros.reports[NODE]["goal"] == "reached", 30)
    np.testing.assert_allclose(states[-1].position, ROBOT.home, atol=5e-3)
    efforts = np.array([state.effort for state in states[before:]]) / ROBOT.limits.effort
    elapsed = np.diff([stamp(state) for state in states[before:]])  # not all are heard
    steps = np.abs(np.diff(efforts, axis=0)).max(axis=1)
    assert (steps <= SafetyConfig().effort_rate * elapsed + 1e-9).all()


def test_when_it_is_ready_for_the_same_arm_expect_the_replay_to_pass(tmp_path) -> None:
    """What a planner sends can be made quicker or slower by the verb before."""
    from rl_control.data.paths.joint_path import JointPath

    positions = np.array([point.positions for point in trajectory().points])
    ready = ready_path(ROBOT, JointPath(ROBOT.names, TIMES, positions), speed=50.0)
    assert ready.slowed > 1.0
