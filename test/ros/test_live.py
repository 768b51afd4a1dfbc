"""Live parameters over DDS: taken whole or not at all, at the next plan, without a jump."""

import numpy as np
import pytest
from rcl_interfaces.srv import GetParameters, SetParameters, SetParametersAtomically
from rclpy.parameter import Parameter, parameter_value_to_python
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.settings import load_settings
from rl_control.ros import convert, qos
from rl_control.safety.settings import SafetyConfig

ROBOT = "planar2"
NODE = "mpc_controller"
COMMANDS = "effort_controller/commands"
DT = 0.005


class Parameters:
    """Asks a node for its parameters, and for others."""

    def __init__(self, ros, node=NODE) -> None:
        self.ros, self.clients = ros, {}
        for kind, name in (
            (SetParametersAtomically, "set_parameters_atomically"),
            (SetParameters, "set_parameters"),
            (GetParameters, "get_parameters"),
        ):
            self.clients[kind] = ros.node.create_client(kind, f"{node}/{name}")

    def ask(self, kind, request):
        client = self.clients[kind]
        self.ros.until(client.service_is_ready)
        answer = client.call_async(request)
        self.ros.until(answer.done)
        return answer.result()

    def set(self, **values):
        request = SetParametersAtomically.Request(parameters=messages(values))
        return self.ask(SetParametersAtomically, request).result

    def set_one_by_one(self, **values):
        request = SetParameters.Request(parameters=messages(values))
        return self.ask(SetParameters, request).results

    def get(self, *names):
        values = self.ask(GetParameters, GetParameters.Request(names=list(names))).values
        return [parameter_value_to_python(value) for value in values]


def messages(values):
    return [
        Parameter(name.replace("__", "."), value=value).to_parameter_msg()
        for name, value in values.items()
    ]


class SteppedArm:
    """An arm that stands where it is told, and states itself when it is asked to."""

    def __init__(self, ros) -> None:
        self.ros, self.robot = ros, load_robot(ROBOT)
        self.q, self.v, self.time = self.robot.home, np.zeros(2), 0.0
        self.states = ros.talk(JointState, "joint_states", qos.states())
        self.heard = ros.listen(Float64MultiArray, COMMANDS, qos.events(1000))

    def step(self):
        """Publish one more state; return the efforts that answer it."""
        self.time += DT
        message = JointState(
            name=self.robot.names, position=self.q.tolist(), velocity=self.v.tolist()
        )
        message.header.stamp = convert.time_message(self.time)
        count = len(self.heard)
        self.states.publish(message)
        self.ros.until(lambda: len(self.heard) > count)
        return np.array(self.heard[-1].data)


@pytest.fixture
def stepped(ros):
    """A controller in lock-step and the arm it answers, which has a goal it stands away from."""
    arm, parameters = SteppedArm(ros), Parameters(ros)
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    controller = ros.start(NODE, robot=ROBOT, lock_step=True)
    ros.until(lambda: targets.get_subscription_count() and arm.states.get_subscription_count(), 60)
    arm.step()
    goal = (arm.robot.home + 0.02).tolist()
    targets.publish(JointState(name=arm.robot.names, position=goal))
    ros.until(lambda: "new target" in controller.output)
    for _ in range(40):
        arm.step()
    return arm, parameters


def test_when_weights_change_expect_the_next_command_to_use_them_within_the_rate(stepped):
    arm, parameters = stepped
    before = arm.step()
    np.testing.assert_allclose(arm.step(), before, atol=1e-3)  # it stands still, so do they
    result = parameters.set(task__weights__posture=[40.0], task__weights__velocity=[0.05])
    assert result.successful, result.reason
    after = arm.step()
    limit = arm.robot.limits.effort
    assert np.abs(after - before).max() > 0.02 * limit.max()
    previous = before
    for _ in range(20):
        assert (np.abs(after - previous) <= SafetyConfig().effort_rate * DT * limit + 1e-9).all()
        previous, after = after, arm.step()
    assert parameters.get("task.weights.posture")[0][0] == 40.0


def test_when_one_value_of_a_request_is_bad_expect_nothing_of_it(stepped):
    arm, parameters = stepped
    names = ("task.weights.posture", "velocity_scale", "mpc.iterations", "safety.effort_rate")
    before, command = parameters.get(*names), arm.step()
    for wrong, words in (
        ({"safety__effort_rate": -1.0}, "safety.effort_rate: found -1.0, out of range"),
        ({"mpc__iterations": 1.5}, "mpc.iterations: found 1.5, expected an integer"),
        ({"task__weights__effort": [1.0, 2.0, 3.0]}, "task weight 'effort'"),
        ({"task__weights__postur": [1.0]}, "Did you mean 'task.weights.posture'"),
        ({"rate": 100.0}, "rate: is read-only"),
    ):
        good = {"task__weights__posture": [40.0], "velocity_scale": 0.5}
        result = parameters.set(**good, **wrong)
        assert not result.successful
        assert words in result.reason
    assert parameters.get(*names) == before
    np.testing.assert_allclose(arm.step(), command, atol=1e-3)


def test_when_parameters_are_set_one_by_one_expect_the_good_ones_taken(stepped):
    _, parameters = stepped
    results = parameters.set_one_by_one(velocity_scale=2.0, effort_scale=0.9, plan_rate=5)
    assert [result.successful for result in results] == [False, True, True]
    assert parameters.get("velocity_scale", "effort_scale", "plan_rate") == [1.0, 0.9, 5.0]


def test_when_the_arm_could_not_hold_itself_expect_a_refusal(stepped):
    arm, parameters = stepped
    arm.q = np.array([1.5, 0.0])  # stretched out nearly level
    arm.step()
    result = parameters.set(effort_scale=0.05)
    assert not result.successful
    assert "could not hold the arm where it is" in result.reason
    needed = np.abs(ArmModel(arm.robot).gravity_torque(arm.q))
    share = load_settings(ROBOT).effort_scale
    enough = float(np.max(needed / (share * arm.robot.limits.effort)))
    assert parameters.set(effort_scale=enough + 0.01).successful


@pytest.mark.slow  # it depends on wall time
def test_when_speed_is_lowered_in_mid_motion_expect_no_stop_and_the_lower_speed(ros):
    parameters = Parameters(ros)
    states = ros.listen(JointState, "joint_states")
    targets = ros.talk(JointState, f"{NODE}/target_joint_state", qos.events())
    sim = ros.start("arm_sim", robot=ROBOT)
    controller = ros.start(NODE, robot=ROBOT, **{"safety.state_timeout": 0.5})
    ros.until(lambda: ros.summary(NODE) == "controlling" and targets.get_subscription_count(), 60)
    robot, share = load_robot(ROBOT), 0.15
    limit = share * robot.limits.velocity

    def go(offset):
        goal = (robot.home + offset).tolist()
        targets.publish(JointState(name=robot.names, position=goal))
        ros.until(lambda: ros.reports[NODE]["goal"] == "moving")

    go(np.array([1.2, -1.5]))
    ros.until(lambda: states and (np.abs(states[-1].velocity) > 1.5 * limit).any())
    assert parameters.set(velocity_scale=share, task__weights__effort=[0.02]).successful
    ros.until(lambda: ros.reports[NODE]["goal"] == "reached")
    states.clear()
    go(np.array([-0.3, 0.5]))
    ros.until(lambda: states and (np.abs(states[-1].velocity) > 0.5 * limit).any())
    ros.until(lambda: ros.reports[NODE]["goal"] == "reached")
    fastest = np.max([np.abs(state.velocity) for state in states], axis=0)
    assert (fastest <= 1.1 * limit).all()
    assert "motion stopped" not in controller.output
    assert ros.summary(NODE) == "controlling"
    assert "Traceback" not in sim.output


def test_when_the_simulated_arm_changes_expect_it_to_sag_and_read_as_noisy(ros):
    parameters = Parameters(ros, "arm_sim")
    states = ros.listen(JointState, "joint_states")
    ros.start("arm_sim", robot=ROBOT)
    ros.until(lambda: len(states) > 50, 60)
    still = states[-1].position[0]
    result = parameters.set(plant__payload=2.0, plant__position_noise=0.001, command_timeout=0.2)
    assert result.successful, result.reason
    states.clear()
    ros.until(lambda: len(states) > 100)
    assert abs(np.mean([s.position[0] for s in states[-20:]]) - still) > 0.01  # its hold knows not
    assert np.std(np.diff([s.position[0] for s in states[-50:]])) > 5e-4
    assert "publish_clock" in parameters.set(real_time_factor=2.0).reason
    assert "2 values" not in parameters.set(plant__friction=[1.0, 1.0]).reason
    assert "friction: 3 values" in parameters.set(plant__friction=[1.0, 1.0, 1.0]).reason
