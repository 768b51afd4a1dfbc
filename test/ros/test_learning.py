"""The whole of learning while running, from the launch file: arm, controller and learner."""

import signal
import time

from moving_arm import ROBOT
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from rl_control.paths import data_dir
from rl_control.ros import qos
from rl_control.ros.model_shelf import versions

CONTROLLER, LEARNER = "mpc_controller", "dynamics_learner"


def test_when_launched_expect_a_model_learned_taken_and_given_up_on_request(ros, tmp_path):
    folder = tmp_path / "models"
    parameters = tmp_path / "parameters.yaml"
    text = (data_dir("config") / "arm_learning.yaml").read_text()
    for old, new in (("judged: 4.0", "judged: 2.0"), ("period: 20.0", "period: 2.0")):
        assert old in text
        text = text.replace(old, new)
    parameters.write_text(text)
    targets = ros.talk(JointState, f"{CONTROLLER}/target_joint_state", qos.events())
    launch = ros.start(
        "launch", "arm_learning", f"robot:={ROBOT.name}", "rate:=100", f"folder:={folder}",
        "payload:=1.0", "damping:=[0.3]", "friction:=[0.0]", f"params_file:={parameters}",
    )  # fmt: skip
    ros.until(lambda: CONTROLLER in ros.reports and targets.get_subscription_count(), 60)
    places = [ROBOT.home + 0.5, ROBOT.home - 0.5]
    due = [0.0]

    def taken():
        if time.monotonic() > due[0]:
            due[0] = time.monotonic() + 0.8
            places.reverse()
            targets.publish(JointState(name=list(ROBOT.names), position=places[0].tolist()))
        return ros.figure(CONTROLLER, "model.version") >= 1.0

    ros.until(taken, 60)
    assert versions(folder)[0] == 1
    assert ros.figure(CONTROLLER, "model.seconds_of_motion") > 1.5
    ros.until(lambda: ros.figure(LEARNER, "version") >= 1.0)
    client = ros.node.create_client(Trigger, f"{CONTROLLER}/previous_model")
    ros.until(client.service_is_ready)
    answer = client.call_async(Trigger.Request())
    ros.until(answer.done)
    assert answer.result().success
    assert "back from model version" in answer.result().message
    ros.until(lambda: ros.figure(CONTROLLER, "model.went_back") == 1.0)
    launch.signal(signal.SIGINT)
    assert ros.until_ended(launch) == 130
    assert "Traceback" not in launch.output
    assert "killed" not in launch.output
