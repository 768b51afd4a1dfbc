"""The configuration for a ros2_control arm: its files agree, and an arm behind them is moved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from harness import Process
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from rl_control.config import load
from rl_control.data.paths.files import write_path
from rl_control.data.paths.joint_path import JointPath
from rl_control.paths import data_dir
from rl_control.robot.description import load_robot
from rl_control.ros import qos
from rl_control.ros.follow_action import NAME as ACTION
from rl_control.ros.mpc_node import MpcController, MpcControllerConfig

FOLDER = data_dir("config") / "ros2_control"
MANAGER = str(Path(__file__).with_name("control_manager.py"))
ROBOT = load_robot("iiwa7")


def parameters(name):
    return yaml.safe_load((FOLDER / name).read_text())


@pytest.fixture(scope="module")
def ours():
    """Our node's settings in its file."""
    return load(MpcControllerConfig, FOLDER / "mpc_controller.yaml", section="mpc_controller")


@pytest.fixture(scope="module")
def theirs():
    return {name: part["ros__parameters"] for name, part in parameters("controllers.yaml").items()}


def test_when_both_files_are_read_expect_one_joint_order_rate_topic_and_interface(
    ours, theirs
) -> None:
    manager, forward = theirs["controller_manager"], theirs["forward_effort_controller"]
    assert ours.command_topic == "forward_effort_controller/commands"
    assert manager["forward_effort_controller"]["type"].startswith("effort_controllers/")
    assert ours.command_interface == "effort"
    assert list(ours.command_joints) == forward["joints"]
    assert ours.rate == manager["update_rate"]
    assert ours.state_topic == "joint_states"
    assert "joint_state_broadcaster" in manager
    assert set(forward["joints"]) == set(ROBOT.names)


def test_when_the_trajectory_controller_is_read_expect_the_arms_joints_each_with_gains(
    theirs,
) -> None:
    follower = theirs["joint_trajectory_controller"]
    assert set(follower["joints"]) == set(ROBOT.names) == set(follower["gains"])
    assert follower["command_interfaces"] == ["effort"]
    assert follower["state_interfaces"] == ["position", "velocity"]


def test_when_moveit_is_told_of_controllers_expect_actions_that_exist(theirs) -> None:
    told = parameters("moveit_controllers.yaml")["moveit_simple_controller_manager"]
    assert set(told["controller_names"]) == {MpcController.node_name, "joint_trajectory_controller"}
    for name in told["controller_names"]:
        controller = told[name]
        assert controller["type"] == "FollowJointTrajectory"
        assert f"~/{controller['action_ns']}" == ACTION
        assert set(controller["joints"]) == set(ROBOT.names)
    assert sum(told[name]["default"] for name in told["controller_names"]) == 1


def begin(ros, active):
    """Start the stand-in; return its states as they come."""
    states = ros.listen(JointState, "joint_states")
    file = str(FOLDER / "controllers.yaml")
    command = [MANAGER, file, "iiwa7", active]
    process = Process(command, ros.folder / "manager.log", ros.environment)
    ros.processes.append(process)
    ros.until(lambda: len(states) > 20, 40)
    return states, process


def placed(state):
    return np.array(state.position)[[state.name.index(name) for name in ROBOT.names]]


def test_when_the_forward_controller_takes_commands_expect_a_target_reached(ros) -> None:
    targets = ros.talk(JointState, "mpc_controller/target_joint_state", qos.events())
    states, manager = begin(ros, "forward_effort_controller")
    file = str(FOLDER / "mpc_controller.yaml")
    controller = ros.start("mpc_controller", "--ros-args", "--params-file", file)
    ros.until(lambda: ros.summary("mpc_controller") == "controlling", 60)
    ros.until(targets.get_subscription_count)
    goal = ROBOT.home + 0.2
    targets.publish(JointState(name=list(ROBOT.names), position=goal.tolist()))
    ros.until(lambda: np.abs(placed(states[-1]) - goal).max() < 0.02, 30)
    assert "does not match number of interfaces" not in manager.output
    assert "Traceback" not in controller.output


def test_when_a_command_has_another_size_expect_it_refused_as_the_controller_does(ros) -> None:
    wrong = ros.talk(Float64MultiArray, "forward_effort_controller/commands", qos.commands())
    states, manager = begin(ros, "forward_effort_controller")
    ros.until(wrong.get_subscription_count)
    before = placed(states[-1])
    wrong.publish(Float64MultiArray(data=[50.0, 50.0]))
    ros.until(lambda: "command size (2) does not match" in manager.output)
    ros.spin(0.3)
    np.testing.assert_allclose(placed(states[-1]), before, atol=1e-3)


def test_when_a_saved_path_is_sent_to_the_trajectory_controller_expect_it_followed(
    ros, tmp_path
) -> None:
    """What `replay trajectory --save` writes is what `ros2 topic pub` sends."""
    from rl_control.ros.convert import trajectory_message
    from rl_control.run.replay_path import ready_path, sampled

    times = np.linspace(0.0, 1.5, 16)
    lean = 0.3 * np.sin(np.pi * times[:, None] / 3.0) ** 2
    ready = ready_path(ROBOT, JointPath(ROBOT.names, times, ROBOT.home + lean))
    write_path(tmp_path / "path.yaml", sampled(ready.path))
    saved = yaml.safe_load((tmp_path / "path.yaml").read_text())
    talk = ros.talk(JointTrajectory, "joint_trajectory_controller/joint_trajectory", qos.events())
    states, manager = begin(ros, "joint_trajectory_controller")
    ros.until(talk.get_subscription_count)
    positions = np.array([point["positions"] for point in saved["points"]])
    velocities = np.array([point["velocities"] for point in saved["points"]])
    step = saved["points"][1]["time_from_start"]["nanosec"] * 1e-9
    message = JointTrajectory(joint_names=saved["joint_names"])
    message.points = trajectory_message(
        saved["joint_names"], positions, velocities, step, message.header.stamp
    ).points
    talk.publish(message)
    ros.until(lambda: np.abs(placed(states[-1]) - ready.path.end).max() < 0.01, 20)
    assert "don't match" not in manager.output
