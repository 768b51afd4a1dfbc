"""The whole chain over DDS: arm_sim and mpc_controller, one by one and from the launch file."""

import dataclasses
import signal

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from rl_control.config import flatten, load
from rl_control.paths import data_dir
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros import qos
from rl_control.ros.arm_sim_node import ArmSimConfig, plant_config
from rl_control.ros.learner_config import LearnerConfig
from rl_control.ros.mpc_node import MpcController as MpcControllerNode
from rl_control.ros.mpc_node import MpcControllerConfig

ROBOT = "planar2"
NODE = "mpc_controller"


def reachable(robot):
    """A tip position two short swings from home."""
    return ArmModel(robot).tip(robot.home + np.array([0.5, -0.4])).position


def send(publisher, position) -> None:
    message = PoseStamped()
    message.pose.position.x, message.pose.position.y, message.pose.position.z = map(float, position)
    message.pose.orientation.w = 0.0
    publisher.publish(message)


def test_when_launched_expect_target_reached_reports_and_a_clean_end(ros):
    plans, paths = (
        ros.listen(JointTrajectory, f"{NODE}/plan"),
        ros.listen(Path, f"{NODE}/tip_path"),
    )
    targets = ros.talk(PoseStamped, f"{NODE}/target_pose", qos.events())
    launch = ros.start("launch", "arm_mpc", f"robot:={ROBOT}", "rate:=100")
    ros.until(lambda: "[mpc_controller]" in launch.output and "active" in launch.output, 60)
    ros.until(lambda: ros.summary(NODE) == "controlling" and targets.get_subscription_count())
    robot = load_robot(ROBOT)
    send(targets, reachable(robot))
    ros.until(lambda: "new target" in launch.output)
    ros.until(lambda: ros.reports[NODE]["goal"] == "reached")
    assert ros.figure(NODE, "tip_error_mm") < 5.0
    report = ros.reports[NODE]
    for key in ("solve_ms", "iterations", "regularization", "saturated", "misses", "plan_age"):
        assert key in report
    shares = [float(v) for k, v in report.items() if k.startswith("cost_by_term.")]
    assert sum(shares) == pytest.approx(float(report["cost"]), rel=1e-2, abs=1e-6)
    ros.until(lambda: ros.figure("arm_sim", "state_to_command_ms.p50") > 0.0)
    ros.until(lambda: plans and paths)
    assert tuple(plans[-1].joint_names) == robot.names
    assert len(plans[-1].points) == len(paths[-1].poses) == 51
    launch.signal(signal.SIGINT)
    assert ros.until_ended(launch) == 130
    assert "Traceback" not in launch.output
    assert "killed" not in launch.output


def test_when_a_node_of_a_launch_fails_expect_the_launch_ended_with_its_log(ros):
    launch = ros.start("launch", "arm_mpc", "robot:=planar3")
    assert ros.until_ended(launch) == 2
    assert "did you mean 'planar2'" in launch.output
    assert "ended with exit code 2: ending all" in launch.output


def run_lock_step(ros):
    """Let the real planner drive the arm in lock-step for 10 s; return every state of that time."""
    states = []
    listening = ros.node.create_subscription(
        JointState, "joint_states", states.append, qos.states(depth=1000)
    )
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    controller = ros.start(NODE, robot=ROBOT, lock_step=True)
    ros.until(targets.get_subscription_count, 60)
    robot = load_robot(ROBOT)
    targets.publish(JointState(name=robot.names, position=(robot.home + 0.3).tolist()))
    ros.until(lambda: "new target" in controller.output)
    sim = ros.start("arm_sim", robot=ROBOT, lock_step=True, publish_clock=True)
    # Long enough that two runs overlap even if the probe finds one of them seconds late.
    ros.until(lambda: len(states) > 150 and states[-1].header.stamp.sec >= 10, 60)
    # What comes later may already be braking, which begins at some moment of wall time.
    heard = list(states)
    for process in (controller, sim):
        # Not killed: who vanishes without a word stays known to the probe for a while.
        process.signal(signal.SIGINT)
        ros.until_ended(process)
    ros.node.destroy_subscription(listening)
    ros.node.destroy_publisher(targets)
    return {
        (m.header.stamp.sec, m.header.stamp.nanosec): bytes(m.position) + bytes(m.velocity)
        for m in heard
    }


def test_when_planner_runs_twice_in_lock_step_expect_the_same_bits(ros):
    first, second = run_lock_step(ros), run_lock_step(ros)
    both = first.keys() & second.keys()
    assert len(both) > 100
    assert {stamp: first[stamp] for stamp in both} == {stamp: second[stamp] for stamp in both}
    assert len({first[stamp] for stamp in both}) > 90


def test_when_plans_are_sampled_expect_the_target_reached_and_live_settings_taken(ros):
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    search = {"sampling.samples": 50, "sampling.horizon": 20}
    controller = ros.start(NODE, robot=ROBOT, lock_step=True, planner="icem", **search)
    ros.until(targets.get_subscription_count, 60)
    robot = load_robot(ROBOT)
    targets.publish(JointState(name=robot.names, position=(robot.home + 0.3).tolist()))
    ros.until(lambda: "new target" in controller.output)
    ros.start("arm_sim", robot=ROBOT, lock_step=True, publish_clock=True)
    ros.until(lambda: ros.reports.get(NODE, {}).get("goal") == "reached", 60)
    assert ros.figure(NODE, "tip_error_mm") < 5.0
    assert ros.figure(NODE, "iterations") == 2.0
    client = ros.node.create_client(SetParameters, f"{NODE}/set_parameters")
    wanted = [
        Parameter(name=name, value=ParameterValue(type=2, integer_value=value))
        for name, value in (("sampling.iterations", 3), ("sampling.samples", 10))
    ]
    answer = client.call_async(SetParameters.Request(parameters=wanted))
    ros.until(answer.done)
    taken, refused = answer.result().results
    assert taken.successful
    assert "read-only" in refused.reason
    ros.until(lambda: ros.figure(NODE, "iterations") == 3.0)


def test_when_there_is_no_such_device_expect_one_message_and_exit_2(ros):
    ros.environment["CUDA_VISIBLE_DEVICES"] = ""
    asked = {"planner": "mppi", "sampling.device": "cuda"}
    controller = ros.start(NODE, robot=ROBOT, **asked)
    assert ros.until_ended(controller, 60) == 2
    assert "finds no CUDA device" in controller.output
    assert "Traceback" not in controller.output


def test_when_live_parameter_is_set_expect_it_taken_and_others_refused(ros):
    client = ros.node.create_client(SetParameters, f"{NODE}/set_parameters")
    ros.start(NODE, robot=ROBOT)
    ros.until(lambda: ros.summary(NODE) != "", 60)

    def set_number(name, value):
        wanted = Parameter(name=name, value=ParameterValue(type=3, double_value=value))
        answer = client.call_async(SetParameters.Request(parameters=[wanted]))
        ros.until(answer.done)
        return answer.result().results[0]

    assert set_number("mpc.time_budget", 0.002).successful
    assert "out of range" in set_number("mpc.time_budget", -1.0).reason
    assert "read-only" in set_number("mpc.dt", 0.01).reason
    assert "read-only" in set_number("learned.worse", 2.0).reason


def test_when_weight_has_a_wrong_length_expect_one_message_and_exit_2(ros):
    controller = ros.start(NODE, robot=ROBOT, **{"task.weights.posture": "[1.0, 2.0, 3.0]"})
    assert ros.until_ended(controller, 60) == 2
    assert "posture': found 3 values" in controller.output
    assert "Traceback" not in controller.output


def test_when_a_topic_name_is_none_expect_one_message_and_exit_2(ros):
    controller = ros.start(NODE, robot=ROBOT, command_topic="'a b'")
    assert ros.until_ended(controller, 60) == 2
    assert "command_topic" in controller.output
    assert "Traceback" not in controller.output


@pytest.mark.parametrize(
    ("name", "section", "cls"),
    [
        ("arm_mpc", "arm_sim", ArmSimConfig),
        ("arm_mpc", "left/mpc_controller", MpcControllerConfig),
        ("real_arm", "mpc_controller", MpcControllerConfig),
        ("arm_learning", "arm_sim", ArmSimConfig),
        ("arm_learning", "left/mpc_controller", MpcControllerConfig),
        ("arm_learning", "dynamics_learner", LearnerConfig),
    ],
)
def test_when_shipped_file_is_loaded_expect_known_settings_each_with_a_comment(name, section, cls):
    path = data_dir("config") / f"{name}.yaml"
    config = load(cls, path, section=section)
    if name != "real_arm":
        # What the file repeats, it repeats right; patience with late messages is for simulation.
        own = {"safety.state_timeout": 0.5} if cls is MpcControllerConfig else {}
        if own and name == "arm_learning":
            own["follow_model"] = True
        assert flatten(config) == {**flatten(cls()), **own}
    else:
        assert config.velocity_scale < 1.0
        assert config.effort_scale < 1.0
    for line in path.read_text().splitlines():
        if ": " in line and not line.startswith("#"):
            assert "  # " in line, line


def test_when_robot_has_weights_of_its_own_expect_them_for_defaults(tmp_path):
    path = tmp_path / "arm.urdf"
    (tmp_path / "arm.robot.yaml").write_text("weights: {tip_position: 7.0, posture: 8.0}\n")
    config = MpcControllerConfig()
    own = MpcControllerNode.defaults({"robot": str(path)})
    weights = dataclasses.replace(config.task.weights, tip_position=7.0, posture=(8.0,))
    assert own == dataclasses.replace(
        config, task=dataclasses.replace(config.task, weights=weights)
    )
    assert MpcControllerNode.defaults({}) == config


@pytest.mark.parametrize("rate", [100.0, 200.0, 240.0, 1000.0, 2000.0])
def test_when_rate_is_given_expect_a_period_of_whole_substeps(rate):
    config = plant_config(ArmSimConfig(rate=rate))
    assert config.period == pytest.approx(1.0 / rate)
    assert config.substep <= 0.001 + 1e-12
    assert config.substeps >= 1
