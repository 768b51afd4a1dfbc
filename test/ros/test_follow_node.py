"""mpc_controller follows trajectories on somebody's behalf, its action stood in for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from harness import Process
from sensor_msgs.msg import JointState
from std_msgs.msg import Empty, String
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.robot.description import load_robot
from rl_control.ros import qos
from rl_control.ros.convert import duration_message

ROBOT = load_robot("planar2")
CONTROLLER = str(Path(__file__).with_name("action_controller.py"))


def trajectory(far=0.4, duration=1.0, names=ROBOT.names, **path_tolerance):
    message = JointTrajectory(joint_names=list(names))
    message.header.frame_id = json.dumps(path_tolerance)
    for time, off in ((0.0, 0.0), (duration, far)):
        message.points.append(
            JointTrajectoryPoint(
                positions=(ROBOT.home + off * np.array([1.0, -1.0])).tolist(),
                time_from_start=duration_message(time),
            )
        )
    return message


@pytest.fixture
def chain(ros):
    """An arm in lock-step, the controller, and its action."""
    states, results = ros.listen(JointState, "joint_states"), ros.listen(String, "result")
    goals = ros.talk(JointTrajectory, "goal", qos.events())
    cancel = ros.talk(Empty, "cancel", qos.events())
    command = [CONTROLLER, "--ros-args", "-p", "robot:=planar2", "-p", "lock_step:=true"]
    process = Process(command, ros.folder / "controller.log", ros.environment)
    ros.processes.append(process)
    ros.start("arm_sim", robot="planar2", lock_step=True, publish_clock=True)
    ros.until(lambda: len(states) > 20 and goals.get_subscription_count(), 60)
    return ros, states, results, goals, cancel


def test_when_goals_are_sent_expect_each_ended_as_the_action_says(chain) -> None:
    ros, states, results, goals, _ = chain

    def next_result(sent, begun=1):
        results.clear()
        goals.publish(sent)
        ros.until(lambda: len(results) > begun, 30)
        return [message.data for message in results]

    assert next_result(trajectory(names=("a", "b")), begun=0) == ["rejected"]
    accepted, ended = next_result(trajectory(duration=0.02))
    assert accepted == "accepted"
    assert ended.startswith("aborted -1 False ") and "allowed" in ended
    np.testing.assert_allclose(states[-1].position, ROBOT.home, atol=1e-3)
    # A tolerance that no arm keeps: it is stopped on its way.
    _, ended = next_result(trajectory(elbow=1e-9))
    assert ended.startswith("aborted -4") and "elbow is" in ended
    ros.spin(0.5)
    stopped = np.array(states[-1].position)
    assert np.abs(stopped - ROBOT.home).max() < 0.1
    _, ended = next_result(trajectory())
    assert ended.startswith("succeeded 0 True")
    np.testing.assert_allclose(states[-1].position, ROBOT.home + np.array([0.4, -0.4]), atol=0.012)


def test_when_it_is_cancelled_on_the_way_expect_the_arm_braked(chain) -> None:
    ros, states, results, goals, cancel = chain
    goals.publish(trajectory(far=0.8, duration=20.0))  # time enough on a busy machine
    ros.until(lambda: abs(states[-1].position[0] - ROBOT.home[0]) > 0.2, 30)
    cancel.publish(Empty())
    ros.until(lambda: len(results) > 1, 20)
    assert results[-1].data.startswith("canceled 0 True")
    ros.until(lambda: np.abs(states[-1].velocity).max() < 1e-3, 20)
    assert states[-1].position[0] < ROBOT.home[0] + 0.7
