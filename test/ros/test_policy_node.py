"""policy_controller over DDS: reach, other policies while it runs, handover, refusals."""

import signal
import time
from dataclasses import replace

import numpy as np
import pytest
from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Path
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from trajectory_msgs.msg import JointTrajectory

from rl_control.config import flatten, load
from rl_control.paths import data_dir
from rl_control.policy.store import save_policy
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros import convert, qos
from rl_control.ros.arm_sim_node import ArmSimConfig
from rl_control.ros.model_shelf import POLICY, version_path
from rl_control.ros.policy_node import PolicyControllerConfig as PolicyConfig

ROBOT = load_robot("planar2")
MODEL = ArmModel(ROBOT)
NODE = "policy_controller"
COMMANDS = "effort_controller/commands"
# Several processes share a small machine: states may be late without anything being wrong.
PATIENT = {"safety.state_timeout": 1.0}


class StillArm:
    """Publishes joint states of an arm that does not move, and hears the commands to it."""

    def __init__(self, ros) -> None:
        self.publisher = ros.talk(JointState, "joint_states", qos.states())
        self.heard = ros.listen(Float64MultiArray, COMMANDS, qos.events(1000))
        self.gravity = MODEL.gravity_torque(ROBOT.home)
        self.position = ROBOT.home
        ros.node.create_timer(0.01, self.publish)

    def publish(self) -> None:
        message = JointState(name=list(ROBOT.names), position=self.position.tolist())
        message.velocity = [0.0, 0.0]
        message.header.stamp = convert.time_message(time.time())
        self.publisher.publish(message)

    def pushed(self) -> np.ndarray:
        """What the newest command is, beside what carries the arm."""
        return np.array(self.heard[-1].data) - self.gravity if self.heard else np.full(2, np.nan)


def keep(folder, number, policy):
    """Leave a version in a folder."""
    save_policy(version_path(folder, number, POLICY), policy)


def start(ros, policy, **parameters):
    return ros.start(NODE, robot=ROBOT.name, rate=100.0, policy=policy, **PATIENT, **parameters)


def go(ros, controller, publisher, away) -> None:
    """Send the arm so far from home, and wait until it is there."""
    before = controller.output.count("new target")
    position = (ROBOT.home + np.asarray(away)).tolist()
    publisher.publish(JointState(name=list(ROBOT.names), position=position))
    ros.until(lambda: controller.output.count("new target") > before)
    ros.until(lambda: ros.reports[NODE]["goal"] == "moving", must=False, timeout=0.3)
    ros.until(lambda: ros.reports[NODE]["goal"] == "reached")


def saved(tmp_path, policy):
    path = tmp_path / "policy.safetensors"
    save_policy(path, policy)
    return path


def test_when_launched_expect_the_policy_to_reach_the_target_and_a_clean_end(
    ros, tmp_path, pd_policy
):
    path = saved(tmp_path, pd_policy(ROBOT, stiffness=250.0, damping=28.0))
    plans, paths = (
        ros.listen(JointTrajectory, f"{NODE}/plan"),
        ros.listen(Path, f"{NODE}/tip_path"),
    )
    targets = ros.talk(PoseStamped, f"{NODE}/target_pose", qos.events())
    launch = ros.start(
        "launch", "arm_policy", f"robot:={ROBOT.name}", "rate:=100", f"policy:={path}"
    )
    ros.until(lambda: ros.summary(NODE) == "controlling" and targets.get_subscription_count(), 60)
    message = PoseStamped()
    tip = MODEL.tip(ROBOT.home + np.array([0.4, -0.3])).position
    message.pose.position.x, message.pose.position.y, message.pose.position.z = map(float, tip)
    message.pose.orientation.w = 0.0
    targets.publish(message)
    ros.until(lambda: "new target" in launch.output)
    ros.until(lambda: ros.reports[NODE]["goal"] == "reached")
    assert ros.figure(NODE, "tip_error_mm") < 5.0
    report = ros.reports[NODE]
    assert report["policy.acting"] == "policy"
    assert (report["policy.version"], report["policy.takeovers"]) == ("0", "0")
    assert 0.0 < ros.figure(NODE, "policy.distance") < 1.0
    # The MPC plans beside it.
    ros.until(lambda: ros.figure(NODE, "solves") > 50 and ros.figure(NODE, "policy.mpc_cost") > 0.0)
    ros.until(lambda: plans and paths)
    assert len(plans[-1].points) == len(paths[-1].poses) == 51
    launch.signal(signal.SIGINT)
    assert ros.until_ended(launch) == 130
    assert "Traceback" not in launch.output
    assert "killed" not in launch.output


def test_when_versions_come_expect_good_ones_to_act_and_bad_ones_refused_by_name(
    ros, tmp_path, pd_policy
):
    arm = StillArm(ros)
    keep(tmp_path, 1, pd_policy(ROBOT, bias=0.1))
    controller = start(ros, tmp_path, follow_policy=True, shadow="none")
    ros.until(lambda: np.allclose(arm.pushed(), 0.1, atol=1e-6), 60)
    other = load_robot("planar2")
    renamed = replace(other, joints=tuple(replace(j, name=f"my_{j.name}") for j in other.joints))
    bad = {
        2: (pd_policy(renamed), "for the joints my_"),
        3: (pd_policy(ROBOT, task="insert"), "trained on the task 'insert'"),
        4: (pd_policy(ROBOT, parts=("velocity", "posture_error", "target")), "it observes"),
        5: (pd_policy(ROBOT, dt=0.05), "acts every 0.05 s"),
        6: (pd_policy(ROBOT, base="none"), "based on none"),
    }
    for number, (policy, words) in bad.items():
        keep(tmp_path, number, policy)
        told = f"policy version {number} refused, the present policy stays"
        ros.until(lambda told=told: told in controller.output)
        assert words in controller.output
    version_path(tmp_path, 7, POLICY).write_bytes(b"cut off while it was written")
    ros.until(lambda: "policy version 7 refused" in controller.output)
    ros.spin(0.3)
    assert np.allclose(arm.pushed(), 0.1, atol=1e-6)
    keep(tmp_path, 8, pd_policy(ROBOT, bias=0.2))
    ros.until(lambda: np.allclose(arm.pushed(), 0.2, atol=1e-6))
    ros.until(lambda: ros.figure(NODE, "policy.version") == 8.0)
    assert ros.reports[NODE]["policy.refused"] == "2, 3, 4, 5, 6, 7"
    pushes = {round(float(command.data[0] - arm.gravity[0]), 3) for command in arm.heard}
    assert pushes <= {0.0, 0.1, 0.2}  # at no state anything else
    controller.signal(signal.SIGINT)
    assert ros.until_ended(controller) == 0
    assert "Traceback" not in controller.output


def test_when_a_target_is_out_of_the_training_expect_the_mpc_to_act_until_it_is_near(
    ros, tmp_path, pd_policy
):
    path = saved(tmp_path, pd_policy(ROBOT, bound=0.2))
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    ros.start("arm_sim", robot=ROBOT.name, rate=100.0)
    controller = start(ros, path, **{
        "handover.outside": 1.0, "handover.inside": 0.8, "handover.back_time": 0.2,
        "handover.margin": 1e3, "handover.slack": 1e3,
    })  # fmt: skip
    ros.until(lambda: ros.summary(NODE) == "controlling" and targets.get_subscription_count(), 60)
    go(ros, controller, targets, [0.1, 0.1])
    assert ros.figure(NODE, "policy.takeovers") == 0.0
    go(ros, controller, targets, [0.7, -0.4])
    ros.until(lambda: ros.figure(NODE, "policy.handbacks") == 1.0)
    assert ros.figure(NODE, "policy.takeovers") == 1.0
    assert ros.figure(NODE, "policy.mpc_states") > 10.0
    assert ros.reports[NODE]["policy.acting"] == "policy"
    output = controller.output
    assert output.index("the MPC takes over: observation at") < output.index("policy acts again")
    assert "motion stopped" not in output


def test_when_the_policy_is_foretold_to_be_worse_expect_the_mpc_to_act(ros, tmp_path, pd_policy):
    path = saved(tmp_path, pd_policy(ROBOT, stiffness=1.0, damping=2.0))
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    ros.start("arm_sim", robot=ROBOT.name, rate=100.0)
    controller = start(ros, path)
    ros.until(lambda: ros.summary(NODE) == "controlling" and targets.get_subscription_count(), 60)
    go(ros, controller, targets, [0.5, -0.4])
    assert "the MPC takes over: foretold cost" in controller.output
    assert ros.figure(NODE, "policy.takeovers") >= 1.0


def test_when_the_simulator_is_killed_expect_the_arm_held_with_the_reason(ros, tmp_path, pd_policy):
    path = saved(tmp_path, pd_policy(ROBOT))
    heard = ros.listen(Float64MultiArray, COMMANDS, qos.events(1000))
    states = ros.listen(JointState, "joint_states")
    sim = ros.start("arm_sim", robot=ROBOT.name, rate=100.0)
    controller = start(ros, path)
    ros.until(lambda: ros.summary(NODE) == "controlling" and heard and states, 60)
    sim.signal(signal.SIGKILL)
    ros.until(lambda: "motion stopped: state_stale" in controller.output)
    count = len(heard)
    ros.until(lambda: len(heard) > count + 2)
    last = dict(zip(states[-1].name, states[-1].position, strict=True))
    held = MODEL.gravity_torque(np.array([last[name] for name in ROBOT.names]))
    assert np.allclose(heard[-1].data, held, atol=1e-6)
    assert controller.popen.poll() is None


@pytest.mark.parametrize("case", ["arm", "rate", "damage", "empty", "file"])
def test_when_the_policy_cannot_be_used_expect_one_message_and_exit_2(
    ros, tmp_path, pd_policy, case
):
    path = saved(tmp_path, pd_policy(ROBOT, dt=0.005 if case == "rate" else 0.02))
    words = {
        "arm": "it is for the joints shoulder",
        "rate": "it acts every 0.005 s, and states come every 0.01 s",
        "damage": "cut or changed",
        "empty": "no version in this folder (policy-0001.safetensors and so on)",
        "file": "is a file, no folder",
    }[case]
    if case == "damage":
        path.write_bytes(path.read_bytes()[:200])
    folder = tmp_path / "none"
    folder.mkdir()
    named = folder if case == "empty" else path
    controller = ros.start(
        NODE,
        robot="arm7" if case == "arm" else ROBOT.name,
        rate=100.0,
        policy=named,
        follow_policy=case == "file",
    )
    assert ros.until_ended(controller, 60) == 2
    assert words in controller.output
    assert controller.output.count("error:") == 1
    assert "Traceback" not in controller.output


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({}, "policy: found none. Name a policy's file"),
        ({"policy": "p", "command_interface": "velocity"}, "a policy gives efforts"),
        ({"policy": "p", "handover.inside": 9.0}, "above outside = 1.5"),
    ],
)
def test_when_settings_say_nothing_together_expect_one_message_and_exit_2(ros, parameters, words):
    controller = ros.start(NODE, robot=ROBOT.name, **parameters)
    assert ros.until_ended(controller, 60) == 2
    assert words in controller.output
    assert controller.output.count("error:") == 1


@pytest.mark.parametrize(
    ("section", "cls"), [("arm_sim", ArmSimConfig), ("left/policy_controller", PolicyConfig)]
)
def test_when_the_shipped_file_is_loaded_expect_defaults_each_with_a_comment(section, cls):
    path = data_dir("config") / "arm_policy.yaml"
    own = {"safety.state_timeout": 0.5} if cls is PolicyConfig else {}
    assert flatten(load(cls, path, section=section)) == {**flatten(cls()), **own}
    for line in path.read_text().splitlines():
        if ": " in line and not line.startswith("#"):
            assert "  # " in line, line
