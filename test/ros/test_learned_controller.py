"""mpc_controller on learned models over DDS: newer ones, wrong ones, and the way back."""

import signal
import time
from dataclasses import replace

import numpy as np
import pytest
from moving_arm import ROBOT, heavier, model_of
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

from rl_control.models.store import save_model
from rl_control.ros import convert, qos
from rl_control.ros.model_shelf import version_path

NODE = "mpc_controller"
COMMANDS = "effort_controller/commands"


class StillArm:
    """Publishes joint states of an arm that does not move, and hears the commands to it."""

    def __init__(self, ros) -> None:
        self.publisher = ros.talk(JointState, "joint_states", qos.states())
        self.heard = ros.listen(Float64MultiArray, COMMANDS, qos.events(1000))
        ros.node.create_timer(0.01, self.publish)

    def publish(self) -> None:
        message = JointState(name=list(ROBOT.names), position=ROBOT.home.tolist())
        message.velocity = [0.0, 0.0]
        message.header.stamp = convert.time_message(time.time())
        self.publisher.publish(message)


def keep(folder, number, model):
    """Leave a version in a folder, of so many seconds of motion."""
    save_model(version_path(folder, number), model, {"seconds": 10.0 * number})


def start(ros, **parameters):
    return ros.start(NODE, robot=ROBOT.name, rate=100.0, **parameters)


def version(ros):
    return ros.figure(NODE, "model.version")


def call(ros, service):
    client = ros.node.create_client(Trigger, f"{NODE}/{service}")
    ros.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    ros.until(answer.done)
    return answer.result()


def test_when_versions_come_expect_good_ones_taken_bad_ones_refused_and_a_way_back(ros, tmp_path):
    keep(tmp_path, 1, model_of(heavier(0.2)))
    arm = StillArm(ros)
    controller = start(ros, model=tmp_path, follow_model=True)
    ros.until(lambda: version(ros) == 1.0, 60)
    assert ros.reports[NODE]["model.kind"] == "rigid"
    assert ros.figure(NODE, "model.seconds_of_motion") == 10.0

    version_path(tmp_path, 2).write_bytes(b"cut off while it was written")
    ros.until(lambda: "model version 2 refused" in controller.output)
    ros.spin(1.2)
    assert version(ros) == 1.0
    assert controller.output.count("model version 2 refused") == 1

    keep(tmp_path, 3, model_of(heavier(0.2), dt=0.01))
    ros.until(lambda: "model version 3 refused" in controller.output)
    assert version(ros) == 1.0

    keep(tmp_path, 4, model_of(heavier(0.4)))
    ros.until(lambda: version(ros) == 4.0)
    assert ros.figure(NODE, "model.version_before") == 1.0
    # The plan holds the arm with what the model says that it weighs.
    wanted = model_of(heavier(0.4)).mechanics.gravity_torque(ROBOT.home)
    ros.until(lambda: np.allclose(arm.heard[-1].data, wanted, rtol=0.02))

    done = call(ros, "previous_model")
    assert done.success
    assert done.message == "back from model version 4 to model version 1: on request"
    ros.until(lambda: version(ros) == 1.0)
    ros.spin(1.2)
    assert version(ros) == 1.0  # 4 is still there, and not taken again
    assert not call(ros, "previous_model").success

    keep(tmp_path, 5, model_of(heavier(0.5)))
    ros.until(lambda: version(ros) == 5.0)
    # The hold, too, knows the model it has taken: so does the last command.
    controller.signal(signal.SIGINT)
    assert ros.until_ended(controller) == 0
    ros.spin(0.1)
    wanted = model_of(heavier(0.5)).mechanics.gravity_torque(ROBOT.home)
    assert np.allclose(arm.heard[-1].data, wanted, atol=1e-6)
    assert "Traceback" not in controller.output


def holds(arm, wanted):
    """Whether the newest command, if there is one yet, is about what holds the arm."""
    return bool(arm.heard) and np.allclose(arm.heard[-1].data, wanted, rtol=0.05)


@pytest.mark.parametrize("planner", ["cem", "icem", "mppi"])
def test_when_plans_are_sampled_expect_a_newer_version_taken_too(ros, tmp_path, planner):
    keep(tmp_path, 1, model_of(heavier(0.2)))
    arm = StillArm(ros)
    search = {"sampling.samples": 40, "sampling.horizon": 10, "sampling.elites": 5}
    start(ros, model=tmp_path, follow_model=True, planner=planner, **search)
    for number, mass in ((1, 0.2), (2, 0.5)):
        if number > 1:
            keep(tmp_path, number, model_of(heavier(mass)))
        ros.until(lambda number=number: version(ros) == number, 60)
        wanted = model_of(heavier(mass)).mechanics.gravity_torque(ROBOT.home)
        ros.until(lambda wanted=wanted: holds(arm, wanted))


def test_when_a_folder_is_empty_as_yet_expect_the_arm_as_described_until_a_version_comes(
    ros, tmp_path, random_nets
):
    arm = StillArm(ros)
    folder = tmp_path / "to come"
    more = {"learned.networks": 2, "learned.layers": "[8]"}
    controller = start(ros, model=folder, follow_model=True, **more)
    ros.until(lambda: version(ros) == 0.0, 60)
    wanted = model_of().mechanics.gravity_torque(ROBOT.home)
    ros.until(lambda: arm.heard and np.allclose(arm.heard[-1].data, wanted, rtol=0.02))
    folder.mkdir()
    keep(folder, 1, model_of())  # without networks
    ros.until(lambda: "model version 1 refused" in controller.output)
    nets = random_nets(turning=(True, True), members=2, hidden=(8,))
    keep(folder, 2, replace(model_of(), residual=nets))
    ros.until(lambda: version(ros) == 2.0)


def test_when_a_new_model_foretells_worse_expect_the_one_before_again(ros, tmp_path):
    keep(tmp_path, 1, model_of(heavier(0.5, damping=0.5)))
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    ros.start("arm_sim", robot=ROBOT.name, rate=100.0, **{
        "plant.payload": 0.5, "plant.damping": "[0.5]",
    })  # fmt: skip
    controller = start(ros, model=tmp_path, follow_model=True, **{"safety.state_timeout": 1.0})
    ros.until(lambda: version(ros) == 1.0 and targets.get_subscription_count(), 60)
    places = [ROBOT.home + 0.4, ROBOT.home - 0.4]
    due = [0.0]

    def moving():
        if time.monotonic() > due[0]:
            due[0] = time.monotonic() + 0.7
            places.reverse()
            message = JointState(name=list(ROBOT.names), position=places[0].tolist())
            targets.publish(message)

    def until(condition):
        ros.until(lambda: moving() or condition())

    until(lambda: ros.figure(NODE, "model.speed_error") > 0.0)
    keep(tmp_path, 2, model_of(heavier(0.0, damping=0.0)))
    until(lambda: version(ros) == 2.0)
    until(lambda: ros.figure(NODE, "model.speed_error_before") > 0.0)
    until(lambda: "back from model version 2 to model version 1" in controller.output)
    assert "times worse" in controller.output
    until(lambda: version(ros) == 1.0 and ros.figure(NODE, "model.went_back") == 1.0)
    assert "motion stopped" not in controller.output


@pytest.mark.parametrize("case", ["arm", "step", "damage", "empty", "file"])
def test_when_the_model_cannot_be_used_expect_one_message_and_exit_2(ros, tmp_path, case):
    path = tmp_path / "model"
    save_model(path, model_of(dt=0.01) if case == "step" else model_of(), {})
    words = {
        "arm": "a model of joints shoulder",
        "step": "the planner takes steps of 0.02 s",
        "damage": "cut or changed",
        "empty": "no version in this folder",
        "file": "is a file, no folder",
    }[case]
    if case == "damage":
        path.write_bytes(path.read_bytes()[:200])
    robot = "arm7" if case == "arm" else ROBOT.name
    folder = tmp_path / "none"
    folder.mkdir()
    model = folder if case == "empty" else path
    controller = ros.start(NODE, robot=robot, model=model, follow_model=case == "file")
    assert ros.until_ended(controller, 60) == 2
    assert words in controller.output
    assert controller.output.count("error:") == 1
    assert "Traceback" not in controller.output


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"follow_model": True}, "no model is named"),
        ({"model": "m", "command_interface": "position"}, "a model foretells efforts"),
    ],
)
def test_when_settings_say_nothing_together_expect_one_message_and_exit_2(ros, parameters, words):
    controller = ros.start(NODE, robot=ROBOT.name, **parameters)
    assert ros.until_ended(controller, 60) == 2
    assert words in controller.output
    assert controller.output.count("error:") == 1
