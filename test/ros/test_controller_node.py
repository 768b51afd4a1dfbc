"""What every controller node does over DDS: joint names, refusals, last command, lifecycle."""

import signal
import time

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros import convert, qos

ROBOT = "planar2"
COMMANDS = "effort_controller/commands"
NODE = "mpc_controller"


class StillArm:
    """Publishes joint states of an arm that never moves, in an order of its own."""

    def __init__(self, ros, leave_out=()) -> None:
        self.robot = load_robot(ROBOT)
        self.gravity = ArmModel(self.robot).gravity_torque(self.robot.home)
        self.ros = ros
        names = ["finger", *reversed(self.robot.names)]
        values = dict(zip(self.robot.names, self.robot.home, strict=True))
        self.names = [name for name in names if name not in leave_out]
        self.position = [float(values.get(name, 9.0)) for name in self.names]
        self.velocity = [0.0 for _ in self.names]
        self.publisher = ros.talk(JointState, "joint_states", qos.states())
        self.heard = ros.listen(Float64MultiArray, COMMANDS, qos.events(1000))
        self.timer = ros.node.create_timer(0.01, self.publish)

    def publish(self) -> None:
        message = JointState(name=self.names, position=self.position, velocity=self.velocity)
        message.header.stamp = convert.time_message(time.time())
        self.publisher.publish(message)


def test_when_joints_are_permuted_with_others_expect_command_in_its_own_order(ros):
    arm = StillArm(ros)
    order = list(arm.robot.names)[::-1]
    ros.start("pd", robot=ROBOT, command_joints=order)
    ros.until(lambda: len(arm.heard) > 30)
    assert np.allclose(arm.heard[-1].data, arm.gravity[::-1], atol=1e-6)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_when_asked_to_stop_expect_a_safe_last_command_and_exit_in_a_second(ros, number):
    arm = StillArm(ros)
    controller = ros.start("pd", robot=ROBOT)
    ros.until(lambda: len(arm.heard) > 10)
    arm.velocity = [0.5 for _ in arm.names]
    ros.until(lambda: not np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-3))
    began = time.monotonic()
    controller.signal(number)
    assert ros.until_ended(controller) == 0
    assert time.monotonic() - began < 1.0
    ros.spin(0.1)
    # Nothing follows the last command, so it must not brake against a velocity of the past.
    assert np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-6)
    assert "Traceback" not in controller.output


def test_when_somebody_else_commands_the_arm_expect_no_start_and_exit_2(ros):
    other = ros.talk(Float64MultiArray, COMMANDS)
    states = ros.listen(JointState, "joint_states")
    controller = ros.start("pd", robot=ROBOT)
    assert ros.until_ended(controller) == 2
    assert f"another publisher on /{COMMANDS}: /probe" in controller.output
    assert not states
    ros.node.destroy_publisher(other)


def test_when_somebody_else_begins_to_command_expect_a_safe_last_command_and_exit_2(ros):
    arm = StillArm(ros)
    controller = ros.start("pd", robot=ROBOT)
    ros.until(lambda: len(arm.heard) > 10)
    ros.talk(Float64MultiArray, COMMANDS)
    assert ros.until_ended(controller) == 2
    assert controller.output.count("another publisher") == 1
    assert np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-6)


def test_when_a_joint_is_missing_expect_one_message_no_command_and_exit_2(ros):
    missing = load_robot(ROBOT).names[1]
    arm = StillArm(ros, leave_out=[missing])
    controller = ros.start("pd", robot=ROBOT, startup_timeout=0.3)
    assert ros.until_ended(controller) == 2
    assert controller.output.count(f"missing joint(s) {missing}") == 1
    assert not arm.heard


def test_when_others_crowd_the_topic_expect_every_state_of_the_arm_answered(ros):
    arm = StillArm(ros)
    other = ros.talk(JointState, "joint_states", qos.states())

    def crowd() -> None:
        for _ in range(4):
            other.publish(JointState(name=["finger"], position=[9.0], velocity=[0.0]))

    # After every state of the arm, while the controller still waits for its plan.
    arm.timer.cancel()
    timer = ros.node.create_timer(0.02, lambda: (arm.publish(), crowd()))
    controller = ros.start("pd", "0.01", robot=ROBOT, rate=50.0)
    ros.until(lambda: len(arm.heard) > 100)
    assert "missing joint" not in controller.output
    assert np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-6)
    timer.cancel()
    for _ in range(30):  # the arm's own states cease
        crowd()
        ros.spin(0.02)
    ros.until(lambda: "state_stale" in controller.output)
    assert controller.output.count("missing joint") == 1


def test_when_states_turn_nan_expect_one_message_and_a_hold(ros):
    arm = StillArm(ros)
    controller = ros.start("pd", robot=ROBOT)
    ros.until(lambda: len(arm.heard) > 10)
    arm.position = [float("nan") for _ in arm.names]
    ros.until(lambda: "state_stale" in controller.output)
    count = len(arm.heard)
    ros.until(lambda: len(arm.heard) > count + 3)
    assert np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-6)
    assert controller.output.count("not finite") == 1
    assert all(np.isfinite(message.data).all() for message in arm.heard)


def test_when_target_cannot_be_had_expect_refusal_with_reason_and_no_motion(ros):
    arm = StillArm(ros)
    targets = ros.talk(PoseStamped, f"{NODE}/target_pose", qos.events())
    controller = ros.start("pd", robot=ROBOT)
    ros.until(lambda: len(arm.heard) > 10 and targets.get_subscription_count())
    for x, frame, words in (
        (9.0, "", "cannot be reached"),
        (float("nan"), "", "not finite at 'x'"),
        (0.1, "camera", "found 'camera'"),
    ):
        message = PoseStamped()
        message.header.frame_id = frame
        message.pose.position.x = x
        message.pose.orientation.w = 0.0
        targets.publish(message)
        ros.until(lambda words=words: words in controller.output)
    ros.until(lambda: ros.reports[NODE]["goal"] == "refused")
    assert np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-6)


def test_when_plans_are_slow_expect_commands_from_older_ones_all_the_same(ros):
    arm = StillArm(ros)
    ros.start("pd", "0.05", robot=ROBOT, rate=100.0)
    ros.until(lambda: len(arm.heard) > 100)
    assert ros.figure(NODE, "late") > 20
    assert ros.figure(NODE, "plans") < 0.5 * ros.figure(NODE, "states")
    assert np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-6)


def test_when_the_planner_breaks_expect_the_arm_held_with_the_reason(ros):
    arm = StillArm(ros)
    controller = ros.start("pd", "-20", robot=ROBOT, rate=100.0)
    ros.until(lambda: "planner_failed" in controller.output)
    assert "ZeroDivisionError" in controller.output
    heard = len(arm.heard)
    ros.until(lambda: len(arm.heard) > heard + 20)
    assert np.allclose(arm.heard[-1].data, arm.gravity, atol=1e-6)
    assert controller.popen.poll() is None


def test_when_autostart_is_off_expect_nothing_sent_until_activated(ros):
    arm = StillArm(ros)
    client = ros.node.create_client(ChangeState, f"{NODE}/change_state")
    ros.start("pd", robot=ROBOT, autostart=False)
    ros.until(client.service_is_ready)
    ros.spin(0.3)
    assert not arm.heard

    def change(transition) -> bool:
        request = ChangeState.Request(transition=Transition(id=transition))
        answer = client.call_async(request)
        ros.until(answer.done)
        return answer.result().success

    assert change(Transition.TRANSITION_CONFIGURE)
    assert not arm.heard
    for _ in range(2):
        assert change(Transition.TRANSITION_ACTIVATE)
        count = len(arm.heard)
        ros.until(lambda count=count: len(arm.heard) > count + 10)
        assert change(Transition.TRANSITION_DEACTIVATE)
        ros.spin(0.1)
        count = len(arm.heard)
        ros.spin(0.2)
        assert len(arm.heard) == count


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("velocity_scal: 0.5", ":3: velocity_scal: unknown setting. Did you mean 'velocity_scale'"),
        ("velocity_scale: fast", ":3: velocity_scale: found 'fast', expected a number"),
        ("command_joints: [shoulder, elbow, wrist]", "found 3 joints, the arm has 2"),
        ("velocity_scale: [", "YAML"),
    ],
)
def test_when_parameter_file_is_wrong_expect_one_message_and_exit_2(ros, tmp_path, text, words):
    path = tmp_path / "bad.yaml"
    path.write_text(f"{NODE}:\n  ros__parameters:\n    {text}\n")
    controller = ros.start("pd", "--ros-args", "--params-file", str(path), robot=ROBOT)
    assert ros.until_ended(controller) == 2
    assert words in controller.output
    assert controller.output.count("error:") == 1
    assert "Traceback" not in controller.output
